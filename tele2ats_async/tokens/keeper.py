"""The newest pair, in memory and in the store, and which of the two to believe."""

import asyncio
import logging
import time
from datetime import datetime

from ..errors import TokenStoreError
from ..tasks import wait_out
from .pair import TokenPair
from .store import TokenStore

logger = logging.getLogger(__name__)

_MARGIN_S = 300.0
_SAVE_PAUSE_S = 5.0
_WARNING_PAUSE_S = 60.0


class PairKeeper:
    """Keeps the newest pair in memory, and brings it to the store.

    What somebody else has put into the store is news, and is taken over. What the store held when it
    was last looked at is not: the pair in memory is then the newer one, saved or not.
    """

    def __init__(self, store: TokenStore) -> None:
        self.store = store
        self._pair: TokenPair | None = None
        self._stored: TokenPair | None = None
        self._due_at: float | None = None
        self._trusts_clock = True
        # By their hashes: what a refresh of ours has killed is no news, should somebody put it back.
        self._dead: set[int] = set()
        self._saving: asyncio.Task[None] | None = None

    @property
    def pair(self) -> TokenPair | None:
        """The newest pair; None before the store was read."""
        return self._pair

    @property
    def expires_at(self) -> datetime | None:
        """When the access token dies; None where that is not known."""
        return None if self._pair is None else self._pair.expires_at

    @property
    def is_due(self) -> bool:
        """Whether the access token is dead, or about to die."""
        return self._due_at is not None and time.time() >= self._due_at

    @property
    def is_alive(self) -> bool:
        """Whether the access token still lives, as far as it says."""
        return self.expires_at is None or time.time() < self.expires_at.timestamp()

    def postpone(self, pause_s: float) -> None:
        """Call the pair due again after a pause in seconds."""
        self._due_at = time.time() + pause_s

    def distrust_clock(self) -> None:
        """Call no pair due from now on, neither ours nor those that others put into the store."""
        self._trusts_clock = False
        self._due_at = None

    async def read(self) -> TokenPair:
        """Read the store, and give the newest pair.

        Raises:
            TokenStoreError: The store cannot be read.
        """
        try:
            stored = await self.store.load()
        except TokenStoreError as error:
            if self._pair is None:
                raise
            logger.warning("token_load_failed: %s", error)
            self._stored = None
            return self._pair
        is_news = self._pair is None or (stored != self._stored and hash(stored) not in self._dead)
        self._stored = stored
        if is_news:
            self._take(stored)
        return self._pair or stored

    async def keep(self, fresh: TokenPair) -> None:
        """Save a fresh pair before it is used; where that fails, use it all the same and go on trying."""
        try:
            await self._save(fresh)
        except TokenStoreError as error:
            logger.critical("token_save_failed: %s", error)
            if self._saving is None or self._saving.done():
                self._saving = asyncio.create_task(self._go_on_saving(), name="tele2ats-token-saving")
        finally:
            # Also where the store fails in a way of its own: this is the only living pair.
            if self._pair is not None and self._pair != fresh:
                self._dead.add(hash(self._pair))
            self._take(fresh)

    async def close(self) -> None:
        """Make a last attempt to save what could not be saved before.

        Raises:
            TokenStoreError: It still cannot be saved.
        """
        if self._saving is not None:
            self._saving.cancel()
            await wait_out([self._saving])
        if self._is_unsaved():
            await self._save_unless_there_is_news()

    def _take(self, pair: TokenPair) -> None:
        self._pair = pair
        expires_at = pair.expires_at
        self._due_at = None
        if expires_at is not None and self._trusts_clock:
            self._due_at = expires_at.timestamp() - _MARGIN_S

    async def _save(self, pair: TokenPair) -> None:
        await self.store.save(pair)
        self._stored = pair

    def _is_unsaved(self) -> bool:
        return self._pair is not None and self._pair != self._stored

    async def _save_unless_there_is_news(self) -> None:
        """Save the pair, unless somebody has put a newer one into the store: that is taken over."""
        async with self.store.lock():
            pair = await self.read()
            if pair != self._stored:
                await self._save(pair)

    async def _go_on_saving(self) -> None:
        warned_at = time.monotonic()
        await asyncio.sleep(_SAVE_PAUSE_S)
        while self._is_unsaved():
            try:
                await self._save_unless_there_is_news()
            except Exception as error:  # noqa: BLE001  # whatever a store raises, the pair must not stay unsaved
                if time.monotonic() - warned_at >= _WARNING_PAUSE_S:
                    warned_at = time.monotonic()
                    logger.critical("token_save_failed: %s", error)
                await asyncio.sleep(_SAVE_PAUSE_S)
