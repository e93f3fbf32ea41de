import asyncio

import pytest
from raw_service import PAIR

from tele2ats_async import MemoryTokenStore, TokenPair, TokenStore

pytestmark = pytest.mark.asyncio


async def test_keeps_what_is_saved() -> None:
    """The newest pair, and nothing but it."""
    store: TokenStore = MemoryTokenStore(PAIR)
    newer = TokenPair("a2", "r2")

    assert PAIR == await store.load()
    await store.save(newer)
    assert newer == await store.load()


async def test_lock_keeps_others_out() -> None:
    """Two sessions may share one store."""
    store = MemoryTokenStore(PAIR)
    inside = 0

    async def enter() -> None:
        nonlocal inside
        async with store.lock():
            inside += 1
            assert 1 == inside
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(5)))


async def test_repr_shows_no_token() -> None:
    """Rule 7."""
    assert PAIR.access not in repr(MemoryTokenStore(PAIR))
