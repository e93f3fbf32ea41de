"""From call records to figures, in one pass."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from ..models import CallDirection, CallOutcome, CallRecord, CommonStatistics, Employee, RecordCallStatus
from ..wire.query import require_period
from .call import Call, localize, read
from .callers import CallerTally
from .employees import EmployeeTally
from .figures import TALK_BOUNDS_S, WAITING_BOUNDS_S, Durations, Report
from .queues import QueueTally


class ReportBuilder:
    """Counts calls as they come, a page at a time, and makes a report of them.

    Memory grows with days, people and numbers, and by two integers for each call that waited in a queue.

    Args:
        start: First moment of the period, aware datetime. Calls outside the period are not counted.
        end: Last moment, aware datetime.
        tz: The zone whose days and hours are meant; None for the local one.

    Raises:
        TypeError: A time is no datetime.
        ValueError: A time is naive, or ``end`` lies before ``start``.

    Source: operation 8.
    """

    def __init__(self, start: datetime, end: datetime, *, tz: tzinfo | None = None) -> None:
        require_period(start, end)
        self._start, self._end, self._zone = start, end, tz
        self._days: defaultdict[date, Counter[RecordCallStatus]] = defaultdict(Counter)
        self._heat_map = [[0] * 24 for _ in range(7)]
        self._directions: Counter[tuple[CallDirection, CallOutcome]] = Counter()
        self._talk, self._waiting = Durations(TALK_BOUNDS_S), Durations(WAITING_BOUNDS_S)
        self._employees, self._queues, self._callers = EmployeeTally(), QueueTally(), CallerTally()

    def add(self, records: Iterable[CallRecord]) -> None:
        """Count calls, in any order, each once.

        Args:
            records: A page of them, or all.
        """
        for record in records:
            if self._start <= record.date <= self._end:
                self._add(read(record, self._zone))

    def build(
        self,
        *,
        employees: Iterable[Employee] = (),
        statistics: CommonStatistics | None = None,
        gaps: Iterable[tuple[datetime, datetime]] = (),
    ) -> Report:
        """Make a report of what was counted so far.

        Args:
            employees: Whose numbers get these names.
            statistics: What the service says of the period, to stand beside our own figures.
            gaps: Spans whose calls may be missing, to be told to the reader.

        Returns:
            The figures.
        """
        employees = list(employees)
        missed, withheld, unreturned = self._callers.sum_up(employees)
        return Report(
            start=localize(self._start, self._zone),
            end=localize(self._end, self._zone),
            days={day: dict(self._days[day]) for day in sorted(self._days)},
            heat_map=tuple(map(tuple, self._heat_map)),
            directions={
                direction: {outcome: self._directions[direction, outcome] for outcome in CallOutcome}
                for direction in CallDirection
            },
            employees=self._employees.sum_up(employees),
            talk=Durations.sum_of([self._talk]),
            waiting=Durations.sum_of([self._waiting]),
            queues=self._queues.sum_up(self._zone),
            missed=missed,
            withheld=withheld,
            unreturned=unreturned,
            statistics=statistics,
            gaps=tuple((localize(first, self._zone), localize(after, self._zone)) for first, after in gaps),
        )

    def _add(self, call: Call) -> None:
        self._days[call.moment.date()][call.record.call_status] += 1
        self._heat_map[call.moment.weekday()][call.moment.hour] += 1
        self._directions[call.direction, call.outcome] += 1
        if call.outcome == CallOutcome.ANSWERED:
            self._talk.add(call.talk_s)
            if call.direction == CallDirection.INCOMING:
                self._waiting.add(call.waiting_s)
        self._employees.add(call)
        self._queues.add(call)
        self._callers.add(call)


def build_report(
    records: Iterable[CallRecord],
    start: datetime,
    end: datetime,
    *,
    tz: tzinfo | None = None,
    employees: Iterable[Employee] = (),
    statistics: CommonStatistics | None = None,
) -> Report:
    """Count the calls of a period; `ReportBuilder` does it page by page.

    Args:
        records: The calls, in any order, each once; those outside the period are not counted.
        start: First moment of the period, aware datetime.
        end: Last moment, aware datetime.
        tz: The zone whose days and hours are meant; None for the local one.
        employees: Whose numbers get these names.
        statistics: What the service says of the period, to stand beside our own figures.

    Returns:
        The figures, to be rendered by `render_html()`.

    Raises:
        TypeError: A time is no datetime.
        ValueError: A time is naive, or ``end`` lies before ``start``.

    Source: operations 4, 6 and 8.
    """
    builder = ReportBuilder(start, end, tz=tz)
    builder.add(records)
    return builder.build(employees=employees, statistics=statistics)
