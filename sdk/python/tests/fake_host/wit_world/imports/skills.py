"""One other skill, which echoes."""

import json
from dataclasses import dataclass

from componentize_py_types import Err


@dataclass
class Fault:
    code: str
    message: str


@dataclass
class ToolInfo:
    name: str
    description: str
    input_schema: str
    output_schema: str | None


@dataclass
class SkillInfo:
    name: str
    version: str
    description: str
    capabilities: list
    tools: list


def call(skill, tool, input):
    if skill != "peer":
        raise Err(Fault("unknown_skill", f"no skill {skill}"))
    return json.dumps([tool, json.loads(input)])


def find(capability):
    return [SkillInfo("peer", "1.0.0", "echoes", [capability], [ToolInfo("echo", "", '{"type": "object"}', None)])]
