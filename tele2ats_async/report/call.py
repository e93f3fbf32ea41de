"""One call as the figures need it: read once, believed where it can be."""

import re
from datetime import datetime, tzinfo

import attrs

from ..models import CallDirection, CallOutcome, CallRecord
from ..numbers import normalize_msisdn

# What lasts longer, or less than nothing, is an error of somebody's, and would drown the others in a sum.
LONGEST_CALL_S = 24 * 3600

_PUNCTUATION = re.compile(r"[\s()+.-]+")
_CALLABLE = re.compile(r"[0-9]{7,15}")


@attrs.define
class Call:
    """A call of the period.

    Attributes:
        record: As it was listed.
        moment: Its beginning, in the zone of the report.
        talk_s: Seconds of conversation; None where the record does not say, or nothing that can be.
        waiting_s: Seconds of the call before the conversation, or of all of it where there was none; the same.
        caller: The calling number in one spelling, as the other two; None where there is none.
        callee: The number that took the call, or should have.
        dialled: The number that the caller dialled.
    """

    record: CallRecord
    moment: datetime
    talk_s: int | None
    waiting_s: int | None
    caller: str | None
    callee: str | None
    dialled: str | None

    @property
    def direction(self) -> CallDirection:
        """Which way it went."""
        return self.record.call_type.direction

    @property
    def outcome(self) -> CallOutcome:
        """What came of it."""
        return self.record.call_status.outcome


def read(record: CallRecord, zone: tzinfo | None) -> Call:
    """Read a record."""
    talk_s, whole_s = record.conversation_duration, record.call_duration
    is_sane = talk_s is not None and whole_s is not None and 0 <= talk_s <= whole_s <= LONGEST_CALL_S
    return Call(
        record,
        localize(record.date, zone),
        talk_s if is_sane else None,
        whole_s - talk_s if is_sane else None,  # type: ignore[operator]  # both are there where it is sane
        canonical(record.caller_number),
        canonical(record.callee_number),
        canonical(record.destination_number),
    )


def localize(moment: datetime, zone: tzinfo | None) -> datetime:
    """Give a moment in a zone, or in the local one for None."""
    try:
        return moment.astimezone(zone)
    except OverflowError:  # at either end of all calendars the clock is left as it is
        return moment.replace(tzinfo=zone or moment.tzinfo)


def canonical(number: str | None) -> str | None:
    """Bring a number into the spelling by which it is compared; what is no Russian number stays as it is."""
    if not number:
        return None
    if len(number) == 11 and number[0] == "7" and number.isdecimal() and number.isascii():
        return number
    try:
        return normalize_msisdn(number)
    except ValueError:
        bare = _PUNCTUATION.sub("", number)
        return bare if bare.isdecimal() else number.strip() or None


def can_be_called(number: str) -> bool:
    """Tell whether it is a number of the world outside, and not an extension or a word such as ``anonymous``."""
    return _CALLABLE.fullmatch(number) is not None
