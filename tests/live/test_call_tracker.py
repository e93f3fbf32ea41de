"""Polls of operation 2 made into events, without any service."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import CallConnected, CallEnded, CallStarted, CurrentCall, CurrentCallType
from tele2ats_async.live.calls import CallTracker
from tele2ats_async.live.sightings import Moment

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
WAITING = CurrentCall(CurrentCallType.MULTI_CHANNEL, caller_number_full="79000000001")
TALKING = attrs.evolve(WAITING, called_number_short="101", called_number_full="79000000101")
TRANSFERRED = attrs.evolve(WAITING, called_number_short="102", called_number_full="79000000102")

Event = CallStarted | CallConnected | CallEnded
# Few of each, so that calls look alike and follow each other closely.
_ROWS = st.builds(
    CurrentCall,
    st.sampled_from([CurrentCallType.MULTI_CHANNEL, CurrentCallType.of("NEW")]),
    caller_number_full=st.sampled_from(["1", "2", None]),
    called_number_full=st.sampled_from(["8", "9", None]),
)
_POLLS = st.lists(st.lists(_ROWS, max_size=5), max_size=12)


def moment(second: float) -> Moment:
    """Make the moment of a poll; the two clocks tell different times."""
    return Moment(BEGIN + timedelta(seconds=second), 5000.0 + second)


def watch(*polls: Sequence[CurrentCall], every_s: float = 2.0) -> list[list[Event]]:
    """Give the events of each poll."""
    tracker = CallTracker()
    return [[*tracker.observe([*rows], moment(every_s * place))] for place, rows in enumerate(polls)]


def test_a_call_begins_is_put_through_and_ends() -> None:
    """Its end is the first poll that it is missing from, and is told at the second."""
    events = watch([], [WAITING], [WAITING], [TALKING], [TALKING], [], [])

    expected: list[list[Event]] = [
        [],
        [CallStarted(WAITING, moment(2).at, 1)],
        [],
        [CallConnected(TALKING, moment(6).at, 1)],
        [],
        [],
        [CallEnded(TALKING, moment(10).at, 8.0, 1)],
    ]
    assert expected == events


def test_a_call_in_progress_at_the_first_poll_has_started_and_is_connected() -> None:
    """Who counts on a start before anything else is never disappointed."""
    [events] = watch([TALKING])

    assert [CallStarted(TALKING, BEGIN, 1), CallConnected(TALKING, BEGIN, 1)] == events


def test_a_transferred_call_is_connected_again() -> None:
    """It is the same call, with somebody else."""
    events = watch([TALKING], [TRANSFERRED], [], [TRANSFERRED])[1:]

    assert [[CallConnected(TRANSFERRED, moment(2).at, 1)], [], []] == events


def test_a_call_that_is_missing_while_it_is_put_through_is_the_same() -> None:
    """That is when it would flicker, if ever."""
    events = watch([WAITING], [], [TALKING])[1:]

    assert [[], [CallConnected(TALKING, moment(4).at, 1)]] == events


def test_a_caller_who_waits_again_is_another_call() -> None:
    """By the contract the called side is absent until the caller is put through, and not afterwards."""
    events = watch([TALKING], [WAITING], [TALKING])[1:]

    expected: list[list[Event]] = [
        [CallStarted(WAITING, moment(2).at, 2)],
        # Put through to the same one: what looks the same goes before what has changed.
        [],
    ]
    assert expected == events


def test_two_calls_of_one_caller_are_two() -> None:
    """A line of many telephones calls twice, and looks the same; the older one ends by its own key."""
    events = watch([WAITING], [WAITING, WAITING], [TALKING, WAITING], [WAITING], [WAITING])[1:]

    expected: list[list[Event]] = [
        [CallStarted(WAITING, moment(2).at, 2)],
        [CallConnected(TALKING, moment(4).at, 2)],
        [],
        [CallEnded(TALKING, moment(6).at, 4.0, 2)],
    ]
    assert expected == events


def test_who_was_there_the_last_time_goes_first() -> None:
    """Of two calls of one caller, the one that is missing already is the one that has ended."""
    elsewhere = attrs.evolve(WAITING, called_number_full="79000000103")
    events = watch([TALKING, TRANSFERRED], [TRANSFERRED], [elsewhere])[1:]

    expected: list[list[Event]] = [
        [],
        [CallEnded(TALKING, moment(2).at, 2.0, 1), CallConnected(elsewhere, moment(4).at, 2)],
    ]
    assert expected == events


def test_nobody_is_told_of_numbers_that_are_spelled_otherwise() -> None:
    """Empty or absent is the same, and a short number that is added changes nobody."""
    spelled = attrs.evolve(TALKING, called_number_short="", caller_number_short="001")

    assert [] == watch([TALKING], [spelled])[1]


@given(_POLLS)
def test_every_call_starts_once_and_ends_once(polls: list[list[CurrentCall]]) -> None:
    """Whatever is listed: a start first, an end last, and when all is quiet nobody is left."""
    events = [*chain.from_iterable(watch(*polls, [], []))]
    by_call: dict[int, list[Event]] = {}
    for event in events:
        by_call.setdefault(event.key, []).append(event)

    for key, (first, *between, last) in by_call.items():
        assert isinstance(first, CallStarted), key
        assert isinstance(last, CallEnded), key
        assert all(isinstance(event, CallConnected) for event in between)
        assert (last.at - first.at).total_seconds() == last.duration_s
        assert last.duration_s > 0
    assert [*range(1, len(by_call) + 1)] == [*by_call]


@given(_POLLS)
def test_the_events_tell_all_that_is_listed(polls: list[list[CurrentCall]]) -> None:
    """After each poll, who has gone by the events has its rows, and beyond them only what is missing for the first time."""
    open_calls: dict[int, CurrentCall] = {}
    before: Counter[CurrentCall] = Counter()
    for rows, events in zip(polls, watch(*polls), strict=True):
        for event in events:
            if isinstance(event, CallEnded):
                assert event.call == open_calls.pop(event.key)
            else:
                open_calls[event.key] = event.call
        known, listed = Counter(open_calls.values()), Counter(rows)
        assert listed <= known
        assert known - listed <= before
        before = listed


@given(st.lists(_ROWS, max_size=6), st.lists(st.sets(st.integers(0, 5)), max_size=6), st.randoms())
def test_what_flickers_is_not_told(rows: list[CurrentCall], missing: list[set[int]], chance: Random) -> None:
    """Any number of calls, missing from any poll but not from two in a row, in any order: nothing happens."""
    polls: list[list[CurrentCall]] = [rows]
    for places in missing:
        polls.append([row for place, row in enumerate(rows) if place not in places])
        polls.append(chance.sample(rows, len(rows)))

    assert [[]] * (2 * len(missing)) == watch(*polls)[1:]


@attrs.frozen
class Life:
    """A call as it really was, in seconds; None for one that nobody answered."""

    caller: str
    begin: int
    connect: int | None
    end: int

    def row(self, second: int) -> CurrentCall | None:
        """Tell what is listed of it."""
        if not self.begin <= second < self.end:
            return None
        called = "9" if self.connect is not None and self.connect <= second else None
        return CurrentCall(
            CurrentCallType.INTERNAL, caller_number_full=self.caller, called_number_full=called
        )


@st.composite
def _lives(draw: st.DrawFn) -> list[Life]:
    lives: list[Life] = []
    for caller in range(draw(st.integers(0, 6))):
        begin = draw(st.integers(0, 40))
        end = begin + draw(st.integers(1, 30))
        lives.append(Life(str(caller), begin, draw(st.none() | st.integers(begin, end - 1)), end))
    return lives


@given(_lives(), st.sets(st.integers(0, 80), min_size=1))
def test_no_event_is_lost(lives: list[Life], seconds: set[int]) -> None:
    """Of each call that any poll has met, all is told that polls could see, at the first poll that could."""
    polled = [*sorted(seconds), 1000, 1001]
    tracker = CallTracker()
    told: Counter[tuple[str, str | None, datetime]] = Counter()
    for second in polled:
        rows = [row for life in lives if (row := life.row(second))]
        for event in tracker.observe(rows, moment(second)):
            told[type(event).__name__, event.call.caller_number_full, event.at] += 1

    expected: Counter[tuple[str, str | None, datetime]] = Counter()
    for life in lives:
        met = [second for second in polled if life.row(second)]
        talked = [
            second for second in met if (row := life.row(second)) is not None and row.called_number_full
        ]
        after = min(second for second in polled if second >= life.end)
        told_of = {"CallStarted": met, "CallConnected": talked, "CallEnded": [after] if met else []}
        expected.update((name, life.caller, moment(found[0]).at) for name, found in told_of.items() if found)
    assert expected == told
