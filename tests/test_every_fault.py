"""The client under every fault that the simulator can inject: counted at the server.

Each test sees to it that its fault was met; those that cannot be are listed with the reason.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import attrs
import pytest
import pytest_asyncio

from tele2ats_async import (
    AtsError,
    AtsSession,
    CallRecord,
    Conflict,
    ConnectionFailed,
    Manager,
    MinimumSpeed,
    RetryPolicy,
    TokenPair,
    TranscriptWord,
    TransportError,
)
from tele2ats_async.recordings import readiness
from tele2ats_async.simulator import AtsSimulator, Company, faults
from tele2ats_async.wire.converter import decode

pytestmark = pytest.mark.asyncio

PLACE_CALL = 5
LIST_CALL_RECORDS = 8
FETCH_RECORDING = 9
FETCH_TRANSCRIPT = 10
ADD_MANAGER = 13

Fault = faults.RequestFault | faults.AnswerFault

_PATIENCE_S = 30
# What these answer is the whole answer: that a call was not placed, or is not known to have been.
_SHORT = aiohttp.ClientTimeout(total=None, connect=2, sock_connect=2, sock_read=0.5)
# An example of each, and the one that says nothing at all for as long as the session listens.
_FAULTS: tuple[Fault, ...] = (*faults.ALL_KINDS, faults.DelayFirstByte(1.0))
_NO_BODY = "the answer is empty: there is nothing to send less of, or later, or in another form"
_WELCOME = "this client asks for gzip there, and may be given it"
_NEVER_MET: dict[int, dict[Fault, str]] = {
    PLACE_CALL: dict.fromkeys(
        [
            faults.CutBody(),  # in chunks, the last of which is missing, it is met
            faults.CutBody(framing="close"),
            faults.StallBody(),
            faults.WrongLength(by=-100),  # more than nothing can be announced, and is
            faults.Trickle(bytes_per_s=100_000),
            faults.GzipAnyway(),
            faults.ExpireToken(),
        ],
        _NO_BODY,
    ),
    LIST_CALL_RECORDS: {faults.GzipAnyway(): _WELCOME},
    FETCH_TRANSCRIPT: {faults.GzipAnyway(): _WELCOME},
    ADD_MANAGER: {faults.GzipAnyway(): _WELCOME},
}
# Announced is less than there is, and that much comes: by all that HTTP says it is the whole answer.
_TOO_SHORT = faults.WrongLength(by=-100)


def _each_fault(operation: int, *, but: tuple[Fault, ...] = ()) -> pytest.MarkDecorator:
    """Give a test each fault that can meet an operation."""
    never = {*_NEVER_MET.get(operation, {}), *but}
    possible = [fault for fault in _FAULTS if operation in fault.possible_operations and fault not in never]
    return pytest.mark.parametrize("fault", possible, ids=repr)


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


def _name_of_recording(simulator: AtsSimulator) -> str:
    return next(row.record_file_name for row in simulator.company.records if row.record_file_name)


async def _dial(ats: AtsSession, simulator: AtsSimulator, _: Path) -> None:
    source = simulator.company.employees[0].full_number
    assert source is not None
    await ats.calls.dial(destination="79991112233", source=source)


async def _create(ats: AtsSession, simulator: AtsSimulator, _: Path) -> None:
    await ats.managers.create(Manager(employee_id=simulator.company.employees[-1].employee_id, name="Анна"))


async def _save_transcript(ats: AtsSession, simulator: AtsSimulator, directory: Path) -> None:
    await ats.recordings.save_transcript(_name_of_recording(simulator), directory, ready_within_s=60)


async def _list(ats: AtsSession, simulator: AtsSimulator, _: Path) -> list[CallRecord]:
    records = simulator.company.records
    return [row async for row in ats.call_records.iter(records[0].date, records[-1].date, size=10)]


_ACTS: dict[int, Callable[[AtsSession, AtsSimulator, Path], Awaitable[object]]] = {
    PLACE_CALL: _dial,
    LIST_CALL_RECORDS: _list,
    FETCH_TRANSCRIPT: _save_transcript,
    ADD_MANAGER: _create,
}


@pytest.fixture(autouse=True)
def _quick_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again soon for what is not ready."""
    monkeypatch.setattr(readiness, "_FIRST_WAIT_S", 0.1)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [(operation, fault) for operation in _NEVER_MET for fault in _NEVER_MET[operation]],
)
async def test_what_is_never_met(
    operation: int, fault: Fault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """The list of faults that cannot meet an operation says the truth: each request is offered to them."""
    injection = simulator.inject(fault, operations=[operation])
    await _ACTS[operation](ats, simulator, tmp_path)

    assert 0 == injection.count
    assert _carried_out(simulator, operation)


@_each_fault(PLACE_CALL)
async def test_a_call_is_never_placed_twice(
    fault: Fault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """Operation 5 arrives once, whatever becomes of its answer: somebody's telephone would ring again."""
    injection = simulator.inject(fault, operations=[PLACE_CALL])
    failure: AtsError | None = None
    async with asyncio.timeout(_PATIENCE_S):
        try:
            await _dial(ats, simulator, tmp_path)
        except AtsError as error:
            failure = error

    if isinstance(failure, TransportError):
        assert failure.sent
        assert len(simulator.placed_calls) <= 1
    else:
        assert (0 if failure else 1) == len(simulator.placed_calls)
    assert (1, 1) == (injection.count, _carried_out(simulator, PLACE_CALL))


@_each_fault(ADD_MANAGER)
async def test_a_manager_is_never_created_twice(
    fault: Fault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """Operation 13 arrives once, whatever becomes of its answer."""
    before = len(await ats.managers.fetch_all())
    injection = simulator.inject(fault, operations=[ADD_MANAGER])
    async with asyncio.timeout(_PATIENCE_S):
        try:
            await _create(ats, simulator, tmp_path)
        except Conflict:
            created = range(1)
        except AtsError:
            created = range(2)
        else:
            created = range(1, 2)

    assert (1, 1) == (injection.count, _carried_out(simulator, ADD_MANAGER))
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


@_each_fault(FETCH_RECORDING, but=(_TOO_SHORT,))
async def test_a_recording_comes_right_or_not_at_all(
    fault: Fault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """Hit once, it is fetched all the same; and no fault leaves a wrong file or anything beside it."""
    name = _name_of_recording(simulator)
    injection = simulator.inject(fault, requests=[1], operations=[FETCH_RECORDING])
    if isinstance(fault, faults.IgnoreRange | faults.WrongRange):
        simulator.inject(faults.CutBody(), requests=[1])
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(3):  # what no policy repeats, the next run does
            [outcome] = [o async for o in ats.recordings.save_many([name], tmp_path, ready_within_s=60)]
            if outcome.error is None:
                break
            assert [] == list(tmp_path.rglob("*.mp3"))  # noqa: ASYNC240  # one directory

    assert outcome.path is not None
    assert injection.count
    assert simulator.recording(name) == outcome.path.read_bytes()
    assert [outcome.path] == [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240


async def test_a_recording_whose_length_is_understated(
    simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """What is announced is what is saved: that the service has more shows only if it comes along in time."""
    names = [row.record_file_name for row in simulator.company.records if row.record_file_name][:10]
    injection = simulator.inject(_TOO_SHORT, operations=[FETCH_RECORDING])
    async for outcome in ats.recordings.save_many(names, tmp_path):
        if outcome.path is not None:
            assert simulator.recording(outcome.name)[:-100] == outcome.path.read_bytes()
        else:
            assert isinstance(outcome.error, AtsError)

    assert injection.count >= len(names)


@_each_fault(FETCH_TRANSCRIPT)
async def test_a_transcript_comes_right_or_not_at_all(
    fault: Fault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """The same for the transcript."""
    name = _name_of_recording(simulator)
    injection = simulator.inject(fault, requests=[1], operations=[FETCH_TRANSCRIPT])
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(3):
            try:
                await _save_transcript(ats, simulator, tmp_path)
                break
            except AtsError:
                assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240

    assert injection.count
    transcript = await ats.recordings.fetch_transcript(name)
    assert list(transcript.words) == simulator.transcript(name)
    [saved] = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240
    assert simulator.transcript(name) == decode(saved.read_bytes(), list[TranscriptWord])


@_each_fault(LIST_CALL_RECORDS)
async def test_a_listing_is_complete_or_an_error(
    fault: Fault, simulator: AtsSimulator, ats: AtsSession, tmp_path: Path
) -> None:
    """No fault makes a listing shorter or longer in silence."""
    injection = simulator.inject(fault, requests=[2], operations=[LIST_CALL_RECORDS])
    listed: list[CallRecord] = []
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(3):
            try:
                listed = await _list(ats, simulator, tmp_path)
                break
            except AtsError:
                continue

    assert injection.count
    assert [attrs.asdict(row) for row in simulator.company.records] == [attrs.asdict(row) for row in listed]
