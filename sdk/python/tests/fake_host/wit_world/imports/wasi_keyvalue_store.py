"""Buckets in memory, which list their keys one a page."""

from dataclasses import dataclass

from componentize_py_types import Err

buckets = {"hot": {}, "durable": {}}


@dataclass
class Error_NoSuchStore:
    pass


@dataclass
class Error_AccessDenied:
    pass


@dataclass
class Error_Other:
    value: str


Error = Error_NoSuchStore | Error_AccessDenied | Error_Other


@dataclass
class KeyResponse:
    keys: list
    cursor: int | None


class Bucket:
    def __init__(self, values):
        self.values = values

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def get(self, key):
        return self.values.get(key)

    def set(self, key, value):
        self.values[key] = value

    def delete(self, key):
        self.values.pop(key, None)

    def exists(self, key):
        return key in self.values

    def list_keys(self, cursor):
        keys, at = sorted(self.values), cursor or 0
        return KeyResponse(keys[at : at + 1], at + 1 if at + 1 < len(keys) else None)


def open(identifier):
    if identifier not in buckets:
        raise Err(Error_NoSuchStore())
    return Bucket(buckets[identifier])
