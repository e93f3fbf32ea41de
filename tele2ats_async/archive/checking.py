"""The rows of the index against the files that they speak of."""

import asyncio
import errno
import sqlite3
from pathlib import Path

import attrs

from .. import disk
from ..recordings import RECORDING, TRANSCRIPT, path_below
from .aside import finish_setting_aside, intend
from .files import digest
from .index import Index
from .report import ArchiveReport, Finding
from .schema import ANSWERS_FORGOTTEN, HAS_FILES
from .storage import warn_unreadable

# Files are read by all threads of the disk at once; no more rows than this are in memory.
_BATCH = 100

_FIND = f"""
SELECT id, date, record_file_name, file NOT NULL, sha256, transcript NOT NULL, transcript_sha256
FROM calls WHERE {HAS_FILES} AND (date, id) > (?, ?) ORDER BY date, id LIMIT {_BATCH}
"""  # noqa: S608  # nothing but constants
# The checksums stay: a file that comes back, from a backup say, is known by its own.
_LOST_RECORDING = f"""
UPDATE calls SET state = 'due', file = NULL, {ANSWERS_FORGOTTEN}, last_error = ?
WHERE id = ?
"""  # noqa: S608  # a constant
_LOST_TRANSCRIPT = f"""
UPDATE calls SET transcript = NULL, {ANSWERS_FORGOTTEN}, last_error = ?
WHERE id = ?
"""  # noqa: S608  # a constant


@attrs.frozen
class _Row:
    id: int
    date: str
    name: str
    has_recording: bool
    sha256: str | None
    has_transcript: bool
    transcript_sha256: str | None


_Findings = dict[str, Finding]


async def check_rows(index: Index, report: ArchiveReport) -> None:
    """Read every file that the index speaks of; what is not as it was saved is to be fetched again.

    Raises:
        StorageError: A damaged file cannot be renamed.
    """
    place = "", 0
    while rows := await index.run(_take, place):
        findings = await asyncio.gather(*(disk.run(_check, index.directory, row) for row in rows))
        await index.run(_repair, list(zip(rows, findings, strict=True)), report)
        await index.do(finish_setting_aside)
        place = rows[-1].date, rows[-1].id


def _take(connection: sqlite3.Connection, place: tuple[str, int]) -> list[_Row]:
    return [_Row(*row) for row in connection.execute(_FIND, place)]


def _check(directory: Path, row: _Row) -> _Findings:
    findings: _Findings = {}
    if row.has_recording:
        findings[RECORDING] = _check_file(directory, row.name, RECORDING, row.sha256)
    if row.has_transcript:
        findings[TRANSCRIPT] = _check_file(directory, row.name, TRANSCRIPT, row.transcript_sha256)
    return findings


def _check_file(directory: Path, name: str, suffix: str, sha256: str | None) -> Finding:
    path = path_below(directory, name, suffix)
    try:
        if digest(path).sha256 == sha256:
            return Finding.INTACT
    except FileNotFoundError:
        return Finding.MISSING
    except OSError as error:
        if error.errno != errno.EIO:  # what the disk cannot read any more is damaged, too
            warn_unreadable(error)
            return Finding.UNREADABLE
    return Finding.DAMAGED


def _repair(
    connection: sqlite3.Connection, checked: list[tuple[_Row, _Findings]], report: ArchiveReport
) -> None:
    for row, findings in checked:
        for suffix, finding in findings.items():
            report.count(finding, row.name + suffix)
            if finding in (Finding.INTACT, Finding.UNREADABLE):
                continue
            update = _LOST_RECORDING if suffix == RECORDING else _LOST_TRANSCRIPT
            story = f"{row.name}{suffix} was {finding.name.lower()}"
            connection.execute(update, (story, row.id))
            if finding == Finding.DAMAGED:
                intend(connection, row.name, suffix)
