"""What holds of any calls, however odd."""

from collections import Counter
from datetime import timedelta

from hand_made_calls import ANNA, BORIS, CUSTOMER, LINE, MONDAY, OTHER_CUSTOMER, report_of
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import CallDirection, CallOutcome, CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.report.queues import most_at_once

numbers = st.sampled_from([LINE, ANNA, BORIS, CUSTOMER, OTHER_CUSTOMER, "0001", "anonymous", "", None])
durations = st.one_of(st.none(), st.integers(-2, 200), st.just(2**64))
records = st.lists(
    st.builds(
        CallRecord,
        date=st.integers(0, 7 * 86_400).map(lambda second: MONDAY + timedelta(seconds=second)),
        call_type=st.sampled_from([*RecordCallType, RecordCallType("NEW")]),
        call_status=st.sampled_from([*RecordCallStatus, RecordCallStatus("NEW")]),
        destination_number=numbers,
        caller_number=numbers,
        callee_number=numbers,
        call_duration=durations,
        conversation_duration=durations,
    ),
    max_size=30,
)


@given(records)
def test_sums_agree(calls: list[CallRecord]) -> None:
    """Every call is once in each figure that is about all of them, and no part is larger than its whole."""
    report = report_of(*calls)

    assert len(calls) == report.total
    assert len(calls) == sum(report.statuses.values()) == sum(report.outcomes.values())
    assert len(calls) == sum(map(sum, (day.values() for day in report.days.values())))
    assert len(calls) == sum(sum(counts.values()) for counts in report.directions.values())
    to_queues = [one for one in calls if one.call_type in ("MULTI_CHANNEL", "INTERNAL_QUEUE")]
    assert len(to_queues) == sum(queue.total for queue in report.queues)
    incoming = report.directions[CallDirection.INCOMING]
    assert sum(one.answered for one in report.employees) <= incoming[CallOutcome.ANSWERED]
    assert sum(one.unanswered for one in report.employees) <= incoming[CallOutcome.UNANSWERED]
    assert report.unreturned_calls <= report.missed <= incoming[CallOutcome.UNANSWERED] - report.withheld
    assert report.waiting.count <= incoming[CallOutcome.ANSWERED]
    for queue in report.queues:
        assert queue.most_at_once <= queue.waiting.count <= queue.total


@given(records, st.randoms())
def test_the_order_of_calls_does_not_matter(calls: list[CallRecord], dice: object) -> None:
    """Pages may come sorted by anything."""
    shuffled = calls.copy()
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types its dice as objects
    one, other = report_of(*calls), report_of(*shuffled)

    assert Counter(one.statuses) == Counter(other.statuses)
    assert (one.missed, one.withheld) == (other.missed, other.withheld)
    assert [(caller.number, caller.calls, caller.last_at) for caller in one.unreturned] == [
        (caller.number, caller.calls, caller.last_at) for caller in other.unreturned
    ]
    assert one.queues == other.queues


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=12))
def test_most_at_once_is_what_looking_at_each_moment_finds(spans: list[tuple[int, int]]) -> None:
    """The quick way and the plain one agree, on the count and on its first moment."""
    covering = Counter(moment for begin, length in spans for moment in range(begin, begin + length))
    most = max(covering.values())

    assert (most, min(moment for moment, count in covering.items() if count == most)) == most_at_once(
        sorted(begin for begin, _ in spans), sorted(begin + length for begin, length in spans)
    )
