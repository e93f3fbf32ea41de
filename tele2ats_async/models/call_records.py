"""Section 5 of the contract: call records."""

from datetime import datetime

import attrs

from .call_kinds import CallDirection, CallOutcome
from .durations import DurationOf
from .open_enum import OpenEnum


class RecordCallType(OpenEnum):
    """The kind of a finished call.

    Source: operation 8.
    """

    SINGLE_CHANNEL = "SINGLE_CHANNEL"
    MULTI_CHANNEL = "MULTI_CHANNEL"
    UNKNOWN_CALL = "UNKNOWN_CALL"
    INTERNAL = "INTERNAL"
    HIMSELF = "HIMSELF"
    INTERNAL_QUEUE = "INTERNAL_QUEUE"
    CRM_OUTGOING = "CRM_OUTGOING"
    VOICEMAIL = "VOICEMAIL"
    CONFERENCE = "CONFERENCE"
    CALLBACK = "CALLBACK"
    PICKUP_CALL = "PICKUP_CALL"
    FAX = "FAX"
    OUTGOING = "OUTGOING"
    CRM_CALLBACK = "CRM_CALLBACK"

    @property
    def direction(self) -> CallDirection:
        """Which way a call of this type went."""
        return _DIRECTIONS.get(self, CallDirection.UNKNOWN)

    @property
    def is_to_a_queue(self) -> bool:
        """Whether a call of this type went to a multi-channel number, where callers wait."""
        return self in _TO_A_QUEUE


class RecordCallStatus(OpenEnum):
    """How a finished call ended.

    Source: operation 8.
    """

    ANSWERED_COMMON = "ANSWERED_COMMON"
    ANSWERED_BY_ORIGINAL_CLIENT = "ANSWERED_BY_ORIGINAL_CLIENT"
    ANSWERED_BY_BUSY_FORWARD_CLIENT = "ANSWERED_BY_BUSY_FORWARD_CLIENT"
    ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT = "ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT"
    NOT_ANSWERED_COMMON = "NOT_ANSWERED_COMMON"
    CANCELLED_BY_CALLER = "CANCELLED_BY_CALLER"
    DENIED_DUE_TO_MAX_SESSION = "DENIED_DUE_TO_MAX_SESSION"
    DENIED_DUE_TO_INCOMING_CALLS_BLOCKED = "DENIED_DUE_TO_INCOMING_CALLS_BLOCKED"
    DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED = "DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED"
    DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED = "DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED"
    DENIED_DUE_TO_BLACK_LISTED = "DENIED_DUE_TO_BLACK_LISTED"
    DENIED_NOT_IN_WHITE_LIST = "DENIED_NOT_IN_WHITE_LIST"
    DENIED_DUE_TO_NOT_WORK_TIME = "DENIED_DUE_TO_NOT_WORK_TIME"
    DENIED_DUE_TO_UNKNOWN_NUMBER = "DENIED_DUE_TO_UNKNOWN_NUMBER"
    DENIED_DUE_TO_MAX_CHANNEL_LIMIT = "DENIED_DUE_TO_MAX_CHANNEL_LIMIT"
    DESTINATION_BUSY = "DESTINATION_BUSY"
    CANCELLED_BY_PICKUP = "CANCELLED_BY_PICKUP"

    @property
    def outcome(self) -> CallOutcome:
        """What came of a call of this status."""
        return _OUTCOMES.get(self, CallOutcome.OTHER)


