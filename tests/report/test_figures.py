"""What the figures of a report are, counted from calls written by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hand_made_calls import (
    ANNA,
    BORIS,
    CUSTOMER,
    LINE,
    MONDAY,
    OTHER_CUSTOMER,
    call,
    missed,
    placed,
    report_of,
)

from tele2ats_async import (
    CallDirection,
    CallOutcome,
    CommonStatistics,
    Employee,
    RecordCallStatus,
    RecordCallType,
)
from tele2ats_async.report import ReportBuilder, build_report

BERLIN = ZoneInfo("Europe/Berlin")


def test_an_empty_period_has_figures_too() -> None:
    """A report on a holiday is a report: nothing is divided by nothing."""
    report = report_of()

    assert (0, {}, None, None, (), (), ()) == (
        report.total, report.days, report.answer_rate, report.waiting.mean_s,
        report.employees, report.queues, report.unreturned,
    )  # fmt: skip


def test_days_and_hours_are_those_of_the_zone() -> None:
    """A call at 21:30 in London, on a Monday, is one of Tuesday's first hour in Moscow."""
    report = report_of(call(21.5), missed(9), tz=ZoneInfo("Europe/Moscow"))

    assert {
        date(2026, 3, 2): {RecordCallStatus.NOT_ANSWERED_COMMON: 1},
        date(2026, 3, 3): {RecordCallStatus.ANSWERED_COMMON: 1},
    } == report.days
    assert (1, 1, 2) == (report.heat_map[0][12], report.heat_map[1][0], report.total)


@pytest.mark.parametrize(
    ("day", "hours", "counts"),
    [((2026, 3, 29), 23, {1: 1, 2: 0, 3: 1}), ((2026, 10, 25), 25, {1: 1, 2: 2, 3: 1})],
)
def test_days_on_which_clocks_change_have_other_lengths(
    day: tuple[int, int, int], hours: int, counts: dict[int, int]
) -> None:
    """A call an hour: the day has 23 or 25 of them, and the hour that is skipped or comes twice none or two."""
    start = datetime(*day, tzinfo=BERLIN).astimezone(UTC)
    end = datetime(*day[:2], day[2], 23, 59, 59, tzinfo=BERLIN)
    records = [call((start - MONDAY) / timedelta(hours=1) + hour) for hour in range(-2, 28)]
    report = build_report(records, start, end, tz=BERLIN)

    assert {date(*day): {RecordCallStatus.ANSWERED_COMMON: hours}} == report.days
    assert counts == {hour: report.heat_map[6][hour] for hour in counts}


def test_calls_outside_the_period_are_not_counted() -> None:
    """Both ends belong to it, and what a service lists beyond them does not."""
    builder = ReportBuilder(MONDAY, MONDAY + timedelta(hours=1), tz=UTC)
    builder.add([call(-0.001), call(0), call(1), call(1.001)])

    assert 2 == builder.build().total


def test_statuses_make_outcomes() -> None:
    """Section 5: all are known, and one that is not keeps its name and counts neither as answered nor as missed."""
    outcomes = {
        status: next(name for name, count in report_of(call(1, status)).outcomes.items() if count)
        for status in [*RecordCallStatus, "ANSWERED_BY_ROBOT"]
    }

    assert {
        status for status in outcomes if status.startswith("ANSWERED_") and status in [*RecordCallStatus]
    } == {status for status, outcome in outcomes.items() if outcome == CallOutcome.ANSWERED}
    assert {
        "NOT_ANSWERED_COMMON", "CANCELLED_BY_CALLER", "DESTINATION_BUSY", "DENIED_DUE_TO_NOT_WORK_TIME",
        "DENIED_DUE_TO_MAX_SESSION", "DENIED_DUE_TO_MAX_CHANNEL_LIMIT",
    } == {status for status, outcome in outcomes.items() if outcome == CallOutcome.UNANSWERED}  # fmt: skip
    assert {"CANCELLED_BY_PICKUP", "ANSWERED_BY_ROBOT"} == {
        status for status, outcome in outcomes.items() if outcome == CallOutcome.OTHER
    }
    assert {"ANSWERED_BY_ROBOT": 1} == report_of(call(1, "ANSWERED_BY_ROBOT")).statuses


