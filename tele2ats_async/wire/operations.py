"""The operations of the contract: what each is called, sends, and answers."""

from typing import Any, Generic, TypeVar

import attrs

from ..models import CallRecord, IssuedTokens, TranscriptWord

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Operation(Generic[T]):
    """One operation.

    Attributes:
        number: Its number in the contract.
        name: Its name in logs.
        method: HTTP method.
        path: Path below the base URL.
        answer: Type of a decoded answer.
        accept: What the gateway wants to read in ``Accept``.
        repeatable: Whether sending it twice does no harm, so that a request whose fate is unknown
            may be sent again.
    """

    number: int
    name: str
    method: str
    path: str
    answer: type[T]
    accept: str = "application/json"
    repeatable: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@attrs.frozen
class Request(Generic[T]):
    """One call of an operation.

    Attributes:
        query: The query string, encoded byte for byte as it is to be sent; may hold phone numbers, so
            it stays out of logs and errors.
    """

    operation: Operation[T]
    query: str = attrs.field(default="", repr=False)


REFRESH_TOKENS = Operation(
    number=1,
    name="authorization.refresh",
    method="PUT",
    path="/authorization/refresh/token",
    answer=IssuedTokens,
    repeatable=False,
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

AnyOperation = Operation[Any]
AnyRequest = Request[Any]
