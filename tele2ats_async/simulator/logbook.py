"""Which requests arrived, and what became of them."""

from collections import deque
from typing import Any

import attrs
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDictProxy

from .reception import find_operation, split_target

_SEEN_AT_MOST = 10_000


@attrs.frozen(eq=False)
class SeenRequest:
    """One request that arrived.

    Attributes:
        operation: Its number in the contract, None where it is none of its operations.
        raw_path: As it came, without the query.
        raw_query: As it came, without the question mark.
        status: None until an answer to it begins.
        fault: The class of the fault that has hit it, such as ``CutBody``.
    """

    operation: int | None
    method: str
    raw_path: str
    raw_query: str
    headers: CIMultiDictProxy[str] = attrs.field(repr=False)
    status: int | None = None
    fault: str | None = None


_SEEN = web.RequestKey("seen", SeenRequest)


@attrs.frozen(eq=False)
class Logbook:
    """Notes each request when it arrives, and its status when the answer begins.

    Attributes:
        requests: The newest ones, in order of arrival.
    """

    requests: deque[SeenRequest] = attrs.field(factory=lambda: deque(maxlen=_SEEN_AT_MOST))

    @property
    def middleware(self) -> Middleware:
        """Make the middleware that notes arrivals; it comes before all others."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            operation = find_operation(request)
            number = None if operation is None else operation.number
            seen = SeenRequest(number, request.method, *split_target(request), request.headers)
            request[_SEEN] = seen
            self.requests.append(seen)
            return await handler(request)

        return note

    async def complete(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Note the status, before the caller can have read it."""
        self._amend(request, status=response.status)

    def blame(self, request: web.BaseRequest, fault: str) -> None:
        """Note the fault that hits a request."""
        self._amend(request, fault=fault)

    def _amend(self, request: web.BaseRequest, **news: Any) -> None:
        seen: SeenRequest | None = request.get(_SEEN)
        # From the newest backwards: only requests in flight can stand behind it.
        for place in range(len(self.requests) - 1, -1, -1):
            if seen is not None and self.requests[place] is seen:
                self.requests[place] = request[_SEEN] = attrs.evolve(seen, **news)
                return
