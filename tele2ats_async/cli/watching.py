"""``--watch``: a row for each event, as it happens."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, TypeVar

import attrs
import typer

from ..live import CallConnected, CallEnded, CallStarted, QueueEntered, QueueLeft
from ..models import CurrentCallType
from ..session import AtsSession
from .output import Output
from .rows import Sheet, show
from .running import OK, say_error

Watch = Annotated[
    bool, typer.Option("--watch", help="Go on until interrupted: a line for each change, as it happens.")
]
FAREWELL = "Stopped."

E = TypeVar("E")
R = TypeVar("R")

_LOGGER = "tele2ats_async.live.polling"
_WORDS = {
    CallStarted: "started",
    CallConnected: "connected",
    CallEnded: "ended",
    QueueEntered: "entered",
    QueueLeft: "left",
}


@attrs.frozen(kw_only=True)
class CallEvent:
    """An event of a call, flat."""

    event: str
    at: datetime
    key: int
    duration_seconds: float | None
    call_type: CurrentCallType
    caller_number_short: str | None
    caller_number_full: str | None
    called_number_short: str | None
    called_number_full: str | None


@attrs.frozen(kw_only=True)
class QueueEvent:
    """An event of a queue, flat."""

    event: str
    at: datetime
    queue_name: str
    caller_number: str
    waited_seconds: float | None


CALL_EVENTS = Sheet(
    CallEvent,
    {
        "time": lambda row: row.at,
        "event": lambda row: f"{row.event:9}",
        "call": lambda row: row.key,
        "type": lambda row: f"{show(row.call_type):14}",
        "caller": lambda row: row.caller_number_full or row.caller_number_short,
        "called": lambda row: row.called_number_full or row.called_number_short or "(waiting)",
        "after": lambda row: _after(row.duration_seconds),
    },
)
QUEUE_EVENTS = Sheet(
    QueueEvent,
    {
        "time": lambda row: row.at,
        "event": lambda row: f"{row.event:7}",
        "queue": lambda row: row.queue_name,
        "number": lambda row: row.caller_number,
        "after": lambda row: _after(row.waited_seconds),
    },
)


def flatten_call(event: CallStarted | CallConnected | CallEnded) -> CallEvent:
    """Make a row of an event of a call."""
    return CallEvent(
        event=_WORDS[type(event)],
        at=event.at,
        key=event.key,
        duration_seconds=round(event.duration_s, 3) if isinstance(event, CallEnded) else None,
        **attrs.asdict(event.call),
    )


def flatten_queue(event: QueueEntered | QueueLeft) -> QueueEvent:
    """Make a row of an event of a queue."""
    return QueueEvent(
        event=_WORDS[type(event)],
        at=event.at,
        queue_name=event.queue_name,
        caller_number=event.caller_number,
        waited_seconds=round(event.waited_s, 3) if isinstance(event, QueueLeft) else None,
    )


async def watch(
    session: AtsSession,
    events: AsyncGenerator[E, None],
    flatten: Callable[[E], R],
    sheet: Sheet[R],
    output: Output,
) -> int:
    """Print events until cancelled, each at once."""
    logging.getLogger(_LOGGER).addHandler(_Complaints())
    writer = output.writer(sheet)
    async with session, aclosing(events):
        async for event in events:
            writer.add(flatten(event))
            output.flush()
    return OK


class _Complaints(logging.Handler):
    """Tells in a line that polls fail, and in another that they do not any more."""

    def emit(self, record: logging.LogRecord) -> None:
        facts = vars(record)
        if facts["event"] == "poll_recovered":
            say_error("the service answers again")
        else:
            say_error(f"{facts['reason']}; asking again")


def _after(seconds: float | None) -> str:
    return "" if seconds is None else f"after {seconds:.0f} s"
