"""What the contract's types and statuses mean for a report: which way a call went, and what came of it."""

from enum import StrEnum

from ..models import RecordCallStatus, RecordCallType

_Type = RecordCallType
_Status = RecordCallStatus


class Direction(StrEnum):
    """Which way a call went, by its type.

    Source: section 5.
    """

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What came of a call, by its status.

    Attributes:
        ANSWERED: Somebody took it.
        UNANSWERED: Nobody took it: not answered, given up by the caller, busy, no free line, or after hours.
        REFUSED: A rule of the company's or the service's turned it away.
        OTHER: A colleague picked it up, which is a call of its own, or the status is not known to this version.

    Source: section 5.
    """

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    OTHER = "other"


_DIRECTIONS = {
    _Type.SINGLE_CHANNEL: Direction.INCOMING,
    _Type.MULTI_CHANNEL: Direction.INCOMING,
    _Type.INTERNAL_QUEUE: Direction.INCOMING,
    _Type.PICKUP_CALL: Direction.INCOMING,
    _Type.VOICEMAIL: Direction.INCOMING,
    _Type.FAX: Direction.INCOMING,
    _Type.OUTGOING: Direction.OUTGOING,
    _Type.CRM_OUTGOING: Direction.OUTGOING,
    _Type.CALLBACK: Direction.OUTGOING,
    _Type.CRM_CALLBACK: Direction.OUTGOING,
    _Type.INTERNAL: Direction.INTERNAL,
    _Type.HIMSELF: Direction.INTERNAL,
    _Type.CONFERENCE: Direction.INTERNAL,
}
_OUTCOMES = {
    _Status.ANSWERED_COMMON: Outcome.ANSWERED,
    _Status.ANSWERED_BY_ORIGINAL_CLIENT: Outcome.ANSWERED,
    _Status.ANSWERED_BY_BUSY_FORWARD_CLIENT: Outcome.ANSWERED,
    _Status.ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT: Outcome.ANSWERED,
    _Status.NOT_ANSWERED_COMMON: Outcome.UNANSWERED,
    _Status.CANCELLED_BY_CALLER: Outcome.UNANSWERED,
    _Status.DESTINATION_BUSY: Outcome.UNANSWERED,
    _Status.DENIED_DUE_TO_NOT_WORK_TIME: Outcome.UNANSWERED,
    _Status.DENIED_DUE_TO_MAX_SESSION: Outcome.UNANSWERED,
    _Status.DENIED_DUE_TO_MAX_CHANNEL_LIMIT: Outcome.UNANSWERED,
    _Status.DENIED_DUE_TO_INCOMING_CALLS_BLOCKED: Outcome.REFUSED,
    _Status.DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED: Outcome.REFUSED,
    _Status.DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED: Outcome.REFUSED,
    _Status.DENIED_DUE_TO_BLACK_LISTED: Outcome.REFUSED,
    _Status.DENIED_NOT_IN_WHITE_LIST: Outcome.REFUSED,
    _Status.DENIED_DUE_TO_UNKNOWN_NUMBER: Outcome.REFUSED,
    _Status.CANCELLED_BY_PICKUP: Outcome.OTHER,
}
_TO_A_QUEUE = frozenset({_Type.MULTI_CHANNEL, _Type.INTERNAL_QUEUE})


def direction_of(call_type: RecordCallType) -> Direction:
    """Tell which way a call of a type went."""
    return _DIRECTIONS.get(call_type, Direction.UNKNOWN)


def outcome_of(status: RecordCallStatus) -> Outcome:
    """Tell what a status says came of a call."""
    return _OUTCOMES.get(status, Outcome.OTHER)


def is_to_a_queue(call_type: RecordCallType) -> bool:
    """Tell whether a call went to a multi-channel number, where callers wait."""
    return call_type in _TO_A_QUEUE
