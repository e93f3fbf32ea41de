"""Files of an archive's directory that the index does not speak of, one at a time. All of it blocks."""

import sqlite3
from pathlib import Path

import attrs
import orjson

from ..errors import StorageError
from .files import RECORDING, SET_ASIDE, TRANSCRIPT, digest, is_part, recording_begun_in
from .index import Index
from .outcomes import remove_set_aside
from .report import ArchiveReport
from .states import CallState

_FIND = "SELECT state, file NOT NULL, transcript NOT NULL FROM calls WHERE record_file_name = ?"
_ADOPT_RECORDING = """
UPDATE calls SET state = 'done', file = ?, size_bytes = ?, sha256 = ?, refusals = 0, last_error = NULL
WHERE record_file_name = ?
"""
_ADOPT_TRANSCRIPT = "UPDATE calls SET transcript = ?, transcript_sha256 = ? WHERE record_file_name = ?"
_SET_ASIDE = "UPDATE calls SET set_aside = 1 WHERE record_file_name = ?"


@attrs.frozen
class _Call:
    """What the index says of a recording's name."""

    state: str
    has_recording: bool
    has_transcript: bool

    @property
    def may_have_files(self) -> bool:
        return self.state not in (CallState.NONE, CallState.REMOVED)


def judge(index: Index, path: Path, report: ArchiveReport) -> None:
    """Adopt a file, remove it, or leave it alone, and count it; one that the index knows is passed over.

    Raises:
        StorageError: It cannot be read, renamed or removed.
    """
    try:
        _judge(index, path, report)
    except OSError as error:
        name = path.relative_to(index.directory).as_posix()
        raise StorageError(name, error.errno, error.strerror, str(path)) from error


def _judge(index: Index, path: Path, report: ArchiveReport) -> None:
    begun = recording_begun_in(path)
    if is_part(path.name) or (begun is not None and begun.exists()):
        path.unlink()
        report.leftovers += 1
        return
    if begun is not None:  # the next attempt goes on from it
        return
    file = path.relative_to(index.directory).as_posix()
    saved = file.removesuffix(SET_ASIDE)
    name, suffix = saved[: -len(Path(saved).suffix) or None], Path(saved).suffix
    call = index.transact(_find, name)
    if call is None or not call.may_have_files or suffix not in (RECORDING, TRANSCRIPT):
        report.unknown += 1
    elif saved != file:
        _judge_damaged(index, path, name, report)
    elif suffix == RECORDING:
        _judge_recording(index, path, name, call, report)
    elif not call.has_transcript:
        _judge_transcript(index, path, name, report)


def _find(connection: sqlite3.Connection, name: str) -> _Call | None:
    row = connection.execute(_FIND, (name,)).fetchone()
    return row and _Call(*row)


def _judge_damaged(index: Index, path: Path, name: str, report: ArchiveReport) -> None:
    """Keep a damaged file until there is a good one; whoever was killed may not have noted it."""
    index.transact(_change, _SET_ASIDE, name)
    remove_set_aside(index, name)
    report.leftovers += not path.exists()


def _judge_recording(index: Index, path: Path, name: str, call: _Call, report: ArchiveReport) -> None:
    if call.has_recording:
        return
    found = digest(path)
    if not found.size_bytes:  # the next run puts the recording in its place
        report.unknown += 1
        return
    index.transact(_change, _ADOPT_RECORDING, name + RECORDING, *attrs.astuple(found), name)
    report.adopted += 1


def _judge_transcript(index: Index, path: Path, name: str, report: ArchiveReport) -> None:
    content = path.read_bytes()
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        path.replace(path.with_name(path.name + SET_ASIDE))
        index.transact(_change, _SET_ASIDE, name)
        report.damaged += 1
        return
    index.transact(_change, _ADOPT_TRANSCRIPT, name + TRANSCRIPT, digest(path).sha256, name)
    report.adopted += 1


def _change(connection: sqlite3.Connection, update: str, *values: object) -> None:
    connection.execute(update, values)
