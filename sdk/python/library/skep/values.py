"""JSON values to Python's types and back."""

import base64
import binascii
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from .errors import InvalidInput
from .hints import UNIONS, Member, is_enum, is_structure, members, plain


def to_json(value: Any) -> Any:
    """What `json.dumps` takes: dataclasses become objects, enumerations their values, bytes base64."""
    if isinstance(value, Enum):
        return to_json(value.value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: to_json(getattr(value, part.attribute)) for part in members(type(value))}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [to_json(item) for item in value]
    raise TypeError(f"a {type(value).__name__} can't be written as JSON")


def from_json(value: Any, hint: Any, place: str = "$") -> Any:
    """The value as the type asks for it; `InvalidInput` says where it doesn't fit."""
    hint, _ = plain(hint)
    origin, args = get_origin(hint) or hint, get_args(hint)
    if hint in (Any, object):
        return value
    if origin is Literal:
        return _one_of(value, {_key(case): case for case in args}, place)
    if is_enum(hint):
        return _one_of(value, {_key(to_json(case)): case for case in hint}, place)
    if origin in UNIONS:
        return _first_fit(value, args, place)
    if is_structure(hint):
        found = from_members(_expect(value, dict, place), members(hint), place)
        return hint(**found)
    if isinstance(origin, type) and issubclass(origin, (str, bytes, bool, int, float, type(None))):
        return _scalar(value, hint, place)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        item = args[1] if args else Any
        return {key: from_json(each, item, f"{place}.{key}") for key, each in _expect(value, dict, place).items()}
    return _sequence(_expect(value, list, place), origin, args, place)


def from_members(value: Mapping[str, Any], parts: Iterable[Member], place: str) -> dict[str, Any]:
    """The members by their Python names; those that were left out are not among them."""
    parts = list(parts)
    unknown = set(value) - {part.name for part in parts}
    if unknown:
        raise InvalidInput(f"{place}: unknown member {min(unknown)!r}")
    found = {}
    for part in parts:
        if part.name in value:
            found[part.attribute] = from_json(value[part.name], part.hint, f"{place}.{part.name}")
        elif part.required:
            raise InvalidInput(f"{place}: missing member {part.name!r}")
    return found


def _scalar(value: Any, kind: type, place: str) -> Any:
    if kind is bytes:
        try:
            return base64.b64decode(_expect(value, str, place), validate=True)
        except binascii.Error as error:
            raise InvalidInput(f"{place}: not base64: {error}") from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind is int and isinstance(value, bool):
        raise InvalidInput(f"{place}: expected int, found bool")
    return _expect(value, kind, place)


def _sequence(value: list[Any], origin: Any, args: tuple[Any, ...], place: str) -> Sequence[Any]:
    if origin is not tuple or not args or args[-1] is Ellipsis:
        item = args[0] if args else Any
        found = [from_json(each, item, f"{place}[{i}]") for i, each in enumerate(value)]
        return tuple(found) if origin is tuple else found
    if len(value) != len(args):
        raise InvalidInput(f"{place}: expected {len(args)} items, found {len(value)}")
    return tuple(from_json(each, item, f"{place}[{i}]") for i, (each, item) in enumerate(zip(value, args)))


def _first_fit(value: Any, hints: tuple[Any, ...], place: str) -> Any:
    reasons = []
    for hint in hints:
        try:
            return from_json(value, hint, place)
        except InvalidInput as reason:
            reasons.append(str(reason))
    raise InvalidInput("; or ".join(reasons))


def _one_of(value: Any, cases: dict[Any, Any], place: str) -> Any:
    try:
        return cases[_key(value)]
    except (KeyError, TypeError):
        known = ", ".join(repr(to_json(case)) for case in cases.values())
        raise InvalidInput(f"{place}: expected one of {known}, found {value!r}") from None


def _key(value: Any) -> tuple[bool, Any]:
    """`True` and `1` are one key in Python, and two values in JSON."""
    return isinstance(value, bool), value


def _expect(value: Any, kind: type, place: str) -> Any:
    if not isinstance(value, kind):
        raise InvalidInput(f"{place}: expected {kind.__name__}, found {type(value).__name__}")
    return value
