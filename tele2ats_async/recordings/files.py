"""Requests of files by name, in the encoding of the name that the service accepts."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ParamSpec, TypeVar

from ..errors import NotFound, NotReady, ResponseError
from ..requester import Requester
from ..transport import Incoming
from ..wire.operations import AnyOperation, Operation, Request
from ..wire.query import encode_filename

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_ENCODINGS = (1, 2)
_NO_HEADERS: Mapping[str, str] = {}


class FileRequests:
    """Operations 9 and 10, by the name of a recording.

    Services differ in whether the name arrives encoded once or twice. The first answer that really
    is the file settles it, for each operation by itself.
    """

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        self._settled: dict[int, int] = {}

    @property
    def tries_again(self) -> bool:
        """Whether what fails is tried again at all."""
        return self._requester.tries_again

    async def retrying(
        self, operation: AnyOperation, call: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Await a call that sends an operation, and again as the retry policy allows."""
        return await self._requester.retrying(operation, call, *args, **kwargs)

    @asynccontextmanager
    async def open(
        self,
        operation: Operation[T],
        name: str,
        read: Callable[[str, Incoming[T]], Awaitable[R]],
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> AsyncGenerator[R, None]:
        """Request a file, and hand over what `read` makes of the answer.

        Raises:
            NotReady: There is no such file, or not yet.
        """
        async with AsyncExitStack() as stack:
            incoming, times = await self._enter(stack, operation, name, headers)
            result = await read(name, incoming)
            if encode_filename(name, times=1) != encode_filename(name, times=2):
                self._settled[operation.number] = times
            yield result

    async def _enter(
        self, stack: AsyncExitStack, operation: Operation[T], name: str, headers: Mapping[str, str]
    ) -> tuple[Incoming[T], int]:
        settled = self._settled.get(operation.number)
        refusals: list[ResponseError] = []
        for times in _ENCODINGS if settled is None else (settled,):
            request = Request(operation, query=encode_filename(name, times=times), headers=headers)
            try:
                return await stack.enter_async_context(self._requester.stream(request)), times
            except ResponseError as error:
                if error.status not in (400, 404):
                    raise
                refusals.append(error)
        for refusal in refusals:
            if isinstance(refusal, NotFound):
                raise NotReady(name, refusal.details)
        raise refusals[0]
