"""The index as a queue: the calls whose recordings are to be fetched, in order, a few at a time."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

import attrs

from ..errors import UnsafeName
from ..models import CallRecord
from ..recordings import RECORDING, TRANSCRIPT, path_below
from .aside import set_aside
from .calls import COLUMNS, record_of
from .files import is_sound
from .index import Index
from .moments import spell, start_of
from .names import check_archive_name
from .refusals import day_of
from .schema import IS_DUE, LACKS_TRANSCRIPT
from .spans import Span

_BATCH = 500

# What was last answered on a day to come was so while the clock was wrong.
_MAY_BE_ASKED = "(ask_on IS NULL OR ask_on <= :today OR answered_on > :today)"

_OF_FILES = "id, date, file NOT NULL, transcript NOT NULL, sha256, transcript_sha256"

_Place = tuple[str, int]


def _find_where(condition: str) -> str:
    return (
        f"SELECT {_OF_FILES}, {COLUMNS} FROM calls"  # noqa: S608  # constants
        f" WHERE {condition} AND {_MAY_BE_ASKED} AND (date, id) > (:date, :id) AND date < :stop"
        f" ORDER BY date, id LIMIT {_BATCH}"
    )


_DUE = _find_where(IS_DUE)
# Each by its own index, and what they find merged.
_DUE_OR_LACKING = (
    f"SELECT * FROM ({_DUE}) UNION ALL SELECT * FROM ({_find_where(LACKS_TRANSCRIPT)})"  # noqa: S608  # constants
    f" ORDER BY 2, 1 LIMIT {_BATCH}"
)


@attrs.frozen
class _Call:
    """A call that is handed out.

    Attributes:
        is_safe: Whether its recording's name may become a path.
        unknown: The suffixes of those of its files that the index has not got, each with the checksum of what was
            there before.
    """

    id: int
    record: CallRecord
    name: str
    is_safe: bool
    unknown: dict[str, str | None]


async def iter_due(
    index: Index, span: Span, now_s: int, *, transcripts: bool
) -> AsyncGenerator[CallRecord, None]:
    """Yield each call of a span of which something is to be fetched, the oldest first.

    In one pass, so that whatever becomes of one meanwhile, it is not handed out twice.
    """
    start, stop = (spell(start_of(second)) for second in span)
    query = _DUE_OR_LACKING if transcripts else _DUE
    bounds = {"stop": stop, "today": day_of(now_s)}
    place = start, 0
    while True:
        calls, place = await index.run(_take, query, place, bounds)
        if not calls:
            break
        await index.do(_set_unsound_aside, calls)
        for call in calls:
            yield call.record


def _take(
    connection: sqlite3.Connection, query: str, place: _Place, bounds: dict[str, str]
) -> tuple[list[_Call], _Place]:
    """Take the next ones, and note that they are begun, and in which directories parts of their files will be."""
    rows = connection.execute(query, {"date": place[0], "id": place[1], **bounds}).fetchall()
    calls = [_call_of(row) for row in rows]
    safe = [call for call in calls if call.is_safe]  # of the others, nothing will be written
    begun = "UPDATE calls SET started = 1 WHERE id = ? AND NOT started"
    connection.executemany(begun, [(call.id,) for call in safe])
    directories = {str(PurePosixPath(call.name).parent) for call in safe}
    connection.executemany("INSERT OR IGNORE INTO working VALUES (?)", [(one,) for one in directories])
    return calls, (rows[-1][1], rows[-1][0]) if rows else place


def _call_of(row: tuple[Any, ...]) -> _Call:
    call_id, _, has_recording, has_transcript, sha256, transcript_sha256, *columns = row
    record = record_of(tuple(columns))
    name = str(record.record_file_name)
    unknown = {} if has_recording else {RECORDING: sha256}
    if not has_transcript:
        unknown[TRANSCRIPT] = transcript_sha256
    return _Call(call_id, record, name, _is_safe(name), unknown)


def _is_safe(name: str) -> bool:
    try:
        check_archive_name(name)
    except UnsafeName:
        return False
    return True


def _set_unsound_aside(index: Index, calls: list[_Call]) -> None:
    """Set aside what is there under a name that is to be fetched, and would be taken for it, but cannot be whole."""
    found = [(call.name, *file) for call in calls if call.is_safe for file in call.unknown.items()]
    if unsound := [
        (name, suffix) for name, suffix, sha256 in found if _is_unsound(index, name, suffix, sha256)
    ]:
        set_aside(index, unsound)


def _is_unsound(index: Index, name: str, suffix: str, sha256: str | None) -> bool:
    path = path_below(index.directory, name, suffix)
    with suppress(OSError):  # mostly there is none; who saves it tells anything else
        return path.stat().st_size > 0 and not is_sound(path, sha256)
    return False
