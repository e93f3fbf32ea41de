"""One call of an archive, for who only reads: a mirror may be at work meanwhile."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import ArchiveError
from ..models import CallRecord
from .calls import COLUMNS, record_of
from .index import INDEX_FILE, telling_of_failures
from .schema import VERSION
from .stock import read_only

_FIND = f"SELECT {COLUMNS} FROM calls WHERE record_file_name = ?"  # noqa: S608  # names of columns


def find_record(directory: Path, name: str) -> CallRecord | None:
    """Find the call of a recording; blocks, as SQLite does.

    Returns:
        The call; None where the index does not know it, or there is no index.

    Raises:
        ArchiveError: The index cannot be read.
        StorageError: The disk is broken.
    """
    place = directory / INDEX_FILE
    if not os.path.exists(place):  # noqa: PTH110  # Path.exists() raises where it may not look
        return None
    with telling_of_failures(directory), closing(sqlite3.connect(read_only(place), uri=True)) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            raise ArchiveError(str(directory), f"{INDEX_FILE} is of version {version}, and not {VERSION}")
        row = connection.execute(_FIND, (name,)).fetchone()
        return row and record_of(row)
