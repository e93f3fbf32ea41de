import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from raw_service import PAIR
from redis import Redis
from redis_wire import NEWER, OTHER, Relay, enter, until

from tele2ats_async import RedisTokenStore, TokenPair, TokenStoreError
from tele2ats_async.tokens import redis as redis_module

pytestmark = pytest.mark.asyncio

HOLDER = """
import asyncio, sys
from tele2ats_async import RedisTokenStore
from tele2ats_async.tokens import redis

async def hold():
    async with RedisTokenStore(sys.argv[1], sys.argv[2]).lock():
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

redis._LOCK_LIFETIME_S = float(sys.argv[3])
asyncio.run(hold())
"""


@asynccontextmanager
async def _held_by_another_process(
    url: str, key: str, lifetime_s: float = 60.0
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLDER,
        url,
        key,
        str(lifetime_s),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"held\n" == await process.stdout.readline()
    try:
        yield process
    finally:
        await process.communicate(b"\n")


async def _expire(server: Redis, key: str) -> None:
    """Let the lock expire, as if its holder had hung for too long."""
    server.pexpire(f"{key}:lock", 1)
    await until(lambda: not server.exists(f"{key}:lock"))


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


# Keeping others out.


async def test_lock_keeps_sessions_of_this_process_out(redis_url: str, redis_key: str) -> None:
    """Each with a store of its own, or all with the same."""
    shared = RedisTokenStore(redis_url, redis_key)
    inside = 0

    async def enter(store: RedisTokenStore) -> None:
        nonlocal inside
        async with store.lock():
            inside += 1
            assert 1 == inside
            await asyncio.sleep(0.001)
            inside -= 1

    others = [RedisTokenStore(redis_url, redis_key) for _ in range(3)]
    await asyncio.gather(*(enter(store) for store in (shared, shared, shared, *others)))


async def test_keys_do_not_lock_each_other(redis_url: str, redis_key: str) -> None:
    """Hundreds of accounts in one Redis."""
    async with RedisTokenStore(redis_url, redis_key).lock(), asyncio.timeout(10):
        await enter(RedisTokenStore(redis_url, f"{redis_key}:2"))


async def test_lock_waits_for_another_process(redis_url: str, redis_key: str) -> None:
    """A real process holds it; when it lets go, we go on."""
    async with _held_by_another_process(redis_url, redis_key):
        waiting = asyncio.create_task(enter(RedisTokenStore(redis_url, redis_key)))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 20)


