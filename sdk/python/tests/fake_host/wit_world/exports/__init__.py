"""What the fake host calls."""

from . import tools as tools


class Tools:
    pass
