"""What a page shows, in which order and on what scale; how it looks is the template's."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Generic, TypeVar

import attrs

from ..models import CallDirection, CallOutcome, RecordCallStatus
from .figures import Durations, QueueFigures, Report, outcomes_of, sum_of_statuses
from .language import STATISTICS, STATUSES
from .spelling import Spelling

T = TypeVar("T")

# A page of a busy year has as many rows of anything; a service that invents names has no end of them.
ROWS_AT_MOST = 300
COLUMNS_AT_MOST = 8
# Two months: what is longer is shown month by month, with the days of each to be opened.
_DAYS_SHOWN_AT_ONCE = 62


@attrs.frozen
class Shown(Generic[T]):
    """The first rows of many, and how many more there are."""

    rows: Sequence[T]
    more: int


@attrs.frozen
class Span:
    """The calls of a day, or of a month with its days."""

    first: date
    statuses: Mapping[RecordCallStatus, int]
    days: Sequence["Span"] = ()

    @property
    def outcomes(self) -> dict[CallOutcome, int]:
        """The calls by outcome."""
        return outcomes_of(self.statuses)

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.statuses.values())


@attrs.frozen
class View:
    """A report, as a page shows it."""

    report: Report
    spelling: Spelling

    @property
    def zone(self) -> str:
        """The name of the zone whose days and hours are meant."""
        return getattr(self.report.start.tzinfo, "key", None) or self.report.start.tzname() or ""

    @property
    def tiles(self) -> list[tuple[str, str]]:
        """The figures of the head, by name."""
        report, spelling = self.report, self.spelling
        return [
            ("total", spelling.number(report.total)),
            ("incoming", spelling.number(sum(report.directions[CallDirection.INCOMING].values()))),
            ("rate", spelling.percent(report.answer_rate)),
            ("waiting", spelling.duration(report.waiting.mean_s)),
            ("missed", spelling.number(report.missed)),
            ("unreturned", spelling.number(report.unreturned_calls)),
        ]

    @property
    def is_by_month(self) -> bool:
        """Whether the period is too long for a row of each of its days."""
        return self._length_days > _DAYS_SHOWN_AT_ONCE

    @property
    def days(self) -> list[Span]:
        """Every day of a short period; of a long one every month with calls, and of these the days with calls."""
        report = self.report
        if not self.is_by_month:
            days = [report.start.date() + timedelta(days=place) for place in range(self._length_days)]
            return [Span(day, report.days.get(day, {})) for day in days]
        spans = [Span(day, statuses) for day, statuses in report.days.items()]
        return [
            _month_of(list(group))
            for _, group in groupby(spans, lambda one: (one.first.year, one.first.month))
        ]

    @property
    def busiest_day(self) -> tuple[date, int]:
        """The day with the most calls, the first one of equals, and how many it has."""
        counts = {day: sum(statuses.values()) for day, statuses in self.report.days.items()}
        day = max(counts, key=counts.__getitem__)
        return day, counts[day]

    @property
    def busiest_hour(self) -> tuple[int, int, int]:
        """The weekday and hour with the most calls, the first ones of equals, and how many they have."""
        count = max(map(max, self.report.heat_map))
        weekday = next(place for place, row in enumerate(self.report.heat_map) if count in row)
        return weekday, self.report.heat_map[weekday].index(count), count

    @property
    def busiest_employee(self) -> int:
        """The most incoming calls that one employee has; 1 where nobody has any."""
        return max([1, *(one.answered + one.unanswered for one in self.report.employees)])

    @property
    def fullest_queue(self) -> QueueFigures | None:
        """The multi-channel number at which most waited at once; None where nobody waited."""
        fullest = max(self.report.queues, key=lambda queue: queue.most_at_once)
        return fullest if fullest.most_at_once else None

    @property
    def busiest_queue_hour(self) -> int:
        """The most calls that one multi-channel number has in an hour of the day."""
        return max(max(queue.by_hour) for queue in self.report.queues)

    @property
    def statistics(self) -> list[tuple[str, str, str]]:
        """The service's own figures that are there: name of the field, what it means, how much it is."""
        spelling, shown = self.spelling, list[tuple[str, str, str]]()
        for name, meaning in STATISTICS.items():
            value: float | None = getattr(self.report.statistics, name, None)
            if value is not None:
                spell = spelling.duration if name.endswith("duration") else spelling.number
                shown.append((name, meaning[spelling.language], spell(value)))
        return shown

    def classes(self, durations: Durations) -> Iterator[tuple[str, int]]:
        """Name the classes of durations, and give the count of each."""
        bounds = [self.spelling.duration(bound_s) for bound_s in durations.bounds_s]
        text = self.spelling.text
        names = [text("below", upper=bounds[0])]
        names += [text("between", lower=lower, upper=upper) for lower, upper in pairwise(bounds)]
        names.append(text("above", lower=bounds[-1]))
        return zip(names, durations.counts, strict=True)

    def status(self, status: RecordCallStatus) -> str:
        """Say what a status means, or spell it as it came."""
        meaning = STATUSES.get(status)
        return meaning[self.spelling.language] if meaning else status

    def first_rows(self, rows: Sequence[T]) -> Shown[T]:
        """Take as many rows as a table may have."""
        return Shown(rows[:ROWS_AT_MOST], max(0, len(rows) - ROWS_AT_MOST))

    def first_columns(self, columns: Sequence[T]) -> Shown[T]:
        """Take as many columns as a table may have."""
        return Shown(columns[:COLUMNS_AT_MOST], max(0, len(columns) - COLUMNS_AT_MOST))

    @property
    def _length_days(self) -> int:
        return (self.report.end.date() - self.report.start.date()).days + 1


def _month_of(days: list[Span]) -> Span:
    return Span(days[0].first, sum_of_statuses(day.statuses for day in days), days)
