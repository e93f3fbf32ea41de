"""Finished calls watched on a real socket: late ones, late names, late recordings."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.typedefs import Handler
from faults import RECORDING, InFlight, answer_with, body

from tele2ats_async import (
    AtsSession,
    CallRecord,
    Forbidden,
    ReauthorizationRequired,
    RecordAdded,
    RecordingReady,
    RetryPolicy,
    TokenPair,
)
from tele2ats_async.live import awaited
from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

LIST_RECORDS, FETCH_RECORDING = 8, 9
QUICK_S = 0.02
FEW = 6
ONCE = RetryPolicy(attempts=1)
MINUTE = timedelta(minutes=1)

Event = RecordAdded | RecordingReady


@pytest.fixture(autouse=True)
def _quick_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again within milliseconds."""
    monkeypatch.setattr(awaited, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(awaited, "_LONGEST_WAIT_S", 0.04)


@pytest.fixture
def few() -> Company:
    """Give a company of its own, which a test may change; its calls are over since days ago."""
    return Company.generate(
        seed=3, recordings=FEW, duration_s=(1, 3), now=datetime.now(UTC) - timedelta(days=2)
    )


@pytest_asyncio.fixture
async def simulator(few: Company) -> AsyncIterator[AtsSimulator]:
    """Run it."""
    async with AtsSimulator(company=few) as running:
        yield running


@pytest_asyncio.fixture
async def ats(simulator: AtsSimulator) -> AsyncIterator[AtsSession]:
    """Open a session that tries nothing twice, and knows how names of recordings are spelled."""
    async with AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as session:
        async with session.recordings.open(simulator.company.records[0].record_file_name or ""):
            simulator.requests.clear()
        yield session


def _requests(simulator: AtsSimulator, operation: int) -> int:
    return sum(seen.operation == operation for seen in simulator.requests)


async def _take(watch: AsyncGenerator[Event, None], count: int) -> list[Event]:
    """Take the next events."""
    async with asyncio.timeout(60):
        return [await anext(watch) for _ in range(count)]


async def _take_none(watch: AsyncGenerator[Event, None], simulator: AtsSimulator, polls: int = 5) -> None:
    """See that some polls bring nothing; the watch is over then."""
    wanted = _requests(simulator, LIST_RECORDS) + polls
    task = asyncio.ensure_future(anext(watch))
    async with asyncio.timeout(60):
        while _requests(simulator, LIST_RECORDS) < wanted:
            assert not task.done(), task
            await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def _since(company: Company) -> datetime:
    return company.records[0].date


def _added_and_ready(records: list[CallRecord]) -> Counter[Event]:
    return Counter([*map(RecordAdded, records), *map(RecordingReady, records)])


def _later(record: CallRecord, by: timedelta, **changes: Any) -> CallRecord:
    return attrs.evolve(record, date=record.date + by, **changes)


async def test_each_call_is_added_once_and_then_ready(ats: AtsSession, simulator: AtsSimulator) -> None:
    """What is listed already comes first, the oldest before the others, and not again."""
    records = simulator.company.records
    async with aclosing(ats.call_records.watch(_since(simulator.company), interval_s=QUICK_S)) as watch:
        events = await _take(watch, 2 * FEW)
        await _take_none(watch, simulator)

    assert _added_and_ready(records) == Counter(events)
    assert records == [event.record for event in events if isinstance(event, RecordAdded)]
    assert all(events.index(RecordAdded(one)) < events.index(RecordingReady(one)) for one in records)
    assert FEW == _requests(simulator, FETCH_RECORDING)


async def test_a_call_is_seen_although_it_is_listed_late(ats: AtsSession, simulator: AtsSimulator) -> None:
    """An hour-long call appears an hour back, among calls that were listed long before it."""
    company = simulator.company
    hour_long = _later(company.records[-1], -60 * MINUTE, record_file_name=None, call_duration=3600)
    watch = ats.call_records.watch(_since(company) - 60 * MINUTE, interval_s=QUICK_S, look_back=61 * MINUTE)
    async with aclosing(watch):
        await _take(watch, 2 * FEW)
        company.add_record(hour_long)
        assert [RecordAdded(hour_long)] == await _take(watch, 1)
        # Equal in everything: two calls.
        company.add_record(hour_long)
        assert [RecordAdded(hour_long)] == await _take(watch, 1)
        await _take_none(watch, simulator)


async def test_the_window_is_as_long_as_it_is_said_to_be(ats: AtsSession, simulator: AtsSimulator) -> None:
    """What is listed later than that is not seen, and not asked for any more."""
    company = simulator.company
    too_late = _later(company.records[-1], -60 * MINUTE, record_file_name=None)
    watch = ats.call_records.watch(_since(company) - 60 * MINUTE, interval_s=QUICK_S, look_back=59 * MINUTE)
    async with aclosing(watch):
        await _take(watch, 2 * FEW)
        company.add_record(too_late)
        await _take_none(watch, simulator)

    [*_, last] = [seen for seen in simulator.requests if seen.operation == LIST_RECORDS]
    start = (company.records[-1].date - 59 * MINUTE).strftime("%Y-%m-%dT%H%%3A%M%%3A%S%%2B00%%3A00")
    assert f"start={start}" in last.raw_query


async def test_the_name_of_a_recording_may_come_later(few: Company) -> None:
    """The call is not added again, and its recording is asked for from then on."""
    now = [time.time()]
    records = list(few.records)
    async with (
        AtsSimulator(
            company=few, clock=lambda: now[0], named_after_s=10 * 24 * 3600, access_lifetime_s=30 * 24 * 3600
        ) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
        aclosing(ats.call_records.watch(_since(few), interval_s=QUICK_S, ready_within_s=0)) as watch,
    ):
        added = await _take(watch, FEW)
        asked = _requests(simulator, FETCH_RECORDING)
        now[0] += 20 * 24 * 3600
        # A name that comes days later, when the call is out of the window, is not seen.
        in_window = [one for one in records if one.date >= records[-1].date - timedelta(hours=6)]
        ready = await _take(watch, len(in_window))
        await _take_none(watch, simulator)

    assert [RecordAdded(attrs.evolve(one, record_file_name=None)) for one in records] == added
    assert 0 == asked
    assert [RecordingReady(one) for one in in_window] == ready


async def test_recordings_are_asked_for_until_they_are_ready(
    ats: AtsSession, simulator: AtsSimulator
) -> None:
    """And a recording that is late is all that is asked for again."""
    simulator.inject(faults.NotReadyYet(times=3), requests=[1])
    records = simulator.company.records
    async with aclosing(
        ats.call_records.watch(_since(simulator.company), interval_s=QUICK_S, ready_within_s=1e7)
    ) as watch:
        events = await _take(watch, 2 * FEW)
        await _take_none(watch, simulator)

    assert _added_and_ready(records) == Counter(events)
    assert [RecordAdded] * FEW + [RecordingReady] * FEW == [type(event) for event in events]
    assert FEW + 3 == _requests(simulator, FETCH_RECORDING)


async def test_what_never_becomes_ready_is_given_up(ats: AtsSession, simulator: AtsSimulator) -> None:
    """It was asked for once although its time was over long ago, and is not asked for again."""
    simulator.inject(faults.NotReadyYet(seconds=1e9))
    async with aclosing(ats.call_records.watch(_since(simulator.company), interval_s=QUICK_S)) as watch:
        assert [RecordAdded(one) for one in simulator.company.records] == await _take(watch, FEW)
        await _take_none(watch, simulator)

    assert FEW == _requests(simulator, FETCH_RECORDING)


@pytest.mark.parametrize(
    "fault",
    [faults.ServerErrors(), faults.Refuse(), faults.ComeBackLater(), faults.RefuseByGateway()],
    ids=repr,
)
async def test_a_failure_gives_no_old_recording_up(
    ats: AtsSession, simulator: AtsSimulator, fault: faults.Fault
) -> None:
    """The service has not told that it is not ready: it is asked again, although its call is over since long ago."""
    failures = simulator.inject(fault, requests=range(1, FEW + 3), operations=[FETCH_RECORDING])
    async with aclosing(ats.call_records.watch(_since(simulator.company), interval_s=QUICK_S)) as watch:
        events = await _take(watch, 2 * FEW)
        await _take_none(watch, simulator)

    assert _added_and_ready(simulator.company.records) == Counter(events)
    assert FEW + 2 == failures.count


async def test_recordings_are_not_asked_for_where_nobody_wants_to_know(
    ats: AtsSession, simulator: AtsSimulator
) -> None:
    """With None there are calls, and nothing else."""
    async with aclosing(
        ats.call_records.watch(_since(simulator.company), interval_s=QUICK_S, ready_within_s=None)
    ) as watch:
        await _take(watch, FEW)
        await _take_none(watch, simulator)

    assert 0 == _requests(simulator, FETCH_RECORDING)


async def test_what_cannot_be_had_does_not_end_the_watch(few: Company) -> None:
    """A hostile name is not asked for; an answer that is no audio, an error or a refusal means: not ready."""
    hostile = _later(few.records[-1], MINUTE, record_file_name="../../etc/passwd")
    few.add_record(hostile)
    refused, failing, paged = (few.records[place].record_file_name or "" for place in range(3))

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.query.get("filename")
        if name == refused:
            return web.Response(status=403)
        return web.Response(status=500) if name == failing else await handler(request)

    page = answer_with(f"file?{paged}", body(b"<html>", content_type="text/html"))
    async with (
        AtsSimulator(company=few, middlewares=[refuse, page]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
        aclosing(ats.call_records.watch(_since(few), interval_s=QUICK_S)) as watch,
    ):
        events = await _take(watch, (FEW + 1) + (FEW - 2))
        await _take_none(watch, simulator)

    ready = {event.record for event in events if isinstance(event, RecordingReady)}
    assert {
        one for one in few.records if one.record_file_name not in (refused, failing, "../../etc/passwd")
    } == ready
    assert 1 == simulator.refresh_count
    assert all("passwd" not in seen.raw_query for seen in simulator.requests)


async def test_what_is_forbidden_is_not_asked_for_again(few: Company) -> None:
    """Each time it would cost a refresh of the tokens, and the listing says whether anything is allowed at all."""

    async def forbid(_: web.Request) -> web.StreamResponse:
        return web.json_response({"details": "Access is denied"}, status=403)

    async with (
        AtsSimulator(company=few, middlewares=[answer_with(RECORDING, forbid)]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
        aclosing(
            ats.call_records.watch(few.records[-1].date, interval_s=QUICK_S, ready_within_s=1e7)
        ) as watch,
    ):
        await _take(watch, 1)
        await _take_none(watch, simulator)

    # With the token that was there, and with a fresh one.
    assert 2 == _requests(simulator, FETCH_RECORDING)


async def test_recordings_are_not_asked_for_while_calls_cannot_be(
    ats: AtsSession, simulator: AtsSimulator
) -> None:
    """An outage gives nothing up, and is not made worse; afterwards they are asked for again."""
    company = simulator.company
    not_ready = simulator.inject(faults.NotReadyYet(seconds=1e9))
    watch = ats.call_records.watch(_since(company), interval_s=QUICK_S, ready_within_s=1e7)
    async with aclosing(watch), asyncio.timeout(60):
        await _take(watch, FEW)
        task = asyncio.ensure_future(anext(watch))
        errors = simulator.inject(faults.ServerErrors(), operations=[LIST_RECORDS])
        while errors.count < 2:
            await asyncio.sleep(0.001)
        asked = _requests(simulator, FETCH_RECORDING)
        while errors.count < 10:
            await asyncio.sleep(0.001)
        asked_since = _requests(simulator, FETCH_RECORDING) - asked
        not_ready.remove()
        errors.remove()
        ready = [await task, *await _take(watch, FEW - 1)]

    assert 0 == asked_since
    assert Counter(map(RecordingReady, company.records)) == Counter(ready)


async def test_slow_answers_about_recordings_do_not_keep_calls_from_being_listed(few: Company) -> None:
    """Although the first ones are to be asked for again before the last one has been."""

    @web.middleware
    async def answer_slowly(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.endswith(RECORDING):
            return await handler(request)
        await asyncio.sleep(0.05)
        return web.Response(status=404)

    late = _later(few.records[-1], MINUTE, record_file_name=None)
    async with (
        AtsSimulator(company=few, middlewares=[answer_slowly]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
        aclosing(ats.call_records.watch(_since(few), interval_s=QUICK_S, ready_within_s=1e7)) as watch,
    ):
        await _take(watch, FEW)
        few.add_record(late)

        assert [RecordAdded(late)] == await _take(watch, 1)


async def test_few_recordings_are_asked_for_at_once() -> None:
    """However many calls are new, the service and the session's connections are left to others."""
    company = Company.generate(seed=3, recordings=40, duration_s=(1, 2))
    flights = InFlight(RECORDING)
    async with (
        AtsSimulator(company=company, middlewares=[flights.middleware]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
        aclosing(ats.call_records.watch(_since(company), interval_s=60)) as watch,
    ):
        events = await _take(watch, 80)

    assert _added_and_ready(company.records) == Counter(events)
    assert 4 == flights.most


async def test_a_listing_that_breaks_off_goes_on_where_it_was() -> None:
    """Of 2,500 calls each comes once, though every second page fails at first."""
    company = Company.generate(seed=3, recordings=2500)
    async with (
        AtsSimulator(company=company) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
        aclosing(ats.call_records.watch(_since(company), interval_s=QUICK_S, ready_within_s=None)) as watch,
    ):
        errors = simulator.inject(faults.ServerErrors(), requests=[2, 4, 6], operations=[LIST_RECORDS])
        events = await _take(watch, 2500)
        await _take_none(watch, simulator)

    assert [RecordAdded(one) for one in company.records] == events
    assert 3 == errors.count


async def test_a_token_that_dies_on_the_way_is_replaced(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Of that, the consumer sees nothing; where both are spent, a person is called."""
    company = simulator.company
    late = _later(company.records[-1], MINUTE, record_file_name=None)
    async with aclosing(ats.call_records.watch(_since(company), interval_s=QUICK_S)) as watch:
        await _take(watch, 2 * FEW)
        simulator.expire_access_token()
        company.add_record(late)
        assert [RecordAdded(late)] == await _take(watch, 1)
        assert 1 == simulator.refresh_count
        simulator.expire_access_token()
        simulator.expire_refresh_token()
        with pytest.raises(ReauthorizationRequired):
            await _take(watch, 1)


async def test_spent_tokens_end_the_watch_also_between_polls(few: Company) -> None:
    """While recordings are asked for, nothing else is: they must say so themselves."""

    @web.middleware
    async def spend(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.endswith(RECORDING):
            service.expire_access_token()
            service.expire_refresh_token()
        return await handler(request)

    async with (
        AtsSimulator(company=few, middlewares=[spend]) as service,
        AtsSession(TokenPair(*service.tokens), base_url=service.base_url, retry=ONCE) as ats,
        aclosing(ats.call_records.watch(_since(few), interval_s=60)) as watch,
    ):
        await _take(watch, FEW)
        with pytest.raises(ReauthorizationRequired):
            await _take(watch, 1)


async def test_a_listing_that_is_forbidden_ends_the_watch(few: Company) -> None:
    """It will not be allowed at the next poll."""

    async def forbid(_: web.Request) -> web.StreamResponse:
        return web.json_response({"details": "Access is denied"}, status=403)

    async with (
        AtsSimulator(company=few, middlewares=[answer_with("/info", forbid)]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        with pytest.raises(Forbidden):
            await anext(ats.call_records.watch(_since(few)))


async def test_a_slow_consumer_is_waited_for(ats: AtsSession, simulator: AtsSimulator) -> None:
    """While it works, nothing is sent; afterwards nothing is made up for."""
    interval_s, polls = 0.05, 4
    company = simulator.company
    async with aclosing(ats.call_records.watch(_since(company), interval_s=interval_s)) as watch:
        await _take(watch, 2 * FEW)
        before = len(simulator.requests)
        await asyncio.sleep(20 * interval_s)
        after = len(simulator.requests)
        began = time.monotonic()
        await _take_none(watch, simulator, polls)
        elapsed_s = time.monotonic() - began

    assert before == after
    assert elapsed_s >= (polls - 1) * interval_s


async def test_a_cancelled_watch_leaves_nothing_behind(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Also in the middle of asking for recordings."""
    simulator.inject(faults.DelayFirstByte(60), operations=[FETCH_RECORDING])
    async with aclosing(ats.call_records.watch(_since(simulator.company))) as watch:
        await _take(watch, FEW)
        task = asyncio.ensure_future(anext(watch))
        while not _requests(simulator, FETCH_RECORDING):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert [] == [one for one in asyncio.all_tasks() if "_is_ready" in repr(one.get_coro())]


async def test_a_closed_session_ends_the_watch(simulator: AtsSimulator) -> None:
    """Also while recordings are asked for, by an error of its own and no group of them."""
    simulator.inject(faults.DelayFirstByte(60), operations=[FETCH_RECORDING])
    ats = AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE)
    watch = ats.call_records.watch(_since(simulator.company), interval_s=QUICK_S, ready_within_s=1e7)
    async with aclosing(watch), asyncio.timeout(60):
        await _take(watch, FEW)
        task = asyncio.ensure_future(anext(watch))
        while not _requests(simulator, FETCH_RECORDING):
            await asyncio.sleep(0.001)
        await ats.close()
        with pytest.raises(RuntimeError, match="closed"):
            await task


@pytest.mark.parametrize(
    ("argument", "settings"),
    [
        ("since", {"since": datetime(2026, 3, 2)}),  # noqa: DTZ001  # that is what is refused
        ("since", {"since": "2026-03-02"}),
        ("interval_s", {"interval_s": 0}),
        ("look_back", {"look_back": timedelta(0)}),
        ("look_back", {"look_back": 3600}),
        ("ready_within_s", {"ready_within_s": -1}),
        ("ready_within_s", {"ready_within_s": "60"}),
    ],
)
async def test_arguments_without_sense_are_refused_at_once(
    ats: AtsSession, simulator: AtsSimulator, argument: str, settings: dict[str, Any]
) -> None:
    """Where they are written, and before anything is sent."""
    with pytest.raises((TypeError, ValueError), match=argument):
        ats.call_records.watch(**({"since": datetime.now(UTC)} | settings))

    assert 0 == len(simulator.requests)


async def test_a_watch_may_begin_in_the_future(ats: AtsSession, simulator: AtsSimulator) -> None:
    """As for who asks for tomorrow's calls: there are none yet."""
    watch = ats.call_records.watch(datetime.now(UTC) + timedelta(days=30), interval_s=QUICK_S)
    async with aclosing(watch):
        await _take_none(watch, simulator)

    assert {200} == {seen.status for seen in list(simulator.requests)[:-1]}


async def test_a_watch_may_begin_at_the_beginning(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Of all times, by the clocks of Moscow: there is no such moment in UTC."""
    since = datetime.min.replace(tzinfo=timezone(timedelta(hours=3)))
    async with aclosing(ats.call_records.watch(since, interval_s=QUICK_S)) as watch:
        events = await _take(watch, 2 * FEW)
        await _take_none(watch, simulator)

    assert _added_and_ready(simulator.company.records) == Counter(events)
