"""What both backends answer but for the sound: calls and words as JSON, refusals, and who is let in."""

import logging
import math
import os
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from tele2ats_async import (
    AtsError,
    AtsSession,
    CallRecord,
    NotReady,
    RateLimited,
    ReauthorizationRequired,
    ResponseError,
    RetryPolicy,
    UnsafeName,
)

PAGE = Path(__file__).with_name("page")
# What is said on the telephone stays in nobody's cache.
PRIVATE = {"Cache-Control": "no-store"}

_PERIOD = timedelta(days=7)
_CALLS_PER_PAGE = 100
_LISTENERS = 500
_RETRY_AFTER_S = 10


class Refused(Exception):
    """An answer that is no success; ``message`` is for whoever looks at the page."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def open_session() -> AtsSession:
    """Make the one session of the application, with the tokens that the environment names."""
    # Each listener holds a connection for as long as the recording is on its way. And nobody waits
    # for a page as long as a nightly job would.
    return AtsSession.from_env(
        max_connections=_LISTENERS + 100, retry=RetryPolicy(attempts=3, total_s=10), keep_alive=True
    )


def admit(authorization: str | None) -> None:
    """Keep out who may not hear the company's calls.

    THE AUTHENTICATION OF YOUR OWN USERS GOES HERE: look their session up, or what your proxy says of them, and let
    each hear what they may. As it stands, one password lets anybody in, and without one nobody gets in.

    Args:
        authorization: The header of the request.

    Raises:
        Refused: They are not let in.
    """
    password = os.environ.get("CALLS_PASSWORD", "")
    expected = "Basic " + b64encode(f"listener:{password}".encode()).decode()
    given = (authorization or "").encode(errors="replace")
    if not password or not secrets.compare_digest(given, expected.encode()):
        challenge = {"WWW-Authenticate": 'Basic realm="calls", charset="UTF-8"'}
        raise Refused(401, "Log in as listener, with the password that CALLS_PASSWORD holds.", challenge)


async def fetch_calls(ats: AtsSession, query: Mapping[str, str]) -> dict[str, object]:
    """Fetch a page of the calls of the last days, the newest first.

    Args:
        ats: The session.
        query: ``page`` (0-based), and ``until`` as it stood in the answer with page 0: a call that
            ends meanwhile would shift the pages.

    Raises:
        Refused: The query makes no sense.
        AtsError: Whatever keeps the calls from coming.
    """
    try:
        until = datetime.fromisoformat(query["until"]) if "until" in query else datetime.now(UTC)
        page = int(query.get("page", "0"))
        records = await ats.call_records.fetch_page(
            until - _PERIOD, until, page=page, size=_CALLS_PER_PAGE, sort="date,DESC"
        )
    except (ValueError, OverflowError) as error:
        raise Refused(400, str(error)) from error
    return {
        "until": until.isoformat(),
        "next_page": page + 1 if len(records) == _CALLS_PER_PAGE else None,
        "calls": [_row(record) for record in records],
    }


async def fetch_words(ats: AtsSession, name: str) -> list[dict[str, object]]:
    """Fetch who says what when in a recording; errors as those of ``ats.recordings.fetch_transcript()``."""
    transcript = await ats.recordings.fetch_transcript(name)
    return [attrs.asdict(word) for word in transcript.words]


def refuse(error: AtsError | Refused) -> Refused:
    """Say in HTTP what went wrong."""
    match error:
        case Refused():
            return error
        case UnsafeName() | ResponseError(status=400):
            return Refused(400, str(error))
        case NotReady():
            return Refused(404, "There is no such thing, or not yet: it takes some minutes after the call.")
        case ReauthorizationRequired():
            return Refused(503, f"For the operator of this page: {error}")
        case RateLimited():
            wait_s = math.ceil(error.retry_after_s or _RETRY_AFTER_S)
            return Refused(503, "The telephone exchange is busy.", {"Retry-After": str(wait_s)})
        case _:
            # The text may tell of paths and hosts: it is for the log.
            logging.getLogger(__name__).error("the exchange cannot be asked: %s", error)
            return Refused(502, "The telephone exchange cannot be asked just now.")


def _row(record: CallRecord) -> dict[str, object]:
    return {
        "date": record.date.isoformat(),
        "caller": {"name": record.caller_name, "number": record.caller_number},
        "callee": {"name": record.callee_name, "number": record.callee_number or record.destination_number},
        "status": record.call_status,
        "duration_s": record.conversation_duration,
        "recording": record.record_file_name or None,
    }
