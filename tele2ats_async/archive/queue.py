"""The index as a queue: the calls whose recordings are to be fetched, in order, a few at a time."""

import sqlite3
from collections.abc import AsyncGenerator
from pathlib import PurePosixPath

from ..errors import UnsafeName
from ..models import CallRecord
from ..recordings import check_name
from .calls import COLUMNS, record_of
from .index import Index
from .moments import spell, start_of
from .schema import IS_DUE, LACKS_TRANSCRIPT
from .spans import Span

_BATCH = 500

_Place = tuple[str, int]


async def iter_due(index: Index, span: Span, *, transcripts: bool) -> AsyncGenerator[CallRecord, None]:
    """Yield each call of a span of which something is to be fetched, once, the oldest first.

    First those that lack their transcript alone: it comes with the recording otherwise, and whoever
    fails at it is not asked again in the same run.
    """
    start, stop = (spell(start_of(second)) for second in span)
    for condition in (LACKS_TRANSCRIPT, IS_DUE) if transcripts else (IS_DUE,):
        place = start, 0
        while True:
            records, place = await index.run(_take, condition, place, stop)
            if not records:
                break
            for record in records:
                yield record


def _take(
    connection: sqlite3.Connection, condition: str, place: _Place, stop: str
) -> tuple[list[CallRecord], _Place]:
    """Take the next ones, and note in which directories parts of their files will be."""
    query = (
        f"SELECT id, {COLUMNS} FROM calls"  # noqa: S608  # nothing but constants
        f" WHERE {condition} AND (date, id) > (?, ?) AND date < ? ORDER BY date, id LIMIT {_BATCH}"
    )
    rows = connection.execute(query, (*place, stop)).fetchall()
    records = [record_of(row[1:]) for row in rows]
    directories = {_directory_of(str(record.record_file_name)) for record in records} - {None}
    connection.executemany("INSERT OR IGNORE INTO working VALUES (?)", [(one,) for one in directories])
    return records, (rows[-1][1], rows[-1][0]) if rows else place


def _directory_of(name: str) -> str | None:
    try:
        check_name(name)
    except UnsafeName:
        return None  # nothing will be written
    return str(PurePosixPath(name).parent)
