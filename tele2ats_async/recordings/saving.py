"""One recording, or its transcript, onto the disk: whole or not at all."""

import errno
import stat
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import ParamSpec, TypeVar

import attrs

from .. import disk
from ..errors import StorageError
from ..models import TranscriptWord
from ..transport import Incoming
from ..wire.operations import FETCH_RECORDING, FETCH_TRANSCRIPT
from .files import FileRequests
from .names import path_below
from .stream import open_stream

P = ParamSpec("P")
T = TypeVar("T")

Progress = Callable[[str, int], None]

# What one download holds in memory before it goes to the disk, in one piece.
_BATCH_BYTES = 512 * 1024


def no_progress(name: str, size_bytes: int) -> None:
    """Stand in for a progress callback where nobody wants to know."""


@attrs.frozen
class SavedFile:
    """A file that is there now.

    Attributes:
        skipped: Whether it had been there before.
    """

    path: Path
    size_bytes: int
    skipped: bool


class Saver:
    """Saves recordings and transcripts below a directory, under their final names when complete."""

    def __init__(self, files: FileRequests) -> None:
        self._files = files

    async def save_recording(self, name: str, directory: Path, progress: Progress) -> SavedFile:
        """Save a recording as ``.mp3``, unless it is there."""
        path = path_below(directory, name, ".mp3")
        if size_bytes := _size_bytes(name, path):
            return SavedFile(path, size_bytes, skipped=True)
        size_bytes = await self._files.retrying(FETCH_RECORDING, self._download, name, path, progress)
        return SavedFile(path, size_bytes, skipped=False)

    async def save_transcript(self, name: str, directory: Path) -> SavedFile:
        """Save a transcript as ``.json``, byte for byte as the service sent it, unless it is there."""
        path = path_below(directory, name, ".json")
        if size_bytes := _size_bytes(name, path):
            return SavedFile(path, size_bytes, skipped=True)
        content = await self._files.retrying(FETCH_TRANSCRIPT, self._read_transcript, name)
        await _on_disk(name, path, _write_whole, path, content)
        return SavedFile(path, len(content), skipped=False)

    async def _download(self, name: str, path: Path, progress: Progress) -> int:
        file = disk.AtomicFile(path)
        try:
            return await self._receive(name, path, file, progress)
        except BaseException:
            await disk.run(file.discard)
            raise

    async def _receive(self, name: str, path: Path, file: disk.AtomicFile, progress: Progress) -> int:
        batch: list[bytes] = []
        batch_bytes = size_bytes = 0
        async with (
            self._files.open(FETCH_RECORDING, name, open_stream) as stream,
            aclosing(aiter(stream)) as chunks,
        ):
            async for chunk in chunks:
                batch.append(chunk)
                batch_bytes += len(chunk)
                progress(name, len(chunk))
                if batch_bytes >= _BATCH_BYTES:
                    await _on_disk(name, path, file.write, batch)
                    size_bytes += batch_bytes
                    batch, batch_bytes = [], 0
        await _on_disk(name, path, file.commit, batch)
        return size_bytes + batch_bytes

    async def _read_transcript(self, name: str) -> bytes:
        async with self._files.open(FETCH_TRANSCRIPT, name, _read_checked) as content:
            return content


async def _read_checked(_: str, incoming: Incoming[list[TranscriptWord]]) -> bytes:
    await incoming.decode()  # only to see that it is a transcript
    return await incoming.read()


async def _on_disk(name: str, path: Path, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await disk.run(work, *args, **kwargs)
    except OSError as error:
        where = str(error.filename or path)
        raise StorageError(name, error.errno, error.strerror or str(error), where) from error


def _size_bytes(name: str, path: Path) -> int:
    """Give the size of a file, 0 where there is none.

    On the loop: asking takes microseconds, a thread would take a hundred.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StorageError(name, error.errno, error.strerror, str(path)) from error
    if not stat.S_ISREG(status.st_mode):
        raise StorageError(name, errno.EEXIST, "something else than a file has its name", str(path))
    return status.st_size


def _write_whole(path: Path, content: bytes) -> None:
    file = disk.AtomicFile(path)
    try:
        file.commit([content])
    except BaseException:
        file.discard()
        raise
