"""The skill's configuration: `[config]` in skill.toml, and what the operator set over it."""

from componentize_py_types import Err
from wit_world.imports import wasi_config_store as host

from .errors import Failed


def get(key: str, default: str | None = None) -> str | None:
    """The value of a key, or the default."""
    try:
        value = host.get(key)
    except Err as error:
        raise Failed(f"configuration: {error.value.value}") from None
    return default if value is None else value


def all() -> dict[str, str]:
    """Every key with its value."""
    try:
        return dict(host.get_all())
    except Err as error:
        raise Failed(f"configuration: {error.value.value}") from None
