"""Moments as the archive counts them (whole epoch seconds) and writes them (texts that sort as they follow)."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FIRST_SECOND = -62_135_596_800  # of the year 1
_LAST_SECOND = 253_402_300_799  # of the year 9999


def now() -> datetime:
    """Give the present."""
    return datetime.now(UTC)


def second_of(moment: datetime) -> int:
    """Give the second, since the epoch, that a moment lies in."""
    return (moment - _EPOCH) // _SECOND


def start_of(second: int) -> datetime:
    """Give the moment at which a second begins; at either end of all calendars, the nearest there is."""
    return _EPOCH + timedelta(seconds=min(max(second, _FIRST_SECOND), _LAST_SECOND))


def spell(moment: datetime) -> str:
    """Spell a moment in UTC, to the millisecond."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = moment.replace(tzinfo=UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