_DIRECTIONS = {
    RecordCallType.SINGLE_CHANNEL: CallDirection.INCOMING,
    RecordCallType.MULTI_CHANNEL: CallDirection.INCOMING,
    RecordCallType.INTERNAL_QUEUE: CallDirection.INCOMING,
    RecordCallType.PICKUP_CALL: CallDirection.INCOMING,
    RecordCallType.VOICEMAIL: CallDirection.INCOMING,
    RecordCallType.FAX: CallDirection.INCOMING,
    RecordCallType.OUTGOING: CallDirection.OUTGOING,
    RecordCallType.CRM_OUTGOING: CallDirection.OUTGOING,
    RecordCallType.CALLBACK: CallDirection.OUTGOING,
    RecordCallType.CRM_CALLBACK: CallDirection.OUTGOING,
    RecordCallType.INTERNAL: CallDirection.INTERNAL,
    RecordCallType.HIMSELF: CallDirection.INTERNAL,
    RecordCallType.CONFERENCE: CallDirection.INTERNAL,
}
_OUTCOMES = {
    RecordCallStatus.ANSWERED_COMMON: CallOutcome.ANSWERED,
    RecordCallStatus.ANSWERED_BY_ORIGINAL_CLIENT: CallOutcome.ANSWERED,
    RecordCallStatus.ANSWERED_BY_BUSY_FORWARD_CLIENT: CallOutcome.ANSWERED,
    RecordCallStatus.ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT: CallOutcome.ANSWERED,
    RecordCallStatus.NOT_ANSWERED_COMMON: CallOutcome.UNANSWERED,
    RecordCallStatus.CANCELLED_BY_CALLER: CallOutcome.UNANSWERED,
    RecordCallStatus.DESTINATION_BUSY: CallOutcome.UNANSWERED,
    RecordCallStatus.DENIED_DUE_TO_NOT_WORK_TIME: CallOutcome.UNANSWERED,
    RecordCallStatus.DENIED_DUE_TO_MAX_SESSION: CallOutcome.UNANSWERED,
    RecordCallStatus.DENIED_DUE_TO_MAX_CHANNEL_LIMIT: CallOutcome.UNANSWERED,
    RecordCallStatus.DENIED_DUE_TO_INCOMING_CALLS_BLOCKED: CallOutcome.REFUSED,
    RecordCallStatus.DENIED_DUE_TO_OUTGOING_CALLS_BLOCKED: CallOutcome.REFUSED,
    RecordCallStatus.DENIED_DUE_TO_ONLY_INTERNAL_CALLS_ENABLED: CallOutcome.REFUSED,
    RecordCallStatus.DENIED_DUE_TO_BLACK_LISTED: CallOutcome.REFUSED,
    RecordCallStatus.DENIED_NOT_IN_WHITE_LIST: CallOutcome.REFUSED,
    RecordCallStatus.DENIED_DUE_TO_UNKNOWN_NUMBER: CallOutcome.REFUSED,
    RecordCallStatus.CANCELLED_BY_PICKUP: CallOutcome.OTHER,
}
_TO_A_QUEUE = frozenset({RecordCallType.MULTI_CHANNEL, RecordCallType.INTERNAL_QUEUE})


@attrs.frozen
class CallRecord:
    """One finished call.

    ``is_missed`` says whether it came in and nobody took it, ``call_type.direction`` which way it went,
    ``call_status.outcome`` what came of it; ``call_timedelta`` and ``conversation_timedelta`` are its durations.

    Attributes:
        date: When the call began, an aware datetime with millisecond precision.
        call_duration: Seconds from the first ring to the end.
        conversation_duration: Seconds of talk.
        record_file_name: The name to save the recording by, such as
            ``2022-08-12/mo_166030684915821522``; empty or None where there is no recording.

    Source: operation 8.
    """

    date: datetime
    call_type: RecordCallType
    call_status: RecordCallStatus
    destination_number: str | None = None
    caller_number: str | None = None
    caller_name: str | None = None
    callee_number: str | None = None
    callee_name: str | None = None
    call_duration: int | None = None
    conversation_duration: int | None = None
    record_file_name: str | None = None

    call_timedelta = DurationOf("call_duration")
    conversation_timedelta = DurationOf("conversation_duration")

    @property
    def is_missed(self) -> bool:
        """Whether it came in, and nobody took it."""
        return (
            self.call_type.direction is CallDirection.INCOMING
            and self.call_status.outcome is CallOutcome.UNANSWERED
        )
