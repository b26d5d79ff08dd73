"""Type hints to JSON Schema: what a tool's signature says, in the words its callers read."""

import dataclasses
import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from .hints import UNIONS, Member, is_enum, is_structure, members, plain
from .values import to_json

SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    type(None): {"type": "null"},
}


def schema_of(hint: Any) -> dict[str, Any]:
    """The JSON Schema of a type. A `TypeError` says which type has none."""
    schemas = _Schemas()
    return schemas.whole(schemas.of(hint))


def object_schema(parts: Iterable[Member]) -> dict[str, Any]:
    """The JSON Schema of an object with these members and no others."""
    schemas = _Schemas()
    return schemas.whole(schemas.object(parts))


class _Schemas:
    """Classes land once in `defs`, however often they are mentioned."""

    def __init__(self) -> None:
        self.defs: dict[str, Any] = {}
        self.classes: dict[str, Any] = {}
        # Those whose members are being looked at.
        self.open: set[str] = set()

    def whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        return schema | {"$defs": self.defs} if self.defs else schema

    def of(self, hint: Any) -> dict[str, Any]:
        hint, notes = plain(hint)
        schema = dict(self._bare(hint))
        for note in notes:
            if isinstance(note, str):
                schema["description"] = note
            elif isinstance(note, Mapping):
                schema.update(note)
        return schema

    def object(self, parts: Iterable[Member]) -> dict[str, Any]:
        properties, required = {}, []
        for part in parts:
            properties[part.name] = self.of(part.hint) | _default(part)
            if part.required:
                required.append(part.name)
        schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return schema | {"required": required} if required else schema

    def _bare(self, hint: Any) -> dict[str, Any]:
        origin, args = get_origin(hint) or hint, get_args(hint)
        if hint in (Any, object):
            return {}
        if hint in SCALARS:
            return SCALARS[hint]
        if origin is Literal:
            return {"enum": [to_json(value) for value in args]}
        if is_enum(hint):
            return {"enum": [to_json(case) for case in hint]}
        if origin in UNIONS:
            return {"anyOf": [self.of(arg) for arg in args]}
        if is_structure(hint):
            return self._named(hint)
        return self._collection(hint, origin, args)

    def _collection(self, hint: Any, origin: Any, args: tuple[Any, ...]) -> dict[str, Any]:
        if origin is tuple and args and args[-1] is not Ellipsis:
            return {
                "type": "array",
                "prefixItems": [self.of(arg) for arg in args],
                "minItems": len(args),
                "maxItems": len(args),
            }
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return {"type": "array"} | ({"items": self.of(args[0])} if args else {})
        if isinstance(origin, type) and issubclass(origin, Mapping):
            if args and plain(args[0])[0] is not str:
                raise TypeError(f"{hint}: the keys of a JSON object are strings, so use dict[str, ...]")
            return {"type": "object"} | ({"additionalProperties": self.of(args[1])} if args else {})
        raise TypeError(
            f"{hint!r} has no JSON Schema: use bool, int, float, str, bytes, None, Any, list, tuple, dict, "
            "Optional, Union, Literal, an Enum, a dataclass or a TypedDict"
        )

    def _named(self, hint: Any) -> dict[str, Any]:
        name = hint.__name__
        if self.classes.setdefault(name, hint) is not hint:
            raise TypeError(f"two classes are called {name}: their schemas need different names")
        if name in self.open:
            raise TypeError(f"{name} contains itself, which schemas of tools can't: give that member the type Any")
        if name not in self.defs:
            self.open.add(name)
            words = _words(hint)
            self.defs[name] = ({"description": words} if words else {}) | self.object(members(hint))
            self.open.remove(name)
        return {"$ref": f"#/$defs/{name}"}


def _default(part: Member) -> dict[str, Any]:
    """What stands for a member that is left out, where JSON can say it."""
    if part.default is dataclasses.MISSING:
        return {}
    try:
        value = to_json(part.default)
        json.dumps(value)
    except (TypeError, ValueError):
        return {}
    return {"default": value}


def _words(hint: Any) -> str:
    """A class's own docstring, not the one that `dataclass` or `dict` gives it."""
    words = inspect.cleandoc(hint.__dict__.get("__doc__") or "")
    return "" if words.startswith(f"{hint.__name__}(") else words
