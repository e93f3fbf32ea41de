"""Operations 2 and 3: calls that come and go with the clock."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from tele2ats_async.simulator import AtsSimulator, Company

from .conftest import Ask, Clock

pytestmark = pytest.mark.asyncio

CALLS = "/monitoring/calls"
QUEUES = "/monitoring/calls/pending"
ALL = (
    "/call-records/info?size=3000"
    "&start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"
)
WEEK_S = 7 * 24 * 3600
RECORD_TYPES = {
    "MULTI_CHANNEL": {"MULTI_CHANNEL"},
    "SINGLE_CHANNEL": {"SINGLE_CHANNEL", "OUTGOING"},
    "INTERNAL": {"INTERNAL"},
    "CONFERENCE": {"CONFERENCE"},
}


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


FRIDAY_9_00 = _epoch("2022-08-12T09:00:00+03:00")
FRIDAY_11_00 = _epoch("2022-08-12T11:00:00+03:00")
SATURDAY = _epoch("2022-08-13T00:00:00+03:00")


def _clock(now: float) -> Clock:
    clock = Clock()
    clock.now = now
    return clock


def _living(clock: Clock, calls_per_hour: float, seed: int = 7) -> AtsSimulator:
    return AtsSimulator(seed=seed, clock=clock, live_calls_per_hour=calls_per_hour, access_lifetime_s=WEEK_S)


@attrs.define
class Watched:
    """What a poller saw of one call, once a second."""

    row: dict[str, Any]
    began: float
    connected: float | None = None
    ended: float | None = None


async def _watch(ask: Ask, simulator: AtsSimulator, clock: Clock, seconds: int) -> list[Watched]:
    """Poll; a caller is in one call at a time, so the caller tells which one it is."""
    under_way: dict[str, Watched] = {}
    over = []
    for _ in range(seconds):
        clock.now += 1
        rows = {row["callerNumberFull"]: row for row in (await ask(simulator, CALLS)).json}
        for caller in set(under_way) - set(rows):
            under_way[caller].ended = clock.now
            over.append(under_way.pop(caller))
        for caller, row in rows.items():
            watched = under_way.setdefault(caller, Watched(row, clock.now))
            if "calledNumberFull" in row and watched.connected is None:
                watched.row, watched.connected = row, clock.now
    return over


async def test_nothing_happens_unless_asked_for(ask: Ask) -> None:
    """A company that a test hands over keeps its calls while the clock goes on."""
    clock = _clock(FRIDAY_9_00)
    company = Company.generate(seed=7, recordings=5)
    before = list(company.records)
    async with AtsSimulator(company=company, clock=clock) as simulator:
        clock.now += 7_200
        assert b"[]" == (await ask(simulator, CALLS)).body
        assert b"[]" == (await ask(simulator, QUEUES)).body
        assert before == simulator.company.records


async def test_life_of_a_call(ask: Ask) -> None:
    """Operations 2 and 8: it rings, is put through, ends, and its record tells the same story."""
    clock = _clock(FRIDAY_11_00)
    async with _living(clock, 120) as simulator:
        watched = await _watch(ask, simulator, clock, 900)
        records = {record["date"]: record for record in (await ask(simulator, ALL)).json}
        under_way_at_first = [call for call in watched if call.began == FRIDAY_11_00 + 1]
        stories = [call for call in watched if call not in under_way_at_first]
        found = [_record_of(call, records.values()) for call in stories]

    assert len(stories) > 10
    for call, record in zip(stories, found, strict=True):
        assert record["callType"] in RECORD_TYPES[call.row["callType"]]
        assert call.ended is not None
        assert record["callDuration"] == pytest.approx(call.ended - call.began, abs=1)
        if call.connected is None:
            assert 0 == record["conversationDuration"]
            assert not record["callStatus"].startswith("ANSWERED")
        else:
            assert call.row["calledNumberFull"] == record["calleeNumber"]
            assert call.ended - call.connected == record["conversationDuration"]
            assert call.connected > call.began
    assert {True, False} == {call.connected is None for call in stories}


def _record_of(call: Watched, records: Any) -> dict[str, Any]:
    [record] = [
        record
        for record in records
        if record["callerNumber"] == call.row["callerNumberFull"]
        and 0 <= call.began - _epoch(record["date"]) <= 1
    ]
    return dict(record)


async def test_rows_have_the_members_of_the_contract(ask: Ask) -> None:
    """Section 5, CurrentCall: short numbers inside the company only; all four types within a day."""
    clock = _clock(FRIDAY_9_00)
    async with _living(clock, 60) as simulator:
        extensions = {person.full_number: person.short_number for person in simulator.company.employees}
        rows = []
        for _ in range(9 * 60):
            clock.now += 60
            rows += (await ask(simulator, CALLS)).json

    assert {"MULTI_CHANNEL", "INTERNAL", "SINGLE_CHANNEL", "CONFERENCE"} == {row["callType"] for row in rows}
    for row in rows:
        sides = {"caller", "called"} if "calledNumberFull" in row else {"caller"}
        for side in sides:
            assert extensions.get(row[f"{side}NumberFull"]) == row.get(f"{side}NumberShort")
        members = {f"{side}Number{kind}" for side in sides for kind in ("Full", "Short")} | {"callType"}
        assert set(row) <= members
    assert any(len(row) == 5 for row in rows)
    assert any("calledNumberFull" not in row for row in rows)


async def test_nobody_is_in_two_calls(ask: Ask) -> None:
    """However busy the company is, a person has one telephone."""
    clock = _clock(FRIDAY_9_00)
    async with _living(clock, 3_600) as simulator:
        for _ in range(59):
            clock.now += 60
            rows = (await ask(simulator, CALLS)).json
            numbers = [
                row[member]
                for row in rows
                for member in row.keys() & {"callerNumberFull", "calledNumberFull"}
            ]
            assert len(set(numbers)) == len(numbers)


async def test_queues_fill_and_empty(ask: Ask) -> None:
    """Operation 3: who waits is in a queue and among the calls; who is put through leaves the queue."""
    clock = _clock(FRIDAY_11_00)
    sizes = []
    async with _living(clock, 600) as simulator:
        for _ in range(300):
            clock.now += 3
            queues = (await ask(simulator, QUEUES)).json
            calls = (await ask(simulator, CALLS)).json
            waiting = [number for queue in queues for number in queue["calls"]]
            unanswered = {
                row["callerNumberFull"]
                for row in calls
                if row["callType"] == "MULTI_CHANNEL" and "calledNumberFull" not in row
            }
            assert unanswered == set(waiting)
            assert all({"queueName", "calls"} == set(queue) and queue["calls"] for queue in queues)
            sizes.append(len(waiting))

    assert 0 == min(sizes)
    assert max(sizes) > 2


async def test_same_seed_and_clock_make_the_same_calls(ask: Ask) -> None:
    """Live calls are a function of both, however often somebody looks."""
    looked_at, left_alone = _clock(FRIDAY_9_00), _clock(FRIDAY_9_00)
    async with _living(looked_at, 60) as first, _living(left_alone, 60) as second:
        for _ in range(200):
            looked_at.now += 50
            await ask(first, CALLS)
        left_alone.now = looked_at.now

        assert (await ask(first, CALLS)).body == (await ask(second, CALLS)).body
        assert first.company.records == second.company.records
        async with _living(looked_at, 60, seed=8) as other:
            assert (await ask(first, CALLS)).body != (await ask(other, CALLS)).body


async def test_opening_finds_calls_under_way(ask: Ask) -> None:
    """The company did not wait for its simulator: who comes later sees the same calls."""
    clock = _clock(FRIDAY_9_00)
    async with _living(clock, 600) as first:
        clock.now = FRIDAY_11_00
        company = Company.generate(seed=7, now=datetime.fromisoformat("2022-08-12T09:00:00+03:00"))
        late = AtsSimulator(company=company, clock=clock, live_calls_per_hour=600)
        async with late as second:
            calls = (await ask(first, CALLS)).json

            assert calls == (await ask(second, CALLS)).json
            assert len(calls) > 3
            assert all(record.date.timestamp() < FRIDAY_9_00 for record in second.company.records)


async def test_weekends_are_quiet(ask: Ask) -> None:
    """Off working hours the lists are mostly empty, and the few who call find nobody."""
    clock = _clock(SATURDAY)
    async with _living(clock, 60) as simulator:
        before = len(simulator.company.records)
        bodies = []
        for _ in range(48 * 6):
            clock.now += 600
            bodies.append((await ask(simulator, CALLS)).body)
            assert b"[]" == (await ask(simulator, QUEUES)).body
        added = [record for record in simulator.company.records if record.date.timestamp() >= SATURDAY]

    assert bodies.count(b"[]") > 0.9 * len(bodies)
    assert len(added) == len(simulator.company.records) - before
    assert {"DENIED_DUE_TO_NOT_WORK_TIME"} == {record.call_status for record in added}


async def test_records_come_in_order_and_are_named_once(ask: Ask) -> None:
    """Operation 8: what was live joins the listing where its date belongs, none of it in the future."""
    clock = _clock(FRIDAY_9_00)
    async with _living(clock, 300) as simulator:
        before = len(simulator.company.records)
        clock.now += 9 * 3_600
        rows = (await ask(simulator, ALL)).json
        names = [row["recordFileName"] for row in rows if row.get("recordFileName")]

    assert len(rows) > before + 500
    assert sorted(row["date"] for row in rows) == [row["date"] for row in rows]
    assert len(set(names)) == len(names)
    assert all(_epoch(row["date"]) + row["callDuration"] <= clock.now for row in rows)


async def test_two_simulators_of_one_company(ask: Ask) -> None:
    """They live through the same recorded calls, which the company has once."""
    clock = _clock(FRIDAY_9_00)
    company = Company.generate(seed=7, recordings=1, now=datetime.fromisoformat("2022-08-12T09:00:00+03:00"))
    settings: dict[str, Any] = {"company": company, "clock": clock, "live_calls_per_hour": 60}
    async with AtsSimulator(**settings) as first, AtsSimulator(**settings) as second:
        clock.now += timedelta(hours=2).total_seconds()
        replies = [await ask(simulator, CALLS) for simulator in (first, second)]

    assert [200, 200] == [reply.status for reply in replies]
    assert replies[0].body == replies[1].body
