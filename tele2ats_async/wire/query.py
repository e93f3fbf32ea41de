"""Query strings exactly as the contract wants them: every reserved character percent-encoded.

URL libraries leave ``/``, ``:`` and ``,`` as they are, so the string is built here, once, and sent
as it is.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

# Names in which nothing but slashes is reserved, and how those are encoded once and twice.
_SLASHES_ALONE = re.compile(r"[0-9A-Za-z_.~/-]*", re.ASCII)
_SLASHES = ("/", "%2F", "%252F")
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


def encode_query(parameters: Mapping[str, str | None]) -> str:
    """Encode parameters in their order; those that are None are left out."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in parameters.items()
        if value is not None
    )


def encode_filename(name: str, *, times: int) -> str:
    """Encode a recording's name as a query, once or twice (notes 9 and 10 of the contract)."""
    if _SLASHES_ALONE.fullmatch(name):  # as nearly all are, thousands of them
        return f"filename={name.replace('/', _SLASHES[times])}"
    for _ in range(times):
        name = quote(name, safe="")
    return f"filename={name}"


def spell_flag(flag: bool | None) -> str | None:  # noqa: FBT001  # it is the value, not a switch
    """Spell a boolean as JSON does; None stays None."""
    return None if flag is None else str(flag).lower()


def spell_moment(moment: datetime, *, round_up: bool = False) -> str:
    """Spell a time as ISO 8601 with an offset, in whole seconds."""
    if round_up and moment.microsecond:
        # Through UTC: by the wall clock, the hour that comes twice in autumn would lose its fold.
        with suppress(OverflowError):  # the last second that a datetime knows is late enough
            moment = (moment.astimezone(UTC) + _SECOND).astimezone(moment.tzinfo)
    if moment.utcoffset() % _MINUTE:  # type: ignore[operator]  # require_aware() came before
        moment = moment.astimezone(UTC)  # local mean times have seconds in their offset, ISO 8601 has not
    return moment.isoformat(timespec="seconds")


def require_aware(argument: str, moment: datetime) -> None:
    """Refuse a time that could mean two moments.

    Raises:
        TypeError: It is no datetime.
        ValueError: It has no offset.
    """
    if not isinstance(moment, datetime):
        raise TypeError(f"{argument}: expected a datetime, got {type(moment).__name__}")
    if moment.utcoffset() is None:
        raise ValueError(f"{argument}: {moment.isoformat()} has no time zone; give an aware datetime")


def require_period(start: datetime, end: datetime) -> None:
    """Refuse a period that is naive or ends before it starts.

    Raises:
        TypeError: An end of it is no datetime.
        ValueError: An end of it has no offset, or ``end`` lies before ``start``.
    """
    require_aware("start", start)
    require_aware("end", end)
    # As timestamps: two times of one zone are compared by the wall clock, which is set back in autumn.
    if end.timestamp() < start.timestamp():
        raise ValueError(f"end: {end.isoformat()} lies before start, {start.isoformat()}")


def require_at_least(argument: str, value: object, least: int) -> None:
    """Refuse a number below its least.

    Raises:
        TypeError: It is no integer.
        ValueError: It is smaller than ``least``.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{argument}: expected an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{argument}: expected at least {least}, got {value}")


def require_seconds(argument: str, seconds: object) -> None:
    """Refuse what is no length of time.

    Raises:
        TypeError: It is no number.
        ValueError: It is below 0, or no finite number.
    """
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise TypeError(f"{argument}: expected seconds, got {type(seconds).__name__}")
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{argument}: expected seconds from 0 on, got {seconds}")


def require_positive(argument: str, duration: object) -> None:
    """Refuse what is no length of time above 0.

    Raises:
        TypeError: It is no timedelta.
        ValueError: It is not above 0.
    """
    if not isinstance(duration, timedelta):
        raise TypeError(f"{argument}: expected a timedelta, got {type(duration).__name__}")
    if duration <= timedelta():
        raise ValueError(f"{argument}: expected more than 0, got {duration}")


def require_interval(interval_s: object) -> None:
    """Refuse what is no time between two polls.

    Raises:
        TypeError: It is no number.
        ValueError: It is not above 0, or no finite number.
    """
    require_seconds("interval_s", interval_s)
    if not interval_s:
        raise ValueError("interval_s: expected more than 0 seconds, got 0")
