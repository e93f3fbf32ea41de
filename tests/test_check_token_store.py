import asyncio
import subprocess
import sys
from pathlib import Path

import broken_locks
import broken_stores as broken
import pytest

from tele2ats_async import FileTokenStore, MemoryTokenStore, RedisTokenStore, TokenPair, TokenStore
from tele2ats_async.testing import check_token_store, token_stores
from tele2ats_async.testing.staging import OpenStore

pytestmark = pytest.mark.asyncio

ERRORS = "lock() is given back after an error in its body"
HOLDER = "lock() is given back by a cancelled holder"
INSIDE = "inside lock(), load() and save() work"
ONE = "lock() lets one in at a time"
SAVED = "load() gives what save() saved"
SEEN = "every store on the place sees the last save at once"
WAITER = "a cancelled waiter neither gets lock() nor keeps it"
WHOLE = "saves and loads at once never mix two pairs"
CANCELLED = "a cancelled save() leaves the old pair or the new one"

BROKEN = [
    (broken.Lockless, "it is a TokenStore", "no method lock()"),
    (broken.StrangeErrors, "load() gives a pair or raises TokenStoreError", "the store raised KeyError"),
    (broken.Forgetful, SAVED, "did not give what save() was given"),
    (broken.ShortColumns, SAVED, "of a pair of 4 KiB each"),
    (broken.BadQuoting, SAVED, "of a pair with quotes"),
    (broken.Caching, SEEN, "another store did not see"),
    (broken.WritesBehind, SEEN, "another store did not see"),
    (broken.Talkative, "repr() and str() show no token", "shows a token"),
    (broken.TwoFiles, WHOLE, "of one pair with the refresh token of another"),
    (broken.EmptiesFirst, WHOLE, "the store raised TokenStoreError"),
    (broken.TornWhenCancelled, CANCELLED, "neither the pair before it nor the new one"),
    (broken.SavesOnInSecret, CANCELLED, "went on after its end"),
    (broken.TranslatesCancellations, CANCELLED, "the cancellation came out as TokenStoreError"),
    (broken_locks.NoLock, ONE, "two tasks with the same store were inside"),
    (broken_locks.LockPerTask, ONE, "two tasks with the same store were inside"),
    (broken_locks.LockPerStore, ONE, "two stores on the same place were inside"),
    (broken_locks.SwallowsErrors, ERRORS, "did not come out as it was"),
    (broken_locks.WrapsErrors, ERRORS, "did not come out as it was"),
    (broken_locks.CancelledWaitersGetIn, WAITER, "got in"),
    (broken_locks.ReadsAnOldSnapshot, "many that find a dead pair refresh once", "24 of 24 refreshed"),
]
# Each of these makes the next one wait for ever.
HANGING = [
    (broken_locks.LocksOnce, "lock() can be taken again and again"),
    (broken_locks.SavesUnderItsOwnLock, INSIDE),
    (broken_locks.ReadersWait, INSIDE),
    (broken_locks.KeptAfterAnError, ERRORS),
    (broken_locks.KeptByACancelledHolder, HOLDER),
    (broken_locks.KeptByACancelledRelease, HOLDER),
    (broken_locks.KeptByACancelledEntry, HOLDER),
    (broken_locks.KeptByACancelledWaiter, WAITER),
    (broken_locks.LostInHandingOver, "lock() is not lost on a waiter cancelled just then"),
]


def _stores(directory: Path) -> dict[str, OpenStore]:
    memory, place = MemoryTokenStore(TokenPair("a", "r")), broken.Place()
    return {
        "memory": lambda: memory,
        "file": lambda: FileTokenStore(directory / "tokens.json"),
        "sound": lambda: broken.SoundStore(place),
    }


@pytest.mark.parametrize("name", ["memory", "file", "sound"])
async def test_sound_stores_pass(tmp_path: Path, name: str) -> None:
    """Those of the package, and the one from which the broken ones differ in one thing each."""
    await check_token_store(_stores(tmp_path)[name])

    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_the_redis_store_passes(redis_url: str, redis_key: str) -> None:
    """On a real server."""
    await check_token_store(lambda: RedisTokenStore(redis_url, redis_key))

    assert {asyncio.current_task()} == asyncio.all_tasks()


