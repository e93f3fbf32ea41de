"""Times as people type and read them."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS = re.compile(r"[0-9]{1,9}d")  # no timedelta has more
_WEEK = re.compile(r"[0-9]{4}-?W[0-9]{2}")
_DAY = timedelta(days=1)


def parse_start(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a moment, or a day as its first moment, in a zone unless it says otherwise; None is the local one.

    Raises:
        ValueError: It is neither.
    """
    day = _read_day(text, zone)
    with suppress(ValueError, OverflowError):
        return _read_moment(text, zone) if day is None else _midnight(day, zone)
    raise _no_time("--start", text)


def parse_end(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a moment, or a day as its last moment, in a zone unless it says otherwise; None is the local one.

    Raises:
        ValueError: It is neither.
    """
    day = _read_day(text, zone)
    with suppress(ValueError, OverflowError):
        return _read_moment(text, zone) if day is None else _last_second(day, zone)
    raise _no_time("--end", text)


def parse_period(start: str, end: str | None, zone: tzinfo | None) -> tuple[datetime, datetime]:
    """Read the first and the last moment of a period, which goes on until now where it has no end.

    Raises:
        ValueError: One of them is no time, or the second comes before the first.
    """
    first, last = parse_start(start, zone), datetime.now(UTC) if end is None else parse_end(end, zone)
    if last < first:
        typed = "now" if end is None else repr(end)
        raise ValueError(
            f"--end: {typed} lies before start, {start!r}; type a later --end, or an earlier --start"
        )
    return first, last


def parse_age(text: str) -> timedelta:
    """Read a number of days, such as ``90d``.

    Raises:
        ValueError: It is none.
    """
    age = timedelta(days=int(text.removesuffix("d"))) if _DAYS.fullmatch(text) else timedelta()
    if not age:
        raise ValueError(f"--keep: {text!r} is no number of days; type 90d")
    return age


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """Give a moment in a zone, None for the local one."""
    with suppress(OverflowError, ValueError, OSError):  # at either end of all calendars it stays as it is
        return moment.astimezone(zone)
    return moment


def describe_end(end: datetime | None, zone: tzinfo | None = None) -> str:
    """Say when something ends, in a zone, and how long that is from now."""
    if end is None:
        return "unknown"
    left = end - datetime.now(UTC)
    hours, seconds = divmod(left.seconds, 3600)
    if left <= timedelta():
        when = "expired"
    elif left.days:
        when = f"in {left.days} d {hours} h"
    else:
        when = f"in {hours} h {seconds // 60} min"
    return f"{in_zone(end, zone).isoformat(timespec='seconds')} ({when})"


def _read_day(text: str, zone: tzinfo | None) -> date | None:
    """Read a day, by its date or by how long ago it was; None where it is something else."""
    today = datetime.now(zone).date()
    with suppress(OverflowError):
        if text in ("today", "yesterday"):
            return today - _DAY * (text == "yesterday")
        if text.startswith("-") and _DAYS.fullmatch(text[1:]):
            return today - timedelta(days=int(text[1:-1]))
    # Python takes a week for its Monday: as an end, most of the week would be missing.
    with suppress(ValueError):
        return None if _WEEK.fullmatch(text) else date.fromisoformat(text)
    return None


def _read_moment(text: str, zone: tzinfo | None) -> datetime:
    if _WEEK.fullmatch(text):
        raise ValueError("a week is no moment")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else _place(moment, zone)


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    return _place(datetime.combine(day, time()), zone)


def _last_second(day: date, zone: tzinfo | None) -> datetime:
    first = _midnight(day, zone)
    # Days are not always 24 hours long: the next midnight is found on the calendar. Back from there in UTC: on
    # the wall clock, an hour that comes twice would be lost.
    with suppress(OverflowError):  # the last day of all calendars has none; its first moment is late enough
        last = _midnight(day + _DAY, zone).astimezone(UTC) - timedelta(seconds=1)
        return last.astimezone(zone)
    return first


def _place(naive: datetime, zone: tzinfo | None) -> datetime:
    """Give a time of the wall clock its zone."""
    placed = naive.astimezone() if zone is None else naive.replace(tzinfo=zone)
    placed.astimezone(UTC)  # before the first day of all calendars there is nothing
    return placed


def _no_time(option: str, text: str) -> ValueError:
    return ValueError(
        f"{option}: {text!r} is no date or time; type 2026-11-01, 2026-11-01T09:30, today, yesterday or -7d"
    )
