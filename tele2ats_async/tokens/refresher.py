"""Renewing the token pair: one refresh at a time, and none that is not called for."""

import asyncio
import logging
import re
import time
from contextlib import suppress
from datetime import datetime

from ..errors import (
    AtsError,
    AtsTimeout,
    AuthorizationError,
    ConnectionFailed,
    PayloadError,
    ReauthorizationRequired,
    ServerError,
    TokenStoreError,
    TransportError,
)
from ..retry import RetryPolicy
from ..tasks import wait_out
from ..transport import Transport
from ..wire.operations import REFRESH_TOKENS, Request
from .keeper import PairKeeper
from .pair import TokenPair
from .store import TokenStore

logger = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE_S = 30.0
_WINNER_DELAYS_S = (0.1, 0.2, 0.4, 0.8, 1.5)
_CLOSED = "this AtsSession is closed"
# A token this young that is refused is no dead one: the operation is forbidden.
_YOUNG_S = 60.0
_DEAD = re.compile(r"\btoken\b.*\b(expired|updated)\b", re.IGNORECASE)


class TokenRefresher:
    """Gives the access token, and renews the pair when it is due or turned out to be dead.

    The renewal is a task of its own: all who need it wait for the same one, and cancelling any of
    them does not touch it.

    Attributes:
        refresh_count: Refreshes that this session has made.
    """

    def __init__(self, store: TokenStore, transport: Transport, retry: RetryPolicy) -> None:
        self._keeper = PairKeeper(store)
        self._transport = transport
        self._retry = retry
        self._renewal: asyncio.Task[TokenPair] | None = None
        self._renewed_for: str | None = None
        self._refreshed_at = -_YOUNG_S
        self._is_exchanging = False
        self._is_closed = False
        self.refresh_count = 0

    @property
    def expires_at(self) -> datetime | None:
        """When the access token dies, an aware datetime; None before the first call, or if unknown."""
        return self._keeper.expires_at

    async def access_token(self) -> str:
        """Give a live access token, refreshed first where it is about to die.

        Raises:
            ReauthorizationRequired: Both tokens are spent.
            TokenStoreError: The store cannot be read.
            TransportError: The refresh got no answer.
            ResponseError: The refresh was answered with another error.
        """
        pair = self._keeper.pair
        if pair is None or self._keeper.is_due:
            pair = await self._renewed(None)
        return pair.access

    async def refresh(self) -> None:
        """Renew the pair now.

        Raises:
            ReauthorizationRequired: Both tokens are spent.
            TokenStoreError: The store cannot be read.
            TransportError: The refresh got no answer.
            ResponseError: The refresh was answered with another error.

        Source: operation 1.
        """
        pair = self._keeper.pair or await self._keeper.read()
        self._refreshed_at = -_YOUNG_S
        await self.replace(pair.access)

    async def replace(self, refused: str, details: str = "", *, may_refresh: bool = True) -> str:
        """Give another access token than one that the service refused; errors as `access_token()`.

        A refusal that comes late, for a token that has been replaced meanwhile, costs no refresh. Nor
        does one of a token that is only seconds old, unless the service says that it is dead or the
        store has a newer one: it is given again, for what was refused is then not the token.

        Args:
            refused: The token.
            details: What the service said.
            may_refresh: False to take only what others have renewed.
        """
        pair = self._keeper.pair
        if pair is not None and pair.access == refused and _DEAD.search(details):
            self._refreshed_at = -_YOUNG_S
        while self._renewal is not None and (self._renewed_for != refused or not may_refresh):
            # One that began ahead of time, or for another token, may leave this one as it is.
            await asyncio.wait([self._renewal])
        pair = self._keeper.pair
        if pair is None or (pair.access == refused and may_refresh):
            pair = await self._renewed(refused)
        return pair.access

    async def close(self) -> None:
        """Let a renewal that is under way finish, and save what could not be saved before.

        Raises:
            TokenStoreError: The newest pair could still not be saved.
        """
        self._is_closed = True
        if self._renewal is not None:
            if not self._is_exchanging:
                self._renewal.cancel()  # it waits for its turn, and has nothing to lose
            await wait_out([self._renewal])
        await self._keeper.close()

    async def _renewed(self, refused: str | None) -> TokenPair:
        # Nothing is awaited between looking and making: two callers cannot make two renewals.
        if self._is_closed:
            raise RuntimeError(_CLOSED)
        if self._renewal is None:
            self._renewed_for = refused
            self._renewal = asyncio.create_task(self._renew(refused), name="tele2ats-token-renewal")
            self._renewal.add_done_callback(self._renewal_done)
        renewal = self._renewal
        try:
            return await asyncio.shield(renewal)
        except asyncio.CancelledError:
            if self._is_closed and renewal.cancelled():
                raise RuntimeError(_CLOSED) from None
            raise

    def _renewal_done(self, renewal: asyncio.Task[TokenPair]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # looked at: those who waited may all have been cancelled

    async def _renew(self, refused: str | None) -> TokenPair:
        """Take the store's pair where it is news and alive, else refresh."""
        pair = self._keeper.pair or await self._keeper.read()
        if refused is None and not self._keeper.is_due:
            return pair
        try:
            async with self._keeper.store.lock():
                pair = await self._keeper.read()
                if self._keeper.is_due or (pair.access == refused and not self._is_young()):
                    pair = await self._exchange(pair)
        except AtsError as error:
            if isinstance(error, AuthorizationError) and (newer := await self._from_somebody_else(pair)):
                return newer
            if refused is not None or not self._keeper.is_alive:
                raise
            # Ahead of time: the old pair serves while the trouble lasts.
            logger.warning("token_refresh_failed: %s", error)
            self._keeper.postpone(_PAUSE_AFTER_FAILURE_S)
        return pair

    def _is_young(self) -> bool:
        return time.monotonic() - self._refreshed_at < _YOUNG_S

    async def _exchange(self, old: TokenPair) -> TokenPair:
        """Refresh over the wire, and make the new pair durable before anybody uses it."""
        self._is_exchanging = True
        try:
            return await self._exchange_for_good(old)
        finally:
            self._is_exchanging = False

    async def _exchange_for_good(self, old: TokenPair) -> TokenPair:
        try:
            fresh = await self._retry.run(REFRESH_TOKENS, self._request_pair, old)
        except (ConnectionFailed, AtsTimeout, ServerError) as error:
            if isinstance(error, TransportError) and not error.sent:
                raise
            # The fate of the request is unknown: look who has the newest pair, and ask once more.
            newest = await self._keeper.read()
            if newest != old:
                return newest
            fresh = await self._request_pair(old)
        self._refreshed_at = time.monotonic()
        self.refresh_count += 1
        await self._keeper.keep(fresh)
        if self._keeper.is_due:
            # Only a wrong clock can say that of a new token; refreshing at every call would not help.
            logger.warning("clock_disagrees: a new token seems to expire at %s", fresh.expires_at)
            self._keeper.distrust_clock()
        logger.info("token_refreshed: expires at %s", fresh.expires_at)
        return fresh

    async def _request_pair(self, old: TokenPair) -> TokenPair:
        try:
            async with self._transport.stream(Request(REFRESH_TOKENS), old.refresh) as incoming:
                issued = await incoming.decode()
        except AuthorizationError as error:
            facts = (error.status, error.method, error.path, error.details)
            raise ReauthorizationRequired(*facts) from None
        try:
            return TokenPair(issued.access_token, issued.refresh_token)
        except ValueError as error:
            raise PayloadError("$", str(error), str(REFRESH_TOKENS)) from None

    async def _from_somebody_else(self, ours: TokenPair) -> TokenPair | None:
        """Look whether the store gets a newer pair within seconds, from whoever made ours old."""
        for delay_s in _WINNER_DELAYS_S:
            with suppress(TokenStoreError):
                newest = await self._keeper.read()
                if newest != ours:
                    return newest
            await asyncio.sleep(delay_s)
        return None
