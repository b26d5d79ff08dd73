"""Secrets: those that the operator granted with `--secret`. A skill never sees a value.

What these give are placeholders for the headers of a request. The host puts the value in their place where the
request goes to a place that the secret was granted for, and denies it anywhere else.
"""

from componentize_py_types import Err
from wit_world.imports import secrets as host

from .errors import Failed


def get(name: str) -> str:
    """A placeholder for a secret, as in `Authorization: Bearer PLACEHOLDER`. It holds for this call alone."""
    try:
        return host.get(name)
    except Err as error:
        raise Failed(error.value.value) from None


def basic(name: str, user: str) -> str:
    """A placeholder for what stands behind `Basic` in `Authorization: Basic PLACEHOLDER`."""
    try:
        return host.get_basic(name, user)
    except Err as error:
        raise Failed(error.value.value) from None
