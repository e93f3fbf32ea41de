"""When a recording is asked for, and when it is given up: by numbers alone."""

from datetime import UTC, datetime, timedelta

import pytest

from tele2ats_async import CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.live.awaited import AwaitedRecordings
from tele2ats_async.live.sightings import Moment

NOW = Moment(datetime(2026, 3, 2, 9, tzinfo=UTC), 1000.0)


def _record(ago_s: float, duration_s: int | None) -> CallRecord:
    return CallRecord(
        date=NOW.at - timedelta(seconds=ago_s),
        call_type=RecordCallType.SINGLE_CHANNEL,
        call_status=RecordCallStatus.ANSWERED_COMMON,
        call_duration=duration_s,
        record_file_name="2026-03-02/mo_1",
    )


def _asked_at(
    record: CallRecord,
    ready_within_s: float,
    *,
    is_named_late: bool = False,
    least_wait_s: float = 0.0,
    is_told: bool = True,
) -> list[float]:
    """Give the seconds from now at which a recording is asked for that never becomes ready."""
    recordings = AwaitedRecordings(ready_within_s)
    recordings.add(record, NOW, is_named_late=is_named_late)
    asked: list[float] = []
    while recordings.due_s < float("inf"):
        now_s = recordings.due_s
        [one] = recordings.take_due(now_s, 4)
        asked.append(now_s - NOW.monotonic_s)
        recordings.put_back(one, now_s, least_wait_s, is_told=is_told)
    return asked


def test_it_is_asked_for_less_and_less_often() -> None:
    """At once, and for the last time when its time is over, which began with the end of the call."""
    assert [0, 5, 15, 35, 75, 135, 195, 200] == _asked_at(_record(160, 60), 300)


def test_what_is_old_is_asked_for_once() -> None:
    """Either it is ready by now, or it never will be."""
    assert [0] == _asked_at(_record(4000, 60), 300)


def test_what_is_old_is_asked_for_until_the_service_tells() -> None:
    """A failure says nothing of the recording."""
    assert [0, 5, 15, 20] == _asked_at(_record(4000, 60), 20, is_told=False)


def test_a_name_that_comes_late_begins_anew() -> None:
    """Its recording may have been made only now."""
    assert [0, 5, 15, 20] == _asked_at(_record(4000, 60), 20, is_named_late=True)


@pytest.mark.parametrize("record", [_record(0, 10**30), _record(-9000, 60), _record(0, None)])
def test_a_call_that_has_not_ended_is_waited_for_no_longer(record: CallRecord) -> None:
    """Whatever a service says of the future, or of a call's length."""
    assert [0, 5, 15, 20] == _asked_at(record, 20)


def test_the_service_may_ask_for_more_time() -> None:
    """Beyond the end of the recording's own time too, once."""
    assert [0, 30] == _asked_at(_record(0, 0), 20, least_wait_s=30)


def test_few_are_taken_in_the_order_of_their_turns() -> None:
    """And the others are due still."""
    recordings = AwaitedRecordings(60)
    records = [_record(ago_s, 0) for ago_s in range(6)]
    for record in records:
        recordings.add(record, NOW, is_named_late=False)

    assert records[:4] == [one.record for one in recordings.take_due(NOW.monotonic_s, 4)]
    assert records[4:] == [one.record for one in recordings.take_due(NOW.monotonic_s, 4)]
    assert [] == recordings.take_due(NOW.monotonic_s, 4)
