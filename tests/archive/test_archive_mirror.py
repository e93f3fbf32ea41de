"""Runs of a mirror: what is new is fetched, what is there is not (operations 8, 9 and 10)."""

import asyncio
import errno
import os
import sqlite3
from contextlib import aclosing, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from archives import DAY, NOON, call, company_of, files_below, look, scene
from faults import RECORDING, Trickle, answer_with, body
from raw_service import RawService, answer, in_turn
from steps import cancel_at

from tele2ats_async import (
    ArchiveError,
    AtsSession,
    NotAudio,
    NotReady,
    ReauthorizationRequired,
    StorageError,
    TokenPair,
    UnsafeName,
)
from tele2ats_async.archive import moments
from tele2ats_async.recordings import readiness
from tele2ats_async.simulator import AtsSimulator, Company, faults

pytestmark = pytest.mark.asyncio

MINUTE = timedelta(minutes=1)
SORRY = body(b"<html>", content_type="text/html")


@pytest.fixture
def few() -> Company:
    """Give a company of four recorded calls on two days, and one that was not recorded."""
    recorded = [call(NOON - DAY + place * 12 * 60 * MINUTE) for place in range(4)]
    return company_of([*recorded, call(NOON, named=False)])


def everything_below(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*")}


def names_of(company: Company) -> list[str]:
    return [record.record_file_name for record in company.records if record.record_file_name]


async def test_a_whole_account(company: Company, tmp_path: Path) -> None:
    """Everything is there, byte for byte, and the index says so; the second run asks for the newest day alone."""
    async with scene(company, tmp_path) as archive:
        archive.start = company.records[0].date
        archive.end = datetime.now(UTC) + DAY
        outcomes = await archive.mirror(transcripts=True)
        names = names_of(company)

        assert sorted((name, None, False) for name in names) == sorted(
            (outcome.name, outcome.error, outcome.skipped) for outcome in outcomes
        )
        assert archive.agrees()
        assert {f"{name}{suffix}" for name in names for suffix in (".mp3", ".json")} == files_below(tmp_path)
        assert [(len(names),)] == archive.index("SELECT count(*) FROM calls WHERE transcript_sha256 NOT NULL")
        assert [] == await archive.mirror(transcripts=True)
        assert {8: 1} == archive.asked()


async def test_new_calls_cost_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of new calls on top of years of old ones: one listing, and the new recordings."""
    company = company_of(call(NOON - 500 * DAY + place * 250 * MINUTE, named=False) for place in range(2600))
    async with scene(company, tmp_path) as archive:
        archive.start, archive.end = NOON - 600 * DAY, NOON + 2 * DAY
        monkeypatch.setattr(moments, "now", lambda: NOON)
        await archive.mirror()
        for minute in range(5):
            company.add_record(call(NOON + minute * MINUTE))
        monkeypatch.setattr(moments, "now", lambda: NOON + DAY)
        assert 5 == len(await archive.mirror())

        assert {8: 1, 9: 5} == archive.asked()


async def test_the_outcome_comes_when_the_index_knows(few: Company, tmp_path: Path) -> None:
    """Whoever is told that a recording is there finds it in the index."""
    async with scene(few, tmp_path) as archive:
        async for outcome in archive.ats.recordings.mirror(archive.start, archive.end, tmp_path):
            assert [("done", f"{outcome.name}.mp3", outcome.size_bytes, 1)] == archive.index(
                "SELECT state, file, size_bytes, attempts FROM calls WHERE record_file_name = ?", outcome.name
            )


async def test_transcripts_that_are_wanted_later(few: Company, tmp_path: Path) -> None:
    """A run that wants them fetches those that are missing, and no recording again."""
    async with scene(few, tmp_path) as archive:
        await archive.mirror()
        outcomes = await archive.mirror(transcripts=True)

        assert {10: 4} == archive.asked()
        assert {f"{name}.json" for name in names_of(few)} <= files_below(tmp_path)
        assert [None] * 4 == [outcome.error for outcome in outcomes]
        assert [] == await archive.mirror(transcripts=True)


async def test_only_the_period_is_fetched(few: Company, tmp_path: Path) -> None:
    """What another run has listed and not fetched is not this one's; the second of the end is."""
    async with scene(few, tmp_path, answer_with(RECORDING, SORRY, times=4)) as archive:
        await archive.mirror()
        outcomes = await archive.mirror(start=NOON - DAY, end=NOON - 12 * 60 * MINUTE)

        assert names_of(few)[:2] == sorted(outcome.name for outcome in outcomes)


# Failures.


async def test_failures_are_outcomes_and_tried_again(few: Company, tmp_path: Path) -> None:
    """They stand in the index with their reason; the next run asks for them, and for nothing else."""
    async with scene(few, tmp_path, answer_with(RECORDING, SORRY, times=1)) as archive:
        (failed,) = [outcome for outcome in await archive.mirror() if outcome.error]
        assert isinstance(failed.error, NotAudio)
        assert [("failed", None, None, 1, f"NotAudio: {failed.error}")] == archive.index(
            "SELECT state, file, sha256, attempts, last_error FROM calls WHERE record_file_name = ?",
            failed.name,
        )

        (outcome,) = await archive.mirror()
        assert (failed.name, None) == (outcome.name, outcome.error)
        assert {9: 1} == archive.asked()
        assert [("done", 2, None)] == archive.index(
            "SELECT state, attempts, last_error FROM calls WHERE record_file_name = ?", failed.name
        )
        assert archive.agrees()


async def test_a_fresh_recording_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes from the end of the call; an old one that is not ready is left to the next run."""
    monkeypatch.setattr(readiness, "_FIRST_WAIT_S", 0.01)
    fresh = call(datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5))
    async with scene(company_of([call(), fresh]), tmp_path) as archive:
        archive.simulator.inject(faults.NotReadyYet(times=6))
        outcomes = await archive.mirror(end=datetime.now(UTC))
        asked = archive.asked()[9]

    assert {call().record_file_name: NotReady, fresh.record_file_name: type(None)} == {
        outcome.name: type(outcome.error) for outcome in outcomes
    }
    # Each is asked for in both spellings of its name, the old one once, the fresh one until it is there.
    assert 2 + 7 == asked


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "archive.sqlite3-journal/x", "archive.sqlite3-wal", "archive.sqlite3/x", ".archive.lock/x",
        "ARCHIVE.SQLite3-journal/x", "archive.\u017fqlite3-journal/x",
    ],
)  # fmt: skip
async def test_a_hostile_name_is_told_once(tmp_path: Path, name: str) -> None:
    """Nothing is asked of the service, nothing written; what would take the index's place does not end the archive."""
    hostile = call(record_file_name=name)
    async with scene(company_of([hostile]), tmp_path) as archive:
        (outcome,) = await archive.mirror()
        assert isinstance(outcome.error, UnsafeName)
        assert {8: 1} == archive.asked()
        assert [] == await archive.mirror()
        assert [("unavailable", 0)] == archive.index("SELECT state, started FROM calls")
    assert everything_below(tmp_path) <= {".archive.lock", "archive.sqlite3"}


async def test_spent_tokens_end_the_run(few: Company, tmp_path: Path) -> None:
    """Nothing is held for failed that was never refused; a new pair goes on."""
    async with scene(few, tmp_path) as archive:
        simulator = archive.simulator

        def spend(_: str, __: int) -> None:
            simulator.expire_access_token()
            simulator.expire_refresh_token()

        # With the first bytes that come: what was asked for before is still saved.
        outcomes = archive.ats.recordings.mirror(
            archive.start, archive.end, tmp_path, concurrency=1, progress=spend
        )
        async with aclosing(outcomes):
            with pytest.raises(ReauthorizationRequired):
                [one async for one in outcomes]
        states = look(tmp_path, "SELECT state FROM calls WHERE record_file_name NOT NULL")
        assert {("done",), ("due",)} == set(states)


async def test_a_full_disk_ends_the_run(
    few: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`StorageError`; the index says done of nothing that is not there, and the next run has the rest."""
    real_open = os.open

    def fill_up(path: str, flags: int, mode: int = 0o777) -> int:
        is_full = str(path).endswith(".part") and len(files_below(tmp_path)) >= 2
        return real_open("/dev/full", os.O_WRONLY) if is_full else real_open(path, flags, mode)

    async with scene(few, tmp_path) as archive:
        with monkeypatch.context() as patched:
            patched.setattr("os.open", fill_up)
            with pytest.raises(StorageError) as raised:
                await archive.mirror(concurrency=1)
        assert errno.ENOSPC == raised.value.errno
        states = sorted(archive.index("SELECT state FROM calls WHERE record_file_name NOT NULL"))
        assert [("done",), ("done",), ("due",), ("due",)] == states
        assert 2 == len(await archive.mirror())
        assert archive.agrees()


async def test_a_saved_file_that_cannot_be_read(
    few: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It vanished, or the disk is broken: that is an outcome, and the next run fetches it again."""
    async with scene(few, tmp_path) as archive:
        real = archive.ats.recordings._saver.save_recording

        async def save_and_lose(name: str, *arguments: Any) -> Any:
            saved = await real(name, *arguments)
            os.unlink(saved.path)  # noqa: PTH108  # that is what happens to it
            return saved

        with monkeypatch.context() as patched:
            patched.setattr(archive.ats.recordings._saver, "save_recording", save_and_lose)
            outcomes = await archive.mirror()
        assert {StorageError} == {type(outcome.error) for outcome in outcomes}
        assert 4 == len(await archive.mirror())
        assert archive.agrees()


# What killed runs leave behind.


async def test_files_that_the_index_does_not_know(few: Company, tmp_path: Path) -> None:
    """Killed between the name and the index, or saved before there was one: taken over, not fetched again."""
    async with scene(few, tmp_path) as archive:
        async for _ in archive.ats.recordings.save_many(names_of(few)[:3], tmp_path):
            pass
        outcomes = await archive.mirror()

        assert {8: 1, 9: 1} == archive.asked()
        assert [False, True, True, True] == sorted(outcome.skipped for outcome in outcomes)
        assert archive.agrees()
        assert [(0,), (0,), (0,), (1,)] == archive.index(
            "SELECT attempts FROM calls WHERE record_file_name NOT NULL ORDER BY 1"
        )


async def test_an_index_that_was_lost(few: Company, tmp_path: Path) -> None:
    """It is made anew from the listing and the files: no recording is fetched again."""
    async with scene(few, tmp_path) as archive:
        await archive.mirror(transcripts=True)
        (tmp_path / "archive.sqlite3").unlink()
        await archive.mirror(transcripts=True)

        assert {8: 1} == archive.asked()
        assert archive.agrees()


async def test_parts_of_files_are_cleared_away(few: Company, tmp_path: Path) -> None:
    """Where a killed run was at work, and nowhere else: the cost is that of what it did."""
    async with scene(few, tmp_path, answer_with(RECORDING, SORRY, times=4)) as archive:
        await archive.mirror()
        left = tmp_path / "2026-03-01" / ".mo_1.mp3.0123abcd.part"
        elsewhere = tmp_path / "2020-01-01" / ".mo_1.mp3.0123abcd.part"
        own = tmp_path / "2026-03-01" / ".hidden.part"
        for path in (left, elsewhere, own):
            path.parent.mkdir(exist_ok=True)
            path.touch()
        await archive.mirror()

    assert [False, True, True] == [path.exists() for path in (left, elsewhere, own)]


# Leaving.


async def test_leaving_early_lets_go(few: Company, tmp_path: Path) -> None:
    """After `aclose()` the archive is free, nothing half done is left, and the next run has the rest."""
    async with scene(few, tmp_path) as archive:
        async with aclosing(
            archive.ats.recordings.mirror(archive.start, archive.end, tmp_path, concurrency=1)
        ) as run:
            first = await anext(run)
        known = {name for (name,) in archive.index("SELECT record_file_name FROM calls WHERE state = 'done'")}
        rest = await archive.mirror()

        assert first.name in known
        assert set(names_of(few)) - known == {outcome.name for outcome in rest}
        assert archive.agrees()


async def test_cancelling_lets_go(few: Company, tmp_path: Path) -> None:
    """In the middle of a recording: the cancellation passes, the archive is free, no part is left."""
    trickle = Trickle(b"ID3" + bytes(2_000_000))
    async with scene(few, tmp_path, answer_with(RECORDING, trickle.respond, times=4)) as archive:
        task = asyncio.create_task(archive.mirror())
        # All four, or the next run would meet the rest of them.
        while trickle.begun < 4 or not files_below(tmp_path):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert set() == files_below(tmp_path)

        assert 4 == len(await archive.mirror())
        assert archive.agrees()


async def test_cancelling_at_any_step(few: Company, tmp_path: Path) -> None:
    """Whichever await it hits, nothing half done is left, and the next run completes the archive, nothing twice."""
    step = 0
    was_cancelled = True
    while was_cancelled:
        step += 1
        directory = tmp_path / str(step)
        async with scene(few, directory) as archive:
            work = archive.mirror(transcripts=True, keep=timedelta(days=10_000))
            was_cancelled = await cancel_at(step, work)
            files = files_below(directory)
            assert [] == [name for name in files if name.endswith((".part", ".partial"))], step
            outcomes = await archive.mirror(transcripts=True)

            fetched = {f"{outcome.name}.mp3" for outcome in outcomes if not outcome.skipped}
            taken_over = {name for name in files if name.removesuffix(".mp3") + ".json" in files}
            assert set() == fetched & taken_over, step
            assert archive.agrees(), step
            assert 8 == len(files_below(directory)), step
    assert 15 < step


async def test_the_end_of_the_session_is_the_end_of_the_run(few: Company, tmp_path: Path) -> None:
    """Whoever still iterates is told, while listing as well as while fetching."""
    async with scene(few, tmp_path) as archive:
        # Of the others nothing can be there by then, however far ahead the run has come.
        archive.simulator.inject(faults.DelayFirstByte(60), operations=[9], requests=range(2, 100))
        run = archive.ats.recordings.mirror(archive.start, archive.end, tmp_path, concurrency=1)
        await anext(run)
        await archive.ats.close()
        with pytest.raises(RuntimeError, match="this AtsSession was closed while"):
            [one async for one in run]

        for end in (archive.end, archive.end + DAY):
            with pytest.raises(RuntimeError, match=r"this AtsSession (is|was) closed"):
                [one async for one in archive.ats.recordings.mirror(archive.start, end, tmp_path)]


# Exclusion and what is in the way.


async def test_two_mirrors_of_one_directory(few: Company, tmp_path: Path) -> None:
    """The second one is refused at once, in words; it can begin when the first has ended."""
    async with scene(few, tmp_path) as archive:
        async with aclosing(archive.ats.recordings.mirror(archive.start, archive.end, tmp_path)) as run:
            await anext(run)
            with pytest.raises(ArchiveError) as raised:
                await archive.mirror()
            assert f"archive {tmp_path}: another mirror is at work on it" == str(raised.value)
            # The recordings of the first one may still be asked for; the second would begin with a listing.
            assert {9} >= set(archive.asked())
        await archive.mirror()
        assert archive.agrees()


@pytest.mark.parametrize(
    ("content", "story"),
    [(b"not a database" * 100, "is damaged: file is not a database; move it away"), (None, "cannot be used")],
)
async def test_an_index_that_is_none(few: Company, tmp_path: Path, content: bytes | None, story: str) -> None:
    """It says what is wrong and what to do, and asks nothing of the service."""
    place = tmp_path / "archive.sqlite3"
    place.mkdir() if content is None else place.write_bytes(content)
    async with scene(few, tmp_path) as archive:
        with pytest.raises(ArchiveError, match=story):
            await archive.mirror()
        assert {} == archive.asked()


@pytest.mark.parametrize(
    ("change", "story"),
    [
        ("PRAGMA user_version = 4", "is of version 4, made by a newer tele2ats_async than this one"),
        (
            "PRAGMA user_version = 1",
            "is of version 1, made by an older .* than this one; move it away, .* mirror again",
        ),
        ("PRAGMA user_version = 0", "is a database of another program"),
    ],
)
async def test_an_index_of_somebody_else(few: Company, tmp_path: Path, change: str, story: str) -> None:
    """Another version's, or another program's, is not touched; it says what to do."""
    async with scene(few, tmp_path) as archive:
        await archive.mirror()
        archive.index(change)
        with pytest.raises(ArchiveError, match=story):
            await archive.mirror()


async def test_an_archive_of_another_company(few: Company, tmp_path: Path) -> None:
    """A day that is listed for one would be taken as listed for the other; the calls of both would be one heap."""
    async with scene(few, tmp_path) as archive:
        await archive.mirror()
        before = files_below(tmp_path)
    other = attrs.evolve(few, company_id=few.company_id + 1)
    async with scene(other, tmp_path) as archive:
        with pytest.raises(ArchiveError) as caught:
            await archive.mirror()

        assert {} == archive.asked()
    assert before == files_below(tmp_path)
    assert str(caught.value).endswith(
        f"archive.sqlite3 holds the calls of company {few.company_id}, and the tokens are of company"
        f" {other.company_id}; mirror into another directory"
    )


async def test_a_token_that_does_not_say_whose_it_is(few: Company, tmp_path: Path) -> None:
    """It fits any archive, and makes none anybody's."""
    async with scene(few, tmp_path) as archive:
        await archive.mirror()
    for directory, company in ((tmp_path, [(str(few.company_id),)]), (tmp_path / "new", [])):
        async with (
            RawService(in_turn(answer())) as service,
            AtsSession(TokenPair("opaque", "opaque-too"), base_url=service.base_url) as ats,
        ):
            assert [] == [outcome async for outcome in ats.recordings.mirror(NOON - DAY, NOON, directory)]
        assert company == look(directory, "SELECT id FROM company")


@pytest.mark.parametrize(
    "change",
    [
        "record_file_name = CAST(x'ff41' AS TEXT)", "record_file_name = x'ff41'", "date = '2026-03-02Tgarbage'",
        "date = '2026-03-02T00:00'", "call_duration = 'long'", "caller_name = x'00'",
    ],
)  # fmt: skip
async def test_a_row_that_is_damaged(few: Company, tmp_path: Path, change: str) -> None:
    """What no run has written is told as a damaged index, and what to do; it was a traceback."""
    async with scene(few, tmp_path) as archive:
        await archive.mirror()
        archive.index(f"UPDATE calls SET state = 'due', {change} WHERE id = 1")
        with pytest.raises(ArchiveError, match=r"is damaged: .*; move it away"):
            await archive.mirror()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
async def test_a_disk_that_cannot_take_a_directory(
    few: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A full or read-only disk is the same error wherever it is met."""

    def refuse(path: Path, **_: Any) -> None:
        raise OSError(number, os.strerror(number), str(path))

    async with scene(few, tmp_path / "new") as archive:
        monkeypatch.setattr(Path, "mkdir", refuse)
        with pytest.raises(StorageError) as raised:
            await archive.mirror()
        assert number == raised.value.errno


async def test_a_directory_that_cannot_be_made(few: Company, tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "file").touch()
    async with scene(few, tmp_path / "file") as archive:
        with pytest.raises(ArchiveError, match="file: cannot be written: "):
            await archive.mirror()


async def test_an_index_that_others_read(few: Company, tmp_path: Path) -> None:
    """A program with an open transaction on it does not hold a run up, and sees what was before."""
    async with scene(few, tmp_path, answer_with(RECORDING, SORRY, times=1)) as archive:
        await archive.mirror()
        with closing(sqlite3.connect(tmp_path / "archive.sqlite3")) as reader:
            reader.execute("BEGIN")
            before = reader.execute("SELECT state, count(*) FROM calls GROUP BY 1").fetchall()
            await archive.mirror()
            assert before == reader.execute("SELECT state, count(*) FROM calls GROUP BY 1").fetchall()
        assert archive.agrees()


@pytest.mark.parametrize(
    ("arguments", "error", "story"),
    [
        ({"start": datetime(2026, 3, 1)}, ValueError, "start: .* has no time zone"),  # noqa: DTZ001  # the mistake
        ({"end": NOON - 9 * DAY}, ValueError, "end: .* lies before start"),
        ({"concurrency": 0}, ValueError, "concurrency: expected at least 1, got 0"),
        ({"keep": timedelta()}, ValueError, "keep: expected more than 0, got 0:00:00"),
        ({"keep": 90}, TypeError, "keep: expected a timedelta, got int"),
    ],
)
async def test_mistakes_are_told_at_the_call(
    ats: AtsSession,
    simulator: AtsSimulator,
    tmp_path: Path,
    arguments: dict[str, Any],
    error: Any,
    story: str,
) -> None:
    """Before anything is sent or written."""
    period = {"start": NOON, "end": NOON + DAY} | arguments
    with pytest.raises(error, match=story):
        ats.recordings.mirror(directory=tmp_path / "new", **period)
    assert (0, False) == (len(simulator.requests), (tmp_path / "new").exists())
