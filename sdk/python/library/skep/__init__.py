"""Skep for Python: tools from plain functions, and what a running skill may ask of its host."""

from . import config, context, log, secrets, skills, state
from .errors import Failed, InvalidInput
from .tool import tool

__all__ = ["Failed", "InvalidInput", "config", "context", "log", "secrets", "skills", "state", "tool"]
