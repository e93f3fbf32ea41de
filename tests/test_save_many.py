"""Many recordings at once: every byte, bounded, one failure being an outcome (operations 9 and 10)."""

import asyncio
import errno
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from conftest import ONE_ATTEMPT
from faults import RECORDING, TRANSCRIPT, InFlight, Trickle, answer_with, body
from raw_service import PAIR, RawService, answer

from tele2ats_async import (
    AtsSession,
    CallRecord,
    NotAudio,
    NotReady,
    PayloadError,
    ProxyRefused,
    RateLimited,
    ReauthorizationRequired,
    SaveOutcome,
    StorageError,
    TokenPair,
    TranscriptWord,
    UnsafeName,
)
from tele2ats_async.recordings import Names
from tele2ats_async.simulator import AtsSimulator, Company, faults
from tele2ats_async.wire import converter

pytestmark = pytest.mark.asyncio


def session_on(simulator: AtsSimulator, **settings: Any) -> AtsSession:
    return AtsSession(
        TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT, **settings
    )


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def own_tasks() -> set[asyncio.Task[Any]]:
    """Find the workers that are still there."""
    return {task for task in asyncio.all_tasks() if "SavingMany" in repr(task.get_coro())}


async def test_two_thousand_recordings_byte_for_byte(tmp_path: Path) -> None:
    """From the listing to the disk: 2,000 recordings and transcripts, every byte of them compared."""
    company = Company.generate(seed=9, recordings=2000, duration_s=(1, 4))
    start, end = company.records[0].date, company.records[-1].date
    async with AtsSimulator(company=company) as simulator, session_on(simulator) as ats:
        records = ats.call_records.iter(start, end, is_recorded=True, size=500)
        outcomes = {
            outcome.name: outcome
            async for outcome in ats.recordings.save_many(records, tmp_path, concurrency=32, transcripts=True)
        }

        assert {record.record_file_name for record in company.records} == set(outcomes)
        for name, outcome in outcomes.items():
            assert (None, False) == (outcome.error, outcome.skipped)
            assert (tmp_path / f"{name}.mp3", tmp_path / f"{name}.json") == (
                outcome.path,
                outcome.transcript_path,
            )
            whole = simulator.recording(name)
            assert whole == (tmp_path / f"{name}.mp3").read_bytes()
            assert len(whole) == outcome.size_bytes
            assert simulator.transcript(name) == converter.decode(
                (tmp_path / f"{name}.json").read_bytes(), list[TranscriptWord]
            )
        assert 4000 == len(files_below(tmp_path))


