"""What componentize-py generates for results, as far as the SDK uses it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Err(Exception):
    value: Any
