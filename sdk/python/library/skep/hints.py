"""Type hints, taken apart: the one place that knows how Python spells a type."""

import dataclasses
import types
from enum import Enum
from typing import Annotated, Any, NamedTuple, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

UNIONS = (Union, types.UnionType)


class Member(NamedTuple):
    """One member of an object: its name in JSON, its type, and what stands for it when it is left out."""

    name: str
    attribute: str
    hint: Any
    required: bool
    default: Any = dataclasses.MISSING


def json_name(attribute: str) -> str:
    """`from_` is called `from` in JSON: some good names are Python's own words."""
    return attribute[:-1] if attribute.endswith("_") and not attribute.startswith("_") else attribute


def plain(hint: Any) -> tuple[Any, list[Any]]:
    """The type behind aliases, `NewType`, `Annotated` and the like, and what was noted along the way."""
    notes: list[Any] = []
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            notes = more + notes
        elif get_origin(hint) in (Required, NotRequired):
            (hint,) = get_args(hint)
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        else:
            return (type(None) if hint is None else hint), notes


def is_enum(hint: Any) -> bool:
    """Whether the type is an enumeration."""
    return isinstance(hint, type) and issubclass(hint, Enum)


def is_structure(hint: Any) -> bool:
    """Whether the type is a class with named members."""
    return is_typeddict(hint) or (isinstance(hint, type) and dataclasses.is_dataclass(hint))


def members(hint: Any) -> list[Member]:
    """The members of a dataclass or `TypedDict`, in order."""
    hints = get_type_hints(hint, include_extras=True)
    if is_typeddict(hint):
        return [Member(name, name, kind, name in hint.__required_keys__) for name, kind in hints.items()]
    return [_field(field, hints[field.name]) for field in dataclasses.fields(hint) if field.init]


def _field(field: dataclasses.Field[Any], hint: Any) -> Member:
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return Member(json_name(field.name), field.name, hint, required, field.default)
