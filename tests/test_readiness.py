"""Recordings that become ready minutes after the call."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.typedefs import Handler
from faults import RECORDING, TRANSCRIPT, InFlight

from tele2ats_async import AtsSession, CallRecord, NotReady, RetryPolicy, StorageError, TokenPair
from tele2ats_async.recordings import readiness
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

LONG_S = 600.0


@attrs.define
class Late:
    """Recordings and transcripts that are ready when they have been asked for so many times.

    Attributes:
        refusals: How often each is refused; infinitely often what never becomes ready.
        asked: Which were asked for, by path and name.
    """

    refusals: dict[str, float] = attrs.field(factory=dict)
    path: str = RECORDING
    asked: Counter[str] = attrs.field(factory=Counter)

    @web.middleware
    async def refuse(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.endswith(self.path):
            return await handler(request)
        name = request.query["filename"]
        self.asked[name] += 1
        if self.asked[name] <= self.refusals.get(name, 0):
            return web.json_response({"status": 404, "details": "The file is not ready yet"}, status=404)
        return await handler(request)


@pytest.fixture
def late() -> Late:
    return Late()


@pytest.fixture(autouse=True)
def _quick_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again within milliseconds."""
    monkeypatch.setattr(readiness, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(readiness, "_LONGEST_WAIT_S", 0.04)


@pytest_asyncio.fixture
async def ats(company: Company, late: Late) -> AsyncIterator[AtsSession]:
    """Open a session on a service that knows one spelling of names, so that each is asked for once."""
    async with (
        AtsSimulator(company=company, middlewares=[late.refuse]) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=RetryPolicy(attempts=1)
        ) as session,
    ):
        # The spelling is settled by the first recording that comes.
        await session.recordings.fetch_transcript(_settling(company))
        async with session.recordings.open(_settling(company)) as stream:
            async for _ in stream:
                pass
        yield session


def _settling(company: Company) -> str:
    name = company.records[-1].record_file_name
    assert name is not None
    return name


