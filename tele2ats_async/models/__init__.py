"""The contract's objects as plain values, one module per section."""

from .authorization import IssuedTokens
from .call_records import CallRecord, RecordCallStatus, RecordCallType
from .open_enum import OpenEnum
from .transcripts import Channel, TranscriptWord

__all__ = [
    "CallRecord",
    "Channel",
    "IssuedTokens",
    "OpenEnum",
    "RecordCallStatus",
    "RecordCallType",
    "TranscriptWord",
]
