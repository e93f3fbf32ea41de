"""Recordings that may become ready: which to ask for now, and when to give up."""

import heapq
from itertools import count

import attrs

from ..models import CallRecord
from .sightings import Moment

_FIRST_WAIT_S = 5.0
_LONGEST_WAIT_S = 60.0
_DOUBLINGS = 10


@attrs.define(eq=False)
class Awaited:
    """A recording that is asked for.

    Attributes:
        record: Its call.
        ready_by_s: By when it ought to be ready, by the monotonic clock.
        told_by_s: By when the service ought to have told at all whether it is, by the same clock.
        asked: How many times it has been asked for.
    """

    record: CallRecord
    ready_by_s: float
    told_by_s: float
    asked: int = 0


@attrs.define(eq=False)
class AwaitedRecordings:
    """The recordings that are asked for, by when it is their turn.

    Attributes:
        ready_within_s: Seconds for which each is asked for.
    """

    ready_within_s: float
    _queue: list[tuple[float, int, Awaited]] = attrs.field(
        factory=list[tuple[float, int, Awaited]], init=False
    )
    _order: "count[int]" = attrs.field(factory=count, init=False)

    @property
    def due_s(self) -> float:
        """When the next one is to be asked for, by the monotonic clock; infinite where there is none."""
        return self._queue[0][0] if self._queue else float("inf")

    def add(self, record: CallRecord, now: Moment, *, is_named_late: bool) -> None:
        """Add one, to be asked for at once.

        Its time begins with the end of the call, or now where its name has only just come.
        """
        age_s = 0.0
        if not is_named_late:
            # In seconds: a duration that no call has is no timedelta.
            ended_s = record.date.timestamp() + (record.call_duration or 0)
            # No call of the list ends in the future: one that says so would be waited for until then.
            age_s = max(0.0, now.at.timestamp() - ended_s)
        told_by_s = now.monotonic_s + self.ready_within_s
        self._push(now.monotonic_s, Awaited(record, told_by_s - age_s, told_by_s))

    def take_due(self, now_s: float, at_most: int) -> list[Awaited]:
        """Take some of those whose turn it is."""
        due: list[Awaited] = []
        while self.due_s <= now_s and len(due) < at_most:
            due.append(heapq.heappop(self._queue)[2])
        return due

    def put_back(self, awaited: Awaited, now_s: float, least_wait_s: float, *, is_told: bool) -> bool:
        """Wait on for one that is not ready, less and less often, and for the last time when its time is over.

        Args:
            awaited: One that was taken.
            now_s: The time, by the monotonic clock.
            least_wait_s: Seconds for which the service does not want to be asked.
            is_told: Whether the service has told that it is not ready. Where it has failed instead, also one that
                ought to be ready for long is asked for again.

        Returns:
            False where that time has been.
        """
        by_s = awaited.ready_by_s if is_told else awaited.told_by_s
        if now_s >= by_s:
            return False
        wait_s = min(_FIRST_WAIT_S * 2 ** min(awaited.asked, _DOUBLINGS), _LONGEST_WAIT_S)
        awaited.asked += 1
        self._push(max(min(now_s + wait_s, by_s), now_s + least_wait_s), awaited)
        return True

    def _push(self, due_s: float, awaited: Awaited) -> None:
        heapq.heappush(self._queue, (due_s, next(self._order), awaited))
