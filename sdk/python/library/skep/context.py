"""What a skill may know of the call that it serves."""

from datetime import UTC, datetime, timedelta

from wit_world.imports import context as host


def call_id() -> str:
    """The id of this call, as in the logs and the audit."""
    return host.call_id()


def attempt() -> int:
    """1 on the first attempt, one more for each retry."""
    return host.attempt()


def deadline() -> datetime:
    """When the call ends, done or not, in UTC."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=host.deadline())


def remaining() -> float:
    """Seconds until the deadline."""
    return (deadline() - datetime.now(UTC)).total_seconds()


def caller() -> list[str]:
    """Who asked, the origin first: `operator:local`, `key:4f1c`, `skill:csv-report`."""
    return host.caller()


def idempotency_key() -> str | None:
    """The caller's key for this piece of work, the same in every attempt, if it gave one."""
    return host.idempotency_key()


def session() -> str | None:
    """The session that this call belongs to, if the skill keeps sessions."""
    return host.session()


def progress(done: int, total: int | None = None, message: str | None = None) -> None:
    """Tells the caller how far the work is: units done, units in all if known, a word to show."""
    host.progress(done, total, message)


def cancelled() -> bool:
    """Whether the caller has gone away; a skill that asks may stop early."""
    return host.cancelled()
