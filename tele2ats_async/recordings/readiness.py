"""Recordings become ready minutes after the call: until when that is believed, and when to ask again."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from typing import TypeVar

import attrs

from ..errors import NotReady
from ..logs import discreet, log
from ..models import CallRecord
from ..retry import STAMINAS_NAME

T = TypeVar("T")

logger = logging.getLogger(__name__)

Names = Iterable[str | CallRecord] | AsyncIterable[str | CallRecord]

_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 60.0
_DOUBLINGS = 10


@attrs.frozen
class Wanted:
    """A recording that is to be saved.

    Attributes:
        name: Its name, as listed.
        ready_by: Epoch seconds by which it ought to be ready.
    """

    name: str
    ready_by: float

    @property
    def left_s(self) -> float:
        """Seconds for which it may still become ready."""
        return self.ready_by - time.time()


async def iter_wanted(names: Names, ready_within_s: float) -> AsyncGenerator[Wanted, None]:
    """Yield what is wanted; records without a recording are passed over."""
    async with AsyncExitStack() as stack:
        if isinstance(names, AsyncIterable):
            if isinstance(names, AsyncGenerator):
                stack.push_async_callback(names.aclose)
            async for item in names:
                if (wanted := _wanted(item, ready_within_s)) is not None:
                    yield wanted
        else:
            for item in names:
                if (wanted := _wanted(item, ready_within_s)) is not None:
                    yield wanted


async def when_ready(name: str, ready_within_s: float, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask for one recording, and again while it is not ready.

    Raises:
        NotReady: It did not become ready in time.
    """
    wanted = Wanted(name, time.time() + ready_within_s)
    try:
        return await ask()
    except NotReady as error:
        if wanted.left_s <= 0:
            raise
        failure = error
    return await patiently(wanted, failure, ask)


async def patiently(wanted: Wanted, failure: NotReady, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again for what was not ready, less and less often, for the last time when its time is over.

    Raises:
        NotReady: It did not become ready in time.
    """
    import stamina  # noqa: PLC0415  # loaded already, see RetryPolicy

    asked = 0

    async def ask_after_the_first_wait() -> T:
        nonlocal asked, failure
        asked += 1
        if asked > 1:
            try:
                return await ask()
            except NotReady as error:
                failure = error
        raise discreet(failure)  # a copy, for stamina's hooks to see

    def decide(error: Exception) -> bool | float:
        if not isinstance(error, NotReady) or wanted.left_s <= 0:
            return False
        doubled: int = 2 ** min(asked - 1, _DOUBLINGS)
        wait_s = min(_FIRST_WAIT_S * doubled, _LONGEST_WAIT_S, wanted.left_s)
        log(logger, logging.INFO, "recording_not_ready", "asked again in %(wait_s).0f s", wait_s=wait_s)
        return wait_s

    # By these names stamina's hooks tell what is tried again.
    ask_after_the_first_wait.__module__ = STAMINAS_NAME
    ask_after_the_first_wait.__qualname__ = "recordings.not_ready"
    with suppress(NotReady):
        return await stamina.retry(on=decide, attempts=None, timeout=None)(ask_after_the_first_wait)()
    raise failure


def _wanted(item: str | CallRecord, ready_within_s: float) -> Wanted | None:
    if isinstance(item, CallRecord):
        if not item.record_file_name:
            return None
        ended_at = item.date.timestamp() + (item.call_duration or 0)
        # No call of the list ends in the future: one that says so would be waited for until then.
        return Wanted(item.record_file_name, min(ended_at, time.time()) + ready_within_s)
    if not isinstance(item, str):
        raise TypeError(f"names_or_records: expected names or records, got {type(item).__name__}")
    return Wanted(item, time.time() + ready_within_s)
