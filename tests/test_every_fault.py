"""The client under every fault that the simulator can inject: counted at the server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import attrs
import pytest
import pytest_asyncio

from tele2ats_async import (
    AtsError,
    AtsSession,
    ConnectionFailed,
    Manager,
    MinimumSpeed,
    RetryPolicy,
    TokenPair,
)
from tele2ats_async.recordings import readiness
from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

PLACE_CALL = 5
LIST_CALL_RECORDS = 8
FETCH_RECORDING = 9
FETCH_TRANSCRIPT = 10
ADD_MANAGER = 13

EVERY_FAULT = pytest.mark.parametrize("fault", faults.ALL_KINDS, ids=repr)
_PATIENCE_S = 30
# What these answer is the whole answer: that a call was not placed, or is not known to have been.
_SHORT = aiohttp.ClientTimeout(total=None, connect=2, sock_connect=2, sock_read=0.5)


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[AtsSimulator]:
    """Run a company of its own, which a test may change."""
    company = Company.generate(seed=8, recordings=40, duration_s=(4, 8))
    async with AtsSimulator(company=company) as running:
        yield running


@pytest_asyncio.fixture
async def ats(simulator: AtsSimulator) -> AsyncIterator[AtsSession]:
    """Open a session that is eager to try again, and quick to give up waiting."""
    async with AtsSession(
        TokenPair(*simulator.tokens),
        base_url=simulator.base_url,
        retry=RetryPolicy(attempts=5, wait_initial_s=0.01, wait_max_s=0.05),
        timeout=_SHORT,
        minimum_speed=MinimumSpeed(bytes_per_s=2000, window_s=0.3),
    ) as session:
        yield session


def _carried_out(simulator: AtsSimulator, operation: int) -> int:
    """Count how often an operation arrived."""
    return sum(seen.operation == operation for seen in simulator.requests)


def _can_hit(fault: faults.RequestFault | faults.AnswerFault, operation: int) -> bool:
    return operation in fault.possible_operations


@pytest.fixture(autouse=True)
def _quick_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again soon for what is not ready."""
    monkeypatch.setattr(readiness, "_FIRST_WAIT_S", 0.1)


@EVERY_FAULT
async def test_a_call_is_never_placed_twice(
    fault: faults.RequestFault | faults.AnswerFault, simulator: AtsSimulator, ats: AtsSession
) -> None:
    """Operation 5 arrives once, whatever becomes of its answer: somebody's telephone would ring again."""
    if _can_hit(fault, PLACE_CALL):
        simulator.inject(fault, operations=[PLACE_CALL])
    source = simulator.company.employees[0].full_number
    async with asyncio.timeout(_PATIENCE_S):
        try:
            await ats.calls.dial(destination="79991112233", source=source)
        except AtsError:
            assert len(simulator.placed_calls) <= 1
        else:
            assert 1 == len(simulator.placed_calls)

    assert 1 == _carried_out(simulator, PLACE_CALL)


@EVERY_FAULT
async def test_a_manager_is_never_created_twice(
    fault: faults.RequestFault | faults.AnswerFault, simulator: AtsSimulator, ats: AtsSession
) -> None:
    """Operation 13 arrives once, whatever becomes of its answer."""
    before = len(await ats.managers.fetch_all())
    if _can_hit(fault, ADD_MANAGER):
        injection = simulator.inject(fault, operations=[ADD_MANAGER])
    employee = simulator.company.employees[-1].employee_id
    async with asyncio.timeout(_PATIENCE_S):
        try:
            await ats.managers.create(Manager(employee_id=employee, name="Анна"))
        except AtsError:
            created = range(2)
        else:
            created = range(1, 2)

    assert 1 == _carried_out(simulator, ADD_MANAGER)
    if _can_hit(fault, ADD_MANAGER):
        injection.remove()
    assert len(await ats.managers.fetch_all()) - before in created


async def test_a_call_that_certainly_did_not_leave_is_tried_again(simulator: AtsSimulator) -> None:
    """Nobody listens: nothing can have been carried out, so the policy's attempts are made."""
    address = simulator.base_url
    await simulator.close()
    policy = RetryPolicy(attempts=3, wait_initial_s=0.01, wait_max_s=0.02)
    async with AtsSession(TokenPair("access", "refresh"), base_url=address, retry=policy) as ats:
        with pytest.raises(ConnectionFailed) as caught:
            await ats.calls.dial(destination="79991112233", source="79994445566")

    assert caught.value.sent is False


@EVERY_FAULT
async def test_a_recording_comes_right_or_not_at_all(
    fault: faults.RequestFault | faults.AnswerFault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """Hit once, it is fetched all the same; and no fault leaves a wrong file or anything beside it."""
    [name, *_] = [row.record_file_name for row in simulator.company.records if row.record_file_name]
    injection = simulator.inject(fault, requests=[1]) if _can_hit(fault, FETCH_RECORDING) else None
    if isinstance(fault, faults.IgnoreRange | faults.WrongRange):
        simulator.inject(faults.CutBody(), requests=[1])
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(3):  # what no policy repeats, the next run does
            [outcome] = [o async for o in ats.recordings.save_many([name], tmp_path, ready_within_s=60)]
            if outcome.error is None:
                break
            assert [] == list(tmp_path.rglob("*.mp3"))  # noqa: ASYNC240  # one directory

    assert outcome.path is not None
    assert injection is None or injection.count or isinstance(fault, faults.WrongRange)
    assert simulator.recording(name) == outcome.path.read_bytes()
    assert [outcome.path] == [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240


@EVERY_FAULT
async def test_a_transcript_comes_right_or_not_at_all(
    fault: faults.RequestFault | faults.AnswerFault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """The same for the transcript."""
    [name, *_] = [row.record_file_name for row in simulator.company.records if row.record_file_name]
    if _can_hit(fault, FETCH_TRANSCRIPT):
        simulator.inject(fault, requests=[1], operations=[FETCH_TRANSCRIPT])
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(3):
            try:
                await ats.recordings.save_transcript(name, tmp_path, ready_within_s=60)
                break
            except AtsError:
                assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240

    transcript = await ats.recordings.fetch_transcript(name)
    assert list(transcript.words) == simulator.transcript(name)
    assert 1 == len([path for path in tmp_path.rglob("*") if path.is_file()])  # noqa: ASYNC240


@EVERY_FAULT
async def test_a_listing_is_complete_or_an_error(
    fault: faults.RequestFault | faults.AnswerFault, simulator: AtsSimulator, ats: AtsSession
) -> None:
    """No fault makes a listing shorter or longer in silence."""
    records = simulator.company.records
    if _can_hit(fault, LIST_CALL_RECORDS):
        simulator.inject(fault, requests=[2], operations=[LIST_CALL_RECORDS])
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(3):
            try:
                listed = [
                    row async for row in ats.call_records.iter(records[0].date, records[-1].date, size=10)
                ]
                break
            except AtsError:
                continue

    assert [attrs.asdict(row) for row in records] == [attrs.asdict(row) for row in listed]
