"""The operations of the contract: what each is called, sends, and answers."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs

from ..models import (
    BlacklistEntry,
    BlacklistResult,
    CallQueue,
    CallRecord,
    CommonStatistics,
    CurrentCall,
    Employee,
    IssuedTokens,
    JournalEntry,
    Manager,
    SaveResult,
    TranscriptWord,
)

T = TypeVar("T")

# The number of operations that are none of the contract's; their paths may hold anything.
CUSTOM = 0


@attrs.frozen(kw_only=True)
class Operation(Generic[T]):
    """One operation.

    Attributes:
        number: Its number in the contract; `CUSTOM` for one that the contract does not know.
        name: Its name in logs.
        method: HTTP method.
        path: Path below the base URL, with ``{}`` where an argument stands: what logs and errors say.
        answer: Type of a decoded answer; NoneType where an answer has no content.
        accept: What the gateway wants to read in ``Accept``.
        repeatable: Whether sending it twice does no harm, so that a request whose fate is unknown
            may be sent again.
        one_or_many: Whether a single object may stand for a list of one.
    """

    number: int
    name: str
    method: str
    path: str
    answer: type[T]
    accept: str = "application/json"
    repeatable: bool = True
    one_or_many: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@attrs.frozen
class Request(Generic[T]):
    """One call of an operation.

    The query, the arguments of the path and the body may hold phone numbers, so they stay out of
    reprs, logs and errors.

    Attributes:
        query: The query string, encoded byte for byte as it is to be sent.
        argument: What stands in the path's ``{}``, encoded.
        body: The body's bytes; None for none.
        content_type: The body's media type.
        headers: Headers beside those that every request has.
    """

    operation: Operation[T]
    query: str = attrs.field(default="", repr=False, kw_only=True)
    argument: str = attrs.field(default="", repr=False, kw_only=True)
    body: bytes | None = attrs.field(default=None, repr=False, kw_only=True)
    content_type: str = attrs.field(default="application/json", kw_only=True)
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)

    @property
    def target(self) -> str:
        """The path and the query, as they are to be sent."""
        path = self.operation.path.replace("{}", self.argument)
        return f"{path}?{self.query}" if self.query else path


REFRESH_TOKENS = Operation(
    number=1,
    name="authorization.refresh",
    method="PUT",
    path="/authorization/refresh/token",
    answer=IssuedTokens,
    repeatable=False,
)
LIST_CURRENT_CALLS = Operation(
    number=2,
    name="monitoring.calls",
    method="GET",
    path="/monitoring/calls",
    answer=list[CurrentCall],
)
LIST_QUEUES = Operation(
    number=3,
    name="monitoring.queues",
    method="GET",
    path="/monitoring/calls/pending",
    answer=list[CallQueue],
)
LIST_EMPLOYEES = Operation(
    number=4,
    name="employees.list",
    method="GET",
    path="/employees",
    answer=list[Employee],
)
DIAL = Operation(
    number=5,
    name="calls.dial",
    method="POST",
    path="/call/outgoing",
    answer=type(None),
    repeatable=False,
)
FETCH_COMMON_STATISTICS = Operation(
    number=6,
    name="statistics.common",
    method="GET",
    path="/statistics/common",
    answer=CommonStatistics,
)
FETCH_JOURNAL = Operation(
    number=7,
    name="statistics.journal",
    method="GET",
    path="/statistics/journal",
    answer=list[JournalEntry],
    one_or_many=True,
)
LIST_CALL_RECORDS = Operation(
    number=8,
    name="call_records.info",
    method="GET",
    path="/call-records/info",
    answer=list[CallRecord],
)
FETCH_RECORDING = Operation(
    number=9,
    name="call_records.file",
    method="GET",
    path="/call-records/file",
    answer=bytes,
    accept="*/*",
)
FETCH_TRANSCRIPT = Operation(
    number=10,
    name="call_records.stt",
    method="GET",
    path="/call-records/file/stt",
    answer=list[TranscriptWord],
)
LIST_MANAGERS = Operation(
    number=11,
    name="managers.list",
    method="GET",
    path="/managers",
    answer=list[Manager],
)
FETCH_MANAGER = Operation(
    number=12,
    name="managers.fetch",
    method="GET",
    path="/managers/{}",
    answer=Manager,
)
CREATE_MANAGER = Operation(
    number=13,
    name="managers.create",
    method="POST",
    path="/managers",
    answer=SaveResult,
    repeatable=False,
)
UPDATE_MANAGER = Operation(
    number=14,
    name="managers.update",
    method="PUT",
    path="/managers",
    answer=SaveResult,
)
DELETE_MANAGER = Operation(
    number=15,
    name="managers.delete",
    method="DELETE",
    path="/managers/{}",
    answer=type(None),
)
ADD_TO_BLACKLIST = Operation(
    number=16,
    name="blacklist.add",
    method="POST",
    path="/blacklist",
    answer=BlacklistResult,
    # Harmless twice, but the second answer would say that the number had been there before.
    repeatable=False,
)
REMOVE_FROM_BLACKLIST = Operation(
    number=17,
    name="blacklist.remove",
    method="DELETE",
    path="/blacklist/by-msisdn/{}",
    answer=BlacklistResult,
)
CLEAR_BLACKLIST = Operation(
    number=18,
    name="blacklist.clear",
    method="DELETE",
    path="/blacklist/all",
    answer=BlacklistResult,
)
LIST_BLACKLIST = Operation(
    number=19,
    name="blacklist.list",
    method="GET",
    path="/blacklist",
    answer=list[BlacklistEntry],
)

AnyOperation = Operation[Any]
AnyRequest = Request[Any]
