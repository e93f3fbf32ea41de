"""The list of finished calls made into events, and their recordings."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta

import attrs

from ..errors import (
    AtsError,
    Forbidden,
    RateLimited,
    ReauthorizationRequired,
    RecordingError,
    ResponseError,
    UnsafeName,
)
from ..logs import log
from ..models import CallRecord
from ..tasks import wait_out
from .awaited import Awaited, AwaitedRecordings
from .events import RecordAdded, RecordingReady
from .polling import Polling, is_passing, this_moment
from .records import RecordMemory

RecordEvent = RecordAdded | RecordingReady

logger = logging.getLogger(__name__)

# The calls of today are usually asked for until tonight; a clock that is slow by less than that hides nothing.
_AHEAD = timedelta(days=1)
# Recordings that are asked for at once.
_AT_ONCE = 4


@attrs.define(eq=False, kw_only=True)
class RecordWatch:
    """A watch of the listing.

    Attributes:
        list_pages: Lists the calls of a period by page, the oldest first.
        ask: Asks for a recording by its name; its errors say that it is not ready.
        awaited: None where nobody wants to know of recordings.
    """

    memory: RecordMemory
    polling: Polling
    list_pages: Callable[[datetime, datetime], AsyncGenerator[list[CallRecord], None]]
    ask: Callable[[str], Awaitable[None]]
    awaited: AwaitedRecordings | None

    async def run(self) -> AsyncGenerator[RecordEvent, None]:
        """Yield what is new, poll by poll, and what has become ready between the polls."""
        while True:
            async with aclosing(self._poll()) as events:
                async for event in events:
                    yield event
            async with aclosing(self._rest()) as ready:
                async for event in ready:
                    yield event

    async def _poll(self) -> AsyncGenerator[RecordEvent, None]:
        self.polling.begin()
        start = self.memory.begin_listing()
        try:
            async with aclosing(self.list_pages(start, max(start, this_moment().at + _AHEAD))) as pages:
                async for page in pages:
                    for event in self._take(page):
                        yield event
                    # Page by page, so that those of a long listing need not be remembered all at once.
                    async with aclosing(self._ask_due(self.polling.interval_s)) as ready:
                        async for event in ready:
                            yield event
        except AtsError as error:
            self.polling.note_failure(error)
        else:
            self.polling.note_success()

    def _take(self, page: list[CallRecord]) -> list[RecordEvent]:
        now = this_moment()
        added: list[RecordEvent] = []
        for news in self.memory.take(page, now.at):
            if news.is_added:
                added.append(RecordAdded(news.record))
            if news.record.record_file_name and self.awaited is not None:
                self.awaited.add(news.record, now, is_named_late=not news.is_added)
        return added

    async def _rest(self) -> AsyncGenerator[RecordEvent, None]:
        """Wait for the next poll; a service that cannot be asked for calls is not asked for recordings."""
        while (left_s := self.polling.due_s - time.monotonic()) > 0:
            if self.awaited is None or self.polling.failed_polls:
                await asyncio.sleep(left_s)
                continue
            await asyncio.sleep(min(left_s, self.awaited.due_s - time.monotonic()))
            async with aclosing(self._ask_due(self.polling.due_s - time.monotonic())) as ready:
                async for event in ready:
                    yield event

    async def _ask_due(self, within_s: float) -> AsyncGenerator[RecordEvent, None]:
        """Ask for those whose turn it is, until the service has taken so long for them: the next poll is due then.

        Where it answers slowly, the first ones' turn comes again before it is that of the last.
        """
        awaited = self.awaited
        while awaited is not None and within_s > 0:
            began_s = time.monotonic()
            if not (due := awaited.take_due(began_s, _AT_ONCE)):
                return
            asking = [asyncio.create_task(self._is_ready(one)) for one in due]
            try:
                await asyncio.wait(asking)
            finally:
                for task in asking:
                    task.cancel()
                await wait_out(asking)
            within_s -= time.monotonic() - began_s
            for one, task in zip(due, asking, strict=True):
                if task.result():
                    yield RecordingReady(one.record)

    async def _is_ready(self, one: Awaited) -> bool:
        """Ask for a recording; an error that it raises ends the watch."""
        try:
            await self.ask(one.record.record_file_name or "")
        except (UnsafeName, Forbidden) as error:
            _tell_given_up(error)
        except AtsError as error:
            if isinstance(error, ReauthorizationRequired) or not _may_pass(error):
                raise
            self._ask_again(one, error)
        else:
            return True
        return False

    def _ask_again(self, one: Awaited, error: AtsError) -> None:
        assert self.awaited is not None  # noqa: S101  # it is one of them
        least_wait_s = error.retry_after_s if isinstance(error, RateLimited) else None
        is_told = not is_passing(error)
        if not self.awaited.put_back(one, time.monotonic(), least_wait_s or 0.0, is_told=is_told):
            _tell_given_up(error)


def _tell_given_up(error: AtsError) -> None:
    log(logger, logging.INFO, "recording_given_up", "%(reason)s", error=error)


def _may_pass(error: AtsError) -> bool:
    # Whatever the service says about one recording, it need not hold for the others.
    return isinstance(error, RecordingError | ResponseError) or is_passing(error)
