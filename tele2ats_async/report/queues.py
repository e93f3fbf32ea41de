"""The load of the multi-channel numbers: calls by the hour, and how many waited at once."""

from array import array
from datetime import UTC, datetime, timedelta, tzinfo

import attrs

from ..models import CallOutcome
from .call import Call, localize
from .figures import WAITING_BOUNDS_S, Durations, QueueFigures

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@attrs.define
class _Tally:
    """The calls to one number; of each that waited, the milliseconds since the epoch from when until when."""

    by_hour: list[int] = attrs.field(factory=lambda: [0] * 24)
    answered: int = 0
    unanswered: int = 0
    waiting: Durations = attrs.field(factory=lambda: Durations(WAITING_BOUNDS_S))
    begins: "array[int]" = attrs.field(factory=lambda: array("q"))
    ends: "array[int]" = attrs.field(factory=lambda: array("q"))


class QueueTally:
    """Counts calls to multi-channel numbers."""

    def __init__(self) -> None:
        self._by_number: dict[str | None, _Tally] = {}

    def add(self, call: Call) -> None:
        """Count a call, if it is to such a number."""
        if not call.record.call_type.is_to_a_queue:
            return
        tally = self._by_number.get(call.dialled)
        if tally is None:
            tally = self._by_number[call.dialled] = _Tally()
        tally.by_hour[call.moment.hour] += 1
        tally.answered += call.outcome == CallOutcome.ANSWERED
        tally.unanswered += call.outcome == CallOutcome.UNANSWERED
        tally.waiting.add(call.waiting_s)
        if call.waiting_s:
            begin = (call.record.date - _EPOCH) // _MILLISECOND
            tally.begins.append(begin)
            tally.ends.append(begin + call.waiting_s * 1000)

    def sum_up(self, zone: tzinfo | None) -> tuple[QueueFigures, ...]:
        """Give the figures, the busiest first."""
        figures = [_sum_up(number, tally, zone) for number, tally in self._by_number.items()]
        return tuple(sorted(figures, key=lambda queue: (-queue.total, queue.number or "")))


def _sum_up(number: str | None, tally: _Tally, zone: tzinfo | None) -> QueueFigures:
    most, at_ms = most_at_once(sorted(tally.begins), sorted(tally.ends))
    return QueueFigures(
        number=number,
        answered=tally.answered,
        unanswered=tally.unanswered,
        by_hour=tuple(tally.by_hour),
        waiting=tally.waiting,
        most_at_once=most,
        most_at_once_at=localize(_EPOCH + at_ms * _MILLISECOND, zone) if most else None,
    )


def most_at_once(begins: list[int], ends: list[int]) -> tuple[int, int]:
    """Find how many spans lie over one another at the most, and where that begins for the first time.

    A span that ends where another one begins does not lie over it.

    Args:
        begins: Where they begin, in order.
        ends: Where they end, in order.
    """
    most = at = ended = 0
    for begun, begin in enumerate(begins, start=1):
        while ends[ended] <= begin:
            ended += 1
        if begun - ended > most:
            most, at = begun - ended, begin
    return most, at
