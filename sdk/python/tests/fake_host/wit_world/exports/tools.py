"""The types of the interface `tools`."""

from dataclasses import dataclass


@dataclass
class Tool:
    name: str
    description: str
    input_schema: str
    output_schema: str | None


@dataclass
class Error_InvalidInput:
    value: str


@dataclass
class Error_Failed:
    value: str
