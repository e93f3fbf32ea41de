"""Files that appear only when they are complete."""

import glob
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_LEFTOVER_AGE_S = 60.0


class AtomicFile:
    """A file that appears under its name only when it is complete.

    Bytes go to a hidden file in the same directory, which then takes the name. All methods block:
    give them to `disk.run()`.
    """

    def __init__(self, path: Path, *, mode: int = 0o666, durable: bool = False) -> None:
        """Prepare a file; nothing is touched yet.

        Args:
            path: Where the file appears at last.
            mode: Permission bits, less the umask.
            durable: Whether the file must survive a power failure once it is committed.
        """
        self._path = path
        self._part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._mode = mode
        self._durable = durable
        self._file: BinaryIO | None = None

    def write(self, chunks: Iterable[bytes]) -> None:
        """Append bytes."""
        if self._file is None:
            # "x": a file that stands there already, or a link that somebody laid, is an error.
            self._file = open(self._part, "xb", opener=self._open)  # noqa: SIM115  # commit() and discard() close it
        self._file.writelines(chunks)

    def read_back(self, piece_bytes: int) -> Iterator[bytes]:
        """Give what was written so far, in pieces."""
        if self._file is None:
            return
        self._file.flush()
        with self._part.open("rb") as written:
            while piece := written.read(piece_bytes):
                yield piece

    def commit(self, chunks: Iterable[bytes] = (), *, replaces: bool = True) -> None:
        """Append the last bytes and give the file its name.

        Raises:
            FileExistsError: There is one of that name already, and it is not to be replaced.
        """
        self.write(chunks)
        file, self._file = self._file, None
        assert file is not None  # noqa: S101  # write() opened it
        with file:
            file.flush()
            if self._durable:
                os.fsync(file.fileno())
        if replaces:
            self._part.replace(self._path)
        else:
            os.link(self._part, self._path)
            self._part.unlink()
        if self._durable:
            _sync_directory(self._path.parent)

    def discard(self) -> None:
        """Remove what was written; after `commit()` there is nothing to remove."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # closing flushes, onto the disk that may just have filled up
                file.close()
        with suppress(OSError):  # the failure that led here is the one to tell
            self._part.unlink(missing_ok=True)

    def _open(self, path: str, flags: int) -> int:
        try:
            return os.open(path, flags, self._mode)
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, self._mode)


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed in the middle of writing this file have left of it."""
    oldest = time.time() - _LEFTOVER_AGE_S  # what is younger, another process may be writing just now
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):  # gone, or of somebody else: it harms nobody
            if part.stat().st_mtime < oldest:
                part.unlink()


def _sync_directory(directory: Path) -> None:
    if os.name == "nt":  # pragma: no cover  # Windows has no such call
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
