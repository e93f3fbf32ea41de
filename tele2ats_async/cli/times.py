"""Times as people type them."""

from datetime import datetime, timedelta

_DATE_LENGTH = len("2026-11-01")


def parse_start(text: str) -> datetime:
    """Read a moment, or a day as its first moment; local time unless it says otherwise.

    Raises:
        ValueError: It is neither.
    """
    return _parse("--start", text)


def parse_end(text: str) -> datetime:
    """Read a moment, or a day as its last moment; local time unless it says otherwise.

    Raises:
        ValueError: It is neither.
    """
    moment = _parse("--end", text)
    if len(text) == _DATE_LENGTH:
        # Local days are not always 24 hours long: the next midnight is found on the calendar.
        moment = (moment.replace(tzinfo=None) + timedelta(days=1)).astimezone() - timedelta(seconds=1)
    return moment


def _parse(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{option}: {text!r} is no date or time; type 2026-11-01 or 2026-11-01T09:30"
        ) from None
