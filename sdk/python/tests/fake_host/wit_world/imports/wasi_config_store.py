"""A configuration of one key, and a key that can't be read."""

from dataclasses import dataclass

from componentize_py_types import Err


@dataclass
class Error_Io:
    value: str


def get(key):
    if key == "broken":
        raise Err(Error_Io("no database"))
    return {"greeting": "hello"}.get(key)


def get_all():
    return [("greeting", "hello")]