async def test_save_asks_again_until_it_is_ready(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """Three refusals, and then the file."""
    late.refusals = {names[0]: 3}
    path = await ats.recordings.save(names[0], tmp_path, ready_within_s=LONG_S)

    assert path.is_file()
    assert 4 == late.asked[names[0]]


async def test_transcripts_become_ready_too(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """They are made after the recording."""
    late.path = TRANSCRIPT
    late.refusals = {names[0]: 2}
    path = await ats.recordings.save_transcript(names[0], tmp_path, ready_within_s=LONG_S)

    assert path.is_file()
    assert 3 == late.asked[names[0]]


async def test_by_default_nothing_is_waited_for(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """A web backend wants its answer now."""
    late.refusals = {names[0]: 1}
    with pytest.raises(NotReady):
        await ats.recordings.save(names[0], tmp_path)
    [outcome] = [o async for o in ats.recordings.save_many(["2022-08-12/mo_1"], tmp_path)]

    assert isinstance(outcome.error, NotReady)
    assert 1 == late.asked[names[0]]


async def test_what_never_becomes_ready_fails_in_the_end(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """The time is over: the last refusal is the error."""
    late.refusals = {names[0]: math.inf}
    with pytest.raises(NotReady):
        await ats.recordings.save(names[0], tmp_path, ready_within_s=0.1)
    [outcome] = [o async for o in ats.recordings.save_many(names[:1], tmp_path, ready_within_s=0.1)]

    assert isinstance(outcome.error, NotReady)
    assert 4 <= late.asked[names[0]]


async def test_many_wait_beside_the_others(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """What is not ready takes no place from what is: two at once, and more than two are late."""
    late.refusals = dict.fromkeys(names[:10], math.inf)
    order: list[str] = []
    async for outcome in ats.recordings.save_many(names, tmp_path, concurrency=2, ready_within_s=LONG_S):
        assert outcome.error is None
        order.append(outcome.name)
        if len(order) == len(names) - 10:
            late.refusals = {}

    assert sorted(names) == sorted(order)
    assert set(names[:10]) == set(order[-10:])


async def test_no_more_at_once_than_asked_for(company: Company, names: list[str], tmp_path: Path) -> None:
    """What is asked for again counts like everything else."""
    late = Late(dict.fromkeys(names, 1))
    counter = InFlight(RECORDING)
    async with (
        AtsSimulator(company=company, middlewares=[counter.middleware, late.refuse]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        async for outcome in ats.recordings.save_many(names, tmp_path, concurrency=3, ready_within_s=LONG_S):
            assert outcome.error is None

    assert 3 == counter.most


async def test_more_are_late_than_may_wait(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their number is bounded: the workers wait with them, and nothing is forgotten."""
    monkeypatch.setattr("tele2ats_async.recordings.many._PATIENT_AT_MOST", 2)
    late.refusals = dict.fromkeys(names, 2)
    outcomes = [o async for o in ats.recordings.save_many(names, tmp_path, ready_within_s=LONG_S)]

    assert len(names) == len(outcomes)
    assert [] == [outcome for outcome in outcomes if outcome.error]


async def test_a_late_transcript_is_asked_for_alone(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """The recording is there by then, and is not fetched twice."""
    late.path = TRANSCRIPT
    late.refusals = dict.fromkeys(names[:3], 2)
    fetched: Counter[str] = Counter()

    def count(name: str, size_bytes: int) -> None:
        fetched[name] += size_bytes

    outcomes = [
        outcome
        async for outcome in ats.recordings.save_many(
            names[:3], tmp_path, transcripts=True, progress=count, ready_within_s=LONG_S
        )
    ]

    assert [True] * 3 == [outcome.transcript_path is not None for outcome in outcomes]
    assert {outcome.name: outcome.size_bytes for outcome in outcomes} == fetched


async def test_for_records_the_time_counts_from_the_end_of_the_call(
    ats: AtsSession, late: Late, company: Company, tmp_path: Path
) -> None:
    """An old call that is not ready is not waited for, a fresh one is."""
    old, fresh = company.records[:2]
    now = datetime.now(UTC)
    old = attrs.evolve(old, date=now - timedelta(seconds=LONG_S + 60), call_duration=50)
    fresh = attrs.evolve(fresh, date=now - timedelta(seconds=LONG_S + 60), call_duration=50 + int(LONG_S))
    late.refusals = {_name(old): math.inf, _name(fresh): 2}
    outcomes = [o async for o in ats.recordings.save_many([old, fresh], tmp_path, ready_within_s=LONG_S)]

    assert {_name(old): NotReady, _name(fresh): type(None)} == {o.name: type(o.error) for o in outcomes}
    assert (1, 3) == (late.asked[_name(old)], late.asked[_name(fresh)])


def _name(record: CallRecord) -> str:
    assert record.record_file_name is not None
    return record.record_file_name


async def test_leaving_early_ends_the_waiting(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """No task is left that would ask again."""
    late.refusals = {names[0]: math.inf}
    async for _ in ats.recordings.save_many(names[:3], tmp_path, ready_within_s=LONG_S):
        break
    await asyncio.sleep(0)
    asked = late.asked[names[0]]
    await asyncio.sleep(0.1)

    assert asked == late.asked[names[0]]


async def test_what_ends_all_ends_the_waiting(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told at once, and not when the last recording has become ready."""
    monkeypatch.setattr(readiness, "_FIRST_WAIT_S", LONG_S)
    monkeypatch.setattr(readiness, "_LONGEST_WAIT_S", LONG_S)
    late.refusals = {names[0]: math.inf}

    monkeypatch.setattr("tele2ats_async.disk.AtomicFile.commit", _full)
    async with asyncio.timeout(20):
        with pytest.raises(OSError, match="No space left on device"):
            async for _ in ats.recordings.save_many(names, tmp_path, ready_within_s=LONG_S):
                pass


@attrs.define
class Staged:
    """The first recording is late in its own ways; all others come when it has been asked for in that way.

    Attributes:
        held: To which request for the first one, counted from 1, there is no answer; all before are refused.
        refused: Which request for it is refused only when another recording has been sent.
    """

    first: str
    held: int = 0
    refused: int = 0
    asked: int = 0
    may_come: asyncio.Event = attrs.field(factory=asyncio.Event)
    has_come: asyncio.Event = attrs.field(factory=asyncio.Event)

    @web.middleware
    async def serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.endswith(RECORDING):
            return await handler(request)
        if unquote(request.query["filename"]) != self.first:  # it comes in both spellings
            await self.may_come.wait()
            self.has_come.set()
            return await handler(request)
        self.asked += 1
        if self.asked in (self.held, self.refused):
            self.may_come.set()
        if self.asked == self.held:
            await asyncio.Event().wait()
        if self.asked == self.refused:
            await self.has_come.wait()
            await asyncio.sleep(0.2)
        return web.json_response({"status": 404}, status=404)


@pytest.mark.parametrize("staging", [{"held": 3}, {"held": 1}, {"refused": 2}])
async def test_what_ends_all_ends_it_at_any_moment(
    company: Company,
    names: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    staging: dict[str, Any],
) -> None:
    """Whether something is being asked for again just then, or turns out not to be ready only afterwards."""
    monkeypatch.setattr("tele2ats_async.disk.AtomicFile.commit", _full)
    if "refused" in staging:
        monkeypatch.setattr(readiness, "_FIRST_WAIT_S", LONG_S)
    staged = Staged(names[0], **staging)
    timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_connect=5, sock_read=2)
    async with (
        AtsSimulator(company=company, middlewares=[staged.serve]) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens),
            base_url=simulator.base_url,
            retry=RetryPolicy(attempts=1),
            timeout=timeout,
        ) as ats,
        asyncio.timeout(30),
    ):
        with pytest.raises(StorageError):
            async for _ in ats.recordings.save_many(names, tmp_path, concurrency=2, ready_within_s=LONG_S):
                pass


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


async def test_one_at_a_time_is_enough_for_those_that_wait(
    ats: AtsSession, late: Late, names: list[str], tmp_path: Path
) -> None:
    """A source that is slow to give names keeps nothing from being asked for again."""
    late.refusals = {names[0]: 1}
    saved = asyncio.Event()

    async def source() -> AsyncIterator[str]:
        yield names[0]
        await saved.wait()
        yield names[1]

    order: list[str] = []
    async with asyncio.timeout(30):
        async for outcome in ats.recordings.save_many(
            source(), tmp_path, concurrency=1, ready_within_s=LONG_S
        ):
            order.append(outcome.name)
            saved.set()

    assert names[:2] == order


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan, "60", True, None])
async def test_the_time_is_checked(ats: AtsSession, names: list[str], tmp_path: Path, seconds: Any) -> None:
    """What cannot be meant is refused before anything is sent."""
    with pytest.raises((TypeError, ValueError), match="ready_within_s"):
        await ats.recordings.save(names[0], tmp_path, ready_within_s=seconds)
    with pytest.raises((TypeError, ValueError), match="ready_within_s"):
        await ats.recordings.save_transcript(names[0], tmp_path, ready_within_s=seconds)
    with pytest.raises((TypeError, ValueError), match="ready_within_s"):
        ats.recordings.save_many(names, tmp_path, ready_within_s=seconds)
