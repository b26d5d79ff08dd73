"""Types to JSON Schema and JSON to types: one table for both."""

import sys
import unittest
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, TypedDict

SDK = Path(__file__).parent
sys.path[:0] = [str(SDK / "fake_host"), str(SDK.parent / "library")]

from skep.errors import InvalidInput  # noqa: E402
from skep.schema import schema_of  # noqa: E402
from skep.values import from_json, to_json  # noqa: E402


class Colour(Enum):
    RED = "red"
    GREEN = "green"


@dataclass
class Point:
    """A place."""

    x: float
    y: float = 0.0
    from_: list[str] = field(default_factory=list)


class Order(TypedDict):
    item: str
    count: NotRequired[int]


@dataclass
class Tree:
    leaf: int
    children: list["Tree"] = field(default_factory=list)


UserId = NewType("UserId", int)

# type, its schema, JSON, the value it becomes
TABLE = [
    (bool, {"type": "boolean"}, True, True),
    (int, {"type": "integer"}, 7, 7),
    (int, {"type": "integer"}, 7.0, 7),
    (float, {"type": "number"}, 3, 3.0),
    (str, {"type": "string"}, "ö", "ö"),
    (bytes, {"type": "string", "contentEncoding": "base64"}, "AAH/", b"\0\1\xff"),
    (None, {"type": "null"}, None, None),
    (Any, {}, {"a": [1]}, {"a": [1]}),
    (UserId, {"type": "integer"}, 3, 3),
    (list[int], {"type": "array", "items": {"type": "integer"}}, [1, 2], [1, 2]),
    (list, {"type": "array"}, [1, "a"], [1, "a"]),
    (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}, [1, 2], (1, 2)),
    (
        tuple[int, str],
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
        [1, "a"],
        (1, "a"),
    ),
    (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}, {"a": 1}),
    (Optional[str], {"anyOf": [{"type": "string"}, {"type": "null"}]}, None, None),
    (int | list[int], {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}, [3], [3]),
    (Literal["a", 1], {"enum": ["a", 1]}, 1, 1),
    (Colour, {"enum": ["red", "green"]}, "green", Colour.GREEN),
    (
        Annotated[int, "how many", {"minimum": 1}],
        {"type": "integer", "description": "how many", "minimum": 1},
        2,
        2,
    ),
    (
        Order,
        {
            "$ref": "#/$defs/Order",
            "$defs": {
                "Order": {
                    "type": "object",
                    "properties": {"item": {"type": "string"}, "count": {"type": "integer"}},
                    "additionalProperties": False,
                    "required": ["item"],
                }
            },
        },
        {"item": "tea"},
        {"item": "tea"},
    ),
    (
        Point,
        {
            "$ref": "#/$defs/Point",
            "$defs": {
                "Point": {
                    "description": "A place.",
                    "type": "object",
                    "properties": {
                        "x": {"type": "number"},
                        "y": {"type": "number", "default": 0.0},
                        "from": {"type": "array", "items": {"type": "string"}},
                    },
                    "additionalProperties": False,
                    "required": ["x"],
                }
            },
        },
        {"x": 1, "from": ["a"]},
        Point(1.0, 0.0, ["a"]),
    ),
]

# type, JSON that doesn't fit, what is said
MISFITS = [
    (int, "a", "$: expected int, found str"),
    (int, True, "$: expected int, found bool"),
    (int, 1.5, "$: expected int, found float"),
    (bytes, "!", "$: not base64"),
    (list[int], [1, "a"], "$[1]: expected int, found str"),
    (tuple[int, str], [1], "$: expected 2 items, found 1"),
    (dict[str, int], {"a": "b"}, "$.a: expected int, found str"),
    (Literal["a"], "b", "$: expected one of 'a', found 'b'"),
    (Literal[1], True, "$: expected one of 1, found True"),
    (Colour, "blue", "$: expected one of 'red', 'green', found 'blue'"),
    (Colour, ["red"], "$: expected one of"),
    (Order, {}, "$: missing member 'item'"),
    (Order, {"item": "tea", "size": 1}, "$: unknown member 'size'"),
    (Point, {"x": "a"}, "$.x: expected float, found str"),
    (Optional[int], "a", "$: expected int, found str; or $: expected NoneType, found str"),
]


class SchemaTest(unittest.TestCase):
    def test_types_become_schemas(self):
        for hint, schema, _, _ in TABLE:
            with self.subTest(hint=hint):
                self.assertEqual(schema_of(hint), schema)

    def test_json_becomes_values(self):
        for hint, _, text, value in TABLE:
            with self.subTest(hint=hint):
                found = from_json(text, hint)
                self.assertEqual((found, type(found)), (value, type(value)))

    def test_values_become_json_again(self):
        self.assertEqual(to_json(Point(1.0)), {"x": 1.0, "y": 0.0, "from": []})
        self.assertEqual(to_json({"c": Colour.RED, "b": b"\0\1\xff", "t": (1, 2)}), {"c": "red", "b": "AAH/", "t": [1, 2]})
        with self.assertRaisesRegex(TypeError, "a object can't be written as JSON"):
            to_json(object())

    def test_misfits_are_told_with_their_place(self):
        for hint, text, words in MISFITS:
            with self.subTest(hint=hint, text=text), self.assertRaises(InvalidInput) as caught:
                from_json(text, hint)
            self.assertTrue(str(caught.exception).startswith(words), caught.exception)

    def test_a_type_without_a_schema_is_named(self):
        for hint, words in [(complex, "complex"), (dict[int, str], "keys of a JSON object"), (Tree, "Tree contains itself")]:
            with self.subTest(hint=hint), self.assertRaisesRegex(TypeError, words):
                schema_of(hint)


if __name__ == "__main__":
    unittest.main()
