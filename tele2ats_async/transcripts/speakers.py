"""What a speaker is called."""

from ..models import CallRecord, Channel
from .words import clean


def name_speaker(channel: Channel, record: CallRecord | None) -> str:
    """Give the name of a party, else its number, else the channel; never an empty text."""
    candidates: tuple[str | None, ...] = ()
    if record is not None and channel == Channel.A:
        candidates = record.caller_name, record.caller_number
    elif record is not None and channel == Channel.B:
        candidates = record.callee_name, record.callee_number, record.destination_number
    known = (clean(candidate) for candidate in (*candidates, channel) if candidate)
    return next(filter(None, known), "?")
