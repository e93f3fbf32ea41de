"""What became of a recording, into the index."""

import sqlite3
from contextlib import suppress

import attrs

from ..errors import (
    AtsError,
    AuthorizationError,
    Forbidden,
    GatewayRefused,
    NotAudio,
    NotReady,
    PayloadError,
    RateLimited,
    ResponseError,
    ServerError,
    UnsafeName,
)
from ..recordings import RECORDING, TRANSCRIPT, SaveOutcome
from .aside import remove_set_aside
from .files import Digest, digest
from .index import Index
from .states import REFUSALS_AT_MOST, CallState
from .storage import storage_error

_LASTING = (NotReady, NotAudio, PayloadError, ResponseError)
# They speak of the account, of the way to the service, or of the moment: of no single recording.
_NOT_ABOUT_A_RECORDING = (AuthorizationError, Forbidden, GatewayRefused, RateLimited, ServerError)
_PASSING_STATUSES = (408, 425)  # "request timeout" and "too early"

_FIND = "SELECT id, date, state, refusals, set_aside FROM calls WHERE record_file_name = ?"
_SAVED = """
UPDATE calls SET state = :state, file = :file, size_bytes = :size_bytes, sha256 = :sha256,
    transcript = coalesce(:transcript, transcript),
    transcript_sha256 = coalesce(:transcript_sha256, transcript_sha256),
    attempts = attempts + :asked, refusals = :refusals, last_error = :last_error
WHERE id = :id
"""
_FAILED = """
UPDATE calls SET state = :state, file = NULL, size_bytes = NULL, sha256 = NULL,
    attempts = attempts + :asked, refusals = :refusals, last_error = :last_error
WHERE id = :id
"""


@attrs.frozen
class _Files:
    """What is on the disk of a recording."""

    recording: Digest | None
    transcript: Digest | None


def note_outcomes(index: Index, outcomes: list[SaveOutcome], settled: str) -> list[SaveOutcome]:
    """Read what was saved, and write into the index what became of recordings; blocks.

    Args:
        index: The index.
        outcomes: As the saving gave them.
        settled: The moment before which a call is so old that a refusal of its recording counts.

    Returns:
        The outcomes; failed ones where what was saved cannot be read.
    """
    examined = [_examine(index, outcome) for outcome in outcomes]
    for name in index.transact(_note_all, examined, settled):
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
    connection: sqlite3.Connection, examined: list[tuple[SaveOutcome, _Files]], settled: str
) -> list[str]:
    """Write the outcomes, and give the names of those for which damaged files may be waiting."""
    return [outcome.name for outcome, files in examined if _note(connection, outcome, files, settled)]


def _note(connection: sqlite3.Connection, outcome: SaveOutcome, files: _Files, settled: str) -> bool:
    """Write the outcome, and tell whether damaged files may be waiting for it."""
    call_id, date, state, refusals, set_aside = connection.execute(_FIND, (outcome.name,)).fetchone()
    if (files.recording is not None) != (state == CallState.DONE):
        refusals = 0  # what is missing has changed, from the recording to the transcript or back
    if outcome.error is not None and date < settled and _is_lasting(outcome.error):
        refusals += 1
    values: dict[str, object] = {
        "id": call_id,
        "state": _state(outcome.error, refusals, is_saved=files.recording is not None),
        "asked": not outcome.skipped,
        "refusals": refusals,
        "last_error": outcome.error and f"{type(outcome.error).__name__}: {outcome.error}",
    }
    if files.recording is not None:
        values |= {"file": outcome.name + RECORDING, **attrs.asdict(files.recording)}
        values["transcript"] = files.transcript and outcome.name + TRANSCRIPT
        values["transcript_sha256"] = files.transcript and files.transcript.sha256
    connection.execute(_FAILED if files.recording is None else _SAVED, values)
    return bool(set_aside) and files.recording is not None


def _state(error: AtsError | None, refusals: int, *, is_saved: bool) -> CallState:
    if is_saved:
        return CallState.DONE
    if isinstance(error, UnsafeName) or refusals >= REFUSALS_AT_MOST:
        return CallState.UNAVAILABLE
    return CallState.FAILED


def _is_lasting(error: AtsError) -> bool:
    if isinstance(error, ResponseError) and error.status in _PASSING_STATUSES:
        return False
    return isinstance(error, _LASTING) and not isinstance(error, _NOT_ABOUT_A_RECORDING)
