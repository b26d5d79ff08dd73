"""Keeps what was logged."""

from enum import Enum

Level = Enum("Level", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"])
logged = []


def log(level, context, message):
    logged.append((level.name, context, message))
