"""How single JSON values are read: strictly, for a wrong type must not turn into a wrong value.

The defaults of cattrs make the text "None" of a null, 12 of 12.9 and True of "false".
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..models import OpenEnum

Hook = Callable[[Any, Any], Any]

_KINDS: dict[type, str] = {
    bool: "a boolean",
    dict: "an object",
    list: "a list",
    str: "a text",
    type(None): "null",
}


class WrongValueError(ValueError):
    """A value of another JSON type than the contract's; its text never shows the value."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(f"expected {expected}, got {kind_of(value)}")


def kind_of(value: object) -> str:
    """Name the JSON type of a value."""
    return _KINDS.get(type(value), "a number")


def read_text(value: object, _: object) -> str:
    """Read a text."""
    if type(value) is str:
        return value
    raise WrongValueError("a text", value)


def read_required_text(value: object, _: object) -> str:
    """Read a text that is always there; should it be null all the same, it says nothing."""
    return "" if value is None else read_text(value, _)


def read_integer(value: object, _: object) -> int:
    """Read an integer."""
    if type(value) is int:
        return value
    raise WrongValueError("an integer", value)


def read_number(value: object, _: object) -> float:
    """Read a number, with or without a fraction."""
    if type(value) is float or type(value) is int:
        return float(value)
    raise WrongValueError("a number", value)


def read_flag(value: object, _: object) -> bool:
    """Read a boolean."""
    if type(value) is bool:
        return value
    raise WrongValueError("a boolean", value)


def read_moment(value: object, _: object) -> datetime:
    """Read an ISO 8601 time."""
    if type(value) is not str:
        raise WrongValueError("an ISO 8601 time", value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise WrongValueError("an ISO 8601 time", value) from None
    # The contract's times end in Z; one that lost its offset can only have meant the same.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_epoch(value: object, _: object) -> datetime:
    """Read a time in seconds since 1970."""
    try:
        return datetime.fromtimestamp(read_number(value, _), UTC)
    except (OverflowError, OSError, ValueError):
        raise WrongValueError("a time in seconds since 1970", value) from None


def read_digits(value: object, _: object) -> str:
    """Read a phone number that may come as a text or as an integer."""
    return str(value) if type(value) is int else read_required_text(value, _)


def read_open_enum(value: object, enum: type[OpenEnum]) -> OpenEnum:
    """Read a member of an enum, known or not; a null has the text ""."""
    return enum.of(read_required_text(value, enum))


def optional(read: Hook) -> Hook:
    """Read a value that may be null, or empty in its place."""

    def read_optional(value: object, kind: object) -> object:
        return None if value is None or value == "" else read(value, kind)

    return read_optional


def read_optional_text(value: object, _: object) -> str | None:
    """Read a text that may be null; an empty one is one."""
    return None if value is None else read_text(value, _)
