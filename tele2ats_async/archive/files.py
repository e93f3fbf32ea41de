"""The files of an archive: what they hold, and what is left of earlier runs. All of it blocks."""

import errno
import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

import attrs
import orjson

from ..recordings import PARTIAL, RECORDING, TRANSCRIPT, may_be_whole, partial_path, path_below
from ..recordings.frames import ends_with_whole_frame
from .names import OWN_FILES

SET_ASIDE = ".damaged"

_PIECE_BYTES = 1024 * 1024
_DIGESTED_BYTES = 64 * 1024

_PART = re.compile(
    rf"\.(.+(?:{re.escape(RECORDING)}|{re.escape(TRANSCRIPT)}))\.[0-9a-f]{{8}}\.part", re.DOTALL
)
_BEGINNING = re.compile(rf"\.(.+{re.escape(RECORDING)}){re.escape(PARTIAL)}", re.DOTALL)


class _Memory(threading.local):
    """What each thread reads files into, and does not ask for with every file."""

    def __init__(self) -> None:
        self.piece = memoryview(bytearray(_DIGESTED_BYTES))


_memory = _Memory()


@attrs.frozen
class Digest:
    """What a file holds.

    Attributes:
        sha256: In hexadecimal digits.
    """

    size_bytes: int
    sha256: str


def digest(path: Path) -> Digest:
    """Read a file.

    Raises:
        OSError: It cannot be read, or is no file: a pipe would be read for ever.
    """
    piece = _memory.piece
    sha256, size_bytes = hashlib.sha256(), 0
    with _open(path).detach() as file:
        while came_bytes := file.readinto(piece):
            sha256.update(piece[:came_bytes])
            size_bytes += came_bytes
    return Digest(size_bytes, sha256.hexdigest())


def is_sound(path: Path, sha256: str | None) -> bool:
    """Tell whether a recording or a transcript that the index has not got may be taken over.

    What the index remembers of it decides. Of what it never knew, a recording has to end where a frame ends, for
    whoever wrote it may not have come to its end; not all recordings do, and those are fetched once more.

    Args:
        path: The file.
        sha256: Of what was there before; None where there was nothing.

    Raises:
        OSError: It cannot be read.
    """
    if sha256 is not None:
        return digest(path).sha256 == sha256
    with _open(path) as file:
        if path.suffix == RECORDING:
            return may_be_whole(file) and _ends_with_whole_frame(file)
        try:
            orjson.loads(file.read())
        except orjson.JSONDecodeError:
            return False
        return True


def _open(path: Path) -> BufferedReader:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EEXIST, "something else than a file has its name", str(path))
    return path.open("rb")


def _ends_with_whole_frame(file: BufferedReader) -> bool:
    file.seek(0)
    return ends_with_whole_frame(iter(lambda: file.read(_PIECE_BYTES), b""))


def set_aside_path(directory: Path, name: str, suffix: str) -> Path:
    """Give the path at which a damaged file of a recording waits for a good one."""
    return path_below(directory, name, suffix + SET_ASIDE)


def part_of(path: Path) -> Path | None:
    """Give the file of which a killed run has left what it was writing there; None for other files."""
    match = _PART.fullmatch(path.name)
    return match and path.with_name(match[1])


def beginning_of(path: Path) -> Path | None:
    """Give the recording of which a file holds the beginning, kept for the next attempt; None for other files."""
    match = _BEGINNING.fullmatch(path.name)
    return match and path.with_name(match[1])


def remove_parts(directory: Path) -> None:
    """Remove what killed runs have left in one directory."""
    with suppress(OSError), os.scandir(directory) as entries:  # gone, perhaps
        for entry in entries:
            if part_of(path := Path(entry.path)):
                with suppress(OSError):  # it harms nobody, and the next verification tells of it
                    path.unlink()


def remove_files(directory: Path, name: str) -> bool:
    """Remove all files of a recording, and the directories that are empty then; tell whether there were any."""
    recording = path_below(directory, name, RECORDING)
    paths = [Path(partial_path(recording))]
    for suffix in (RECORDING, TRANSCRIPT):
        paths += path_below(directory, name, suffix), set_aside_path(directory, name, suffix)
    were_there = [_remove(path) for path in paths]
    _remove_empty(directory, recording)
    return any(were_there)


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _remove_empty(directory: Path, path: Path) -> None:
    """Remove the directories, below one, that held a file and are empty now."""
    for parent in path.parents:
        if parent == directory:
            return
        try:
            parent.rmdir()
        except FileNotFoundError:
            continue
        except OSError:  # not empty
            return


def walk(directory: Path, refused: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield all files below a directory, but for those of the archive itself; tell which directories cannot be read."""
    for folder, _, names in os.walk(directory, onerror=refused):
        for name in names:
            if folder != str(directory) or not name.startswith(OWN_FILES):
                yield Path(folder, name)
