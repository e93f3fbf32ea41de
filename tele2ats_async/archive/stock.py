"""What an archive holds and what it lacks, as its index says."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs

from .. import disk
from .index import INDEX_FILE, read_only, telling_of_failures
from .schema import IS_DUE, VERSION
from .states import REFUSALS_AT_MOST

_LACKS = "state = 'done' AND transcript IS NULL"
_COUNT = f"""
SELECT
    total(state = 'done'),
    total(state = 'removed'),
    total(state = 'unavailable'),
    total({IS_DUE} AND ask_on > date('now')),
    total({_LACKS} AND refusals >= {REFUSALS_AT_MOST}),
    total({_LACKS} AND refusals < {REFUSALS_AT_MOST} AND ask_on > date('now'))
FROM calls
"""  # noqa: S608  # constants


@attrs.frozen
class Stock:
    """The figures of an archive, in recordings or transcripts.

    Attributes:
        held: Recordings that are there.
        removed: Recordings that were removed for their age.
        given_up: Recordings that are not asked for any more.
        asked_later: Recordings that are not asked for today, after many answers in vain.
        transcripts_given_up: Transcripts of recordings that are there, likewise.
        transcripts_asked_later: The same.
    """

    held: int = 0
    removed: int = 0
    given_up: int = 0
    asked_later: int = 0
    transcripts_given_up: int = 0
    transcripts_asked_later: int = 0


async def take_stock(directory: Path) -> Stock:
    """Count, also while a mirror is at work; all is nothing where there is no index yet, or one of another version.

    Raises:
        ArchiveError: The index cannot be read.
        StorageError: The disk is broken.
    """
    return await disk.run(_take_stock, directory)


def _take_stock(directory: Path) -> Stock:
    place = directory / INDEX_FILE
    if not os.path.exists(place):  # noqa: PTH110  # Path.exists() raises where it may not look
        return Stock()
    with telling_of_failures(directory), closing(sqlite3.connect(read_only(place), uri=True)) as connection:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version != VERSION:  # whoever opens it to work on it tells why that cannot be
            return Stock()
        return Stock(*map(int, connection.execute(_COUNT).fetchone()))
