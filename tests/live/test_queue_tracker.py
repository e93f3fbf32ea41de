"""Polls of operation 3 made into events, without any service."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import CallQueue, QueueEntered, QueueLeft
from tele2ats_async.live.queues import QueueTracker
from tele2ats_async.live.sightings import Moment

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
_POLLS = st.lists(
    st.dictionaries(st.sampled_from("AB"), st.lists(st.sampled_from("123"), max_size=4)), max_size=10
)


def watch(*polls: dict[str, list[str]]) -> list[list[QueueEntered | QueueLeft]]:
    """Give the events of each poll, one every two seconds."""
    tracker = QueueTracker()
    return [
        [
            *tracker.observe(
                [CallQueue(name, calls) for name, calls in queues.items()],
                Moment(BEGIN + timedelta(seconds=2 * place), 70.0 + 2 * place),
            )
        ]
        for place, queues in enumerate(polls)
    ]


def _at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def test_who_enters_and_who_leaves() -> None:
    """The wait ends at the first poll without the caller, also where the queue itself is no longer listed."""
    events = watch({"1": []}, {"1": ["7"]}, {}, {"1": ["7", "8"]}, {"1": ["8"]}, {"1": ["8"]})

    expected: list[list[QueueEntered | QueueLeft]] = [
        [],
        [QueueEntered("1", "7", _at(2))],
        [],
        [QueueEntered("1", "8", _at(6))],
        [],
        [QueueLeft("1", "7", _at(8), 6.0)],
    ]
    assert expected == events


def test_another_queue_is_entered() -> None:
    """Who is passed on has left one and entered another."""
    events = watch({"1": ["7"]}, {"2": ["7"]}, {"2": ["7"]})[1:]

    assert [[QueueEntered("2", "7", _at(2))], [QueueLeft("1", "7", _at(2), 2.0)]] == events


@given(_POLLS)
def test_who_waits_by_the_events_is_who_is_listed(polls: list[dict[str, list[str]]]) -> None:
    """But for those who are missing for the first time; when all is quiet, everybody has left once."""
    waiting: Counter[tuple[str, str]] = Counter()
    before: Counter[tuple[str, str]] = Counter()
    for queues, events in zip([*polls, {}, {}], watch(*polls, {}, {}), strict=True):
        for event in events:
            change = 1 if isinstance(event, QueueEntered) else -1
            waiting[event.queue_name, event.caller_number] += change
        listed = Counter((name, number) for name, calls in queues.items() for number in calls)
        assert listed <= waiting
        assert waiting - listed <= before
        before = listed

    assert Counter() == +waiting
