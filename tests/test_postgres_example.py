import asyncio
import importlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

import fake_postgres
import pytest
from raw_service import PAIR

from tele2ats_async import TokenPair, TokenStore, TokenStoreError
from tele2ats_async.testing import check_token_store

pytestmark = pytest.mark.asyncio

NEWER = TokenPair("access-secret-2", "refresh-secret-2")
OpenPostgres = Callable[..., TokenStore]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the example as its readers would, on a stand-in for asyncpg."""
    monkeypatch.setitem(sys.modules, "asyncpg", fake_postgres)
    monkeypatch.delitem(sys.modules, "postgres_token_store", raising=False)
    module = importlib.import_module("postgres_token_store")
    monkeypatch.delitem(sys.modules, "postgres_token_store")
    return module


@pytest.fixture
def server() -> fake_postgres.Server:
    """Start a server without rows."""
    return fake_postgres.Server()


@pytest.fixture
def open_store(example: Any, server: fake_postgres.Server) -> OpenPostgres:
    """Open stores that share one pool of a few connections."""
    pool = fake_postgres.Pool(server, size=3)
    return lambda account="one": example.PostgresTokenStore(pool, account)


async def test_the_example_passes_the_check(open_store: OpenPostgres) -> None:
    """What the page shows is what the page says."""
    await check_token_store(open_store)


async def test_processes_share_a_row(example: Any, server: fake_postgres.Server) -> None:
    """As above, with a pool for each store: no two share more than the server."""
    await check_token_store(lambda: example.PostgresTokenStore(fake_postgres.Pool(server, size=2), "one"))


async def test_accounts_are_apart(open_store: OpenPostgres) -> None:
    """Each has a row and a lock of its own."""
    one, two = open_store("one"), open_store("two")
    await one.save(PAIR)
    await two.save(NEWER)

    assert (PAIR, NEWER) == (await one.load(), await two.load())
    async with one.lock(), asyncio.timeout(5), two.lock():
        pass


async def test_more_waiters_than_connections(open_store: OpenPostgres) -> None:
    """The holder needs no second connection, which the waiters would not leave it."""
    store = open_store()
    await store.save(PAIR)

    async def work() -> None:
        async with store.lock():
            await store.save(await store.load())

    async with asyncio.timeout(5):
        await asyncio.gather(*(work() for _ in range(20)))


async def test_no_row(open_store: OpenPostgres) -> None:
    """The first thing that a newcomer meets; the text names the account."""
    with pytest.raises(TokenStoreError, match="account one: holds no pair; save") as caught:
        await open_store().load()

    assert "PostgreSQL, account one" == caught.value.store


async def test_a_row_that_holds_no_tokens(open_store: OpenPostgres, server: fake_postgres.Server) -> None:
    """Pasted with its line break: an error of the store, which does not show it."""
    server.rows["one"] = {"access_token": "secret\n", "refresh_token": "secret"}
    with pytest.raises(TokenStoreError, match="access: the token holds white space") as caught:
        await open_store().load()

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        fake_postgres.CheckViolationError(f"Failing row contains ({PAIR.access})."),
        fake_postgres.InterfaceError(f"invalid input for query argument $1: {PAIR.access}"),
        fake_postgres.InternalClientError("another operation (2) is in progress"),
        ConnectionRefusedError(111, "refused"),
        TimeoutError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_errors_of_the_server(
    open_store: OpenPostgres, server: fake_postgres.Server, fault: Exception
) -> None:
    """Each is a TokenStoreError that names it, and nothing of its text, where a token may stand, is kept."""
    store = open_store()
    server.fault = fault
    for call in (store.load(), store.save(PAIR), store.lock().__aenter__()):
        with pytest.raises(TokenStoreError, match=type(fault).__name__) as caught:
            await call

        assert caught.value.__context__ is None
        assert PAIR.access not in "".join(traceback.format_exception(caught.value))
    server.fault = None
    async with asyncio.timeout(5), store.lock():
        await store.save(PAIR)


async def test_a_lock_that_is_never_given_back(
    example: Any, open_store: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits too long is told, and leaves no connection behind that waits on."""
    monkeypatch.setattr(example, "LOCK_TIMEOUT_S", 0.02)
    store = open_store()
    async with store.lock():
        for _ in range(5):
            with pytest.raises(TokenStoreError, match="cannot be locked: TimeoutError"):
                await open_store().lock().__aenter__()
    async with store.lock():
        pass


async def test_a_holder_that_hangs(open_store: OpenPostgres, server: fake_postgres.Server) -> None:
    """The server was told how long to bear it; then the next one gets the lock, and the first no pair in."""
    store, other = open_store(), open_store()
    await store.save(PAIR)
    async with store.lock():
        (holder,) = server.holders.values()
        assert "'180s'" == holder.idle_timeout
        await server.hang_up_on(holder)
        async with asyncio.timeout(5), other.lock():
            await other.save(NEWER)
        with pytest.raises(TokenStoreError, match="cannot be written: InterfaceError"):
            await store.save(PAIR)

    assert NEWER == await store.load()
    assert {None} == {session.idle_timeout for session in server.sessions}


async def test_the_server_goes_away_before_the_lock_is_given_back(
    open_store: OpenPostgres, server: fake_postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done in the body stays done: a lock that is lost with its session is no error."""

    async def fail(_: fake_postgres.Session) -> None:
        raise ConnectionResetError

    async with open_store().lock():
        monkeypatch.setattr(server, "reset", fail)


async def test_the_table_has_the_columns(example: Any) -> None:
    """The DDL of the page and its statements speak of the same."""
    for column in ("account text PRIMARY KEY", "access_token text NOT NULL", "refresh_token text NOT NULL"):
        assert column in example.TABLE
    assert "CREATE TABLE IF NOT EXISTS tele2ats_tokens (" in example.TABLE


async def test_repr_shows_the_account(open_store: OpenPostgres) -> None:
    """Rule 7: and no token."""
    assert "PostgresTokenStore('one')" == repr(open_store())
