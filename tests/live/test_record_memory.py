"""Which rows of which listing are new, without any service."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.live.records import News, RecordMemory

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
LOOK_BACK = timedelta(minutes=60)
NOW = BEGIN + timedelta(days=1)


def record(minute: int, name: str | None = None, caller: str = "1") -> CallRecord:
    """Make a call that began so many minutes after the beginning."""
    return CallRecord(
        date=BEGIN + timedelta(minutes=minute),
        call_type=RecordCallType.SINGLE_CHANNEL,
        call_status=RecordCallStatus.ANSWERED_COMMON,
        caller_number=caller,
        record_file_name=name,
    )


def list_once(memory: RecordMemory, *pages: list[CallRecord]) -> list[News]:
    """Make one listing of some pages."""
    memory.begin_listing()
    return [news for page in pages for news in memory.take(page, NOW)]


def added(*records: CallRecord) -> list[News]:
    """Expect calls that are new."""
    return [News(one, is_added=True) for one in records]


def test_a_late_call_is_new_among_old_ones() -> None:
    """Whatever was listed before is not."""
    memory = RecordMemory(BEGIN, LOOK_BACK)
    first = [record(10, "a"), record(20)]
    list_once(memory, first)

    assert added(record(15, "late")) == list_once(memory, [first[0], record(15, "late"), first[1]])
    assert [] == list_once(memory, [first[0], record(15, "late"), first[1]])


def test_equal_rows_are_as_many_calls() -> None:
    """Two that look the same are two, and a third is new."""
    memory = RecordMemory(BEGIN, LOOK_BACK)

    assert added(record(10), record(10)) == list_once(memory, [record(10), record(10)])
    assert added(record(10)) == list_once(memory, [record(10), record(10), record(10)])


def test_the_name_of_a_recording_may_come_later() -> None:
    """The call is the same, be the name absent or empty before."""
    memory = RecordMemory(BEGIN, LOOK_BACK)
    list_once(memory, [record(10, ""), record(10, None), record(12)])

    assert [News(record(10, "a"), is_added=False)] == list_once(
        memory, [record(10, "a"), record(10), record(12)]
    )
    assert [News(record(10, "b"), is_added=False)] == list_once(
        memory, [record(10, "a"), record(10, "b"), record(12)]
    )
    assert [] == list_once(memory, [record(10, "a"), record(10, "b"), record(12)])


def test_a_named_call_beside_one_without_a_name_is_another() -> None:
    """The one that had no name is still there, whatever the order of the rows."""
    for page in ([record(10, "a"), record(10)], [record(10), record(10, "a")]):
        memory = RecordMemory(BEGIN, LOOK_BACK)
        list_once(memory, [record(10)])

        assert added(record(10, "a")) == list_once(memory, page)


def test_what_is_older_than_the_window_is_forgotten_and_not_looked_at() -> None:
    """Neither rows nor names are kept longer than they may be listed again."""
    memory = RecordMemory(BEGIN, LOOK_BACK)
    old = [record(0, "a"), record(1)]
    list_once(memory, [*old, record(100)])

    assert BEGIN + timedelta(minutes=40) == memory.start
    assert [] == list_once(memory, [*old, record(39, "too late"), record(100)])
    assert [record(100).date] == [key[0] for key in memory._nameless]
    assert {} == memory._names


def test_what_began_before_is_not_told() -> None:
    """The service rounds to whole seconds; the caller does not."""
    start = BEGIN + timedelta(seconds=1)

    assert [] == list_once(RecordMemory(start, LOOK_BACK), [record(0)])


def test_a_row_from_the_future_hides_nothing() -> None:
    """The window ends now, whatever the service says."""
    memory = RecordMemory(BEGIN, LOOK_BACK)
    far = attrs.evolve(record(0), date=NOW + timedelta(days=300))
    list_once(memory, [record(10), far])

    assert NOW - LOOK_BACK == memory.start


@attrs.frozen
class Call:
    """A call as it really was, in minutes.

    Attributes:
        begun: When it began, which is what its record tells.
        listed: When it is listed first.
        named: When its recording has a name, None for a call without one.
    """

    key: int
    begun: int
    listed: int
    named: int | None

    def row(self, minute: int) -> CallRecord | None:
        """Tell what is listed of it."""
        if minute < self.listed:
            return None
        return record(
            self.begun, f"name {self.key}" if self.named is not None and self.named <= minute else None
        )


@st.composite
def _calls(draw: st.DrawFn) -> list[Call]:
    delays = st.integers(0, 60)
    calls: list[Call] = []
    for key in range(draw(st.integers(0, 15))):
        # Few beginnings, so that many rows are equal.
        begun = 30 * draw(st.integers(0, 12))
        calls.append(Call(key, begun, begun + draw(delays), draw(st.none() | delays.map(begun.__add__))))
    return calls


@given(_calls(), st.sets(st.integers(0, 450), max_size=40), st.integers(1, 4))
def test_each_call_is_told_once_and_each_name_once(calls: list[Call], minutes: set[int], size: int) -> None:
    """Whenever it is asked, in pages of any size, as long as nothing comes later than the window is long."""
    memory = RecordMemory(BEGIN, LOOK_BACK)
    told: Counter[CallRecord] = Counter()
    names: Counter[str] = Counter()
    for minute in [*sorted(minutes), 500]:
        start = memory.begin_listing()
        rows = [row for call in calls if (row := call.row(minute)) and row.date >= start]
        rows.sort(key=lambda row: row.date)
        for page in (rows[place : place + size] for place in range(0, len(rows), size)):
            for news in memory.take(page, BEGIN + timedelta(minutes=minute)):
                told[attrs.evolve(news.record, record_file_name=None)] += news.is_added
                names.update([news.record.record_file_name] if news.record.record_file_name else [])
        assert all(key[0] >= memory.start for key in memory._nameless)
        assert all(date >= memory.start for date in memory._names.values())

    assert Counter(record(call.begun) for call in calls) == told
    assert Counter(f"name {call.key}" for call in calls if call.named is not None) == names
