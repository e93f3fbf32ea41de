"""The rows of the index against the files that they speak of."""

import asyncio
import errno
import sqlite3
from enum import Enum
from pathlib import Path

import attrs

from .. import disk
from ..errors import StorageError
from ..recordings import path_below
from .files import RECORDING, TRANSCRIPT, digest, set_aside_path
from .index import Index
from .report import ArchiveReport
from .schema import HAS_FILES

# Files are read by all threads of the disk at once; no more rows than this are in memory.
_BATCH = 100

_FIND = f"""
SELECT id, date, record_file_name, file NOT NULL, sha256, transcript NOT NULL, transcript_sha256
FROM calls WHERE {HAS_FILES} AND (date, id) > (?, ?) ORDER BY date, id LIMIT {_BATCH}
"""  # noqa: S608  # nothing but constants
_LOST_RECORDING = """
UPDATE calls SET state = 'due', file = NULL, size_bytes = NULL, sha256 = NULL, refusals = 0, last_error = ?,
    set_aside = max(set_aside, ?) WHERE id = ?
"""
_LOST_TRANSCRIPT = """
UPDATE calls SET transcript = NULL, transcript_sha256 = NULL, refusals = 0, last_error = ?,
    set_aside = max(set_aside, ?) WHERE id = ?
"""


class _Finding(Enum):
    INTACT = "intact"
    MISSING = "missing"
    DAMAGED = "damaged"


@attrs.frozen
class _Row:
    id: int
    date: str
    name: str
    has_recording: bool
    sha256: str | None
    has_transcript: bool
    transcript_sha256: str | None


_Findings = dict[str, _Finding]


async def check_rows(index: Index, report: ArchiveReport) -> None:
    """Read every file that the index speaks of; what is not as it was saved is to be fetched again.

    Raises:
        StorageError: A file cannot be read or renamed.
    """
    place = "", 0
    while rows := await index.run(_take, place):
        async with asyncio.TaskGroup() as group:
            checks = [group.create_task(disk.run(_check, index.directory, row)) for row in rows]
        checked: list[tuple[_Row, _Findings]] = []
        for row, check in zip(rows, checks, strict=True):
            findings = check.result()
            if isinstance(findings, StorageError):
                raise findings
            checked.append((row, findings))
        await index.run(_repair, checked, report)
        place = rows[-1].date, rows[-1].id


def _take(connection: sqlite3.Connection, place: tuple[str, int]) -> list[_Row]:
    return [_Row(*row) for row in connection.execute(_FIND, place)]


def _check(directory: Path, row: _Row) -> _Findings | StorageError:
    """Check the files of a row; a failure is returned, for a group of tasks would wrap what is raised."""
    findings: _Findings = {}
    try:
        if row.has_recording:
            findings[RECORDING] = _check_file(directory, row.name, RECORDING, row.sha256)
        if row.has_transcript:
            findings[TRANSCRIPT] = _check_file(directory, row.name, TRANSCRIPT, row.transcript_sha256)
    except OSError as error:
        return StorageError(row.name, error.errno, error.strerror, str(error.filename))
    return findings


def _check_file(directory: Path, name: str, suffix: str, sha256: str | None) -> _Finding:
    path = path_below(directory, name, suffix)
    try:
        if digest(path).sha256 == sha256:
            return _Finding.INTACT
    except FileNotFoundError:
        return _Finding.MISSING
    except OSError as error:
        if error.errno != errno.EIO:  # what the disk cannot read any more is damaged, too
            raise
    # Before the index says that it is due: under its own name it would be taken for what is due.
    path.replace(set_aside_path(directory, name, suffix))
    return _Finding.DAMAGED


def _repair(
    connection: sqlite3.Connection, checked: list[tuple[_Row, _Findings]], report: ArchiveReport
) -> None:
    for row, findings in checked:
        for suffix, finding in findings.items():
            setattr(report, finding.value, getattr(report, finding.value) + 1)
            if finding != _Finding.INTACT:
                update = _LOST_RECORDING if suffix == RECORDING else _LOST_TRANSCRIPT
                story = f"{row.name}{suffix} was {finding.value}"
                connection.execute(update, (story, finding == _Finding.DAMAGED, row.id))
