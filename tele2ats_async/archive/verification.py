"""Whether the index and the files of an archive agree, and making them agree; without the service."""

import os
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .. import disk
from ..errors import ArchiveError
from .aside import finish_setting_aside
from .checking import check_rows
from .files import walk
from .index import INDEX_FILE, Index, open_index
from .report import ArchiveReport, Finding
from .retention import finish_removals
from .storage import warn_unreadable
from .strays import judge

_BATCH = 200


async def verify(directory: str | os.PathLike[str]) -> ArchiveReport:
    """Verify an archive: see `verify_archive()`."""
    directory = Path(directory)
    # Looked for first: to lock an archive, or to open one, makes it.
    if not await disk.run(os.path.exists, directory / INDEX_FILE):
        raise ArchiveError(str(directory), f"holds no archive: there is no {INDEX_FILE}")
    report = ArchiveReport()
    async with open_index(directory) as index:
        await index.run(_require_integrity)
        await finish_removals(index)
        await index.do(finish_setting_aside)
        await check_rows(index, report)
        await _look_around(index, report)
    return report


async def _look_around(index: Index, report: ArchiveReport) -> None:
    """Go through the files that are there, a few at a time."""

    def refused(error: OSError) -> None:
        path = Path(error.filename)
        warn_unreadable(error)
        report.count(Finding.UNREADABLE, path.relative_to(index.directory).as_posix())

    found = walk(index.directory, refused)
    while paths := await disk.run(_take, found):
        await index.do(_judge_all, paths, report)


def _take(found: Iterator[Path]) -> list[Path]:
    return list(islice(found, _BATCH))


def _judge_all(index: Index, paths: list[Path], report: ArchiveReport) -> None:
    for path in paths:
        judge(index, path, report)


def _require_integrity(connection: sqlite3.Connection) -> None:
    complaint: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if complaint != "ok":
        raise sqlite3.DatabaseError(" ".join(complaint.split()))
