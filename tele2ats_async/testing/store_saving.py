"""What load() and save() of a token store promise."""

import asyncio
from itertools import cycle

from ..errors import TokenStoreError
from ..tokens import TokenPair, TokenStore
from .made_up import make_pair, make_pairs_of_all_kinds
from .staging import A_WHILE_S, OpenStore, cancelled_afterwards, expect, moments_of, together

_SAVERS = 4
_SAVES_EACH = 5
# Loop steps between two loads: with the same number every time, they might all miss the same moment.
_RHYTHM = (0, 1, 2, 3, 1, 5)


async def is_a_token_store(open_store: OpenStore) -> None:
    """All three methods are there."""
    for method in ("load", "save", "lock"):
        expect(callable(getattr(open_store(), method, None)), f"it has no method {method}()")
    expect(isinstance(open_store(), TokenStore), "it is not what tele2ats_async.TokenStore describes")


async def says_that_there_is_no_pair(open_store: OpenStore) -> None:
    """Nobody has to know the errors of the database that a store is on."""
    try:
        pair = await open_store().load()
    except TokenStoreError:
        return
    expect(isinstance(pair, TokenPair), f"load() gave no TokenPair but {type(pair).__name__}")


async def gives_what_was_saved(open_store: OpenStore) -> None:
    """No character is lost, changed or cut off."""
    store = open_store()
    for kind, pair in make_pairs_of_all_kinds().items():
        await store.save(pair)
        expect(await store.load() == pair, f"of {kind}, load() did not give what save() was given")


async def shows_every_store_the_last_save(open_store: OpenStore) -> None:
    """A store that remembers what it once read or wrote misses what other processes do."""
    first, second = open_store(), open_store()
    for saver, reader in ((first, second), (second, first), (first, second)):
        pair = make_pair()
        await saver.save(pair)
        expect(await saver.load() == pair, "the store that has just saved a pair gave another one")
        expect(await reader.load() == pair, "another store did not see what a first one had just saved")
        expect(await open_store().load() == pair, "a store opened after a save did not see what was saved")


async def shows_no_token(open_store: OpenStore) -> None:
    """A repr goes into logs and into reports of errors."""
    store, pair = open_store(), make_pair()
    await store.save(pair)
    await store.load()
    other = open_store()
    await other.load()
    for shown in (repr(store), str(store), repr(other), str(other)):
        expect(pair.access not in shown and pair.refresh not in shown, "its repr() or str() shows a token")


async def never_mixes_pairs(open_store: OpenStore) -> None:
    """The access token of one pair with the refresh token of another is a lost account."""
    stores = [open_store() for _ in range(_SAVERS)]
    before = make_pair()
    batches = [[make_pair() for _ in range(_SAVES_EACH)] for _ in stores]
    known = {before, *(pair for batch in batches for pair in batch)}
    savers = len(stores)

    async def save(store: TokenStore, batch: list[TokenPair]) -> None:
        nonlocal savers
        for pair in batch:
            await store.save(pair)
        savers -= 1

    async def load(store: TokenStore) -> None:
        for steps in cycle(_RHYTHM):
            _expect_known(await store.load(), known)
            for _ in range(steps):
                await asyncio.sleep(0)
            if not savers:
                return

    await stores[0].save(before)
    savings = (save(store, batch) for store, batch in zip(stores, batches, strict=True))
    await together(*savings, *(load(store) for store in stores))
    left = {await store.load() for store in stores}
    expect(len(left) == 1, "when all had saved, the stores did not agree on the pair")
    expect(left <= {batch[-1] for batch in batches}, "when all had saved, the pair was none of the last ones")


async def survives_cancelled_saves(open_store: OpenStore) -> None:
    """A program is stopped when it is stopped, and the pair must be there when it starts again."""
    store, other = open_store(), open_store()
    kept = make_pair()

    async def save() -> None:
        await store.save(kept)

    for moment in await moments_of(save):
        fresh = make_pair()
        async with cancelled_afterwards(store.save(fresh)):
            await moment.come()
        left = await other.load()
        expect(left in (kept, fresh), "load() gave neither the pair before it nor the new one")
        await asyncio.sleep(A_WHILE_S)
        expect(await other.load() == left, "the cancelled save() went on after its end")
        kept = make_pair()
        await store.save(kept)
        expect(await other.load() == kept, "the next save() was lost")


def _expect_known(pair: TokenPair, known: set[TokenPair]) -> None:
    if pair in known:
        return
    is_mixed = any(pair.access == one.access for one in known) and any(
        pair.refresh == one.refresh for one in known
    )
    expect(not is_mixed, "load() gave the access token of one pair with the refresh token of another")
    raise AssertionError("load() gave a pair that nobody had saved")
