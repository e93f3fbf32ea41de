"""Operations 6 and 7: figures, counted from the call records."""

from collections.abc import Collection
from datetime import datetime, timedelta

from ..models import CallRecord, RecordCallStatus, RecordCallType
from .calls import ANSWERED
from .people import Employee

_INTERNAL = frozenset({RecordCallType.INTERNAL, RecordCallType.HIMSELF, RecordCallType.CONFERENCE})
_OUTGOING = frozenset(
    {
        RecordCallType.OUTGOING,
        RecordCallType.CRM_OUTGOING,
        RecordCallType.CALLBACK,
        RecordCallType.CRM_CALLBACK,
    }
)
_FORWARDED = frozenset(
    {
        RecordCallStatus.ANSWERED_BY_BUSY_FORWARD_CLIENT,
        RecordCallStatus.ANSWERED_BY_NO_ANSWER_FORWARD_CLIENT,
    }
)
_HOUR = timedelta(hours=1)


def involving(records: Collection[CallRecord], number: str | None) -> list[CallRecord]:
    """Choose the calls that a number made, took, or was dialled in; all of them for None."""
    return [
        record
        for record in records
        if number is None or number in (record.caller_number, record.callee_number, record.destination_number)
    ]


def sum_up(records: Collection[CallRecord], start: datetime, end: datetime) -> dict[str, object]:
    """Answer operation 6.

    The figures hang together as those of the contract's example do: all calls are internal ones and
    calls with the world outside, and only the latter are successes (answered), losses (incoming, not
    answered), unique or repeated, and counted per day and per hour. Durations are those of whole calls
    from the first ring on, of the answered ones; averages are rounded down. A transferred call is one
    that a forwarding answered. Who hung up is known of incoming calls that never came about: the caller
    gave up (A), or the employee was busy, and so turned it down (B).
    """
    internal = [record for record in records if record.call_type in _INTERNAL]
    outside = [record for record in records if record.call_type not in _INTERNAL]
    outgoing = [record for record in outside if record.call_type in _OUTGOING]
    successes = [record for record in outside if _is_answered(record)]
    lost = [record for record in outside if not _is_answered(record) and record.call_type not in _OUTGOING]
    to_the_line = [record for record in successes if record.call_type == RecordCallType.MULTI_CHANNEL]
    transferred = [record for record in successes if record.call_status in _FORWARDED]
    unique = {_partner(record) for record in successes}
    per_hour = _rate_per_hour(outside, end - start)
    return {
        "allCallCount": len(records),
        "successCallCount": len(successes),
        "outgoingCallCount": len(outgoing),
        "lostCallCount": len(lost),
        **_durations("commonCallDuration", "averageCallDuration", successes),
        "maxCallDuration": _longest_s(successes),
        "callCountPerDay": per_hour * 24,
        "callCountPerHour": per_hour,
        "mnAvgCallDuration": _average_s(to_the_line),
        "mnMaxCallDuration": _longest_s(to_the_line),
        "averageCallCountPerHour": int(per_hour),
        "transferCallCount": len(transferred),
        **_durations("transferCallDuration", "averageTransferCallDuration", transferred),
        "hangupACallCount": _count(lost, RecordCallStatus.CANCELLED_BY_CALLER),
        "hangupBCallCount": _count(lost, RecordCallStatus.DESTINATION_BUSY),
        "uniqueCallCount": len(unique),
        "redialCount": len(successes) - len(unique),
        "internalCallCount": len(internal),
        **_durations("internalCallDuration", "averageInternalCallDuration", internal),
    }


def journal_of(
    number: str, records: Collection[CallRecord], start: datetime, end: datetime
) -> dict[str, object]:
    """Answer operation 7 for one number, which may have no calls at all."""
    calls = involving(records, number)
    return {
        "number": number,
        "startTimestamp": int(start.timestamp()),
        "endTimestamp": int(end.timestamp()),
        "numberOfCalls": len(calls),
        "numberOfSuccessCalls": len([record for record in calls if _is_answered(record)]),
    }


def journal_of_all(
    employees: Collection[Employee], records: Collection[CallRecord], start: datetime, end: datetime
) -> list[dict[str, object]]:
    """Answer operation 7 for the company: an entry for each employee's number that has calls."""
    entries = [journal_of(person.full_number, records, start, end) for person in employees]
    return [entry for entry in entries if entry["numberOfCalls"]]


def _is_answered(record: CallRecord) -> bool:
    return record.call_status in ANSWERED


def _partner(record: CallRecord) -> str | None:
    return record.callee_number if record.call_type in _OUTGOING else record.caller_number


def _count(records: list[CallRecord], status: RecordCallStatus) -> int:
    return len([record for record in records if record.call_status == status])


def _rate_per_hour(records: list[CallRecord], period: timedelta) -> float:
    return len(records) / (period / _HOUR) if period else 0.0


def _durations(total: str, average: str, records: list[CallRecord]) -> dict[str, object]:
    return {total: _total_s(records), average: _average_s(records)}


def _total_s(records: list[CallRecord]) -> int:
    return sum(record.call_duration or 0 for record in records)


def _average_s(records: list[CallRecord]) -> int:
    return _total_s(records) // len(records) if records else 0


def _longest_s(records: list[CallRecord]) -> int:
    return max((record.call_duration or 0 for record in records), default=0)
