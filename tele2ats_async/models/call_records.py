"""Section 5 of the contract: call records."""

from datetime import datetime

import attrs

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


@attrs.frozen
class CallRecord:
    """One finished call.

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
