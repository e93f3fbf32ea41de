"""Renewing the token pair: one refresh at a time, and none that is not called for."""

import asyncio
import logging
import re
from contextvars import Context
from datetime import datetime

from ..errors import AtsError, AuthorizationError
from ..logs import log
from ..retry import RetryPolicy
from ..tasks import finish, start_sheltered, wait_out
from ..transport import Transport
from .clock import Clock
from .exchange import PairExchange
from .keepalive import ACCESS_LIFETIME_S, keep_alive
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
# Ahead of time nobody waits long for a lock: the old token still serves.
_PATIENCE_S = 5.0


class TokenRefresher:
    """Gives the access token, and renews the pair when it is due or turned out to be dead.

    The renewal is a task of its own: all who need it wait for the same one, and cancelling any of
    them does not touch it.

    Attributes:
        refresh_count: Refreshes that this session has made.
    """

    def __init__(
        self,
        store: TokenStore,
        transport: Transport,
        retry: RetryPolicy,
        *,
        keeps_alive: bool = False,
    ) -> None:
        self._clock = Clock()
        self._keeper = PairKeeper(store, self._clock, lifetime_s=ACCESS_LIFETIME_S if keeps_alive else None)
        self._wire = PairExchange(transport, retry, self._keeper)
        self._observer = transport.observer
        self._keeps_alive = keeps_alive
        self._keep_alive: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[TokenPair] | None = None
        self._renewed_for: str | None = None
        self._refreshed_at: float | None = None
        self._is_exchanging = False
        self._is_closed = False
        self.refresh_count = 0

    @property
    def expires_at(self) -> datetime | None:
        """When the access token dies, an aware datetime; None before the first call, or if unknown."""
        return self._keeper.expires_at

    @property
    def living(self) -> str | None:
        """The access token, where it has been read and is not about to die."""
        pair = self._keeper.pair
        return None if pair is None or self._keeper.is_due else pair.access

    def begin(self) -> None:
        """Begin to keep the pair alive, where that is wanted and not done yet."""
        if self._keeps_alive and self._keep_alive is None and not self._is_closed:
            # In a context of its own: it has nothing to do with the call that happened to be the first.
            self._keep_alive = asyncio.create_task(
                keep_alive(self.access_token, self._clock),
                name="tele2ats-token-keep-alive",
                context=Context(),
            )

    async def access_token(self) -> str:
        """Give a live access token, refreshed first where it is about to die.

        Raises:
            ReauthorizationRequired: Both tokens are spent.
            TokenStoreError: The store cannot be read.
            TransportError: The refresh got no answer.
            ResponseError: The refresh was answered with another error.
        """
        self.begin()
        return self.living or (await self._renewed(None)).access

    async def refresh(self) -> None:
        """Renew the pair now.

        Raises:
            ReauthorizationRequired: Both tokens are spent.
            TokenStoreError: The store cannot be read.
            TransportError: The refresh got no answer.
            ResponseError: The refresh was answered with another error.

        Source: operation 1.
        """
        self.begin()
        pair = self._keeper.pair or await self._keeper.read()
        self._refreshed_at = None
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
            self._refreshed_at = None
        while self._renewal is not None and (self._renewed_for != refused or not may_refresh):
            # One that began ahead of time, or for another token, may leave this one as it is.
            await asyncio.wait([self._renewal])
        pair = self._keeper.pair
        if pair is None or (pair.access == refused and may_refresh):
            pair = await self._renewed(refused)
        elif pair.access == refused:
            pair = await self._keeper.read()
        return pair.access

    async def close(self) -> None:
        """Let a renewal that is under way finish, and save what could not be saved before.

        Raises:
            TokenStoreError: The newest pair could still not be saved.
        """
        self._is_closed = True
        if self._keep_alive is not None:
            self._keep_alive.cancel()
            await wait_out([self._keep_alive])
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
        is_urgent = refused is not None or not self._keeper.is_alive
        try:
            return await self._renew_in_turn(refused, is_urgent=is_urgent)
        except AtsError as error:
            if isinstance(error, AuthorizationError) and (newer := await self._recovered()):
                return newer
            if is_urgent:
                raise
            # Ahead of time: the old pair serves while the trouble lasts.
            self._keeper.warn("token_refresh_failed", error)
            self._keeper.postpone(_PAUSE_AFTER_FAILURE_S)
        return self._keeper.pair or pair

    async def _renew_in_turn(self, refused: str | None, *, is_urgent: bool) -> TokenPair:
        async with self._keeper.turn(patience_s=None if is_urgent else _PATIENCE_S, goes_on=is_urgent):
            pair = await self._keeper.read()
            if self._keeper.is_due or (pair.access == refused and not self._is_young()):
                pair = await self._exchange(pair)
            return pair

    def _is_young(self) -> bool:
        return self._refreshed_at is not None and 0 <= self._clock.now() - self._refreshed_at < _YOUNG_S

    async def _recovered(self) -> TokenPair | None:
        """Find the living pair once the service has refused ours; None where nobody has it."""
        if newer := await self._from_somebody_else():
            return newer
        for spare in self._keeper.spares:
            try:
                async with self._keeper.turn(goes_on=True):
                    return await self._exchange(spare)
            except AuthorizationError:
                self._keeper.forget(spare)
        return None

    async def _from_somebody_else(self) -> TokenPair | None:
        """Look whether the store gets a newer pair within seconds, from whoever made ours old."""
        ours = self._keeper.pair
        for delay_s in (0.0, *_WINNER_DELAYS_S):
            await asyncio.sleep(delay_s)
            newest = await self._keeper.read()
            if newest != ours:
                return newest
        return None

    async def _exchange(self, old: TokenPair) -> TokenPair:
        """Refresh, and make the new pair durable before anybody uses it, whoever is cancelled meanwhile."""
        exchange = start_sheltered(self._exchange_to_the_end(old), "tele2ats-token-exchange")
        self._is_exchanging = True
        try:
            return await finish(exchange)
        finally:
            self._is_exchanging = False

    async def _exchange_to_the_end(self, old: TokenPair) -> TokenPair:
        fresh = await self._wire.fetch(old)
        if fresh == self._keeper.pair:
            return fresh  # somebody else's, from the store
        self._refreshed_at = self._clock.now()
        self.refresh_count += 1
        self._observer.refreshed()
        newest = await self._keeper.keep(fresh)
        if newest == fresh and self._keeper.is_due:
            # Only a wrong clock can say that of a new token; refreshing at every call would not help.
            log(
                logger,
                logging.WARNING,
                "clock_disagrees",
                "a new token seems to expire at %(expires_at)s",
                expires_at=fresh.expires_at,
            )
            self._keeper.distrust_clock()
        words = "expires at %(expires_at)s"
        log(logger, logging.INFO, "token_refreshed", words, expires_at=fresh.expires_at)
        return newest
