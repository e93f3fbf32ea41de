"""The figures of a report, as plain values."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Self

import attrs

from ..models import CallDirection, CallOutcome, CommonStatistics, RecordCallStatus

TALK_BOUNDS_S = (10, 30, 60, 120, 300, 600, 1800)
WAITING_BOUNDS_S = (5, 10, 20, 30, 60, 120)


@attrs.define
class Durations:
    """Durations, counted by how long they are.

    Attributes:
        bounds_s: Where one class ends and the next begins, seconds; a duration on a bound is in the upper class.
        counts: How many lie in each class; one more than there are bounds.
        total_s: Their sum, seconds.
        longest_s: The longest, seconds; 0 where there is none.

    Source: operation 8.
    """

    bounds_s: tuple[int, ...] = ()
    counts: list[int] = attrs.field(default=attrs.Factory(lambda self: [0] * (len(self.bounds_s) + 1), True))
    total_s: int = 0
    longest_s: int = 0

    def add(self, seconds: int | None) -> None:
        """Count one, where it is known."""
        if seconds is not None:
            self.counts[bisect_right(self.bounds_s, seconds)] += 1
            self.total_s += seconds
            self.longest_s = max(self.longest_s, seconds)

    @classmethod
    def sum_of(cls, parts: list[Self]) -> Self:
        """Put durations of equal bounds together."""
        whole = cls(parts[0].bounds_s)
        for part in parts:
            whole.counts = [mine + theirs for mine, theirs in zip(whole.counts, part.counts, strict=True)]
            whole.total_s += part.total_s
            whole.longest_s = max(whole.longest_s, part.longest_s)
        return whole

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.counts)

    @property
    def mean_s(self) -> float | None:
        """Their mean in seconds, None where there is none."""
        return self.total_s / self.count if self.count else None


@attrs.frozen(kw_only=True)
class EmployeeFigures:
    """The calls of one employee with the world outside.

    Attributes:
        name: From the list of employees, else from the calls; None where neither tells.
        number: The number that the calls bear; the first one where there are several.
        answered: Incoming calls that the employee took.
        unanswered: Incoming calls to the employee that nobody took.
        outgoing: Calls that the employee placed, answered or not.
        waiting: How long callers waited before the employee answered.
        talk_s: Seconds of talk, in calls both ways.

    Source: operations 4 and 8.
    """

    name: str | None
    number: str
    answered: int
    unanswered: int
    outgoing: int
    waiting: Durations
    talk_s: int

    @property
    def answer_rate(self) -> float | None:
        """The answered share of the calls that could be answered, 0 to 1; None where there were none."""
        return _share(self.answered, self.unanswered)


@attrs.frozen(kw_only=True)
class QueueFigures:
    """The calls to one multi-channel number.

    Attributes:
        number: None for the calls that do not say which number was dialled.
        answered: Calls that somebody took.
        unanswered: Calls that nobody took.
        by_hour: All its calls by hour of the day, 24 counts.
        waiting: How long all callers waited, those who were not answered too.
        most_at_once: How many waited at the same time, at the most.
        most_at_once_at: The first moment at which they did, in the zone of the report; None where nobody waited.

    Source: operation 8.
    """

    number: str | None
    answered: int
    unanswered: int
    by_hour: tuple[int, ...]
    waiting: Durations
    most_at_once: int
    most_at_once_at: datetime | None

    @property
    def total(self) -> int:
        """All its calls, whatever came of them."""
        return sum(self.by_hour)


@attrs.frozen(kw_only=True)
class UnreturnedCaller:
    """Somebody outside who called, was not answered, and was not spoken with later in the period.

    Attributes:
        number: The number to call back.
        name: As the calls have it.
        calls: How many of the caller's missed calls nobody has returned.
        first_at: When the first of them began, in the zone of the report.
        last_at: When the last one began.
        called: Whom or what the last one was meant for: a name or a number.
        waited_s: How long the caller waited in the last one, seconds.

    Source: operation 8.
    """

    number: str
    name: str | None
    calls: int
    first_at: datetime
    last_at: datetime
    called: str | None
    waited_s: int | None


@attrs.frozen(kw_only=True)
class Report:
    """The figures of a period.

    Attributes:
        start: First moment of the period, in the zone of the report.
        end: Last moment.
        days: The calls of each day that has any, by status; days are those of the zone.
        heat_map: All calls by weekday (0 is Monday) and hour of the day: 7 rows of 24 counts.
        directions: All calls by direction and outcome.
        employees: The busiest first.
        talk: Seconds of conversation of the answered calls.
        waiting: Seconds that callers from outside waited for an answer, of the answered ones.
        queues: The busiest first.
        missed: Incoming calls from outside that nobody took, from numbers that can be called.
        withheld: The same, from numbers that nobody can call back.
        unreturned: Who of them was not called back, the latest first.
        statistics: What the service itself counted; None where it was not asked.
        gaps: Spans whose calls may be missing, as an archive tells of itself: first moments, and moments after.

    Source: operations 4, 6 and 8.
    """

    start: datetime
    end: datetime
    days: Mapping[date, Mapping[RecordCallStatus, int]]
    heat_map: tuple[tuple[int, ...], ...]
    directions: Mapping[CallDirection, Mapping[CallOutcome, int]]
    employees: tuple[EmployeeFigures, ...]
    talk: Durations
    waiting: Durations
    queues: tuple[QueueFigures, ...]
    missed: int
    withheld: int
    unreturned: tuple[UnreturnedCaller, ...]
    statistics: CommonStatistics | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def total(self) -> int:
        """All calls."""
        return sum(map(sum, self.heat_map))

    @property
    def statuses(self) -> dict[RecordCallStatus, int]:
        """All calls by status, the most frequent first."""
        counts = sum_of_statuses(self.days.values())
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def outcomes(self) -> dict[CallOutcome, int]:
        """All calls by outcome."""
        return outcomes_of(self.statuses)

    @property
    def answer_rate(self) -> float | None:
        """The answered share of the incoming calls that could be answered, 0 to 1; None where there were none."""
        incoming = self.directions[CallDirection.INCOMING]
        return _share(incoming[CallOutcome.ANSWERED], incoming[CallOutcome.UNANSWERED])

    @property
    def unreturned_calls(self) -> int:
        """How many missed calls were not returned."""
        return sum(caller.calls for caller in self.unreturned)


def sum_of_statuses(days: Iterable[Mapping[RecordCallStatus, int]]) -> Counter[RecordCallStatus]:
    """Put the counts of several days together."""
    counts = Counter[RecordCallStatus]()
    for day in days:
        counts.update(day)
    return counts


def outcomes_of(statuses: Mapping[RecordCallStatus, int]) -> dict[CallOutcome, int]:
    """Count calls by outcome, of counts by status."""
    counts = dict.fromkeys(CallOutcome, 0)
    for status, count in statuses.items():
        counts[status.outcome] += count
    return counts


def _share(answered: int, unanswered: int) -> float | None:
    return answered / (answered + unanswered) if answered + unanswered else None
