"""When to ask again, and which failures are survived."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

import attrs

from ..errors import (
    AtsError,
    CertificateError,
    GatewayRefused,
    PayloadError,
    ProxyRefused,
    RateLimited,
    ServerError,
    TransportError,
)
from ..logs import log
from .sightings import Moment

E = TypeVar("E")
T = TypeVar("T")

logger = logging.getLogger(__name__)

_PASSING = (TransportError, RateLimited, ServerError, GatewayRefused, PayloadError)
# These wait for a person, who is told by the end of the watch.
_LASTING = (CertificateError, ProxyRefused)


def is_passing(error: AtsError) -> bool:
    """Tell whether a failure may be over by itself at the next poll."""
    return isinstance(error, _PASSING) and not isinstance(error, _LASTING)


def this_moment() -> Moment:
    """Read both clocks."""
    return Moment(datetime.now(UTC), time.monotonic())


@attrs.define(eq=False)
class Polling:
    """The pace of a watch, and its outages.

    Attributes:
        interval_s: Seconds from the beginning of one poll to that of the next, at the least.
        operation: Its name in the log.
        due_s: When the next poll may begin, by the monotonic clock.
    """

    interval_s: float
    operation: str
    due_s: float = attrs.field(factory=time.monotonic, init=False)
    failed_polls: int = attrs.field(default=0, init=False)

    def begin(self) -> None:
        """Begin a poll; what was missed while nobody asked is not made up for."""
        self.due_s = time.monotonic() + self.interval_s

    def note_success(self) -> None:
        """Go on."""
        if self.failed_polls:
            log(
                logger,
                logging.WARNING,
                "poll_recovered",
                "after %(failed_polls)d failed polls",
                operation=self.operation,
                failed_polls=self.failed_polls,
            )
        self.failed_polls = 0

    def note_failure(self, error: AtsError) -> None:
        """Survive a failed poll, of which the log is told where the one before was none.

        Raises:
            AtsError: It is one that does not pass.
        """
        if not is_passing(error):
            raise error
        if not self.failed_polls:
            words = "%(reason)s; polled again"
            log(logger, logging.WARNING, "poll_failed", words, error=error, operation=self.operation)
        self.failed_polls += 1
        if isinstance(error, RateLimited) and error.retry_after_s is not None:
            self.due_s = max(self.due_s, time.monotonic() + error.retry_after_s)


async def watch(
    polling: Polling,
    fetch: Callable[[], Awaitable[T]],
    observe: Callable[[T, Moment], Iterable[E]],
) -> AsyncGenerator[E, None]:
    """Yield what has happened, poll by poll, as fast as the caller takes it and no faster than the pace."""
    while True:
        await asyncio.sleep(polling.due_s - time.monotonic())
        polling.begin()
        try:
            answer = await fetch()
        except AtsError as error:
            polling.note_failure(error)
            continue
        polling.note_success()
        for event in observe(answer, this_moment()):
            yield event
