"""Logging: records of the standard `logging` module reach the host, with the logger's name as context.

`logging.getLogger("fetch").warning("slow")` is all it takes. Records of INFO and above are sent;
`logging.getLogger().setLevel(skep.log.TRACE)` sends everything.
"""

import logging
import sys

from wit_world.imports import logging as host

TRACE = 5
"""A level below DEBUG, for `logger.log(skep.log.TRACE, ...)`."""

_LEVELS = (
    (logging.CRITICAL, host.Level.CRITICAL),
    (logging.ERROR, host.Level.ERROR),
    (logging.WARNING, host.Level.WARN),
    (logging.INFO, host.Level.INFO),
    (logging.DEBUG, host.Level.DEBUG),
)


class Handler(logging.Handler):
    """Sends records to the host; before there is one, while the skill is built, to standard error."""

    serving = False

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        try:
            text = self.format(record).encode("utf-8", "backslashreplace").decode("utf-8")
            if self.serving:
                host.log(_level(record.levelno), record.name, text)
            else:
                print(f"{record.levelname} {record.name}: {text}", file=sys.stderr)
        except Exception:
            self.handleError(record)


def _level(number: int) -> host.Level:
    return next((level for least, level in _LEVELS if number >= least), host.Level.TRACE)


def serve() -> None:
    """From now on there is a host to send records to."""
    Handler.serving = True


logging.addLevelName(TRACE, "TRACE")
logging.getLogger().addHandler(Handler())
logging.getLogger().setLevel(logging.INFO)
