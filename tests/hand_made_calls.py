"""Calls written by hand, whose figures can be counted on the fingers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tele2ats_async import CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.report import Report, build_report

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LINE, ANNA, BORIS = "74950000000", "79010000001", "79010000002"
CUSTOMER, OTHER_CUSTOMER = "79990000001", "79990000002"


def call(hours: float, status: str = "ANSWERED_COMMON", **fields: Any) -> CallRecord:
    """Make a call that began so many hours after Monday's midnight (UTC): by default a customer's to Anna."""
    named = {
        "call_type": "SINGLE_CHANNEL",
        "caller_number": CUSTOMER,
        "callee_number": ANNA,
        "callee_name": "Анна",
        "destination_number": ANNA,
        "call_duration": 30,
        "conversation_duration": 20 if status.startswith("ANSWERED") else 0,
        **fields,
    }
    call_type = RecordCallType(named.pop("call_type"))
    date = MONDAY + timedelta(hours=hours)
    return CallRecord(date=date, call_type=call_type, call_status=RecordCallStatus(status), **named)


def missed(hours: float, **fields: Any) -> CallRecord:
    """Make one that nobody took."""
    return call(hours, "NOT_ANSWERED_COMMON", **fields)


def placed(hours: float, status: str = "ANSWERED_COMMON", **fields: Any) -> CallRecord:
    """Make one that Anna placed to the customer."""
    parties = {"caller_number": ANNA, "callee_number": CUSTOMER, "destination_number": CUSTOMER}
    return call(
        hours,
        status,
        **{"call_type": "OUTGOING", "caller_name": "Анна", "callee_name": None, **parties, **fields},
    )


def report_of(*records: CallRecord, **settings: Any) -> Report:
    """Report on the week, in UTC."""
    return build_report(records, MONDAY, MONDAY + timedelta(days=7), **{"tz": UTC, **settings})
