"""The end of `asyncio.run` cancels every task that the loop knows, in the middle of a save too."""

import asyncio
import sys

import aiohttp
import pytest
from raw_service import PAIR, RawService, in_turn, issue, open_session

from tele2ats_async import MemoryTokenStore, TokenPair
from tele2ats_async.tasks import finish


class InTasks(MemoryTokenStore):
    """A store that saves in a task of its own."""

    def __init__(self, pair: TokenPair, *, is_sheltered: bool) -> None:
        super().__init__(pair)
        self.is_saving = asyncio.Event()
        self.is_sheltered = is_sheltered

    async def save(self, pair: TokenPair) -> None:
        self.is_saving.set()
        pause = asyncio.sleep(0.05)
        await (finish(pause) if self.is_sheltered else asyncio.create_task(pause))
        await super().save(pair)


@pytest.mark.parametrize("is_sheltered", [False, True])
def test_a_save_under_way_is_finished(is_sheltered: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Whoever ends the program, and whether or not the session is closed: the pair gets into the store."""
    stores: list[InTasks] = []

    async def main() -> None:
        store = InTasks(PAIR, is_sheltered=is_sheltered)
        stores.append(store)
        async with RawService(in_turn(issue("a2", "r2"))) as service, aiohttp.ClientSession() as client:
            ats = open_session(service, tokens=store, client=client)  # never closed
            refreshing = asyncio.create_task(ats.tokens.refresh())
            await store.is_saving.wait()
            asyncio.get_running_loop().call_soon(sys.exit, 3)
            await refreshing

    with pytest.raises(SystemExit):
        asyncio.run(main())

    assert TokenPair("a2", "r2") == asyncio.run(stores[0].load())
