"""Calls and queues watched on a real socket, through whatever can pass and what cannot."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from itertools import count
from typing import Any

import attrs
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.typedefs import Handler
from raw_service import PAIR, RawService, Say, Then, answer, make_tls, open_session

from tele2ats_async import (
    AtsSession,
    CallConnected,
    CallEnded,
    CallStarted,
    CertificateError,
    Forbidden,
    QueueEntered,
    QueueLeft,
    ReauthorizationRequired,
    TokenPair,
    TokenStoreError,
)
from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

LIST_CALLS, LIST_QUEUES = 2, 3
QUICK_S = 0.005
CUSTOMER = "79991112233"


@attrs.define
class Clock:
    """The simulator's clock: three seconds pass between two polls, however long those take."""

    now: float = attrs.field(factory=time.time)

    @web.middleware
    async def go_on(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if "/monitoring/" in request.path:
            self.now += 3
        return await handler(request)


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[AtsSimulator]:
    """Run a company of its own, in which nobody calls by himself."""
    company = Company.generate(seed=3, recordings=3)
    clock = Clock()
    async with AtsSimulator(company=company, clock=lambda: clock.now, middlewares=[clock.go_on]) as running:
        yield running


@pytest_asyncio.fixture
async def ats(simulator: AtsSimulator) -> AsyncIterator[AtsSession]:
    """Open a session with the default retries: a watch makes none."""
    async with AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as session:
        yield session


def _polls(simulator: AtsSimulator, operation: int = LIST_CALLS) -> int:
    return sum(seen.operation == operation for seen in simulator.requests)


async def _watch_one_call(
    ats: AtsSession, simulator: AtsSimulator, after_start: Callable[[], object] = lambda: None
) -> list[CallStarted | CallConnected | CallEnded]:
    """Place a call, and watch it to its end."""
    employee = simulator.company.employees[0].full_number
    assert employee is not None
    await ats.calls.dial(destination=CUSTOMER, source=employee)
    events: list[CallStarted | CallConnected | CallEnded] = []
    async with asyncio.timeout(60), aclosing(ats.monitoring.watch_calls(QUICK_S)) as watch:
        async for event in watch:
            events.append(event)
            if isinstance(event, CallStarted):
                after_start()
            if isinstance(event, CallEnded):
                break
    return events


def _assert_whole(events: list[CallStarted | CallConnected | CallEnded]) -> None:
    assert [CallStarted, CallConnected, CallEnded] == [type(event) for event in events]
    started, connected, ended = events
    assert started.call.called_number_full is None
    assert (CUSTOMER, connected.call) == (connected.call.called_number_full, ended.call)
    assert {1} == {event.key for event in events}
    assert started.at < connected.at < ended.at
    assert started.at.utcoffset() is not None


async def test_a_call_is_watched_from_its_start_to_its_end(ats: AtsSession, simulator: AtsSimulator) -> None:
    """One start, one connection, one end, by the machine's clocks."""
    events = await _watch_one_call(ats, simulator)

    _assert_whole(events)
    ended = events[-1]
    assert isinstance(ended, CallEnded)
    assert 0 < ended.duration_s < 60
    # 53 seconds at 3 a poll, the two polls that miss it, and no more.
    assert 18 <= _polls(simulator) <= 21


async def test_flicker_is_survived(ats: AtsSession, simulator: AtsSimulator) -> None:
    """A call that is missing from every third answer goes on all the same."""
    flicker = simulator.inject(faults.Flicker(), requests=range(3, 19, 3), operations=[LIST_CALLS])

    _assert_whole(await _watch_one_call(ats, simulator))
    assert flicker.count > 3


async def test_a_token_that_dies_on_the_way_is_replaced(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Of that, the consumer sees nothing."""
    _assert_whole(await _watch_one_call(ats, simulator, simulator.expire_access_token))
    assert 1 == simulator.refresh_count


@pytest.mark.parametrize(
    "fault",
    [
        faults.ServerErrors(status=502),
        faults.ComeBackLater(),
        faults.RefuseByGateway(),
        faults.HtmlPage(),
        faults.Refuse(),
        faults.CutBody(),
        faults.WrongLength(by=-3),
    ],
    ids=repr,
)
async def test_passing_faults_are_survived(
    ats: AtsSession, simulator: AtsSimulator, fault: faults.Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """Polls that fail miss nobody, and each outage is told once, and its end."""
    caplog.set_level(logging.INFO)
    # aiohttp asks once more by itself where a connection is reset, so that pairs make one failure.
    injection = simulator.inject(fault, requests=[2, 3, 4, 5, 8, 9, 10, 11], operations=[LIST_CALLS])

    _assert_whole(await _watch_one_call(ats, simulator))
    assert 8 == injection.count
    told = [record for record in caplog.records if record.name == "tele2ats_async.live.polling"]
    assert ["poll_failed", "poll_recovered"] * 2 == [vars(record)["event"] for record in told]
    assert {logging.WARNING} == {record.levelno for record in told}
    assert {"monitoring.calls"} == {vars(record)["operation"] for record in told}
    assert all(CUSTOMER not in str(vars(record)) for record in told)


async def test_a_failed_poll_is_made_once_an_interval(ats: AtsSession, simulator: AtsSimulator) -> None:
    """The session's retries, which begin quickly, do not add to the polls of a service that is down."""
    interval_s, wanted = 0.05, 5
    simulator.inject(faults.ServerErrors(), operations=[LIST_CALLS])
    began = time.monotonic()
    async with aclosing(ats.monitoring.watch_calls(interval_s)) as watch:
        task = asyncio.ensure_future(anext(watch))
        while _polls(simulator) < wanted:
            await asyncio.sleep(0.001)
        elapsed_s = time.monotonic() - began
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert elapsed_s >= (wanted - 1) * interval_s


async def test_retry_after_is_obeyed(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Who is asked to come back later does, although the interval is shorter."""
    simulator.inject(faults.ComeBackLater(retry_after=1), requests=[1], operations=[LIST_CALLS])
    began = time.monotonic()
    events = await _watch_one_call(ats, simulator)

    assert isinstance(events[0], CallStarted)
    assert time.monotonic() - began >= 1


def _transferred_each_time() -> Callable[[bytes], Say]:
    """Script a call that is with somebody else at each poll: each poll is an event."""
    polls = count()

    def script(_: bytes) -> Say:
        row = {
            "callType": "INTERNAL",
            "callerNumberFull": "79000000001",
            "calledNumberFull": str(next(polls)),
        }
        return answer(orjson.dumps([row]))

    return script


async def test_a_slow_consumer_is_waited_for() -> None:
    """While it works nobody polls, and afterwards nothing is made up for: the pace is the interval's."""
    interval_s, more = 0.05, 4
    async with (
        RawService(_transferred_each_time()) as service,
        open_session(service) as ats,
        aclosing(ats.monitoring.watch_calls(interval_s)) as watch,
    ):
        called = [(await anext(watch)).call.called_number_full for _ in range(4)]
        polls_before = len(service.requests)
        await asyncio.sleep(20 * interval_s)
        polls_after = len(service.requests)
        began = time.monotonic()
        called += [(await anext(watch)).call.called_number_full for _ in range(more)]
        elapsed_s = time.monotonic() - began

    assert polls_before == polls_after
    assert polls_after + more == len(service.requests)
    # The first poll has two events; none of the others is skipped.
    assert ["0", *map(str, range(7))] == called
    assert elapsed_s >= (more - 1) * interval_s


@pytest.mark.parametrize("operation", [LIST_CALLS, LIST_QUEUES])
@pytest.mark.parametrize("interval_s", [0, -1, float("nan"), float("inf"), "2", None, True])
async def test_an_interval_without_sense_is_refused_at_once(
    ats: AtsSession, simulator: AtsSimulator, operation: int, interval_s: Any
) -> None:
    """Where it is written, and before anything is sent."""
    watch = ats.monitoring.watch_calls if operation == LIST_CALLS else ats.monitoring.watch_queues
    with pytest.raises((TypeError, ValueError), match="interval_s"):
        watch(interval_s)

    assert 0 == len(simulator.requests)


async def test_spent_tokens_end_the_watch(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Only a person can help, and is called by the error."""

    def spend() -> None:
        simulator.expire_access_token()
        simulator.expire_refresh_token()

    with pytest.raises(ReauthorizationRequired):
        await _watch_one_call(ats, simulator, spend)


async def test_what_is_forbidden_ends_the_watch() -> None:
    """A fresh token that is refused too will not be accepted at the next poll."""

    def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            return answer(orjson.dumps({"accessToken": "new", "refreshToken": "newer"}))
        return answer(b'{"details": "Access is denied"}', "403 X")

    async with RawService(script) as service, open_session(service) as ats:
        with pytest.raises(Forbidden):
            await anext(ats.monitoring.watch_calls(QUICK_S))


async def test_a_token_store_that_cannot_be_read_ends_the_watch() -> None:
    """Nor will it be at the next poll."""

    class Broken:
        async def load(self) -> TokenPair:
            raise OSError("no such place")

        async def save(self, pair: TokenPair) -> None: ...

        def lock(self) -> asyncio.Lock:
            return asyncio.Lock()

    async with RawService(lambda _: answer()) as service, open_session(service, tokens=Broken()) as ats:
        with pytest.raises(TokenStoreError):
            await anext(ats.monitoring.watch_calls(QUICK_S))

    assert [] == service.requests


async def test_a_certificate_that_does_not_verify_ends_the_watch(company: Company) -> None:
    """Somebody has to install one."""
    server, _ = make_tls("localhost", "127.0.0.1")
    async with (
        AtsSimulator(company=company, ssl=server) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        with pytest.raises(CertificateError):
            await anext(ats.monitoring.watch_calls(QUICK_S))


@pytest.mark.parametrize("then", [Then.KEEP, Then.SILENCE])
async def test_a_cancelled_watch_leaves_nothing_behind(then: Then) -> None:
    """Between two polls, and in the middle of one: no task, no connection."""
    said = answer() if then is Then.KEEP else Say(then=then)
    async with RawService(lambda _: said) as service, open_session(service, tokens=PAIR) as ats:
        before = asyncio.all_tasks()

        async def consume() -> None:
            async for _ in ats.monitoring.watch_calls(60):
                pass

        task = asyncio.create_task(consume())
        while not service.requests:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The server has a task for each connection, and knows of none that was opened since.
        left = {one for one in asyncio.all_tasks() - before if "RawService" not in repr(one.get_coro())}

        assert set() == left
        assert 1 == len(service.requests)


async def test_a_loop_that_is_left_early_leaves_nothing_behind(
    ats: AtsSession, simulator: AtsSimulator
) -> None:
    """By `aclose`, nobody polls any more."""
    await _watch_one_call(ats, simulator)
    polls = _polls(simulator)
    await asyncio.sleep(20 * QUICK_S)

    assert polls == _polls(simulator)


async def test_a_closed_session_ends_the_watch(simulator: AtsSimulator) -> None:
    """Who iterates on is told so, and does not wait for ever."""
    ats = AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url)
    async with aclosing(ats.monitoring.watch_calls(QUICK_S)) as watch:
        task = asyncio.ensure_future(anext(watch))
        while not _polls(simulator):
            await asyncio.sleep(0.001)
        await ats.close()
        with pytest.raises(RuntimeError, match="closed"):
            await asyncio.wait_for(task, 20)


async def test_queues_are_watched_too() -> None:
    """Who waits enters, and leaves when somebody is free; nobody is in a queue that nobody entered."""
    clock = Clock(now=1_660_291_200.0)  # a Friday, 11 in the morning
    entered: list[tuple[str, str]] = []
    left: list[tuple[str, str]] = []
    async with (
        AtsSimulator(
            seed=7,
            clock=lambda: clock.now,
            middlewares=[clock.go_on],
            live_calls_per_hour=300,
            access_lifetime_s=7 * 24 * 3600,
        ) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
        asyncio.timeout(60),
        aclosing(ats.monitoring.watch_queues(QUICK_S)) as watch,
    ):
        flicker = simulator.inject(
            faults.Flicker(calls=1), requests=range(5, 200, 5), operations=[LIST_QUEUES]
        )
        async for event in watch:
            place = (event.queue_name, event.caller_number)
            if isinstance(event, QueueEntered):
                entered.append(place)
            else:
                assert isinstance(event, QueueLeft)
                assert event.waited_s > 0
                left.append(place)
            if len(left) == 10:
                break

    # By this seed nobody waits in a queue twice.
    assert len(set(entered)) == len(entered)
    assert 10 == len(set(left))
    assert set(left) <= set(entered)
    assert flicker.count > 0
