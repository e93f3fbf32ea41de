"""One request as the rest of the package wants it: authorized, and tried again where that is right."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ParamSpec, TypeVar

from .errors import AuthorizationError, Forbidden
from .retry import RetryPolicy
from .tokens import TokenRefresher
from .transport import Incoming, Transport
from .wire.operations import AnyOperation, Request

P = ParamSpec("P")
T = TypeVar("T")


class Requester:
    """The one way to the service for everything that needs an access token."""

    def __init__(self, transport: Transport, tokens: TokenRefresher, retry: RetryPolicy) -> None:
        self._transport = transport
        self._tokens = tokens
        self._retry = retry

    async def fetch(self, request: Request[T]) -> T:
        """Send a request, read its answer and decode it."""
        return await self.retrying(request.operation, self._fetch_once, request)

    async def retrying(
        self,
        operation: AnyOperation,
        call: Callable[P, Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Await a call that sends an operation, and again as the retry policy allows."""
        return await self._retry.run(operation, call, *args, **kwargs)

    @asynccontextmanager
    async def stream(self, request: Request[T]) -> AsyncGenerator[Incoming[T], None]:
        """Send a request, with one refresh where the access token turns out to be dead.

        Raises:
            Forbidden: A fresh token was refused too.
        """
        async with AsyncExitStack() as stack:
            token = await self._tokens.access_token()
            try:
                incoming = await stack.enter_async_context(self._transport.stream(request, token))
            except AuthorizationError:
                incoming = None
            if incoming is None:
                token = await self._tokens.replace(token)
                incoming = await self._enter_or_forbidden(stack, request, token)
            yield incoming

    async def _enter_or_forbidden(
        self, stack: AsyncExitStack, request: Request[T], token: str
    ) -> Incoming[T]:
        try:
            return await stack.enter_async_context(self._transport.stream(request, token))
        except AuthorizationError as error:
            facts = (error.status, error.method, error.path, error.details)
            raise Forbidden(*facts) from None

    async def _fetch_once(self, request: Request[T]) -> T:
        async with self.stream(request) as incoming:
            return await incoming.decode()
