"""The contract's objects as plain values, one module per section."""

from .authorization import IssuedTokens
from .blacklist import BlacklistEntry, BlacklistResult, BlacklistSource
from .call_kinds import CallDirection, CallOutcome
from .call_records import CallRecord, RecordCallStatus, RecordCallType
from .employees import Employee
from .managers import Customer, Manager, SaveResult
from .monitoring import CallQueue, CurrentCall, CurrentCallType
from .open_enum import OpenEnum
from .statistics import CommonStatistics, JournalEntry
from .transcripts import Channel, TranscriptWord

__all__ = [
    "BlacklistEntry",
    "BlacklistResult",
    "BlacklistSource",
    "CallDirection",
    "CallOutcome",
    "CallQueue",
    "CallRecord",
    "Channel",
    "CommonStatistics",
    "CurrentCall",
    "CurrentCallType",
    "Customer",
    "Employee",
    "IssuedTokens",
    "JournalEntry",
    "Manager",
    "OpenEnum",
    "RecordCallStatus",
    "RecordCallType",
    "SaveResult",
    "TranscriptWord",
]
