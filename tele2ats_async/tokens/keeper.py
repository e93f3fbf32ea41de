"""The newest pair, in memory and in the store, and which of the two to believe."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar

from ..errors import AtsError, TokenStoreError
from ..logs import log
from ..tasks import wait_out
from .clock import Clock
from .pair import TokenPair
from .store import TokenStore

T = TypeVar("T")

logger = logging.getLogger(__name__)

_MARGIN_S = 900.0
_SAVE_PAUSE_S = 5.0
_WARNING_PAUSE_S = 60.0
# A store that hangs must hang neither the requests nor the end of the session.
_STORE_TIMEOUT_S = 15.0
# Pairs that are kept in case that newer ones are a mistake.
_SPARES = 3
# More than the locks of the built-in stores take to give up.
_LOCK_TIMEOUT_S = 90.0


class PairKeeper:
    """Keeps the newest pair in memory, and brings it to the store.

    What somebody else has put into the store is news, and is taken over. What the store held when it
    was last looked at is not: the pair in memory is then the newer one, saved or not. Where the store
    fails, the pair in memory serves.
    """

    def __init__(self, store: TokenStore, clock: Clock, *, lifetime_s: float | None = None) -> None:
        """Keep the pair of a store.

        Args:
            store: Where the pair lives.
            clock: Tells when it is due.
            lifetime_s: For a pair that is to be kept alive: seconds after which it is due even if it says
                something else, or nothing.
        """
        self._store = store
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._pair: TokenPair | None = None
        self._stored: TokenPair | None = None
        self._spares: list[TokenPair] = []
        self._due_at: float | None = None
        self._trusts_clock = True
        # By their hashes: what a refresh of ours has killed is no news, should somebody put it back.
        self._dead: set[int] = set()
        self._saving: asyncio.Task[None] | None = None
        # Held from looking at a pair until it is saved: an older one must not come on top.
        self._save_lock = asyncio.Lock()
        self._warned_at: dict[str, float] = {}

    @property
    def pair(self) -> TokenPair | None:
        """The newest pair; None before the store was read."""
        return self._pair

    @property
    def spares(self) -> list[TokenPair]:
        """The pairs that news from the store has pushed out and that are not known to be dead, newest first.

        What somebody puts into the store may be a mistake, or come from an old backup.
        """
        return self._spares[::-1]

    @property
    def expires_at(self) -> datetime | None:
        """When the access token dies; None where that is not known."""
        return None if self._pair is None else self._pair.expires_at

    @property
    def is_due(self) -> bool:
        """Whether the access token is dead or about to die; of a pair that is kept alive, either token."""
        return self._due_at is not None and self._clock.now() >= self._due_at

    @property
    def is_alive(self) -> bool:
        """Whether the access token still lives, as far as it says."""
        return self.expires_at is None or self._clock.now() < self.expires_at.timestamp()

    def postpone(self, pause_s: float) -> None:
        """Call the pair due again after a pause in seconds."""
        self._due_at = self._clock.now() + pause_s

    def distrust_clock(self) -> None:
        """Believe no token's word on when it dies, neither of ours nor of those that others store."""
        self._trusts_clock = False
        if self._pair is not None:
            self._take(self._pair)

    @asynccontextmanager
    async def turn(self, *, patience_s: float | None = None, goes_on: bool) -> AsyncGenerator[None, None]:
        """Hold the store's lock.

        Args:
            patience_s: Seconds to wait for it; None for as long as the store does, if that is not for ever.
            goes_on: Whether to go on without it where it cannot be had. A pair is good for one refresh,
                so whoever comes second reads what the first has saved; and what others have saved is
                looked at before saving. The lock makes it sure.

        Raises:
            TokenStoreError: It cannot be had.
        """
        stack = AsyncExitStack()
        try:
            await self._ask(
                lambda: stack.enter_async_context(self._store.lock()), patience_s or _LOCK_TIMEOUT_S
            )
        except TokenStoreError as error:
            if not goes_on:
                raise
            self.warn("token_lock_failed", error)
        try:
            yield
        finally:
            try:
                await self._ask(stack.aclose)
            except TokenStoreError as error:
                self.warn("token_unlock_failed", error)

    async def read(self) -> TokenPair:
        """Read the store, and give the newest pair.

        Raises:
            TokenStoreError: The store cannot be read, and no pair is in memory.
        """
        try:
            stored = await self._ask(self._store.load)
        except TokenStoreError as error:
            if self._pair is None:
                raise
            self.warn("token_load_failed", error)
            self._stored = None
            return self._pair
        if self._pair is None:
            self._take(stored, is_old=True)
        elif self._is_news(stored):
            self._take_news(stored)
        self._stored = stored
        return self._pair or stored

    async def keep(self, fresh: TokenPair) -> TokenPair:
        """Save a fresh pair before it is used; where that fails, use it all the same and go on trying.

        Returns:
            The newest pair: that one, unless somebody has put another into the store meanwhile.
        """
        async with self._save_lock:
            old, newest = self._pair, fresh
            try:
                newest = await self._save(fresh)
            except TokenStoreError as error:
                self.warn("token_save_failed", error, logging.CRITICAL)
                if self._saving is None or self._saving.done():
                    self._saving = asyncio.create_task(self._go_on_saving(), name="tele2ats-token-saving")
            finally:
                # Also where this is cancelled: it is the only living pair.
                if old is not None and old != newest:
                    self._dead.add(hash(old))
                self._spares.clear()
                self._take(fresh)
                if newest != fresh:
                    self._take_news(newest)
        return newest

    def forget(self, spare: TokenPair) -> None:
        """Let go a pair that news had pushed out: it is dead too."""
        self._spares = [kept for kept in self._spares if kept != spare]

    async def close(self) -> None:
        """Make a last attempt to save what could not be saved before.

        Raises:
            TokenStoreError: It still cannot be saved.
        """
        if self._saving is not None:
            self._saving.cancel()
            await wait_out([self._saving])
        if self._is_unsaved():
            await self._save_in_turn(patience_s=_STORE_TIMEOUT_S)

    def warn(self, event: str, error: AtsError, level: int = logging.WARNING) -> None:
        """Tell of a failure, of each kind once a minute."""
        now = asyncio.get_running_loop().time()
        if now - self._warned_at.get(event, -_WARNING_PAUSE_S) >= _WARNING_PAUSE_S:
            self._warned_at[event] = now
            log(logger, level, event, "%(reason)s", error=error)

    def _take_news(self, pair: TokenPair) -> None:
        if self._pair is not None:
            self._spares = [*self._spares, self._pair][-_SPARES:]
        self._take(pair)

    def _take(self, pair: TokenPair, *, is_old: bool = False) -> None:
        self._pair = pair
        ends = [pair.expires_at.timestamp()] if pair.expires_at and self._trusts_clock else []
        if self._lifetime_s is not None:
            # One that was there before us, and does not say when it ends, may end today.
            ends.append(self._clock.now() + (0 if is_old and not ends else self._lifetime_s))
            if pair.refresh_expires_at and self._trusts_clock:
                ends.append(pair.refresh_expires_at.timestamp())
        self._due_at = min(ends) - _MARGIN_S if ends else None

    def _is_news(self, stored: TokenPair) -> bool:
        return stored not in (self._stored, self._pair) and hash(stored) not in self._dead

    def _is_unsaved(self) -> bool:
        return self._pair is not None and self._pair != self._stored

    async def _save(self, pair: TokenPair) -> TokenPair:
        """Save a pair, unless somebody has put another into the store meanwhile: that is given instead."""
        try:
            stored = await self._ask(self._store.load)
        except TokenStoreError:
            pass  # and yet it may be written: a file that was lost, or spoilt
        else:
            if self._is_news(stored) and stored != pair:
                words = "the store holds a newer pair than the one just issued"
                log(logger, logging.WARNING, "token_overtaken", words)
                self._stored = stored
                return stored
        await self._ask(lambda: self._store.save(pair))
        self._stored = pair
        return pair

    async def _save_in_turn(self, patience_s: float | None = None) -> None:
        async with self.turn(patience_s=patience_s, goes_on=True), self._save_lock:
            pair = await self.read()
            if pair != self._stored and (newest := await self._save(pair)) != pair:
                self._take_news(newest)

    async def _go_on_saving(self) -> None:
        while self._is_unsaved():
            await asyncio.sleep(_SAVE_PAUSE_S)
            try:
                await self._save_in_turn()
            except TokenStoreError as error:
                self.warn("token_save_failed", error, logging.CRITICAL)

    async def _ask(self, operation: Callable[[], Awaitable[T]], timeout_s: float | None = None) -> T:
        """Await the store; whatever it raises becomes a `TokenStoreError`, whose text shows no token."""
        timeout_s = _STORE_TIMEOUT_S if timeout_s is None else timeout_s
        limit = asyncio.timeout(timeout_s)
        try:
            async with limit:
                return await _again_if_cut(operation)
        except TokenStoreError:
            raise
        except Exception as error:  # noqa: BLE001  # a store of somebody else may raise anything
            reason = f"raised {type(error).__name__}, where a token store raises TokenStoreError"
        if limit.expired():
            reason = f"does not answer within {timeout_s:g} s"
        raise TokenStoreError(type(self._store).__name__, reason)


async def _again_if_cut(operation: Callable[[], Awaitable[T]]) -> T:
    """Await a store, and once more where a task of its own was cancelled: the end of the loop does that."""
    for is_last in (False, True):
        try:
            return await operation()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            if is_last:
                break
    raise RuntimeError("cancelled, by nobody here")
