"""One secret, API_KEY."""

from dataclasses import dataclass

from componentize_py_types import Err


@dataclass
class Error_Denied:
    value: str


def get(name):
    if name != "API_KEY":
        raise Err(Error_Denied(f"no secret {name}"))
    return f"skep-secret-{name}"


def get_basic(name, user):
    return f"{get(name)}-{user}"
