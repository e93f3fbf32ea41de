"""Whether a token store keeps its promises."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ..tokens import TokenStore
from . import store_locking, store_saving
from .staging import OpenStore

_PATIENCE_S = 30.0
_FAREWELL_S = 1.0

# In this order: what is wrong with an early one would show in the later ones under a wrong name.
_PROPERTIES: dict[str, Callable[[OpenStore], Coroutine[Any, Any, None]]] = {
    "it is a TokenStore": store_saving.is_a_token_store,
    "load() gives a pair or raises TokenStoreError": store_saving.says_that_there_is_no_pair,
    "load() gives what save() saved": store_saving.gives_what_was_saved,
    "every store on the place sees the last save at once": store_saving.shows_every_store_the_last_save,
    "repr() and str() show no token": store_saving.shows_no_token,
    "saves and loads at once never mix two pairs": store_saving.never_mixes_pairs,
    "a cancelled save() leaves the old pair or the new one": store_saving.survives_cancelled_saves,
    "lock() can be taken again and again": store_locking.can_be_locked_again_and_again,
    "lock() lets one in at a time": store_locking.lets_one_in_at_a_time,
    "inside lock(), load() and save() work": store_locking.lets_the_holder_work,
    "lock() is given back after an error in its body": store_locking.is_given_back_after_an_error,
    "lock() is given back by a cancelled holder": store_locking.is_given_back_by_a_cancelled_holder,
    "a cancelled waiter neither gets lock() nor keeps it": store_locking.forgets_cancelled_waiters,
    "lock() is not lost on a waiter cancelled just then": store_locking.is_handed_over_to_the_living,
    "many that find a dead pair refresh once": store_locking.lets_many_refresh_once,
}


async def check_token_store(open_store: Callable[[], TokenStore]) -> None:
    """Try whether a token store of your own keeps the promises of `TokenStore`.

    It saves, loads and locks, many at once, is cancelled at every moment, and takes a few seconds.
    **What the place holds is overwritten with made-up pairs**: never let it be where the tokens of a
    real account are. It needs nothing beside this package, and no test framework.

    What it cannot try from within one process stays for you: that the pair survives a power failure,
    and that the lock of a process that was killed, or hangs, is free again.

    Args:
        open_store: Gives a store; called many times. All stores that it gives must be on the same
            place, like those of several processes that share an account. For a store that is its own
            place, as `MemoryTokenStore` is, it gives the same one every time.

    Raises:
        AssertionError: The store broke a promise; the text says which, and how, without a token. What
            the store itself raised is the cause. A check that is not over after 30 seconds has failed.

    Source: section 2.
    """
    for name, holds in _PROPERTIES.items():
        await _check(name, holds(open_store))


async def _check(name: str, work: Coroutine[Any, Any, None]) -> None:
    checking = asyncio.create_task(work, name=f"tele2ats-check: {name}")
    try:
        await asyncio.wait([checking], timeout=_PATIENCE_S)
        is_over = checking.done()
    finally:
        checking.cancel()
        # A store that ignores even this is left behind: a failed check is better than one that hangs.
        await asyncio.wait([checking], timeout=_FAREWELL_S)
    if not is_over:
        raise AssertionError(f"{name}: this was not over after {_PATIENCE_S:g} s; something waits for ever")
    try:
        checking.result()
    except AssertionError as broken:
        raise AssertionError(f"{name}: {broken}") from broken
    except asyncio.CancelledError as error:
        raise AssertionError(f"{name}: a cancellation came that nobody had asked for") from error
    except Exception as error:
        raise AssertionError(f"{name}: the store raised {type(error).__name__}") from error
