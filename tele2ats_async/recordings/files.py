"""Requests of files by name, in the encoding of the name that the service accepts."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from ..errors import NotFound, NotReady, ResponseError
from ..requester import Requester
from ..transport import Incoming, Room
from ..wire.operations import Operation, Request
from ..wire.query import encode_filename

R = TypeVar("R")
T = TypeVar("T")

_ENCODINGS = (1, 2)
_NO_HEADERS: Mapping[str, str] = {}


class FileRequests:
    """Operations 9 and 10, by the name of a recording.

    Services differ in whether the name arrives encoded once or twice. The first answer that really
    is the file settles it, for each operation by itself.

    Attributes:
        retry: By which requests are to be tried again.
    """

    def __init__(self, requester: Requester) -> None:
        self.retry = requester.retry
        self._requester = requester
        self._settled: dict[int, int] = {}

    async def open(
        self,
        operation: Operation[T],
        name: str,
        read: Callable[[str, Incoming[T]], Awaitable[R]],
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        room: Room | None = None,
    ) -> R:
        """Request a file, and give what `read` makes of the answer, which is its to leave from there on.

        Args:
            operation: 9 or 10.
            name: The recording's name.
            read: Looks at the answer.
            headers: Headers beside those that every request has.
            room: Where a recording is received; it is empty.

        Raises:
            NotReady: There is no such file, or not yet.
        """
        incoming, times = await self._request(operation, name, headers, room)
        try:
            result = await read(name, incoming)
        except BaseException as error:
            await incoming.__aexit__(type(error), error, None)
            raise
        if times:
            self._settled[operation.number] = times
        return result

    async def _request(
        self, operation: Operation[T], name: str, headers: Mapping[str, str], room: Room | None
    ) -> tuple[Incoming[T], int]:
        """Give the answer, and how often the name was encoded for it; 0 where that makes no difference."""
        settled = self._settled.get(operation.number)
        refusals: list[ResponseError] = []
        for times in _ENCODINGS if settled is None else (settled,):
            query = encode_filename(name, times=times)
            try:
                incoming = await self._requester.open(Request(operation, query=query, headers=headers), room)
            except ResponseError as error:
                if error.status not in (400, 404):
                    raise
                refusals.append(error)
                if "%" not in query:
                    break  # encoded again it is the same
            else:
                return incoming, times if "%" in query else 0
        for refusal in refusals:
            if isinstance(refusal, NotFound):
                raise NotReady(name, refusal.details)
        raise refusals[0]
