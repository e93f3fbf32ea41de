"""What a session and its children say to each other, through pipes that nobody else can read."""

import asyncio
import logging
import pickle
from collections.abc import Sequence
from typing import Protocol

import attrs

from ...observing import Observer
from ...retry import RetryPolicy
from ..outcome import SaveOutcome
from ..readiness import Wanted

_LENGTH_BYTES = 4


@attrs.frozen(kw_only=True)
class Setup:
    """How a child saves; its first message.

    Attributes:
        transport: The arguments of its transport.
        tells_requests: Whether somebody observes.
        log_level: From which level on somebody may read what it logs.
    """

    transport: dict[str, object] = attrs.field(repr=False)
    retry: RetryPolicy
    max_connections: int
    directory: str
    concurrency: int
    transcripts: bool
    tells_progress: bool
    tells_requests: bool
    log_level: int


@attrs.frozen
class Save:
    """To a child: save these."""

    wanted: Sequence[Wanted]


@attrs.frozen
class Finish:
    """To a child: no more comes.

    Attributes:
        at_once: Whether what has not begun is left.
    """

    at_once: bool


@attrs.frozen
class TokenWanted:
    """From a child: it needs an access token.

    Attributes:
        refused: The one that the service has refused; None at first.
    """

    refused: str | None = attrs.field(default=None, repr=False)
    details: str = ""
    may_refresh: bool = True


@attrs.frozen
class Token:
    """To a child: the access token, or why there is none."""

    access: str = attrs.field(default="", repr=False)
    error: Exception | None = None


class Observed(Protocol):
    """Something that the session's observer would have been told, had it been here."""

    def tell(self, observer: Observer) -> None:
        """Tell it."""
        ...


@attrs.frozen
class Report:
    """From a child: what has come of some recordings, and what has come of others so far."""

    outcomes: Sequence[SaveOutcome]
    progress: Sequence[tuple[str, int]]
    observed: Sequence[Observed]


@attrs.frozen
class Logged:
    """From a child: what it has logged."""

    record: logging.LogRecord


@attrs.frozen
class Ended:
    """From a child: its last word.

    Attributes:
        error: What made it pointless to go on.
    """

    error: BaseException | None


def spell(message: object) -> bytes:
    """Spell a message."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


async def read(pipe: asyncio.StreamReader) -> object:
    """Read the next message; None where the other side has gone."""
    try:
        length = int.from_bytes(await pipe.readexactly(_LENGTH_BYTES), "big")
        message: object = pickle.loads(await pipe.readexactly(length))  # noqa: S301  # from our own process
    except (asyncio.IncompleteReadError, OSError):
        return None
    return message
