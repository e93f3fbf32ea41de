"""One request as the rest of the package wants it: authorized, and tried again where that is right."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from .errors import AuthorizationError, Forbidden, TransportError
from .retry import Retrying, RetryPolicy
from .transport import Incoming, Room, Transport
from .wire.operations import Request

T = TypeVar("T")

# Tokens that one request tries, where others make them old in the meantime.
_TOKENS_AT_MOST = 5


class AccessTokens(Protocol):
    """Where access tokens come from: the refresher, or in another process whoever asks it.

    Attributes:
        refresh_count: Changes with each new pair that was made here.
    """

    refresh_count: int

    @property
    def living(self) -> str | None:
        """A token that ought to be alive, where there is one at hand."""
        ...

    async def access_token(self) -> str:
        """Give a token that ought to be alive."""
        ...

    async def replace(self, refused: str, details: str = "", *, may_refresh: bool = True) -> str:
        """Give another token than one that was refused; the same where there is no other."""
        ...


class Requester:
    """The one way to the service for everything that needs an access token."""

    def __init__(
        self, transport: Transport, tokens: AccessTokens, retry: RetryPolicy, *, max_connections: int
    ) -> None:
        self.transport = transport
        self.tokens = tokens
        self.retry = Retrying(retry, transport.observer)
        # Taken before the token, which could die in the queue; a refresh needs none and never waits.
        self._slots = asyncio.Semaphore(max_connections)
        self.max_connections = max_connections

    async def fetch(self, request: Request[T]) -> T:
        """Send a request, read its answer and decode it."""
        return await self.retry.run(request.operation, self.fetch_once, request)

    async def open(self, request: Request[T], room: Room | None = None) -> Incoming[T]:
        """Send a request, with one refresh where the access token turns out to be dead.

        Args:
            request: It.
            room: Where a recording is received; it is empty.

        Returns:
            The answer, to be left through ``async with``.

        Raises:
            Forbidden: A fresh token was refused too.
        """
        await self._slots.acquire()
        try:
            incoming = await self._authorized(request, room)
        except BaseException:
            self._slots.release()
            raise
        incoming.at_the_end(self._slots.release)
        return incoming

    async def _authorized(self, request: Request[T], room: Room | None) -> Incoming[T]:
        refreshes = self.tokens.refresh_count
        token = self.tokens.living or await self._unsent(self.tokens.access_token())
        for tried in range(1, _TOKENS_AT_MOST + 1):
            try:
                return await self.transport.open(request, token, room)
            except AuthorizationError as error:
                refusal = (error.status, error.method, error.path, error.details)
            # What others have put into the store costs no refresh, and leaves ours unspent.
            may_refresh = self.tokens.refresh_count == refreshes
            other = await self._unsent(self.tokens.replace(token, refusal[-1], may_refresh=may_refresh))
            if other == token or tried == _TOKENS_AT_MOST:
                raise Forbidden(*refusal)
            token = other
        raise AssertionError("unreachable")

    @staticmethod
    async def _unsent(token: Awaitable[str]) -> str:
        """Await a token; where none can be had, the operation itself certainly was not carried out."""
        try:
            return await token
        except TransportError as error:
            failure = type(error)(error.method, error.path, error.reason, False)
        raise failure

    async def fetch_once(self, request: Request[T]) -> T:
        """Send a request as `fetch()` does, but never again."""
        async with await self.open(request) as incoming:
            return await incoming.decode()
