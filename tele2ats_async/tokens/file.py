"""Tokens in a file that only its owner can read."""

import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from .. import disk
from ..errors import TokenStoreError
from .pair import TokenPair
from .spelling import FORM, decode_pair, encode_pair

_LOCK_TIMEOUT_S = 60.0
_LOCK_POLL_S = 0.05


class FileTokenStore:
    """Keeps the pair in a JSON file, in the form in which the service issues it.

    ``{"accessToken": "…", "refreshToken": "…"}``, written to a temporary file, flushed to the disk and
    renamed, with mode 0600. A lock file beside it keeps other processes out while one refreshes.

    Args:
        path: The file.
        initial: A pair that is used, and written, where the file does not exist yet.

    Source: section 2.
    """

    def __init__(self, path: str | os.PathLike[str], *, initial: TokenPair | None = None) -> None:
        # A link is followed now: renaming onto it would replace the link, not its target.
        self._path = Path(os.path.realpath(path))
        self._initial = initial
        # Loaded with the first store, for the package loads faster without; and not with the first lock,
        # when there may be no more files that can be opened.
        import_module("filelock")

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    async def load(self) -> TokenPair:
        """Read the pair from the file.

        Raises:
            TokenStoreError: The file is missing, unreadable, malformed or readable by everybody.
        """
        try:
            content = await disk.run(_read_private, self._path)
        except FileNotFoundError:
            await self._begin()
            return await self.load()
        except OSError as error:
            raise self._failure(f"cannot be read: {error.strerror}") from error
        self._initial = None  # once there is a file, it is older than whatever the file held
        return decode_pair(content, str(self._path))

    async def save(self, pair: TokenPair) -> None:
        """Write the pair to the file, durably.

        Raises:
            TokenStoreError: The disk is full, the directory read-only, and the like; the file is as
                it was.
        """
        content = encode_pair(pair)
        try:
            await disk.run(_write_private, self._path, content)
        except OSError as error:
            raise self._failure(f"cannot be written: {error.strerror}") from error

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Hold the lock file.

        Raises:
            TokenStoreError: Another process holds it for too long, or it cannot be made.
        """
        from filelock import AsyncFileLock, Timeout  # noqa: PLC0415  # loaded already, see __init__()

        path = f"{self._path}.lock"
        # Polled on the loop: a thread that waits for a lock would get it for a caller long cancelled.
        lock = AsyncFileLock(path, thread_local=False, run_in_executor=False, mode=0o600)
        try:
            await lock.acquire(timeout=_LOCK_TIMEOUT_S, poll_interval=_LOCK_POLL_S)
        except Timeout as error:
            raise self._failure(f"another process holds {path} for over {_LOCK_TIMEOUT_S:g} s") from error
        except OSError as error:
            raise self._failure(f"cannot make {path}: {error.strerror}") from error
        try:
            yield
        finally:
            await lock.release()

    async def _begin(self) -> None:
        if self._initial is None:
            raise self._failure(
                f"does not exist; write the pair from the web cabinet into it by `tele2ats tokens set`, or as {FORM},"
                " readable by you alone (mode 0600)"
            )
        try:
            await disk.run(_write_private, self._path, encode_pair(self._initial), False)
        except FileExistsError:
            pass  # another process has begun it, and may have refreshed already: what it holds counts
        except OSError as error:
            raise self._failure(f"cannot be written: {error.strerror}") from error

    def _failure(self, reason: str) -> TokenStoreError:
        return TokenStoreError(str(self._path), reason)


def _read_private(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name != "nt" and mode & stat.S_IROTH:
            raise TokenStoreError(
                str(path), f"everybody on this system can read it (mode {mode:04o}); run: chmod 600 {path}"
            )
        return file.read()


def _write_private(path: Path, content: bytes, replaces: bool = True) -> None:  # noqa: FBT001, FBT002  # for a thread
    file = disk.AtomicFile(path, mode=0o600, durable=True)
    try:
        file.commit([content], replaces=replaces)
    finally:
        file.discard()
    disk.remove_leftovers(path)  # they hold tokens
