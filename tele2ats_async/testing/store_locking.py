"""What lock() of a token store promises."""

import asyncio
import time
from contextlib import AsyncExitStack

from ..tokens import TokenPair, TokenStore
from .made_up import make_pair
from .staging import (
    A_WHILE_S,
    Moment,
    OpenStore,
    cancelled_afterwards,
    expect,
    moments_of,
    moments_within,
    together,
)

_TIMES = 40
_STORES = 8
_TASKS_EACH = 3
_WAITING_S = 0.06


class _Mishap(Exception):
    """What goes wrong in the body, and nowhere else."""


async def can_be_locked_again_and_again(open_store: OpenStore) -> None:
    """A connection lost each time would show after a few."""
    first, second = open_store(), open_store()
    for _ in range(_TIMES // 2):
        await _take(first, second)


async def lets_one_in_at_a_time(open_store: OpenStore) -> None:
    """Two inside are two refreshes, and the second finds the refresh token spent."""
    inside = 0

    async def enter(store: TokenStore, who: str) -> None:
        nonlocal inside
        for _ in range(3):
            async with store.lock():
                inside += 1
                await asyncio.sleep(A_WHILE_S)
                expect(inside == 1, f"two {who} were inside at once")
                inside -= 1

    store = open_store()
    await together(*(enter(store, "tasks with the same store") for _ in range(3)))
    await together(*(enter(open_store(), "stores on the same place") for _ in range(3)))


async def lets_the_holder_work(open_store: OpenStore) -> None:
    """Reading and writing is what it is held for; all others go on reading, for their pair may still live."""
    store, other = open_store(), open_store()
    async with store.lock():
        for _ in range(2):
            pair = make_pair()
            await store.save(pair)
            expect(await store.load() == pair, "inside, the holder did not read what it had written")
            # A session refreshes in a task of its own, which no cancellation of the holder reaches.
            await together(store.save(pair := make_pair()))
            for loaded in await together(store.load(), other.load(), open_store().load()):
                expect(loaded == pair, "while it was held, others did not read what the holder had written")


async def is_given_back_after_an_error(open_store: OpenStore) -> None:
    """A refresh that failed must not lock the next one out, and its error is the one to tell."""
    store, other = open_store(), open_store()
    mishap, told = _Mishap(), None
    try:
        async with store.lock():
            raise mishap  # noqa: TRY301  # the body of the lock is where it happens
    except Exception as error:  # noqa: BLE001  # whatever comes out in its place
        told = error
    expect(told is mishap, "the error in the body did not come out as it was")
    await _take(other, store)


async def is_given_back_by_a_cancelled_holder(open_store: OpenStore) -> None:
    """Also where it was just reading, writing, getting in or getting out."""
    store, other = open_store(), open_store()
    kept = make_pair()
    pairs = {kept}
    await store.save(kept)

    async def work() -> None:
        async with store.lock():
            pairs.add(await store.load())
            await asyncio.sleep(0)
            pairs.add(fresh := make_pair())
            await store.save(fresh)

    for moment in await moments_of(work):
        async with cancelled_afterwards(work()):
            await moment.come()
        await _take(other, store)
        expect(await other.load() in pairs, "load() gave a pair that nobody had saved")


async def forgets_cancelled_waiters(open_store: OpenStore) -> None:
    """Who gave up waiting must not get it later, when nobody is there to give it back."""
    store, other = open_store(), open_store()
    for waiting in (store, other):
        async with store.lock():
            for moment in moments_within(_WAITING_S):
                async with cancelled_afterwards(_enter(waiting)) as waiter:
                    await moment.come()
                expect(waiter.cancelled(), "a waiter got in, or saw no cancellation, while another held it")
        await _take(other, store)


async def is_handed_over_to_the_living(open_store: OpenStore) -> None:
    """The waiter is cancelled just when it gets the lock."""
    store, other = open_store(), open_store()
    for waiting in (store, other):
        for moment in moments_within(await _hand_over(store, waiting)):
            await _hand_over(store, waiting, moment)
            await _take(other, store)


async def lets_many_refresh_once(open_store: OpenStore) -> None:
    """What all of it is for: many processes meet the same dead pair."""
    stores = [open_store() for _ in range(_STORES)]
    dead = make_pair()
    refreshed: list[TokenPair] = []

    async def renew(store: TokenStore) -> TokenPair:
        async with store.lock():
            pair = await store.load()
            if pair == dead:
                refreshed.append(pair := make_pair())
                await asyncio.sleep(A_WHILE_S)
                await store.save(pair)
            return pair

    await stores[0].save(dead)
    found = await together(*(store.load() for store in stores))
    expect(set(found) == {dead}, "not all found the dead pair that a first one had saved")
    pairs = await together(*(renew(store) for store in stores * _TASKS_EACH))
    expect(len(refreshed) == 1, f"{len(refreshed)} of {len(pairs)} refreshed, and all but one lost")
    expect(set(pairs) == set(refreshed), "one refreshed, but not all ended up with its pair")


async def _enter(store: TokenStore) -> None:
    async with store.lock():
        await asyncio.sleep(0)


async def _take(*stores: TokenStore) -> None:
    """Take the lock, which nobody holds; where somebody does all the same, the check runs out of time."""
    for store in stores:
        await _enter(store)


async def _hand_over(store: TokenStore, waiting: TokenStore, moment: Moment | None = None) -> float:
    """Let a waiter have the lock, or cancel it at a moment after the holder has let go.

    Returns:
        The seconds that it took.
    """
    async with AsyncExitStack() as afterwards:
        async with store.lock():
            waiter = await afterwards.enter_async_context(cancelled_afterwards(_enter(waiting)))
            await asyncio.sleep(A_WHILE_S)
        began_at = time.perf_counter()
        await (moment.come() if moment else asyncio.wait([waiter]))
        return time.perf_counter() - began_at
