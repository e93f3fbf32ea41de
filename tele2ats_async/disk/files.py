"""Files that appear only when they are complete."""

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

_LEFTOVER_AGE_S = 60.0
# Pieces that the system takes in one call; it refuses more than 1024.
_PIECES_AT_ONCE = 512
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _number_anew() -> None:
    global _numbers  # noqa: PLW0603  # one for the process
    _numbers = itertools.count(int.from_bytes(os.urandom(4)))


# Random bytes for each file would cost as much as writing a small one.
_numbers: Iterator[int]
_number_anew()
if hasattr(os, "register_at_fork"):  # pragma: no branch  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_number_anew)


class AtomicFile:
    """A file that appears under its name only when it is complete.

    Bytes go to a hidden file in the same directory, which then takes the name. All methods block:
    give them to `disk.run()`.
    """

    def __init__(self, path: str | os.PathLike[str], *, mode: int = 0o666, durable: bool = False) -> None:
        """Prepare a file; nothing is touched yet.

        Args:
            path: Where the file appears at last.
            mode: Permission bits, less the umask.
            durable: Whether the file must survive a power failure once it is committed.
        """
        self._path = os.fspath(path)
        self._directory, name = os.path.split(self._path)
        number = next(_numbers) & 0xFFFFFFFF
        self._part = os.path.join(self._directory, f".{name}.{number:08x}.part")  # noqa: PTH118  # a Path costs more
        self._mode = mode
        self._durable = durable
        self._descriptor: int | None = None

    def write(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Append bytes."""
        _write(self._open(), pieces)

    def read_back(self, piece_bytes: int) -> Iterator[bytes]:
        """Give what was written so far, in pieces."""
        if self._descriptor is None:
            return
        with open(self._part, "rb") as written:  # noqa: PTH123  # as above
            while piece := written.read(piece_bytes):
                yield piece

    def commit(self, pieces: Sequence[bytes | memoryview] = (), *, replaces: bool = True) -> None:
        """Append the last bytes and give the file its name.

        Raises:
            FileExistsError: There is one of that name already, and it is not to be replaced.
        """
        descriptor = self._open()
        _write(descriptor, pieces)
        if self._durable:
            os.fsync(descriptor)
        self._descriptor = None
        os.close(descriptor)
        if replaces:
            os.replace(self._part, self._path)  # noqa: PTH105  # as above
        else:
            os.link(self._part, self._path)
            os.unlink(self._part)  # noqa: PTH108  # as above
        if self._durable:
            _sync_directory(self._directory)

    def discard(self) -> None:
        """Remove what was written; after `commit()` there is nothing to remove."""
        descriptor, self._descriptor = self._descriptor, None
        with suppress(OSError):  # the failure that led here is the one to tell
            if descriptor is not None:
                os.close(descriptor)
        with suppress(OSError):
            os.unlink(self._part)  # noqa: PTH108  # as above

    def _open(self) -> int:
        # Exclusively: a file that stands there already, or a link that somebody laid, is an error.
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._part, _FLAGS, self._mode)
            except FileNotFoundError:
                os.makedirs(self._directory, exist_ok=True)  # noqa: PTH103  # as above
                self._descriptor = os.open(self._part, _FLAGS, self._mode)
        return self._descriptor


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that appears when it is complete, in the place of one that is there; blocks."""
    file = AtomicFile(path)
    try:
        file.commit([content])
    except BaseException:
        file.discard()
        raise


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed in the middle of writing this file have left of it."""
    from glob import escape  # noqa: PLC0415  # the package loads faster without

    oldest = time.time() - _LEFTOVER_AGE_S  # what is younger, another process may be writing just now
    for part in path.parent.glob(f".{escape(path.name)}.*.part"):
        with suppress(OSError):  # gone, or of somebody else: it harms nobody
            if part.stat().st_mtime < oldest:
                part.unlink()


def _write(descriptor: int, pieces: Sequence[bytes | memoryview]) -> None:
    """Write all pieces, in one call where they are few."""
    for first in range(0, len(pieces), _PIECES_AT_ONCE):
        group = pieces[first : first + _PIECES_AT_ONCE]
        left_bytes = sum(map(len, group)) - _write_some(descriptor, group)
        if left_bytes:  # a full disk takes a part, and says why only when it is asked once more
            _write_all(descriptor, b"".join(group)[-left_bytes:])


def _write_some(descriptor: int, pieces: Iterable[bytes | memoryview]) -> int:
    if hasattr(os, "writev"):
        return os.writev(descriptor, list(pieces))
    return os.write(descriptor, b"".join(pieces))  # pragma: no cover  # Windows


def _write_all(descriptor: int, rest: bytes) -> None:
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_directory(directory: str) -> None:
    if os.name == "nt":  # pragma: no cover  # Windows has no such call
        return
    descriptor = os.open(directory or os.curdir, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
