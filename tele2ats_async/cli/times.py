"""Times as people type and read them."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo

_AGE = re.compile(r"[0-9]{1,9}d")  # no timedelta has more
_WEEK = re.compile(r"[0-9]{4}-?W[0-9]{2}")


def parse_start(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a moment, or a day as its first moment, in a zone unless it says otherwise; None is the local one.

    Raises:
        ValueError: It is neither.
    """
    return _parse("--start", text, zone)


def parse_end(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a moment, or a day as its last moment, in a zone unless it says otherwise; None is the local one.

    Raises:
        ValueError: It is neither.
    """
    moment = _parse("--end", text, zone)
    if _is_day(text):
        # Local days are not always 24 hours long: the next midnight is found on the calendar.
        with suppress(
            OverflowError
        ):  # the last day of all calendars has none; its first moment is late enough
            moment = _at_wall_clock(moment.replace(tzinfo=None) + timedelta(days=1), zone) - timedelta(
                seconds=1
            )
    return moment


def parse_age(text: str) -> timedelta:
    """Read a number of days, such as ``90d``.

    Raises:
        ValueError: It is none.
    """
    age = timedelta(days=int(text.removesuffix("d"))) if _AGE.fullmatch(text) else timedelta()
    if not age:
        raise ValueError(f"--keep: {text!r} is no number of days; type 90d")
    return age


def describe_end(end: datetime | None) -> str:
    """Say when something ends, in local time, and how long that is from now."""
    if end is None:
        return "unknown"
    left = end - datetime.now(UTC)
    with suppress(OverflowError, ValueError, OSError):  # at either end of all calendars it stays UTC
        end = end.astimezone()
    hours, seconds = divmod(left.seconds, 3600)
    if left <= timedelta():
        when = "expired"
    elif left.days:
        when = f"in {left.days} d {hours} h"
    else:
        when = f"in {hours} h {seconds // 60} min"
    return f"{end.isoformat(timespec='seconds')} ({when})"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _parse(option: str, text: str, zone: tzinfo | None) -> datetime:
    # Python takes a week for its Monday: as an end, most of the week would be missing.
    if not _WEEK.fullmatch(text):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else _at_wall_clock(moment, zone)
    raise ValueError(f"{option}: {text!r} is no date or time; type 2026-11-01 or 2026-11-01T09:30")


def _at_wall_clock(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone() if zone is None else moment.replace(tzinfo=zone).astimezone(UTC)
