"""Other skills: those that the operator granted with `--skill`."""

import json
from dataclasses import dataclass
from typing import Any

from componentize_py_types import Err
from wit_world.imports import skills as host

from .errors import Failed
from .values import to_json


class Fault(Failed):
    """Another skill's call didn't end well: the host's code for it (`tool_error`, `denied`) and what happened."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass
class ToolInfo:
    """One tool of a skill, with the JSON Schemas of its input and, if fixed, its output."""

    name: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None


@dataclass
class SkillInfo:
    """A skill that may be called."""

    name: str
    version: str
    description: str
    capabilities: list[str]
    tools: list[ToolInfo]


def call(skill: str, tool: str | None = None, input: Any = None) -> Any:
    """Calls a tool and waits for its answer. The tool may be left out where the skill has only one."""
    arguments = {} if input is None else to_json(input)
    try:
        return json.loads(host.call(skill, tool, json.dumps(arguments, allow_nan=False)))
    except Err as error:
        raise Fault(error.value.code, error.value.message) from None


def find(capability: str = "") -> list[SkillInfo]:
    """The skills that may be called and offer a capability, the closest match first; all of them for none."""
    try:
        return [_skill(it) for it in host.find(capability)]
    except Err as error:
        raise Fault(error.value.code, error.value.message) from None


def _skill(it: host.SkillInfo) -> SkillInfo:
    return SkillInfo(it.name, it.version, it.description, it.capabilities, [_tool(tool) for tool in it.tools])


def _tool(it: host.ToolInfo) -> ToolInfo:
    output = None if it.output_schema is None else json.loads(it.output_schema)
    return ToolInfo(it.name, it.description, json.loads(it.input_schema), output)