async def test_lock_of_a_killed_process_expires(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """Nobody gives it back; it is free again by itself, and was not before."""
    async with _held_by_another_process(redis_url, redis_key, lifetime_s=2.0) as process:
        process.kill()
        await process.wait()
        assert redis_server.exists(f"{redis_key}:lock")
        async with asyncio.timeout(20):
            await enter(RedisTokenStore(redis_url, redis_key))


async def test_every_lock_expires(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """After a minute; whoever waits for it waits longer than that."""
    async with RedisTokenStore(redis_url, redis_key).lock():
        assert 0 < redis_server.pttl(f"{redis_key}:lock") <= 60_000

    assert redis_module._LOCK_LIFETIME_S < redis_module._LOCK_TIMEOUT_S


async def test_lock_that_is_never_given_back(
    redis_url: str, redis_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We say which lock another process holds instead of waiting for ever; it stays theirs."""
    monkeypatch.setattr(redis_module, "_LOCK_TIMEOUT_S", 0.2)
    other = RedisTokenStore(redis_url, redis_key)
    async with other.lock():
        with pytest.raises(TokenStoreError, match=rf"another process holds {redis_key}:lock for over 0.2 s"):
            await enter(RedisTokenStore(redis_url, redis_key))
        await other.save(PAIR)

    assert PAIR == await other.load()


async def test_lock_is_given_back_after_an_error(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """A failed refresh must not lock the next one out."""
    with pytest.raises(ZeroDivisionError):
        async with RedisTokenStore(redis_url, redis_key).lock():
            raise ZeroDivisionError

    assert not redis_server.exists(f"{redis_key}:lock")


# Cancelled on the way in and out.


async def test_cancelled_waiter_does_not_keep_the_lock(
    redis_url: str, redis_key: str, redis_server: Redis
) -> None:
    """Who gave up waiting must not get the lock later, nor take it from the one who holds it."""
    store = RedisTokenStore(redis_url, redis_key)
    async with store.lock():
        waiting = asyncio.create_task(enter(store))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert redis_server.exists(f"{redis_key}:lock")
    assert not redis_server.exists(f"{redis_key}:lock")


async def test_cancelled_in_the_middle_of_acquiring(
    redis_url: str, redis_key: str, redis_server: Redis
) -> None:
    """The command has left, its answer has not come: the lock is ours, and must not stay taken."""
    async with Relay(redis_url, answer_to=b"\r\nNX\r\n") as relay:
        entering = asyncio.create_task(enter(RedisTokenStore(relay.url, redis_key)))
        await until(relay.arrived.is_set)
        assert redis_server.exists(f"{redis_key}:lock")
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering

        assert not redis_server.exists(f"{redis_key}:lock")


async def test_answer_to_acquiring_that_never_comes(
    redis_url: str, redis_key: str, redis_server: Redis
) -> None:
    """An error for the caller; the lock that came of it all the same is given back."""
    async with Relay(redis_url, answer_to=b"\r\nNX\r\n") as relay:
        with pytest.raises(TokenStoreError, match="does not answer in time"):
            await enter(RedisTokenStore(f"{relay.url}?socket_timeout=0.2", redis_key))

    assert not redis_server.exists(f"{redis_key}:lock")


@pytest.mark.parametrize("times", [1, 2])
async def test_cancelled_in_the_middle_of_the_release(
    redis_url: str, redis_key: str, redis_server: Redis, times: int
) -> None:
    """Pitfall 22: the lock is released nevertheless, and the cancellation is not swallowed."""
    async with Relay(redis_url, request=b"EVALSHA") as relay:
        entering = asyncio.create_task(enter(RedisTokenStore(relay.url, redis_key)))
        await until(relay.arrived.is_set)
        for _ in range(times):
            entering.cancel()
            await asyncio.sleep(0.05)
        assert not entering.done()
        relay.may_pass.set()
        with pytest.raises(asyncio.CancelledError):
            await entering

        assert not redis_server.exists(f"{redis_key}:lock")


async def test_cancelled_at_any_step(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """Wherever it strikes, no lock and no connection is left behind."""
    for steps in range(60):
        entering = asyncio.create_task(enter(RedisTokenStore(redis_url, redis_key), PAIR))
        for _ in range(steps):
            await asyncio.sleep(0)
        entering.cancel()
        await asyncio.wait([entering])
        assert not redis_server.exists(f"{redis_key}:lock")


async def test_server_that_has_gone_meanwhile(
    redis_url: str, redis_key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The save says so; the release, for which nothing can be done, only warns."""
    async with Relay(redis_url) as relay:
        store = RedisTokenStore(relay.url, redis_key)
        async with store.lock():
            await relay.stop()
            with pytest.raises(TokenStoreError, match="the server cannot be reached"):
                await store.save(NEWER)
    [warning] = _warnings(caplog)

    assert warning.startswith(f"token_lock_expired: {redis_key} at redis://127.0.0.1:")
    assert "could not be given back and expires by itself: the server cannot be reached" in warning


async def test_failed_release_hides_nothing(redis_url: str, redis_key: str) -> None:
    """What went wrong under the lock is what the caller hears of."""

    async def fail(relay: Relay) -> None:
        async with RedisTokenStore(relay.url, redis_key).lock():
            await relay.stop()
            raise ZeroDivisionError

    async with Relay(redis_url) as relay:
        with pytest.raises(ZeroDivisionError):
            await fail(relay)


# Fencing: what comes after the lock has expired.


async def test_save_under_the_lock(redis_url: str, redis_key: str, caplog: pytest.LogCaptureFixture) -> None:
    """The rule, to which the following are the exceptions; again and again, with one store object."""
    store = RedisTokenStore(redis_url, redis_key)
    for pair in (PAIR, NEWER):
        await enter(store, pair)
        assert pair == await store.load()

    assert [] == _warnings(caplog)


@pytest.mark.parametrize("is_over", [True, False])
async def test_late_save_does_not_overwrite(
    redis_url: str,
    redis_key: str,
    redis_server: Redis,
    caplog: pytest.LogCaptureFixture,
    is_over: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Our lock expired while we hung; whoever had or has it since then has saved a newer pair."""
    late, other = RedisTokenStore(redis_url, redis_key), RedisTokenStore(redis_url, redis_key)
    async with late.lock():
        await _expire(redis_server, redis_key)
        async with other.lock():
            await other.save(OTHER)
            if not is_over:
                with pytest.raises(TokenStoreError, match="the lock expired meanwhile"):
                    await late.save(NEWER)
        with pytest.raises(TokenStoreError, match="the lock expired meanwhile"):
            await late.save(NEWER)
    [warning] = _warnings(caplog)

    assert OTHER == await other.load()
    assert warning.startswith("token_lock_expired: ")
    assert "somebody else may have had it" in warning


async def test_late_release_does_not_free_the_lock_of_others(
    redis_url: str, redis_key: str, redis_server: Redis
) -> None:
    """Else a third one would come in."""
    late, other = RedisTokenStore(redis_url, redis_key), RedisTokenStore(redis_url, redis_key)
    async with late.lock():
        await _expire(redis_server, redis_key)
        holding = other.lock()
        await holding.__aenter__()
    assert redis_server.exists(f"{redis_key}:lock")
    await holding.__aexit__(None, None, None)
    assert not redis_server.exists(f"{redis_key}:lock")


async def test_late_save_in_a_child_task(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """A shield or a timeout puts the save into a task of its own: it is still the holder's."""
    store = RedisTokenStore(redis_url, redis_key)
    async with store.lock():
        await asyncio.create_task(store.save(PAIR))
        await _expire(redis_server, redis_key)
        for saving in (asyncio.create_task(store.save(NEWER)), asyncio.shield(store.save(NEWER))):
            with pytest.raises(TokenStoreError, match="the lock expired meanwhile"):
                await saving

    assert PAIR == await store.load()


async def test_saves_of_other_tasks_are_no_saves_of_the_holder(
    redis_url: str, redis_key: str, redis_server: Redis
) -> None:
    """A person who pastes a new pair wins, whether or not a session refreshes on the same store."""
    store = RedisTokenStore(redis_url, redis_key)
    is_time = asyncio.Event()

    async def paste(pair: TokenPair) -> None:
        await is_time.wait()
        await store.save(pair)

    pasting = asyncio.create_task(paste(NEWER))
    async with store.lock():
        await _expire(redis_server, redis_key)
        is_time.set()
        await pasting
        with pytest.raises(TokenStoreError, match="the lock expired meanwhile"):
            await store.save(PAIR)
    assert NEWER == await store.load()
    async with RedisTokenStore(redis_url, redis_key).lock():
        await store.save(OTHER)
    assert OTHER == await store.load()


async def test_two_holders_of_one_store(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """One object, two tasks: the lock of the first expires, the second gets it; each has its own fence."""
    store = RedisTokenStore(redis_url, redis_key)
    may_go_on = asyncio.Event()

    async def hang() -> None:
        async with store.lock():
            await may_go_on.wait()
            await store.save(PAIR)

    hanging = asyncio.create_task(hang())
    await until(lambda: redis_server.exists(f"{redis_key}:lock"))
    await _expire(redis_server, redis_key)
    async with store.lock():
        may_go_on.set()
        with pytest.raises(TokenStoreError, match="the lock expired meanwhile"):
            await hanging
        await store.save(NEWER)
    assert NEWER == await store.load()


async def test_locks_of_two_stores_in_one_task(redis_url: str, redis_key: str, redis_server: Redis) -> None:
    """As a tool does that moves a pair; each save knows its own lock, in whatever order they end."""
    one, two = RedisTokenStore(redis_url, redis_key), RedisTokenStore(redis_url, f"{redis_key}:2")
    first, second = one.lock(), two.lock()
    await first.__aenter__()
    await second.__aenter__()
    await one.save(PAIR)
    await first.__aexit__(None, None, None)
    await _expire(redis_server, f"{redis_key}:2")
    with pytest.raises(TokenStoreError, match="the lock expired meanwhile"):
        await two.save(PAIR)
    await second.__aexit__(None, None, None)


async def test_fence_is_gone_with_the_lock(redis_url: str, redis_key: str) -> None:
    """Also for a task that was begun under the lock and lives on, as that which saves again and again."""
    store = RedisTokenStore(redis_url, redis_key)
    is_time = asyncio.Event()

    async def save_later() -> None:
        await is_time.wait()
        await store.save(PAIR)
        await enter(store, NEWER)

    async with store.lock():
        saving = asyncio.create_task(save_later())
    is_time.set()
    await saving
    assert NEWER == await store.load()
