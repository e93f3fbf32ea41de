"""A token store in PostgreSQL 14 or newer, with asyncpg: for many processes, and many accounts."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any

import asyncpg

from tele2ats_async import TokenPair, TokenStoreError

TABLE = """
CREATE TABLE IF NOT EXISTS tele2ats_tokens (
    account text PRIMARY KEY,
    access_token text NOT NULL,
    refresh_token text NOT NULL
)
"""
LOAD = "SELECT access_token, refresh_token FROM tele2ats_tokens WHERE account = $1"
SAVE = """
INSERT INTO tele2ats_tokens (account, access_token, refresh_token) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE
SET access_token = EXCLUDED.access_token, refresh_token = EXCLUDED.refresh_token
"""
LOCK = "SELECT pg_advisory_lock(hashtextextended('tele2ats_tokens ' || $1, 0))"
# The server hangs up on a holder that hangs, which frees the lock. No refresh takes this long.
LIMIT = "SET idle_session_timeout = '180s'"

LOCK_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 10.0
# asyncpg has no base class for what it raises; a TimeoutError is an OSError.
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class PostgresTokenStore:
    """Keeps the pair of an account in its row of the table ``tele2ats_tokens``.

    The lock belongs to a session of the server, and ends with the connection: a killed process keeps
    nobody out, as a mark in a row would. A transaction ends with it too, but nothing that is saved in
    one is durable before it commits. The holder reads and writes on the connection that has the lock:
    tasks that wait for it may take up the whole pool, and the holder still gets on.

    Args:
        pool: Connections to the server itself, or through a pooler that keeps sessions apart.
        account: What to call the account.
    """

    def __init__(self, pool: asyncpg.Pool, account: str) -> None:
        self._pool = pool
        self._account = account
        # Seen by the holder's child tasks too, in one of which a session refreshes.
        self._held: ContextVar[Any] = ContextVar("tele2ats_postgres_lock", default=None)

    def __repr__(self) -> str:
        return f"PostgresTokenStore({self._account!r})"

    async def load(self) -> TokenPair:
        """Read the pair from its row."""
        row = await self._ask("cannot be read", self._connection.fetchrow, LOAD, self._account)
        if row is None:
            raise self._failure("holds no pair; save() the one from the web cabinet")
        try:
            return TokenPair(row["access_token"], row["refresh_token"])
        except ValueError as error:
            raise self._failure(str(error)) from None

    async def save(self, pair: TokenPair) -> None:
        """Write the pair into its row; a statement outside a transaction commits."""
        values = self._account, pair.access, pair.refresh
        await self._ask("cannot be written", self._connection.execute, SAVE, *values)

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Hold the advisory lock of the account."""
        trouble = "cannot be locked"
        connection = await self._ask(trouble, self._pool.acquire, within_s=LOCK_TIMEOUT_S)
        try:
            await self._ask(trouble, connection.execute, LIMIT)
            await self._ask(trouble, connection.execute, LOCK, self._account, within_s=LOCK_TIMEOUT_S)
            self._held.set(connection)
            try:
                yield
            finally:
                self._held.set(None)
        finally:
            # The pool resets the session, which frees the lock. Where the session is lost, so is the lock.
            with suppress(*ERRORS):
                await self._pool.release(connection, timeout=ANSWER_TIMEOUT_S)

    @property
    def _connection(self) -> Any:
        return self._held.get() or self._pool

    async def _ask(
        self,
        trouble: str,
        call: Callable[..., Awaitable[Any]],
        *args: str,
        within_s: float = ANSWER_TIMEOUT_S,
    ) -> Any:
        try:
            return await call(*args, timeout=within_s)
        except ERRORS as error:
            # Its name alone: the text may show the row, or the arguments.
            trouble = f"{trouble}: {type(error).__name__}"
        raise self._failure(trouble)  # after the `except`: what holds the text does not come along

    def _failure(self, reason: str) -> TokenStoreError:
        return TokenStoreError(f"PostgreSQL, account {self._account}", reason)
