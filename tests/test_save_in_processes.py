"""Saving in several processes: the same outcomes, one refresher, and nothing left behind."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from raw_service import ONCE

from tele2ats_async import (
    AtsSession,
    NotReady,
    Observer,
    ReauthorizationRequired,
    RetryPolicy,
    StorageError,
    TokenPair,
    UnsafeName,
)
from tele2ats_async.observing import UNOBSERVED, Unobserved
from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

QUICKLY = RetryPolicy(attempts=4, wait_initial_s=0.01, wait_max_s=0.1)


def _names(company: Company) -> list[str]:
    return [record.record_file_name for record in company.records if record.record_file_name]


def _session(
    simulator: AtsSimulator, retry: RetryPolicy = QUICKLY, observer: Observer = UNOBSERVED
) -> AtsSession:
    pair = TokenPair(*simulator.tokens)
    return AtsSession(pair, base_url=simulator.base_url, retry=retry, observer=observer)


def files_below(directory: Path) -> list[Path]:
    """List all files, hidden ones too."""
    return [path for path in directory.rglob("*") if path.is_file()]


def _children() -> set[int]:
    """Find the processes that this one has started to save."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if b"processes.worker" in command and parent == os.getpid():
            found.add(int(entry.name))
    return found


@pytest_asyncio.fixture(autouse=True)
async def _nobody_stays() -> AsyncIterator[None]:
    """See that no process outlives its run."""
    yield
    assert set() == _children()


@pytest.mark.parametrize("has_uvloop", [True, False])
async def test_the_same_outcomes(
    simulator: AtsSimulator,
    company: Company,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    has_uvloop: bool,  # noqa: FBT001  # a case
) -> None:
    """What one process saves, several save, byte for byte, transcripts and progress with it."""
    if not has_uvloop:
        broken = tmp_path_factory.mktemp("modules")
        (broken / "uvloop.py").write_text("raise ImportError")
        monkeypatch.setenv("PYTHONPATH", str(broken))
    names = _names(company)
    progress: dict[str, int] = {}

    def note(name: str, size_bytes: int) -> None:
        progress[name] = progress.get(name, 0) + size_bytes

    async with _session(simulator) as ats:
        outcomes = {
            outcome.name: outcome
            async for outcome in ats.recordings.save_many(
                names, tmp_path, concurrency=8, transcripts=True, progress=note, processes=2
            )
        }
        again = [
            outcome
            async for outcome in ats.recordings.save_many(names, tmp_path, transcripts=True, processes=3)
        ]

    assert set(names) == outcomes.keys()
    for name, outcome in outcomes.items():
        expected = simulator.recording(name)
        assert (None, len(expected), False) == (outcome.error, outcome.size_bytes, outcome.skipped)
        assert (tmp_path / f"{name}.mp3", tmp_path / f"{name}.json") == (
            outcome.path,
            outcome.transcript_path,
        )
        assert expected == (tmp_path / f"{name}.mp3").read_bytes()
        assert len(expected) == progress[name]
    assert len(names) == len(again)
    assert all(outcome.skipped for outcome in again)


