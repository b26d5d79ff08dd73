"""The side that the host calls: `list-tools` and `call-tool`, and no exception that escapes."""

import json
import logging

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.tools import Error_Failed, Error_InvalidInput
from wit_world.exports.tools import Tool as Listed

from . import log
from .errors import Failed, InvalidInput
from .tool import tools

_logger = logging.getLogger("skep")


class Tools(exports.Tools):
    """What componentize-py looks for: the exports of the interface `tools`."""

    def list_tools(self) -> list[Listed]:
        """All tools of this skill."""
        return [
            Listed(it.name, it.description, json.dumps(it.input_schema), it.output_schema and json.dumps(it.output_schema))
            for it in tools().values()
        ]

    def call_tool(self, name: str, input: str) -> str:
        """Calls one tool. Whatever it raises becomes an answer, or the whole instance would break."""
        log.serve()
        try:
            return tools()[name].answer(input)
        except InvalidInput as error:
            raise Err(Error_InvalidInput(_words(error))) from None
        except Failed as error:
            raise Err(Error_Failed(_words(error))) from None
        except MemoryError:
            raise  # breaks the instance: the host knows which limit was met and says so
        except BaseException as error:
            _logger.exception("tool %s", name)
            raise Err(Error_Failed(f"{type(error).__name__}: {_words(error)}{_hint(error)}")) from None


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return " (modules are there while a skill is built: import at the top of a module)"
    return ""


def _words(error: BaseException) -> str:
    """The message as text that can leave: file names may hold what UTF-8 can't."""
    return str(error).encode("utf-8", "backslashreplace").decode("utf-8")
