"""The index: one SQLite file, one connection, one transaction at a time, all in one thread."""

import errno
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from filelock import AsyncFileLock, Timeout

from .. import disk
from ..errors import ArchiveError, StorageError
from .schema import MAKE_ANEW, StrangeFileError, prepare
from .storage import storage_error

P = ParamSpec("P")
T = TypeVar("T")

INDEX_FILE = "archive.sqlite3"
LOCK_FILE = ".archive.lock"

_BUSY_TIMEOUT_S = 10.0  # for another program that writes
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
# By the first byte of SQLite's codes, the others of which say in which call it was. Only of a full disk does it
# keep the system's number.
_OF_THE_DISK = {
    sqlite3.SQLITE_FULL: (errno.ENOSPC, os.strerror(errno.ENOSPC)),
    sqlite3.SQLITE_IOERR: (errno.EIO, "a quota or a limit is reached, or the disk is broken"),
}


class Index:
    """The index of one archive.

    Attributes:
        directory: The archive's directory.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._crew = disk.Crew("index", 1)
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file, or make it.

        Raises:
            ArchiveError: It cannot be opened, or is no index.
            StorageError: The disk is full or broken.
        """
        await self._crew.run(self._open)

    async def close(self) -> None:
        """Close the file, if it is open, and let the thread end."""
        try:
            await self._crew.run(self._close)
        finally:
            self._crew.finish()

    async def do(self, work: Callable[Concatenate["Index", P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do some work in the thread of the index, which makes its transactions itself."""
        return await self._crew.run(lambda: work(self, *args, **kwargs))

    async def run(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do some work on the index in its thread, in one transaction.

        Raises:
            ArchiveError: The index failed; nothing of the work is done.
            StorageError: The disk is full or broken; the same.
        """
        return await self._crew.run(lambda: self.transact(work, *args, **kwargs))

    def transact(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do the same where one is in the thread already."""
        connection = self._connection
        assert connection is not None  # noqa: S101  # open() came before
        with telling_of_failures(self.directory):
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection, *args, **kwargs)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk ends some by itself
                    connection.execute("ROLLBACK")
                raise
            return result

    def _open(self) -> None:
        with telling_of_failures(self.directory):
            self._connection = sqlite3.connect(
                self.directory / INDEX_FILE, timeout=_BUSY_TIMEOUT_S, isolation_level=None
            )
            prepare(self._connection)

    def _close(self) -> None:
        with telling_of_failures(self.directory):
            if self._connection is not None:
                self._connection.close()


def read_only(place: Path) -> str:
    """Give the URI by which SQLite opens an index to read it, and makes none."""
    return f"{place.absolute().as_uri()}?mode=ro"


@contextmanager
def telling_of_failures(directory: Path) -> Generator[None, None, None]:
    """Turn what SQLite says of an archive's index into own errors."""
    try:
        yield
    except StrangeFileError as error:
        raise ArchiveError(str(directory), f"{INDEX_FILE} {error}") from None
    except sqlite3.DatabaseError as error:
        # What Python itself finds wrong with a text has no code, and the class of those that are locked or full.
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and (family := code & 0xFF) in _OF_THE_DISK:
            raise StorageError(INDEX_FILE, *_OF_THE_DISK[family], str(directory)) from error
        if code is not None and isinstance(error, sqlite3.OperationalError):  # locked, not writable
            raise ArchiveError(str(directory), f"{INDEX_FILE} cannot be used: {error}") from error
        raise ArchiveError(str(directory), f"{INDEX_FILE} is damaged: {error}; {MAKE_ANEW}") from error


@asynccontextmanager
async def open_index(directory: Path) -> AsyncGenerator[Index, None]:
    """Open the index of an archive for oneself alone; directory and index are made where they are missing.

    Raises:
        ArchiveError: Somebody else is at work on it, or it cannot be opened.
        StorageError: The disk is full, read-only or broken.
    """
    async with _locked(directory):
        index = Index(directory)
        try:
            await index.open()
            yield index
        finally:
            await index.close()


@asynccontextmanager
async def _locked(directory: Path) -> AsyncGenerator[None, None]:
    lock = AsyncFileLock(directory / LOCK_FILE, thread_local=False, run_in_executor=False)
    try:
        await disk.run(lambda: directory.mkdir(parents=True, exist_ok=True))
        await lock.acquire(timeout=0)
    except Timeout:
        raise ArchiveError(str(directory), "another mirror is at work on it") from None
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise storage_error(INDEX_FILE, error, directory) from error
        raise ArchiveError(str(directory), f"cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        await lock.release()
