"""A PostgreSQL in memory that understands the statements of the example and no other.

It goes by asyncpg's names and stands in for it, so that the example is tested where there is no
asyncpg. What it does was seen in a real one: a cancelled statement may have been carried out or
not, releasing a connection resets its session, and one that the server closed raises at the call.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

_LOAD = "SELECT access_token, refresh_token FROM tele2ats_tokens WHERE account = $1"
_SAVE = (
    "INSERT INTO tele2ats_tokens (account, access_token, refresh_token) VALUES ($1, $2, $3)"
    " ON CONFLICT (account) DO UPDATE"
    " SET access_token = EXCLUDED.access_token, refresh_token = EXCLUDED.refresh_token"
)
_LOCK = "SELECT pg_advisory_lock(hashtextextended('tele2ats_tokens ' || $1, 0))"
_SET = "SET idle_session_timeout = "


class PostgresError(Exception):
    """What the server says."""


class PostgresSyntaxError(PostgresError):
    """Also for what is right in a real one, and not known here."""


class CheckViolationError(PostgresError):
    """Shows the row that was refused."""


class InterfaceError(Exception):
    """What asyncpg says of its use."""


class InternalClientError(Exception):
    """What asyncpg says of itself."""


class Server:
    """The rows, the advisory locks and the sessions."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = {}
        self.sessions: list[Session] = []
        self.holders: dict[str, Session] = {}
        self.freed = asyncio.Condition()
        self.fault: Exception | None = None

    async def carry_out(self, session: "Session", statement: str, args: tuple[str, ...]) -> Any:
        """Do what a statement says, whose text may be broken into lines anywhere."""
        if self.fault is not None:
            raise self.fault
        match " ".join(statement.split()), args:
            case (text, (account,)) if text == _LOAD:
                return self.rows.get(account)
            case (text, (account, access, refresh)) if text == _SAVE:
                self.rows[account] = {"access_token": access, "refresh_token": refresh}
            case (text, (account,)) if text == _LOCK:
                await self._lock(session, account)
            case (text, ()) if text.startswith(_SET):
                session.idle_timeout = text.removeprefix(_SET)
            case _:
                raise PostgresSyntaxError("syntax error")
        return None

    async def _lock(self, session: "Session", account: str) -> None:
        async with self.freed:
            await self.freed.wait_for(lambda: self.holders.get(account, session) is session)
            self.holders[account] = session

    async def reset(self, session: "Session") -> None:
        """Free what the session has locked, and forget what it has set."""
        session.idle_timeout = None
        async with self.freed:
            self.holders = {account: held for account, held in self.holders.items() if held is not session}
            self.freed.notify_all()

    async def hang_up_on(self, session: "Session") -> None:
        """End a session, as the server does with one that is idle for too long."""
        session.is_closed = True
        await self.reset(session)


class Session:
    """A connection of a pool, and the server's end of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.idle_timeout: str | None = None
        self.is_closed = False
        self._is_busy = False
        server.sessions.append(self)

    def execute(self, statement: str, *args: str, timeout: float) -> Awaitable[Any]:
        if self.is_closed:
            raise InterfaceError("connection has been released back to the pool")  # at once, as asyncpg does
        return self._execute(statement, args, timeout)

    fetchrow = execute

    async def _execute(self, statement: str, args: tuple[str, ...], timeout: float) -> Any:  # noqa: ASYNC109  # asyncpg's
        if self._is_busy:
            raise InterfaceError("another operation is in progress")
        self._is_busy = True
        try:
            async with asyncio.timeout(timeout):
                await asyncio.sleep(0)
                answer = await self.server.carry_out(self, statement, args)
                await asyncio.sleep(0)
                return answer
        finally:
            self._is_busy = False


class Pool:
    """So many connections, lent to one at a time."""

    def __init__(self, server: Server, size: int) -> None:
        self.server = server
        self.free: asyncio.Queue[Session | None] = asyncio.Queue()
        for _ in range(size):
            self.free.put_nowait(None)

    async def acquire(self, *, timeout: float) -> Session:  # noqa: ASYNC109  # asyncpg's
        async with asyncio.timeout(timeout):
            session = await self.free.get()
        return session if session is not None else Session(self.server)

    async def release(self, session: Session, *, timeout: float) -> None:  # noqa: ASYNC109  # asyncpg's
        await asyncio.shield(asyncio.wait_for(self._take_back(session), timeout))

    async def execute(self, statement: str, *args: str, timeout: float) -> Any:  # noqa: ASYNC109  # asyncpg's
        session = await self.acquire(timeout=timeout)
        try:
            return await session.execute(statement, *args, timeout=timeout)
        finally:
            await self.release(session, timeout=timeout)

    fetchrow = execute

    async def _take_back(self, session: Session) -> None:
        await self.server.reset(session)
        self.free.put_nowait(None if session.is_closed else session)
