"""What became of a recording, into the index."""

import sqlite3
from contextlib import suppress

import attrs

from ..errors import AtsError, UnsafeName
from ..recordings import RECORDING, TRANSCRIPT, SaveOutcome
from .aside import remove_set_aside
from .files import Digest, digest
from .index import Index
from .moments import spell, start_of
from .refusals import Refusals
from .states import CallState
from .storage import storage_error

# Calls appear in the listing when they are over, or later still, and their recordings become ready later again.
SETTLED_AFTER_S = 24 * 3600

_FIND = """
SELECT id, date, state, set_aside, refusals, answers_in_vain, answered_on, ask_on FROM calls
WHERE record_file_name = ?
"""
_NOTED = """
    attempts = attempts + :asked, last_error = :last_error, refusals = :refusals,
    answers_in_vain = :answers_in_vain, answered_on = :answered_on, ask_on = :ask_on
WHERE id = :id
"""
_SAVED = f"""
UPDATE calls SET state = :state, file = :file, size_bytes = :size_bytes, sha256 = :sha256,
    transcript = coalesce(:transcript, transcript),
    transcript_sha256 = coalesce(:transcript_sha256, transcript_sha256),
    {_NOTED}
"""  # noqa: S608  # constants
_FAILED = f"""
UPDATE calls SET state = :state, file = NULL, {_NOTED}
"""  # noqa: S608  # constants


@attrs.frozen
class _Files:
    """What is on the disk of a recording."""

    recording: Digest | None
    transcript: Digest | None


def note_outcomes(index: Index, outcomes: list[SaveOutcome], now_s: int) -> list[SaveOutcome]:
    """Read what was saved, and write into the index what became of recordings; blocks.

    Args:
        index: The index.
        outcomes: As the saving gave them.
        now_s: The present second.

    Returns:
        The outcomes; failed ones where what was saved cannot be read.
    """
    examined = [_examine(index, outcome) for outcome in outcomes]
    for name in index.transact(_note_all, examined, now_s):
        with suppress(OSError):  # the recording is there: that is the news, and verification tells the rest
            remove_set_aside(index, name)
    return [outcome for outcome, _ in examined]


def _examine(index: Index, outcome: SaveOutcome) -> tuple[SaveOutcome, _Files]:
    try:
        return outcome, _Files(
            None if outcome.path is None else digest(outcome.path),
            None if outcome.transcript_path is None else digest(outcome.transcript_path),
        )
    except OSError as error:
        failure = storage_error(outcome.name, error, index.directory)
        return SaveOutcome(name=outcome.name, error=failure), _Files(None, None)


def _note_all(
    connection: sqlite3.Connection, examined: list[tuple[SaveOutcome, _Files]], now_s: int
) -> list[str]:
    """Write the outcomes, and give the names of those for which damaged files may be waiting."""
    return [outcome.name for outcome, files in examined if _note(connection, outcome, files, now_s)]


def _note(connection: sqlite3.Connection, outcome: SaveOutcome, files: _Files, now_s: int) -> bool:
    """Write the outcome, and tell whether damaged files may be waiting for it."""
    call_id, date, state, set_aside, *counted = connection.execute(_FIND, (outcome.name,)).fetchone()
    refusals = Refusals(*counted)
    if outcome.error is None or (files.recording is not None) != (state == CallState.DONE):
        refusals = (
            Refusals()
        )  # nothing is missing, or it has changed, from the recording to the transcript or back
    if outcome.error is not None and date < spell(start_of(now_s - SETTLED_AFTER_S)):
        refusals = refusals.after(outcome.error, now_s)
    values: dict[str, object] = {
        "id": call_id,
        "state": _state(outcome.error, refusals, is_saved=files.recording is not None),
        "asked": not outcome.skipped,
        "last_error": outcome.error and f"{type(outcome.error).__name__}: {outcome.error}",
        **attrs.asdict(refusals),
    }
    if files.recording is not None:
        values |= {"file": outcome.name + RECORDING, **attrs.asdict(files.recording)}
        values["transcript"] = files.transcript and outcome.name + TRANSCRIPT
        values["transcript_sha256"] = files.transcript and files.transcript.sha256
    connection.execute(_FAILED if files.recording is None else _SAVED, values)
    return bool(set_aside) and files.recording is not None


def _state(error: AtsError | None, refusals: Refusals, *, is_saved: bool) -> CallState:
    if is_saved:
        return CallState.DONE
    if isinstance(error, UnsafeName) or refusals.are_the_last_word:
        return CallState.UNAVAILABLE
    return CallState.FAILED
