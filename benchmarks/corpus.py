"""Recordings that a benchmark serves: their names, their bytes, and whether a copy is the same."""

import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import attrs

from .rounds import DisqualifiedError

# The start of an MPEG-1 layer III frame, by which a recording is known to be one.
FRAME_SYNC = b"\xff\xfb\x90\x00"
_FIRST_DAY = date(2022, 8, 12)
_RECORDINGS_A_DAY = 2000
_PAGE_BYTES = 4096
_FIRST_NUMBER = 166030684915821522


class WrongOutputError(DisqualifiedError):
    """What a contestant saved is not what was served."""


@attrs.frozen
class Corpus:
    """Many recordings of one size, each of its own bytes."""

    names: list[str]
    size_bytes: int

    def verify(self, locate: Callable[[str], Path]) -> None:
        """Compare all copies, byte for byte.

        Args:
            locate: Gives the path of a copy, for a name.

        Raises:
            WrongOutputError: One is missing or differs.
        """
        for name in self.names:
            copy = locate(name)
            if not copy.is_file():
                raise WrongOutputError(f"{name} is missing")
            if copy.read_bytes() != make_recording(number_of(name), self.size_bytes):
                raise WrongOutputError(f"{name} is not the same")


def bytes_with_copies(count: int, size_bytes: int) -> int:
    """Give the room that recordings and one copy of each take, in whole pages of memory."""
    return 2 * count * (-(-size_bytes // _PAGE_BYTES) + 1) * _PAGE_BYTES


def recording_name(number: int) -> str:
    """Give the name of a recording, as the service lists it."""
    return f"{_FIRST_DAY + timedelta(days=number // _RECORDINGS_A_DAY)}/mo_{_FIRST_NUMBER + number}"


def number_of(name: str) -> int:
    """Give the number of a recording."""
    return int(name.rpartition("_")[2]) - _FIRST_NUMBER


def make_corpus(count: int, size_bytes: int) -> Corpus:
    """Name recordings that some server makes up."""
    return Corpus([recording_name(number) for number in range(count)], size_bytes)


def make_recording(number: int, size_bytes: int) -> bytes:
    """Make bytes that begin as MP3 does and tell one recording from another."""
    stamp = FRAME_SYNC + b"%020d" % number
    return (stamp * (size_bytes // len(stamp) + 1))[:size_bytes]


def write_corpus(directory: Path, count: int, size_bytes: int) -> Corpus:
    """Write recordings to be served."""
    corpus = make_corpus(count, size_bytes)
    for day in {(directory / name).parent for name in corpus.names}:
        day.mkdir(parents=True)
    for number, name in enumerate(corpus.names):
        (directory / name).write_bytes(make_recording(number, size_bytes))
    return corpus


@contextmanager
def workspace(*, bytes_in_memory: int = 0) -> Generator[Path, None, None]:
    """Give a directory that is gone afterwards.

    Args:
        bytes_in_memory: What is to be kept in memory, where there is room, so that no disk is measured.
    """
    shared_memory = Path("/dev/shm")  # noqa: S108  # a fresh directory of our own below it
    fits = shared_memory.is_dir() and shutil.disk_usage(shared_memory).free > bytes_in_memory
    base = shared_memory if bytes_in_memory and fits else None
    with tempfile.TemporaryDirectory(prefix="tele2ats-bench-", dir=base) as directory:
        yield Path(directory)


def empty(directory: Path) -> Path:
    """Make a directory, anew where it was there."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory
