"""Fills in Jinja templates, in Jinja's own sandbox: a template computes and can't reach what it wasn't given."""

from typing import Annotated, Any, Literal, TypedDict

import jinja2.debug  # noqa: F401  what Jinja loads only when a template fails
import skep
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

Template = Annotated[str, "the template: {{ value }}, {% for item in items %}…{% endfor %}, filters and all"]


class Rendered(TypedDict):
    text: str


class Variables(TypedDict):
    variables: list[str]


@skep.tool
def render(
    template: Template,
    data: Annotated[dict[str, Any], "the variables"],
    autoescape: Annotated[bool, "escape values for HTML"] = False,
    missing: Annotated[Literal["error", "empty"], "what becomes of a variable that data lacks"] = "error",
) -> Rendered:
    """Fills in a Jinja template with data."""
    undefined = StrictUndefined if missing == "error" else Undefined
    environment = ImmutableSandboxedEnvironment(autoescape=autoescape, undefined=undefined, keep_trailing_newline=True)
    try:
        return {"text": environment.from_string(template).render(data)}
    except TemplateSyntaxError as error:
        raise _syntax(error) from None
    except SecurityError as error:
        raise skep.InvalidInput(f"the template may not do this: {error}") from None
    except TemplateError as error:
        raise skep.InvalidInput(f"the template can't be filled in: {error}") from None
    except (ArithmeticError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise skep.InvalidInput(f"the template doesn't fit the data: {error}") from None


@skep.tool
def variables(template: Template) -> Variables:
    """Lists the variables that a template wants as data."""
    try:
        parsed = ImmutableSandboxedEnvironment().parse(template)
    except TemplateSyntaxError as error:
        raise _syntax(error) from None
    return {"variables": sorted(meta.find_undeclared_variables(parsed))}


def _syntax(error: TemplateSyntaxError) -> skep.InvalidInput:
    return skep.InvalidInput(f"line {error.lineno} of the template: {error.message}")