def test_types_make_directions() -> None:
    """Section 5: every type but the unknown ones has a direction."""
    directions = {
        call_type: next(
            name
            for name, counts in report_of(call(1, call_type=call_type)).directions.items()
            if sum(counts.values())
        )
        for call_type in [*RecordCallType, "HOLOGRAM"]
    }

    assert {"UNKNOWN_CALL", "HOLOGRAM"} == {
        name for name, way in directions.items() if way == CallDirection.UNKNOWN
    }
    assert {"OUTGOING", "CRM_OUTGOING", "CALLBACK", "CRM_CALLBACK"} == {
        name for name, way in directions.items() if way == CallDirection.OUTGOING
    }
    assert {"INTERNAL", "HIMSELF", "CONFERENCE"} == {
        name for name, way in directions.items() if way == CallDirection.INTERNAL
    }


def test_an_employee_is_known_by_both_numbers() -> None:
    """Calls to the full and to the short number are one person's, under the name of the list of employees."""
    report = report_of(
        call(1), call(2, callee_number="0001", call_duration=26), missed(3), placed(4),
        call(5, callee_number=BORIS, callee_name="Борис"),
        employees=[Employee(1, "Анна", "Исаева", "8 (901) 000-00-01", "0001"), Employee(2)],
    )  # fmt: skip
    anna, boris = report.employees

    assert ("Анна Исаева", ANNA, 2, 1, 1) == (
        anna.name,
        anna.number,
        anna.answered,
        anna.unanswered,
        anna.outgoing,
    )
    assert (2 / 3, 8.0, 10, 60) == (
        anna.answer_rate,
        anna.waiting.mean_s,
        anna.waiting.longest_s,
        anna.talk_s,
    )
    assert ("Борис", BORIS, 1, 1.0) == (boris.name, boris.number, boris.answered, boris.answer_rate)
    assert 3 / 4 == report.answer_rate


def test_calls_that_are_nobodys() -> None:
    """A call that nobody of a queue took, a refused one and one that a colleague picked up spoil no one's rate."""
    report = report_of(
        missed(1, call_type="MULTI_CHANNEL", callee_number=None, destination_number=LINE),
        missed(2, callee_number=None),
        call(3, "DENIED_DUE_TO_BLACK_LISTED"),
        call(4, "CANCELLED_BY_PICKUP"),
        call(5, call_type="INTERNAL"),
    )

    assert [(ANNA, 0, 1, 0)] == [
        (one.number, one.answered, one.unanswered, one.outgoing) for one in report.employees
    ]


@pytest.mark.parametrize(
    ("whole_s", "talk_s"),
    [(None, 5), (5, None), (-1, -1), (5, -1), (5, 6), (2**64, 1), (2**64, 2**64), (86_401, 0)],
)
def test_durations_that_cannot_be_are_left_out(whole_s: int | None, talk_s: int | None) -> None:
    """One hostile or broken record does not drown the figures of all others."""
    report = report_of(call(1), call(2, call_duration=whole_s, conversation_duration=talk_s))

    assert (2, 1, 10, 1, 20) == (
        report.total, report.waiting.count, report.waiting.total_s, report.talk.count, report.talk.total_s,
    )  # fmt: skip


def test_durations_are_counted_by_class() -> None:
    """A duration on a bound is in the upper class."""
    report = report_of(
        *(call(1, call_duration=talk_s + 5, conversation_duration=talk_s) for talk_s in (0, 9, 10, 1800))
    )

    assert [2, 1, 0, 0, 0, 0, 0, 1] == report.talk.counts
    assert [0, 4, 0, 0, 0, 0, 0] == report.waiting.counts
    assert (1819, 1800) == (report.talk.total_s, report.talk.longest_s)


