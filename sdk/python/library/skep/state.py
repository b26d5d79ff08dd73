"""What a skill remembers between calls, in two buckets of its own.

`hot` is fast and may be lost; `durable` is kept in the host's database. Keys and values outlive versions.
"""

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from componentize_py_types import Err
from wit_world.imports import atomics
from wit_world.imports import state as swap
from wit_world.imports import wasi_keyvalue_store as store

from . import context
from .errors import Failed

T = TypeVar("T")


class Bucket:
    """Values by key: bytes, or text in UTF-8. Each operation opens the bucket anew: handles end with a call."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get(self, key: str) -> bytes | None:
        """The value of a key, or None."""
        return self._with(lambda it: it.get(key))

    def get_text(self, key: str) -> str | None:
        """The value of a key as text, or None."""
        value = self.get(key)
        return None if value is None else value.decode("utf-8")

    def set(self, key: str, value: bytes | str) -> None:
        """Sets a key to a value."""
        self._with(lambda it: it.set(key, _bytes(value)))

    def delete(self, key: str) -> None:
        """Forgets a key, if there is one."""
        self._with(lambda it: it.delete(key))

    def __contains__(self, key: str) -> bool:
        return self._with(lambda it: it.exists(key))

    def keys(self) -> Iterator[str]:
        """All keys, in no order."""
        cursor = None
        while True:
            page = self._with(lambda it: it.list_keys(cursor))
            yield from page.keys
            cursor = page.cursor
            if cursor is None:
                return

    def increment(self, key: str, delta: int = 1) -> int:
        """Adds to a number, 0 if there was none, in one step; returns the sum."""
        return self._with(lambda it: atomics.increment(it, key, delta))

    def compare_and_set(self, key: str, expected: bytes | str | None, value: bytes | str | None) -> bool:
        """Sets a key to a value if it is as expected, and says whether it was. None is no value."""
        before = None if expected is None else _bytes(expected)
        after = None if value is None else _bytes(value)
        return self._with(lambda it: swap.compare_and_set(it, key, before, after))

    def once(self, key: str, effect: Callable[[bool], T]) -> T:
        """Makes an effect once for a key, such as `context.idempotency_key()`; returns what it came to, ever after.

        What it comes to must be JSON. `effect` is told whether an earlier call began it and never said what it
        came to, because its host died: then only the other side knows whether it was made, so ask there before
        you make it again. An effect that raises was not made, and may be tried again.
        """
        key = f"once/{key}"
        own = json.dumps({"begun": context.call_id()})
        while True:
            before = self.get(key)
            mark = {} if before is None else json.loads(before)
            if "done" in mark:
                return mark["done"]
            if self.compare_and_set(key, before, own):
                break
        try:
            made = effect(before is not None)
        except BaseException:
            self.compare_and_set(key, own, before)
            raise
        self.set(key, json.dumps({"done": made}))
        return made

    def _with(self, work: Callable[[store.Bucket], T]) -> T:
        try:
            with store.open(self.name) as bucket:
                return work(bucket)
        except Err as error:
            raise Failed(f"state {self.name}: {_reason(error.value)}") from None


def _bytes(value: bytes | str) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else bytes(value)


def _reason(error: store.Error) -> str:
    match error:
        case store.Error_NoSuchStore():
            return "there is no such bucket, only hot and durable"
        case store.Error_AccessDenied():
            return "access denied"
        case other:
            return other.value


hot = Bucket("hot")
durable = Bucket("durable")