@pytest.mark.parametrize(("store", "name", "how"), BROKEN)
async def test_a_broken_promise_is_named(store: type, name: str, how: str) -> None:
    """Which one, and how; without a token, though no service ever issued these."""
    place = broken.Place()
    with pytest.raises(AssertionError) as caught:
        await check_token_store(lambda: store(place))

    assert str(caught.value).startswith(f"{name}: ")
    assert how in str(caught.value)
    assert "made-up" not in str(caught.value)


@pytest.mark.parametrize(("store", "name"), HANGING)
async def test_a_store_that_hangs_has_failed(monkeypatch: pytest.MonkeyPatch, store: type, name: str) -> None:
    """The check comes to an end, and says what it was that did not."""
    monkeypatch.setattr(token_stores, "_PATIENCE_S", 2.0)
    place = broken.Place()
    with pytest.raises(AssertionError) as caught:
        await check_token_store(lambda: store(place))

    assert f"{name}: this was not over after 2 s; something waits for ever" == str(caught.value)


async def test_every_promise_has_been_broken() -> None:
    """A check that no store here fails would prove nothing."""
    assert {name for _, name, *_ in [*BROKEN, *HANGING]} == set(token_stores._PROPERTIES)


async def test_a_store_that_cannot_even_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left behind: a failed check is better than one that hangs."""
    monkeypatch.setattr(token_stores, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(token_stores, "_FAREWELL_S", 0.05)
    released = asyncio.Event()

    class Deaf(broken.SoundStore):
        async def load(self) -> TokenPair:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue
            return TokenPair("a", "r")

    with pytest.raises(AssertionError, match=r"^load\(\) gives a pair .* not over after 0.05 s"):
        await check_token_store(lambda: Deaf(broken.Place()))
    released.set()


async def test_a_cancellation_out_of_nowhere() -> None:
    """It is the store's, not ours: the test that runs the check must fail, and not be cancelled."""

    class Cancelling(broken.SoundStore):
        async def load(self) -> TokenPair:
            raise asyncio.CancelledError

    with pytest.raises(AssertionError, match="a cancellation came that nobody had asked for"):
        await check_token_store(lambda: Cancelling(broken.Place()))


async def test_a_pair_out_of_nowhere() -> None:
    """Neither one of those saved, nor a mix of them: told apart, for the cause is another."""

    class Inventive(broken.SoundStore):
        saving = 0

        async def load(self) -> TokenPair:
            return TokenPair("x", "y") if type(self).saving > 1 else await super().load()

        async def save(self, pair: TokenPair) -> None:
            type(self).saving += 1
            await super().save(pair)
            type(self).saving -= 1

    place = broken.Place()
    with pytest.raises(AssertionError, match=f"^{WHOLE}: load.. gave a pair that nobody had saved"):
        await check_token_store(lambda: Inventive(place))


async def test_a_cancelled_check_leaves_nothing_behind() -> None:
    """Pressing Ctrl-C ends it, with all that it has begun."""
    place = broken.Place()
    checking = asyncio.create_task(check_token_store(lambda: broken.SoundStore(place)))
    await asyncio.sleep(0.02)
    assert not checking.done()
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking

    assert {asyncio.current_task()} == asyncio.all_tasks()
    assert not place.lock.locked()


async def test_the_store_s_own_error_is_the_cause() -> None:
    """Whoever repairs the store needs its traceback."""
    with pytest.raises(AssertionError) as caught:
        await check_token_store(lambda: broken.StrangeErrors(broken.Place()))

    assert isinstance(caught.value.__cause__, KeyError)


async def test_optimized_python_checks_too() -> None:
    """`python -O` removes asserts, and must not remove the check."""
    code = (
        "import asyncio, broken_locks, broken_stores as broken; from tele2ats_async.testing import check_token_store\n"
        "place = broken.Place(); asyncio.run(check_token_store(lambda: broken_locks.NoLock(place)))"
    )
    python = [sys.executable, "-O", "-c", code]
    done = await asyncio.to_thread(
        subprocess.run, python, cwd=Path(__file__).parent, check=False, capture_output=True, text=True
    )

    assert f"AssertionError: {ONE}: " in done.stderr


async def test_the_sound_store_is_a_token_store() -> None:
    """For the type checkers, which see the protocol where the check sees three names."""
    store: TokenStore = broken.SoundStore(broken.Place())

    assert isinstance(store, TokenStore)