async def test_files_of_the_working_directory_are_no_modules(
    simulator: AtsSimulator, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program's own ``queue.py``, where it happens to be started, breaks nothing."""
    (tmp_path / "queue.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if entry])
    async with _session(simulator) as ats:
        saved = [
            outcome.error async for outcome in ats.recordings.save_many(_names(company), "a", processes=2)
        ]

    assert [None] * len(_names(company)) == saved


async def test_an_observer_that_fails_ends_it(
    simulator: AtsSimulator, company: Company, tmp_path: Path
) -> None:
    """By its error, as with tasks: what it is told of comes from processes, whose outcomes are waited for."""

    class Failing(Unobserved):
        """An observer with a mistake in it."""

        def begin(self, *_: object, at_s: float | None = None) -> Unobserved:  # noqa: ARG002  # of `Observer`
            raise ZeroDivisionError

    async with _session(simulator, observer=Failing()) as ats, asyncio.timeout(60):
        with pytest.raises(ZeroDivisionError):
            [one async for one in ats.recordings.save_many(_names(company), tmp_path, processes=2)]


async def test_records_of_an_iterator(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """A listing feeds them as it feeds one."""
    first, last = company.records[0].date, company.records[-1].date
    async with _session(simulator) as ats:
        records = ats.call_records.iter(first, last, is_recorded=True, size=20)
        saved = {outcome.name async for outcome in ats.recordings.save_many(records, tmp_path, processes=2)}

    assert set(_names(company)) == saved


async def test_failures_are_outcomes(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """One failure is not the end, and arrives with its facts."""
    names = [*_names(company)[:5], "2022-01-01/mo_none", "../outside"]
    async with _session(simulator, ONCE) as ats:
        errors = {
            outcome.name: type(outcome.error)
            async for outcome in ats.recordings.save_many(names, tmp_path, processes=2)
            if outcome.error
        }

    assert {"2022-01-01/mo_none": NotReady, "../outside": UnsafeName} == errors


async def test_one_refresher(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """A dead access token costs one refresh, by the session: no child ever has the refresh token."""
    async with _session(simulator) as ats:
        simulator.expire_access_token()
        saved = [
            outcome.error
            async for outcome in ats.recordings.save_many(_names(company), tmp_path, processes=3)
        ]

    assert [None] * len(_names(company)) == saved
    assert 1 == simulator.refresh_count


async def test_spent_tokens_end_it(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """What makes going on pointless is raised here, as of one process."""
    async with _session(simulator) as ats:
        simulator.regenerate_tokens()
        with pytest.raises(ReauthorizationRequired):
            async for _ in ats.recordings.save_many(_names(company), tmp_path, processes=2):
                pass


async def test_a_disk_that_refuses_ends_it(simulator: AtsSimulator, company: Company) -> None:
    """An error that is also an OSError comes back as what it is."""
    async with (
        _session(simulator) as ats,
        aclosing(ats.recordings.save_many(_names(company), "/proc/nowhere", processes=2)) as outcomes,
    ):
        error = (await anext(outcomes)).error

    assert isinstance(error, StorageError)
    assert isinstance(error, OSError)


@pytest.mark.parametrize("leaves_after", [0, 1, 10])
async def test_leaving_the_loop(
    simulator: AtsSimulator, company: Company, tmp_path: Path, leaves_after: int
) -> None:
    """Who has enough leaves nothing half done, and no process."""
    async with _session(simulator) as ats:
        async with aclosing(ats.recordings.save_many(_names(company), tmp_path, processes=2)) as outcomes:
            for _ in range(leaves_after):
                await anext(outcomes)
        assert set() == _children()

    assert {".mp3"} >= {Path(path).suffix for path in files_below(tmp_path)}


async def test_cancelling(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """A cancelled caller is told so, once everything is tidy."""
    simulator.inject(faults.Trickle(bytes_per_s=100), operations=[9])

    async def save() -> None:
        async for _ in ats.recordings.save_many(_names(company), tmp_path, processes=2):
            pass

    async with _session(simulator) as ats:
        task = asyncio.create_task(save())
        while 9 not in {seen.operation for seen in simulator.requests}:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert [] == files_below(tmp_path)


async def test_closing_the_session(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """The session's end is the end of it, and whoever iterates is told so."""
    simulator.inject(faults.Trickle(bytes_per_s=100), operations=[9])
    ats = _session(simulator)

    async def save() -> None:
        async for _ in ats.recordings.save_many(_names(company), tmp_path, processes=2):
            pass

    task = asyncio.create_task(save())
    while 9 not in {seen.operation for seen in simulator.requests}:
        await asyncio.sleep(0.01)
    await ats.close()
    with pytest.raises(RuntimeError, match="closed"):
        await task


async def test_a_killed_child_is_told(simulator: AtsSimulator, company: Company, tmp_path: Path) -> None:
    """What a process took with it is not missing in silence."""
    simulator.inject(faults.Trickle(bytes_per_s=100), operations=[9])

    async def save() -> None:
        async for _ in ats.recordings.save_many(_names(company), tmp_path, processes=2):
            pass

    async with _session(simulator) as ats:
        task = asyncio.create_task(save())
        while 9 not in {seen.operation for seen in simulator.requests}:
            await asyncio.sleep(0.01)
        for child in _children():
            os.kill(child, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="ended with status -9"):
            await task


async def test_a_slow_caller_slows_it(simulator: AtsSimulator, tmp_path: Path) -> None:
    """Names are read no further ahead than the children need."""
    read = 0

    def names() -> Iterator[str]:
        nonlocal read
        for number in range(100_000):
            read += 1
            yield f"2022-01-01/mo_{number}"

    async with (
        _session(simulator, ONCE) as ats,
        aclosing(ats.recordings.save_many(names(), tmp_path, concurrency=2, processes=2)) as outcomes,
    ):
        for _ in range(3):
            await anext(outcomes)
        await asyncio.sleep(0.3)
        assert read < 400


@pytest.mark.parametrize("processes", [0, -1, 5])
async def test_so_many_processes_there_are_not(
    simulator: AtsSimulator, tmp_path: Path, processes: int
) -> None:
    """A mistake is told at once, and so is a process that nothing would be left for: a slip of the finger starts no thousands."""
    async with _session(simulator) as ats:
        with pytest.raises(ValueError, match=r"^processes: expected at "):
            ats.recordings.save_many(["a"], tmp_path, concurrency=4, processes=processes)


async def test_what_no_other_process_can_have(tmp_path: Path) -> None:
    """A borrowed client and a context live here alone."""
    async with aiohttp.ClientSession() as client:
        borrowing = AtsSession(TokenPair("a", "b"), client=client)
        trusting = AtsSession(TokenPair("a", "b"), ssl=ssl.create_default_context())
        for ats in (borrowing, trusting):
            with pytest.raises(ValueError, match="another process"):
                ats.recordings.save_many(["a"], tmp_path, processes=2)
