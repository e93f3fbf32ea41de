"""The calls of an archive, read by whoever needs no more of it: offline, and also while a mirror is at work."""

import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from ..errors import ArchiveError
from ..models import CallRecord
from .calls import COLUMNS, record_of
from .index import INDEX_FILE, read_only, telling_of_failures
from .moments import now, second_of, spell, start_of
from .schema import require_own
from .spans import subtract

_OF_PERIOD = f"SELECT {COLUMNS} FROM calls WHERE date BETWEEN ? AND ? ORDER BY date, id"  # noqa: S608  # names of columns
_OF_RECORDING = f"SELECT {COLUMNS} FROM calls WHERE record_file_name = ?"  # noqa: S608  # names of columns

Gaps = list[tuple[datetime, datetime]]


@contextmanager
def read_calls(
    directory: Path, start: datetime, end: datetime
) -> Generator[tuple[Iterator[CallRecord], Gaps], None, None]:
    """Read the calls of a period, in order, and which spans of it have not been listed for good.

    Blocks, and changes nothing. In such a span calls may be missing: the newest 24 hours before the last run are
    always one. What the future will bring is none.

    Raises:
        ArchiveError: There is no archive, or its index cannot be read.
        StorageError: The disk is broken.
    """
    place = directory / INDEX_FILE
    if not os.path.exists(place):  # noqa: PTH110  # Path.exists() raises where it may not look
        raise ArchiveError(str(directory), f"holds no archive: there is no {INDEX_FILE}")
    with _opened(place) as connection:
        connection.execute("BEGIN")  # one state of it for both
        period = second_of(start), second_of(min(end, now())) + 1
        gaps = subtract(period, connection.execute("SELECT start, stop FROM listed").fetchall())
        rows = connection.execute(_OF_PERIOD, (spell(start), spell(end)))
        yield map(record_of, rows), [(start_of(first), start_of(stop)) for first, stop in gaps]


def find_record(directory: Path, name: str) -> CallRecord | None:
    """Find the call of a recording; blocks, and changes nothing.

    Returns:
        The call; None where the index does not know it, or there is no index.

    Raises:
        ArchiveError: The index cannot be read.
        StorageError: The disk is broken.
    """
    place = directory / INDEX_FILE
    if not os.path.exists(place):  # noqa: PTH110  # Path.exists() raises where it may not look
        return None
    with _opened(place) as connection:
        row = connection.execute(_OF_RECORDING, (name,)).fetchone()
        return row and record_of(row)


@contextmanager
def _opened(place: Path) -> Generator[sqlite3.Connection, None, None]:
    directory = place.parent
    with telling_of_failures(directory), closing(sqlite3.connect(read_only(place), uri=True)) as connection:
        if not require_own(connection):
            raise ArchiveError(str(directory), f"holds no archive: {INDEX_FILE} is empty")
        yield connection
