"""The three watches, put together."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta

from ..models import CallQueue, CallRecord, CurrentCall
from ..wire.operations import LIST_CALL_RECORDS, LIST_CURRENT_CALLS, LIST_QUEUES
from .awaited import AwaitedRecordings
from .calls import CallTracker
from .events import (
    CallConnected,
    CallEnded,
    CallStarted,
    QueueEntered,
    QueueLeft,
    RecordAdded,
    RecordingReady,
)
from .polling import Polling, watch
from .queues import QueueTracker
from .record_watch import RecordWatch
from .records import RecordMemory


def watch_calls(
    fetch: Callable[[], Awaitable[list[CurrentCall]]], interval_s: float
) -> AsyncGenerator[CallStarted | CallConnected | CallEnded, None]:
    """Watch the calls in progress, which `fetch` asks for once."""
    return watch(Polling(interval_s, LIST_CURRENT_CALLS.name), fetch, CallTracker().observe)


def watch_queues(
    fetch: Callable[[], Awaitable[list[CallQueue]]], interval_s: float
) -> AsyncGenerator[QueueEntered | QueueLeft, None]:
    """Watch the queues, which `fetch` asks for once."""
    return watch(Polling(interval_s, LIST_QUEUES.name), fetch, QueueTracker().observe)


def watch_records(
    list_pages: Callable[[datetime, datetime], AsyncGenerator[list[CallRecord], None]],
    ask: Callable[[str], Awaitable[None]],
    *,
    since: datetime,
    interval_s: float,
    look_back: timedelta,
    ready_within_s: float | None,
) -> AsyncGenerator[RecordAdded | RecordingReady, None]:
    """Watch the list of finished calls, and their recordings, each of which `ask` asks for."""
    return RecordWatch(
        memory=RecordMemory(since, look_back),
        polling=Polling(interval_s, LIST_CALL_RECORDS.name),
        list_pages=list_pages,
        ask=ask,
        awaited=None if ready_within_s is None else AwaitedRecordings(ready_within_s),
    ).run()