async def test_a_second_run_fetches_nothing(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """What is there is skipped without a request, and still told with its size."""
    first = [outcome async for outcome in ats.recordings.save_many(names, tmp_path, transcripts=True)]
    simulator.requests.clear()
    second = [outcome async for outcome in ats.recordings.save_many(names, tmp_path, transcripts=True)]

    assert 0 == len(simulator.requests)
    assert [True] * len(names) == [outcome.skipped for outcome in second]
    assert {outcome.name: outcome.size_bytes for outcome in first} == {
        outcome.name: outcome.size_bytes for outcome in second
    }


async def test_a_missing_transcript_is_fetched_for_a_recording_that_is_there(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """Asked for transcripts later, a run fetches those alone."""
    async for _ in ats.recordings.save_many(names[:3], tmp_path):
        pass
    simulator.requests.clear()
    outcomes = [o async for o in ats.recordings.save_many(names[:3], tmp_path, transcripts=True)]

    assert [10, 10, 10] == [seen.operation for seen in simulator.requests]
    assert [False] * 3 == [outcome.skipped for outcome in outcomes]


async def test_every_kind_of_source(
    ats: AtsSession, company: Company, names: list[str], tmp_path: Path
) -> None:
    """Names or records, from a list, a generator or an async iterator."""

    async def later() -> AsyncIterator[CallRecord]:
        for record in company.records[:5]:
            await asyncio.sleep(0)
            yield record

    sources: list[Names] = [names[:5], (name for name in names[:5]), company.records[:5], later()]
    for number, source in enumerate(sources):
        saved = {o.name async for o in ats.recordings.save_many(source, tmp_path / str(number))}
        assert set(names[:5]) == saved


async def test_calls_without_a_recording_are_passed_over(
    ats: AtsSession, company: Company, tmp_path: Path
) -> None:
    """An absent, null or empty name means that there is nothing to save."""
    bare = CallRecord(company.records[0].date, company.records[0].call_type, company.records[0].call_status)
    empty = CallRecord(bare.date, bare.call_type, bare.call_status, record_file_name="")

    assert [] == [outcome async for outcome in ats.recordings.save_many([bare, empty], tmp_path)]


@pytest.mark.parametrize("concurrency", [1, 5])
async def test_concurrency_is_a_bound_and_is_used(
    company: Company, names: list[str], tmp_path: Path, concurrency: int
) -> None:
    """As many at once as asked for, and never more."""
    counter = InFlight(RECORDING)
    async with (
        AtsSimulator(company=company, middlewares=[counter.middleware]) as simulator,
        session_on(simulator) as ats,
    ):
        async for _ in ats.recordings.save_many(names[:30], tmp_path, concurrency=concurrency):
            pass

    assert concurrency == counter.most


async def test_names_are_read_no_further_ahead_than_needed(
    ats: AtsSession, names: list[str], tmp_path: Path
) -> None:
    """A slow caller slows the reading of names down: memory does not grow with their number."""
    taken = 0

    def source() -> Iterator[str]:
        nonlocal taken
        for name in names:
            taken += 1
            yield name

    done = 0
    async for _ in ats.recordings.save_many(source(), tmp_path, concurrency=4):
        done += 1
        await asyncio.sleep(0.005)
        # In flight, done and not yet taken, and read by a worker that waits for its turn.
        assert taken <= done + 3 * 4


async def test_single_failures_are_outcomes(company: Company, names: list[str], tmp_path: Path) -> None:
    """One recording's failure stands in its outcome; the others are saved."""

    async def sorry(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"<html>Sorry</html>", content_type="text/html")

    async with (
        AtsSimulator(company=company, middlewares=[answer_with(RECORDING, sorry, times=1)]) as simulator,
        session_on(simulator) as ats,
    ):
        source = [*names[:4], "2022-08-12/mo_1", "../../etc/passwd", ""]
        outcomes = [o async for o in ats.recordings.save_many(source, tmp_path, concurrency=2)]

    kinds = Counter(type(outcome.error) for outcome in outcomes)
    assert {type(None): 3, NotAudio: 1, NotReady: 1, UnsafeName: 2} == kinds
    assert all(outcome.path is None for outcome in outcomes if outcome.error)
    assert 3 == len(files_below(tmp_path))


async def test_a_failed_transcript_leaves_its_recording(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """The recording is saved, the outcome says what is missing, and it is not "skipped" on the next run."""
    html = body(b"<html>", content_type="text/html")
    async with (
        AtsSimulator(company=company, middlewares=[answer_with(TRANSCRIPT, html)]) as simulator,
        session_on(simulator) as ats,
    ):
        for _ in range(2):
            (outcome,) = [o async for o in ats.recordings.save_many(names[:1], tmp_path, transcripts=True)]
            assert isinstance(outcome.error, PayloadError)
            assert (tmp_path / f"{names[0]}.mp3", None, False) == (
                outcome.path,
                outcome.transcript_path,
                outcome.skipped,
            )


async def test_progress_counts_every_byte(ats: AtsSession, names: list[str], tmp_path: Path) -> None:
    """The callback is told the bytes of each recording as they come."""
    received: Counter[str] = Counter()

    def progress(name: str, size_bytes: int) -> None:
        received[name] += size_bytes

    saving = ats.recordings.save_many(names, tmp_path, progress=progress)
    sizes = {outcome.name: outcome.size_bytes async for outcome in saving}

    assert sizes == received


async def test_leaving_early_cancels_and_cleans_up(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """After `aclose()` there is no worker, no connection in use and no part of a file."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))
    seen = 0

    async def first_whole_then_trickle(request: web.Request) -> web.StreamResponse:
        nonlocal seen
        seen += 1
        if seen == 1:
            return web.Response(body=b"ID3" + bytes(100), content_type="audio/mpeg")
        return await trickle.respond(request)

    async with (
        AtsSimulator(
            company=company, middlewares=[answer_with(RECORDING, first_whole_then_trickle)]
        ) as simulator,
        session_on(simulator) as ats,
    ):
        async with aclosing(ats.recordings.save_many(names, tmp_path, concurrency=8)) as outcomes:
            first = await anext(outcomes)
            await trickle.started.wait()
            while len(files_below(tmp_path)) < 3:
                await asyncio.sleep(0.001)

        assert [first.path] == files_below(tmp_path)
        assert set() == own_tasks()
        assert 100 == ats._requester._slots._value


async def test_a_plain_break_cleans_up_as_well(ats: AtsSession, names: list[str], tmp_path: Path) -> None:
    """`break` alone, without `aclosing`, ends the workers too."""
    async for _ in ats.recordings.save_many(names, tmp_path, concurrency=8):
        break
    for _ in range(1000):
        if not own_tasks():
            break
        await asyncio.sleep(0.001)

    assert set() == own_tasks()
    assert {".mp3"} == {path.suffix for path in files_below(tmp_path)}


async def test_cancelling_the_caller_cleans_up(company: Company, names: list[str], tmp_path: Path) -> None:
    """Cancellation passes through as itself; nothing half done is left."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))

    async def mirror(ats: AtsSession) -> list[SaveOutcome]:
        return [outcome async for outcome in ats.recordings.save_many(names, tmp_path)]

    async with (
        AtsSimulator(company=company, middlewares=[answer_with(RECORDING, trickle.respond)]) as simulator,
        session_on(simulator) as ats,
    ):
        task = asyncio.create_task(mirror(ats))
        await trickle.started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert set() == own_tasks()
        assert [] == files_below(tmp_path)


async def test_a_full_disk_ends_the_run(
    ats: AtsSession,
    simulator: AtsSimulator,
    names: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Going on is pointless: the outcomes until then are handed over, then `StorageError` is raised."""
    real_open = os.open
    is_full = False

    def fill_up(path: str, flags: int, mode: int = 0o777) -> int:
        full = is_full and str(path).endswith(".part")
        return real_open("/dev/full", os.O_WRONLY) if full else real_open(path, flags, mode)

    monkeypatch.setattr("os.open", fill_up)
    outcomes: list[SaveOutcome] = []
    saving = ats.recordings.save_many(names, tmp_path, concurrency=3)

    async def collect() -> None:
        nonlocal is_full
        async for outcome in saving:
            outcomes.append(outcome)
            is_full = len(outcomes) >= 5

    with pytest.raises(StorageError) as raised:
        await collect()

    assert errno.ENOSPC == raised.value.errno
    assert {outcome.path for outcome in outcomes} == set(files_below(tmp_path))
    assert 5 <= len(outcomes) <= 5 + 3
    assert len(simulator.requests) <= len(outcomes) + 3


async def test_spent_tokens_end_the_run(simulator: AtsSimulator, names: list[str], tmp_path: Path) -> None:
    """Where nobody can log in, 60 recordings do not fail one by one."""
    simulator.expire_access_token()
    simulator.expire_refresh_token()
    async with session_on(simulator) as ats:
        with pytest.raises(ReauthorizationRequired):
            async for _ in ats.recordings.save_many(names, tmp_path, concurrency=4):
                pass

    assert {1, 9} == {seen.operation for seen in simulator.requests}
    assert len(simulator.requests) < 10


async def test_a_failing_source_is_told_after_what_it_gave(
    ats: AtsSession, names: list[str], tmp_path: Path
) -> None:
    """An error of the listing comes through as itself, when the recordings before it are saved."""

    async def source() -> AsyncIterator[str]:
        for name in names[:5]:
            yield name
        raise PayloadError("$", "broken page")

    saved = []

    async def collect() -> None:
        async for outcome in ats.recordings.save_many(source(), tmp_path, concurrency=2):
            saved.append(outcome.name)  # noqa: PERF401  # what came before the error counts

    with pytest.raises(PayloadError, match="broken page"):
        await collect()

    assert set(names[:5]) == set(saved)


async def test_the_source_is_closed_when_the_caller_leaves(
    ats: AtsSession, names: list[str], tmp_path: Path
) -> None:
    """A listing that feeds the run ends with it."""
    closed = False

    async def source() -> AsyncIterator[str]:
        nonlocal closed
        try:
            for name in names:
                yield name
        finally:
            closed = True

    async with aclosing(ats.recordings.save_many(source(), tmp_path, concurrency=2)) as outcomes:
        await anext(outcomes)

    assert closed


async def test_a_dead_token_in_mid_run_costs_one_refresh(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """Thirty-two recordings that meet a dead token share one refresh, and all are saved."""
    count = 0
    async for outcome in ats.recordings.save_many(names, tmp_path, concurrency=32):
        assert outcome.error is None
        count += 1
        if count == 5:
            simulator.expire_access_token()

    assert (60, 1) == (count, simulator.refresh_count)


async def test_bad_input_is_refused_at_the_call(ats: AtsSession, names: list[str], tmp_path: Path) -> None:
    """`concurrency` below 1, and one name where many are meant, are told at once."""
    with pytest.raises(ValueError, match="concurrency: expected at least 1, got 0"):
        ats.recordings.save_many(names, tmp_path, concurrency=0)
    with pytest.raises(TypeError, match="names_or_records: expected many names, got one str"):
        ats.recordings.save_many(names[0], tmp_path)
    with pytest.raises(TypeError, match="names_or_records: expected names or records, got int"):
        async for _ in ats.recordings.save_many([7], tmp_path):  # type: ignore[list-item]  # the mistake in question
            pass


async def test_an_empty_source_is_no_work(ats: AtsSession, tmp_path: Path) -> None:
    """No names, no outcomes, no request."""
    assert [] == [outcome async for outcome in ats.recordings.save_many([], tmp_path)]


async def test_the_listing_overlaps_the_saving(
    ats: AtsSession, simulator: AtsSimulator, company: Company, tmp_path: Path
) -> None:
    """Recordings are fetched before the listing is at its end."""
    start, end = company.records[0].date, company.records[-1].date + timedelta(seconds=1)
    records = ats.call_records.iter(start, end, is_recorded=True, size=5)
    async for _ in ats.recordings.save_many(records, tmp_path, concurrency=2):
        pass

    operations = [seen.operation for seen in simulator.requests]
    last_page = max(place for place, operation in enumerate(operations) if operation == 8)
    assert operations.index(9) < last_page


async def test_cancelling_twice_still_cleans_up(company: Company, names: list[str], tmp_path: Path) -> None:
    """Whoever cancels again while the run tidies up gets `CancelledError`, and no worker is left."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))

    async def mirror(ats: AtsSession) -> None:
        async for _ in ats.recordings.save_many(names, tmp_path, concurrency=8):
            pass

    async with (
        AtsSimulator(company=company, middlewares=[answer_with(RECORDING, trickle.respond)]) as simulator,
        session_on(simulator) as ats,
    ):
        for pauses in range(6):
            trickle.started.clear()
            task = asyncio.create_task(mirror(ats))
            await trickle.started.wait()
            task.cancel()
            for _ in range(pauses):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

            assert set() == own_tasks()
            assert [] == files_below(tmp_path)


async def test_a_fatal_failure_does_not_wait_for_the_source(
    simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """Spent tokens are told at once, also while the source of names takes its time."""
    simulator.expire_access_token()
    simulator.expire_refresh_token()

    async def slow_source() -> AsyncIterator[str]:
        yield names[0]
        await asyncio.Event().wait()

    async with session_on(simulator) as ats:
        with pytest.raises(ReauthorizationRequired):
            async for _ in ats.recordings.save_many(slow_source(), tmp_path, concurrency=2):
                pass


async def test_closing_the_session_ends_a_run_that_was_left(
    simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """An iterator that is kept after `break` holds workers; the session's end is theirs too."""
    async with session_on(simulator) as ats:
        outcomes = ats.recordings.save_many(names, tmp_path, concurrency=4)
        async for _ in outcomes:
            break
        assert own_tasks()
    for _ in range(1000):
        if not own_tasks():
            break
        await asyncio.sleep(0.001)

    assert set() == own_tasks()
    with pytest.raises(RuntimeError, match="this AtsSession was closed"):
        async for _ in outcomes:
            pass


async def test_a_source_that_is_cancelled_elsewhere_is_told(
    ats: AtsSession, names: list[str], tmp_path: Path
) -> None:
    """A run that lacks names because its source was cancelled does not end as if all were well."""

    async def source() -> AsyncIterator[str]:
        yield names[0]
        elsewhere = asyncio.create_task(asyncio.sleep(60))
        elsewhere.cancel()
        await elsewhere

    with pytest.raises(RuntimeError, match="the source of the names was cancelled"):
        async for _ in ats.recordings.save_many(source(), tmp_path, concurrency=2):
            pass


async def test_closing_the_session_is_told_also_when_all_names_are_read(
    company: Company, names: list[str], tmp_path: Path
) -> None:
    """Recordings that were in flight when the session was closed do not vanish in silence."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))

    async def mirror(ats: AtsSession) -> list[SaveOutcome]:
        return [outcome async for outcome in ats.recordings.save_many(names[:2], tmp_path, concurrency=4)]

    async with (
        AtsSimulator(company=company, middlewares=[answer_with(RECORDING, trickle.respond)]) as simulator,
        session_on(simulator) as ats,
    ):
        running = asyncio.create_task(mirror(ats))
        await trickle.started.wait()
        await ats.close()
        with pytest.raises(RuntimeError, match="this AtsSession was closed"):
            await running

    assert [] == files_below(tmp_path)


async def test_a_proxy_that_knows_nobody_ends_the_run(names: list[str], tmp_path: Path) -> None:
    """A wrong password of the proxy is told once, and not for each recording."""
    async with RawService(lambda _: answer(b"", "407 X")) as proxy:
        address = f"http://u:p@127.0.0.1:{proxy.port}"
        async with AtsSession(PAIR, base_url="http://ats.example", proxy=address) as ats:
            with pytest.raises(ProxyRefused):
                async for _ in ats.recordings.save_many(names, tmp_path, concurrency=2):
                    pass

        assert len(proxy.requests) <= 2


async def test_a_long_pause_is_for_all(company: Company, names: list[str], tmp_path: Path) -> None:
    """Who says to come back in two minutes is not asked for the next three hundred recordings at once."""
    async with AtsSimulator(company=company) as simulator, session_on(simulator) as ats:
        simulator.inject(faults.ComeBackLater(status=503, retry_after=120))
        with pytest.raises(RateLimited) as caught:
            async for _ in ats.recordings.save_many(names, tmp_path, concurrency=4):
                pass

    assert 120 == caught.value.retry_after_s
    assert len(simulator.requests) <= 4


async def test_an_outcome_shows_itself_by_its_public_names() -> None:
    """What is printed in a log or a shell can be asked for under the names that it shows."""
    outcome = SaveOutcome(name="a/1", path="archive/a/1.mp3", size_bytes=3)

    shown = (
        "name='a/1', path='archive/a/1.mp3', transcript_path=None, size_bytes=3, skipped=False, error=None"
    )
    assert f"SaveOutcome({shown})" == repr(outcome)
