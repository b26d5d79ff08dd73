"""Declaring a tool: a function, its hints and its docstring say all there is to say."""

import dataclasses
import inspect
import json
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints, overload

from .hints import Member, json_name
from .schema import object_schema, schema_of
from .values import from_members, to_json

F = TypeVar("F", bound=Callable[..., Any])
_tools: dict[str, "Tool"] = {}


class Tool:
    """A function as its callers see it."""

    def __init__(self, run: Callable[..., Any], name: str | None, description: str | None) -> None:
        self.run = run
        self.name = name or run.__name__
        self.description = description or inspect.getdoc(run) or ""
        hints = get_type_hints(run, include_extras=True)
        self.parameters = [_member(self.name, it, hints) for it in inspect.signature(run).parameters.values()]
        self.input_schema = object_schema(self.parameters)
        self.output_schema = schema_of(hints["return"]) or None if "return" in hints else None

    def answer(self, text: str) -> str:
        """Runs the tool on a JSON text."""
        arguments = from_members(json.loads(text), self.parameters, "$")
        return json.dumps(to_json(self.run(**arguments)), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _member(tool_name: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> Member:
    name = parameter.name
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise TypeError(f"tool {tool_name}: {parameter} has no name in JSON: use plain named parameters")
    if name not in hints:
        raise TypeError(f"tool {tool_name}: say what type {name} has, as in `{name}: str`")
    required = parameter.default is parameter.empty
    default = dataclasses.MISSING if required else parameter.default
    return Member(json_name(name), name, hints[name], required, default)


@overload
def tool(run: F) -> F: ...
@overload
def tool(*, name: str | None = None, description: str | None = None) -> Callable[[F], F]: ...
def tool(run=None, *, name=None, description=None):
    """Makes a function a tool of this skill; the function itself stays as it is.

    The tool is called as the function unless `name` says otherwise, and described by its docstring unless
    `description` does. Each parameter needs a type; `Annotated[int, "how many"]` describes it, and a dict
    in the same place adds keywords of JSON Schema: `Annotated[int, {"minimum": 1}]`.
    """

    def declare(function):
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"tool {function.__name__}: a tool is a plain function; a skill has no event loop")
        declared = Tool(function, name, description)
        if _tools.setdefault(declared.name, declared) is not declared:
            raise ValueError(f"two tools are called {declared.name}")
        return function

    return declare(run) if run else declare


def tools() -> dict[str, Tool]:
    """All tools that were declared, by name."""
    return _tools
