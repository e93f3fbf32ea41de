"""Files of an archive's directory that the index does not speak of, one at a time. All of it blocks."""

import sqlite3
from pathlib import Path

import attrs

from ..errors import StorageError
from ..recordings import RECORDING, TRANSCRIPT
from .aside import note_set_aside, remove_set_aside, set_aside
from .files import SET_ASIDE, beginning_of, digest, is_sound, part_of
from .index import Index
from .report import ArchiveReport, Finding
from .schema import ANSWERS_FORGOTTEN
from .states import CallState
from .storage import warn_unreadable

_FIND = """
SELECT state, file NOT NULL, transcript NOT NULL, sha256, transcript_sha256 FROM calls WHERE record_file_name = ?
"""
_ADOPT_RECORDING = f"""
UPDATE calls SET state = 'done', file = ?, size_bytes = ?, sha256 = ?, {ANSWERS_FORGOTTEN}, last_error = NULL
WHERE record_file_name = ?
"""  # noqa: S608  # a constant
_ADOPT_TRANSCRIPT = "UPDATE calls SET transcript = ?, transcript_sha256 = ? WHERE record_file_name = ?"


@attrs.frozen
class _Call:
    """What the index says of a recording's name."""

    state: str
    has_recording: bool
    has_transcript: bool
    sha256: str | None
    transcript_sha256: str | None

    @property
    def may_have_files(self) -> bool:
        return self.state not in (CallState.NONE, CallState.REMOVED)


def judge(index: Index, path: Path, report: ArchiveReport) -> None:
    """Adopt a file, remove it, or leave it alone, and count it; one that the index knows is passed over.

    Raises:
        StorageError: The index cannot be written.
    """
    try:
        finding = _judge(index, path)
    except StorageError:  # of the index
        raise
    except OSError as error:
        warn_unreadable(error)
        finding = Finding.UNREADABLE
    if finding is not None:
        report.count(finding, path.relative_to(index.directory).as_posix())


def _judge(index: Index, path: Path) -> Finding | None:
    part, begun = part_of(path), beginning_of(path)
    file = (part or begun or path).relative_to(index.directory).as_posix()
    saved = file.removesuffix(SET_ASIDE)
    name, suffix = saved[: -len(Path(saved).suffix) or None], Path(saved).suffix
    call = index.transact(_find, name) if _is_text(name) else None
    # What is not the archive's is left alone, whatever it is called.
    if call is None or suffix not in (RECORDING, TRANSCRIPT):
        return Finding.UNKNOWN
    if part is not None or (begun is not None and begun.exists()):
        path.unlink()
        return Finding.LEFTOVER
    if begun is not None:  # the next attempt goes on from it
        return None
    if not call.may_have_files:
        return Finding.UNKNOWN
    if saved != file:
        return _judge_damaged(index, path, name)
    return _judge_file(index, path, name, call)


def _is_text(name: str) -> bool:
    """Tell whether a name is UTF-8, as that of every call; Python spells other bytes as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _find(connection: sqlite3.Connection, name: str) -> _Call | None:
    row = connection.execute(_FIND, (name,)).fetchone()
    return row and _Call(*row)


def _judge_damaged(index: Index, path: Path, name: str) -> Finding | None:
    """Keep a damaged file until there is a good one; whoever was killed may not have noted it."""
    note_set_aside(index, name)
    remove_set_aside(index, name)
    return None if path.exists() else Finding.LEFTOVER


def _judge_file(index: Index, path: Path, name: str, call: _Call) -> Finding | None:
    """Take over what is sound of what the index has not got; anything else is fetched again by the next run."""
    is_recording = path.suffix == RECORDING
    if call.has_recording if is_recording else call.has_transcript:
        return None
    if path.is_file() and not path.stat().st_size:  # the next run puts what is due in its place
        return Finding.UNKNOWN
    found = digest(path)
    if not is_sound(path, call.sha256 if is_recording else call.transcript_sha256):
        set_aside(index, [(name, path.suffix)])
        return Finding.DAMAGED
    file = name + path.suffix
    if is_recording:
        index.transact(_change, _ADOPT_RECORDING, file, *attrs.astuple(found), name)
    else:
        index.transact(_change, _ADOPT_TRANSCRIPT, file, found.sha256, name)
    return Finding.ADOPTED


def _change(connection: sqlite3.Connection, update: str, *values: object) -> None:
    connection.execute(update, values)
