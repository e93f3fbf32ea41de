"""The beginning of a recording, kept for the next run: trusted when it is whole and the service agrees.

A file of its own beside the recording's, which appears at once and whole: a line of JSON, the bytes,
and the SHA-256 of both.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Self

import attrs
import orjson

from ..disk import AtomicFile

PARTIAL = ".partial"

_COPY_BYTES = 1024 * 1024
_DIGEST_BYTES = hashlib.sha256().digest_size
_LONGEST_HEADER_BYTES = 4096


@attrs.frozen
class Beginning:
    """What is known of the bytes that are there already.

    Attributes:
        size_bytes: How many there are.
        validator: What tells this version of the recording from others.
        length: Size of the whole recording in bytes; None where the service has not said.
    """

    size_bytes: int
    validator: str
    length: int | None

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read a header.

        Raises:
            ValueError: It is none.
        """
        match orjson.loads(line):
            case {
                "size_bytes": int(size_bytes),
                "validator": str(validator),
                "length": int() | None as length,
            }:
                return cls(size_bytes, validator, length)
            case _:
                raise ValueError("no header")


def partial_path(path: str | os.PathLike[str]) -> str:
    """Say where the beginning of a recording is kept."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}{PARTIAL}")  # noqa: PTH118  # asked for each recording: a Path costs more


def recording_of(name: str) -> str:
    """Name the file that a kept beginning belongs to; any other file belongs to itself."""
    return name[1 : -len(PARTIAL)] if name.endswith(PARTIAL) else name


def keep(path: str, written: AtomicFile, pieces: Sequence[bytes | memoryview], beginning: Beginning) -> None:
    """Keep what was written and the pieces that were not.

    Raises:
        OSError: The disk refused.
    """
    kept = AtomicFile(partial_path(path))
    digest = hashlib.sha256()
    try:
        for piece in _all_of(written, pieces, beginning):
            digest.update(piece)
            kept.write([piece])
        kept.commit([digest.digest()])
    except BaseException:
        kept.discard()
        raise


def take_up(path: str, file: AtomicFile) -> Beginning | None:
    """Copy what was kept of a recording into its new file; what cannot be trusted is removed.

    Raises:
        OSError: The disk refused.
    """
    kept_at = Path(partial_path(path))
    try:
        with kept_at.open("rb") as kept:
            beginning = _copy(kept, file)
    except FileNotFoundError:
        return None
    except ValueError:
        beginning = None
    if beginning is None:
        file.discard()
        kept_at.unlink(missing_ok=True)
    return beginning


def forget(path: str) -> None:
    """Remove what was kept."""
    Path(partial_path(path)).unlink(missing_ok=True)


def _all_of(
    written: AtomicFile, pieces: Sequence[bytes | memoryview], beginning: Beginning
) -> Iterator[bytes | memoryview]:
    yield orjson.dumps(attrs.asdict(beginning)) + b"\n"
    yield from written.read_back(_COPY_BYTES)
    yield from pieces


def _copy(kept: BinaryIO, file: AtomicFile) -> Beginning | None:
    line = kept.readline(_LONGEST_HEADER_BYTES)
    beginning = Beginning.read(line)
    digest = hashlib.sha256(line)
    left = beginning.size_bytes
    while left > 0 and (piece := kept.read(min(left, _COPY_BYTES))):
        digest.update(piece)
        file.write([piece])
        left -= len(piece)
    is_whole = left == 0 and kept.read(_DIGEST_BYTES + 1) == digest.digest()
    return beginning if is_whole else None
