"""Changing a pair for a new one over the wire."""

import asyncio

from ..errors import (
    AtsTimeout,
    AuthorizationError,
    ConnectionFailed,
    PayloadError,
    ReauthorizationRequired,
    ServerError,
    TransportError,
)
from ..retry import Retrying, RetryPolicy
from ..transport import Transport
from ..wire.operations import REFRESH_TOKENS, Request
from .keeper import PairKeeper
from .pair import TokenPair

# Less than a store's lock lives, as long as the store itself answers.
_TIMEOUT_S = 45.0


class PairExchange:
    """Sends the refresh: once per decision, and within a bounded time."""

    def __init__(self, transport: Transport, retry: RetryPolicy, keeper: PairKeeper) -> None:
        self._transport = transport
        self._retry = Retrying(retry, transport.observer)
        self._keeper = keeper

    async def fetch(self, old: TokenPair) -> TokenPair:
        """Give the pair that follows one, or a newer one where the store has got it meanwhile.

        Raises:
            ReauthorizationRequired: The service does not accept the pair.
            TransportError: There was no answer.
            ResponseError: The answer was another error.
            PayloadError: The answer was no pair.
        """
        self._transport.keep_secret(old.access, old.refresh)
        limit = asyncio.timeout(_TIMEOUT_S)
        try:
            async with limit:
                return await self._fetch(old)
        except TimeoutError:
            if not limit.expired():
                raise
        reason = f"no answer within {_TIMEOUT_S:g} s"
        raise AtsTimeout(REFRESH_TOKENS.method, REFRESH_TOKENS.path, reason, True)

    async def _fetch(self, old: TokenPair) -> TokenPair:
        try:
            return await self._retry.run(REFRESH_TOKENS, self._request, old)
        except (ConnectionFailed, AtsTimeout, ServerError) as error:
            if isinstance(error, TransportError) and not error.sent:
                raise
        # The fate of the request is unknown: look who has the newest pair, and ask once more.
        ours = self._keeper.pair
        newest = await self._keeper.read()
        return await self._request(old) if newest == ours else newest

    async def _request(self, old: TokenPair) -> TokenPair:
        try:
            async with await self._transport.open(Request(REFRESH_TOKENS), old.refresh) as incoming:
                issued = await incoming.decode()
        except AuthorizationError as error:
            facts = (error.status, error.method, error.path, error.details)
            raise ReauthorizationRequired(*facts) from None
        self._transport.keep_secret(issued.access_token, issued.refresh_token)
        try:
            return TokenPair(issued.access_token, issued.refresh_token)
        except ValueError as error:
            raise PayloadError("$", str(error), str(REFRESH_TOKENS)) from None
