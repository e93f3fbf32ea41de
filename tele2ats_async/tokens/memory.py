"""Tokens in memory, for tests and for programs that keep them elsewhere."""

import asyncio

from .pair import TokenPair


class MemoryTokenStore:
    """Keeps the pair in memory: a refreshed pair is lost with the process, and the old one is dead.

    Args:
        pair: The pair to begin with.

    Source: section 2.
    """

    def __init__(self, pair: TokenPair) -> None:
        self._pair = pair
        self._lock = asyncio.Lock()

    async def load(self) -> TokenPair:
        """Give the newest pair."""
        return self._pair

    async def save(self, pair: TokenPair) -> None:
        """Keep a pair."""
        self._pair = pair

    def lock(self) -> asyncio.Lock:
        """Keep other sessions on this store from refreshing meanwhile."""
        return self._lock
