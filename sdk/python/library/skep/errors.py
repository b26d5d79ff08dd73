"""How a call fails on purpose. Any other exception fails it too, and its traceback goes to the log."""


class Failed(Exception):
    """The tool could not do its work; the message says why, to whoever called."""


class InvalidInput(Exception):
    """The input fits its schema and is still not usable; the message says what is wrong with it."""
