"""Recordings that are older than they may be: their files go, their rows stay."""

import sqlite3

from .. import disk
from .files import remove_files
from .index import Index
from .moments import spell, start_of
from .schema import HAS_FILES, IS_LEAVING
from .states import CallState
from .storage import storage_error

_BATCH = 500

_LEAVING = f"SELECT id, record_file_name FROM calls WHERE {IS_LEAVING} LIMIT ?"  # noqa: S608  # a constant
_MARK = f"""
UPDATE calls SET state = ? WHERE id IN
    (SELECT id FROM calls WHERE {HAS_FILES} AND date < ? AND state != 'removed' LIMIT ?)
"""  # noqa: S608  # a constant
# Calls are marked as begun many at a time: of one that was never asked for, nothing was there, and nothing is removed.
_GONE = """
UPDATE calls SET
    state = CASE WHEN :were_there OR attempts OR file NOT NULL OR transcript NOT NULL THEN state ELSE 'due' END,
    file = NULL, transcript = NULL, set_aside = 0, started = 0
WHERE id = :id
"""


async def remove_older(index: Index, before_s: int) -> None:
    """Remove the recordings and transcripts of all calls before a second, and what may have been begun of them.

    Raises:
        StorageError: A file cannot be removed.
    """
    while await index.run(_mark, spell(start_of(before_s))):
        await finish_removals(index)


async def finish_removals(index: Index) -> None:
    """Remove the files of rows that say so: what a killed run has left of its removals.

    The row says first that its files are to go: killed at any moment, none is left that nobody knows of.
    """
    while leaving := await index.run(_find_leaving):
        await index.run(_forget, await disk.run(_remove, index, leaving))


def _mark(connection: sqlite3.Connection, before: str) -> int:
    return connection.execute(_MARK, (CallState.REMOVED, before, _BATCH)).rowcount


def _find_leaving(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    return connection.execute(_LEAVING, (_BATCH,)).fetchall()


def _forget(connection: sqlite3.Connection, gone: list[dict[str, int]]) -> None:
    connection.executemany(_GONE, gone)


def _remove(index: Index, leaving: list[tuple[int, str]]) -> list[dict[str, int]]:
    """Remove the files of calls, and tell of which there were any."""
    gone: list[dict[str, int]] = []
    for call_id, name in leaving:
        try:
            gone.append({"id": call_id, "were_there": remove_files(index.directory, name)})
        except OSError as error:
            raise storage_error(name, error, index.directory) from error
    return gone
