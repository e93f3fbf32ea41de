"""Renewing the token pair: one refresh at a time, durable before it is used, never lost on the way."""

import asyncio
import logging
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
from ..transport import Transport
from ..wire.operations import REFRESH_TOKENS, Request
from .pair import TokenPair
from .store import TokenStore

logger = logging.getLogger(__name__)

_MARGIN_S = 300.0
_PAUSE_AFTER_FAILURE_S = 30.0
_WINNER_DELAYS_S = (0.1, 0.2, 0.4, 0.8, 1.5)
_CLOSING_S = 30.0


class TokenRefresher:
    """Gives the access token, and renews the pair when it is due or turned out to be dead.

    The renewal is a task of its own: all who need it wait for the same one, and cancelling any of
    them does not touch it.
    """

    def __init__(self, store: TokenStore, transport: Transport, retry: RetryPolicy) -> None:
        self._store = store
        self._transport = transport
        self._retry = retry
        self._pair: TokenPair | None = None
        self._stored: TokenPair | None = None
        self._due_at: float | None = None
        self._renewal: asyncio.Task[TokenPair] | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the access token dies, an aware datetime; None before the first call, or if unknown."""
        return None if self._pair is None else self._pair.expires_at

    async def access_token(self) -> str:
        """Give a live access token, refreshed first where it is about to die.

        Raises:
            ReauthorizationRequired: Both tokens are spent.
            TokenStoreError: The store cannot be read.
            TransportError: The refresh got no answer.
            ResponseError: The refresh was answered with another error.
        """
        pair = self._pair
        if pair is None or self._is_due():
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
        await self.replace(await self.access_token())

    async def replace(self, dead: str) -> str:
        """Give an access token instead of one that the service refused; errors as `access_token()`.

        A refusal that comes late, for a token that has been replaced meanwhile, costs no refresh.
        """
        pair = self._pair
        while pair is None or pair.access == dead:
            # Again, where the renewal that was under way was one ahead of time and changed nothing.
            pair = await self._renewed(dead)
        return pair.access

    async def close(self) -> None:
        """Let a renewal that is under way finish, and save what could not be saved before.

        Raises:
            TokenStoreError: The newest pair could still not be saved.
        """
        if self._renewal is not None:
            await asyncio.wait([self._renewal], timeout=_CLOSING_S)
        if self._pair is not None and self._pair != self._stored:
            await self._store.save(self._pair)
            self._stored = self._pair

    def _is_due(self) -> bool:
        return self._due_at is not None and time.time() >= self._due_at

    async def _renewed(self, dead: str | None) -> TokenPair:
        # Nothing is awaited between looking and making: two callers cannot make two renewals. One that
        # has just ended is no longer waited for: replace() would spin on its old result.
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(dead), name="tele2ats-token-renewal")
            self._renewal.add_done_callback(self._renewal_done)
        return await asyncio.shield(self._renewal)

    def _renewal_done(self, renewal: asyncio.Task[TokenPair]) -> None:
        if self._renewal is renewal:
            self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # looked at: those who waited may all have been cancelled

    async def _renew(self, dead: str | None) -> TokenPair:
        """Take the store's pair where it is news and alive, else refresh."""
        if self._pair is None:
            self._adopt(await self._store.load(), is_stored=True)
            if dead is None and not self._is_due():
                return self._current()
        try:
            async with self._store.lock():
                await self._reread()
                if self._current().access == dead or self._is_due():
                    await self._exchange()
        except AtsError as error:
            if isinstance(error, AuthorizationError) and await self._somebody_else_refreshed():
                return self._current()
            if dead is None and self._is_alive():
                # Ahead of time: the old pair serves while the trouble lasts.
                logger.warning("token_refresh_failed", extra={"error": str(error)})
                self._due_at = time.time() + _PAUSE_AFTER_FAILURE_S
                return self._current()
            raise
        return self._current()

    async def _exchange(self) -> None:
        """Refresh over the wire, and make the new pair durable before anybody uses it."""
        old = self._current()
        try:
            fresh = await self._retry.run(REFRESH_TOKENS, self._request_pair)
        except (ConnectionFailed, AtsTimeout, ServerError) as error:
            if isinstance(error, TransportError) and not error.sent:
                raise
            # The fate of the request is unknown: look who has the newest pair, and ask once more.
            await self._reread()
            if self._current() != old:
                return
            fresh = await self._request_pair()
        is_stored = False
        try:
            await self._store.save(fresh)
            is_stored = True
        except TokenStoreError as error:
            logger.critical("token_save_failed", extra={"error": str(error)})
        finally:
            # Also where the store fails in a way of its own: this is the only living pair.
            self._adopt(fresh, is_stored=is_stored)
        if self._is_due():
            # Only a wrong clock can say that of a new token; refreshing at every call would not help.
            logger.warning("clock_disagrees", extra={"expires_at": str(fresh.expires_at)})
            self._due_at = None
        logger.info("token_refreshed", extra={"expires_at": str(fresh.expires_at)})

    async def _request_pair(self) -> TokenPair:
        try:
            async with self._transport.stream(Request(REFRESH_TOKENS), self._current().refresh) as incoming:
                issued = await incoming.decode()
        except AuthorizationError as error:
            facts = (error.status, error.method, error.path, error.details)
            raise ReauthorizationRequired(*facts) from None
        try:
            return TokenPair(issued.access_token, issued.refresh_token)
        except ValueError as error:
            raise PayloadError("$", str(error), str(REFRESH_TOKENS)) from None

    async def _somebody_else_refreshed(self) -> bool:
        """Look whether the store gets a newer pair within seconds, from whoever made ours old."""
        ours = self._current()
        for delay_s in _WINNER_DELAYS_S:
            with suppress(TokenStoreError):
                await self._reread()
            if self._current() != ours:
                return True
            await asyncio.sleep(delay_s)
        return False

    async def _reread(self) -> None:
        """Take over what somebody else has put into the store."""
        pair = await self._store.load()
        if pair != self._stored:
            self._adopt(pair, is_stored=True)

    def _current(self) -> TokenPair:
        assert self._pair is not None  # noqa: S101  # _renew() loads one before all else
        return self._pair

    def _is_alive(self) -> bool:
        expires_at = self.expires_at
        return expires_at is None or time.time() < expires_at.timestamp()

    def _adopt(self, pair: TokenPair, *, is_stored: bool) -> None:
        self._pair = pair
        if is_stored:
            self._stored = pair
        expires_at = pair.expires_at
        self._due_at = None if expires_at is None else expires_at.timestamp() - _MARGIN_S