@pytest.mark.parametrize("order", [1, -1])
def test_missed_calls_that_nobody_returned(order: int) -> None:
    """Only what was answered later returns a call, in either direction and whatever order the calls are listed in."""
    records = [
        call(1), missed(2, caller_name="Иван"), missed(3), placed(4, "NOT_ANSWERED_COMMON"),
        missed(5, caller_number=OTHER_CUSTOMER), placed(6, callee_number=OTHER_CUSTOMER, destination_number=None),
        missed(7, caller_number="8 999 000 00 03"), call(8, caller_number="+79990000003"),
        missed(9, caller_number="79990000004"), call(9, caller_number="79990000004"),
    ]  # fmt: skip
    report = report_of(*records[::order])

    assert (5, 3) == (report.missed, report.unreturned_calls)
    assert ["79990000004", CUSTOMER] == [caller.number for caller in report.unreturned]
    assert (
        "Иван", 2, MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=3), "Анна", 30,
    ) == (
        report.unreturned[1].name, report.unreturned[1].calls, report.unreturned[1].first_at,
        report.unreturned[1].last_at, report.unreturned[1].called, report.unreturned[1].waited_s,
    )  # fmt: skip


def test_colleagues_are_not_called_back() -> None:
    """Numbers of the company are known from the list of employees, or from the calls themselves."""
    report = report_of(
        missed(1, caller_number=BORIS), missed(2, caller_number="0007"), call(3, callee_number="79010000003"),
        missed(4, caller_number="79010000003"), missed(5, call_type="INTERNAL", caller_number="79010000004"),
        employees=[Employee(2, full_number=BORIS)],
    )  # fmt: skip

    assert (0, ()) == (report.missed, report.unreturned)


def test_withheld_numbers_are_counted_apart() -> None:
    """Nobody can call them back, and nobody should look for them in the table."""
    report = report_of(missed(1, caller_number=None), missed(2, caller_number="anonymous"), missed(3))

    assert (1, 2, 1) == (report.missed, report.withheld, report.unreturned_calls)


def test_what_waits_in_a_queue_at_once() -> None:
    """A caller who is put through in the second in which the next one comes does not wait beside that one."""
    second = 1 / 3600
    to_line: dict[str, Any] = {
        "call_type": "MULTI_CHANNEL",
        "destination_number": LINE,
        "conversation_duration": 0,
    }
    report = report_of(
        call(10, call_duration=10, **to_line),
        call(10 + 10 * second, call_duration=30, **to_line),
        call(10 + 15 * second, "CANCELLED_BY_CALLER", call_duration=30, **to_line),
        call(10 + 20 * second, call_duration=0, **to_line),
        call(12, call_duration=None, **to_line),
        call(13, "NOT_ANSWERED_COMMON", call_type="INTERNAL_QUEUE", destination_number=None),
        call(14, destination_number=LINE),
    )
    line, unknown = report.queues

    assert (LINE, 5, 4, 1, 2) == (line.number, line.total, line.answered, line.unanswered, line.most_at_once)
    assert MONDAY + timedelta(hours=10, seconds=15) == line.most_at_once_at
    assert {10: 4, 12: 1} == {hour: count for hour, count in enumerate(line.by_hour) if count}
    assert (4, 70) == (line.waiting.count, line.waiting.total_s)
    assert (None, 1, 1) == (unknown.number, unknown.total, unknown.most_at_once)


def test_what_the_service_counts_stands_beside() -> None:
    """Its figures are given on as they came."""
    statistics = CommonStatistics(all_call_count=3)

    assert statistics is report_of(statistics=statistics).statistics


@pytest.mark.parametrize(
    ("start", "end", "error", "text"),
    [
        (datetime(2026, 3, 2), MONDAY, ValueError, "start: .* has no time zone"),  # noqa: DTZ001  # the test
        (MONDAY, datetime(2026, 3, 3), ValueError, "end: .* has no time zone"),  # noqa: DTZ001
        (MONDAY, MONDAY - timedelta(1), ValueError, "end: .* lies before start"),
        ("2026-03-02", MONDAY, TypeError, "start: expected a datetime, got str"),
    ],
)
def test_a_period_has_to_be_one(start: datetime, end: datetime, error: type[Exception], text: str) -> None:
    """A mistake of the caller's is told by its argument."""
    with pytest.raises(error, match=text):
        ReportBuilder(start, end)


def test_the_ends_of_all_calendars_have_reports() -> None:
    """A zone would push these moments out of them."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    records = [call(1), call(1, call_type="MULTI_CHANNEL")]
    zones = [ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo"), None]

    assert [2, 2, 2] == [build_report(records, first, last, tz=zone).total for zone in zones]
