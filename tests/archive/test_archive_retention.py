"""Recordings that are older than they may be (operations 8, 9 and 10)."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from archives import DAY, NOON, Scene, call, company_of, files_below, scene

from tele2ats_async import ArchiveReport, StorageError, verify_archive
from tele2ats_async.archive import files, mirror, moments, retention
from tele2ats_async.simulator import faults

pytestmark = pytest.mark.asyncio

OLD = [call(NOON - 10 * DAY + place * timedelta(hours=1)) for place in range(3)]
NEW = [call(NOON - DAY), call(NOON - DAY + timedelta(hours=1))]


@pytest_asyncio.fixture
async def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Set a scene with old calls and new ones; it is noon."""
    monkeypatch.setattr(moments, "now", lambda: NOON)
    async with scene(company_of([*OLD, *NEW]), tmp_path) as empty:
        empty.start = NOON - 20 * DAY
        yield empty


def of_new(*suffixes: str) -> set[str]:
    return {f"{record.record_file_name}{suffix}" for record in NEW for suffix in suffixes}


def states(archive: Scene) -> list[str]:
    return [state for (state,) in archive.index("SELECT state FROM calls ORDER BY date")]


async def test_older_recordings_go_and_their_rows_stay(archive: Scene) -> None:
    """With their transcripts, what was kept of a broken attempt, and the directory of their day; not their rows."""
    await archive.mirror(transcripts=True)
    recording = archive.directory / f"{OLD[0].record_file_name}.mp3"
    recording.with_name(f".{recording.name}.partial").write_bytes(b"beginning")
    kept = archive.index("SELECT sha256 FROM calls ORDER BY date")
    assert [] == await archive.mirror(transcripts=True, keep=timedelta(days=9))

    assert of_new(".mp3", ".json") == files_below(archive.directory)
    assert {"2026-03-01"} == {path.name for path in archive.directory.iterdir() if path.is_dir()}
    assert ["removed"] * 3 + ["done"] * 2 == states(archive)
    assert kept == archive.index("SELECT sha256 FROM calls ORDER BY date")
    assert [(None, None, None)] * 3 == archive.index(
        "SELECT file, transcript, last_error FROM calls WHERE state = 'removed'"
    )


async def test_what_was_removed_is_not_fetched_again(archive: Scene) -> None:
    """Not by a run without `keep`, and not for the index having to agree."""
    await archive.mirror()
    await archive.mirror(keep=timedelta(days=9))
    assert [] == await archive.mirror(transcripts=True, start=NOON - 20 * DAY, end=NOON - 5 * DAY)
    assert {} == archive.asked()
    assert ArchiveReport(intact=2) == await verify_archive(archive.directory)


async def test_older_ones_are_not_fetched_at_all(archive: Scene) -> None:
    """They are in the index, and a run that keeps longer has them."""
    assert 2 == len(await archive.mirror(keep=timedelta(days=9)))
    assert ["due"] * 3 + ["done"] * 2 == states(archive)
    assert 3 == len(await archive.mirror(keep=timedelta(days=10**8)))
    assert archive.agrees()


async def test_beginnings_that_are_too_old_go(archive: Scene) -> None:
    """What was kept of a recording that broke off, again and again until it was too old, is audio, too."""
    archive.simulator.inject(faults.ServerErrors(), operations=[9])
    await archive.mirror()
    recording = archive.directory / f"{OLD[0].record_file_name}.mp3"
    recording.parent.mkdir(exist_ok=True)
    recording.with_name(f".{recording.name}.partial").write_bytes(b"beginning")
    await archive.mirror(keep=timedelta(days=9))

    assert set() == files_below(archive.directory)
    assert ["removed"] * 3 + ["failed"] * 2 == states(archive)


async def test_recordings_that_were_not_noted_go(archive: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed when they were complete, before the index knew: the index knows that they were begun."""

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(mirror, "note_outcomes", die)
        with pytest.raises(SystemExit):
            await archive.mirror()
    assert ["due"] * 5 == states(archive)
    complete = [f"{record.record_file_name}.mp3" in files_below(archive.directory) for record in OLD]
    assert any(complete)
    await archive.mirror(keep=timedelta(days=9))

    expected = ["removed" if was_there else "due" for was_there in complete]
    assert [*expected, "done", "done"] == states(archive)
    assert of_new(".mp3") == files_below(archive.directory)
    assert [(0,)] * 3 == archive.index("SELECT started FROM calls ORDER BY date LIMIT 3")


async def test_what_was_never_asked_for_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ended early had asked for a few of hundreds: a run that keeps longer fetches the others."""
    monkeypatch.setattr(moments, "now", lambda: NOON)
    company = company_of(call(NOON - 10 * DAY + minute * timedelta(minutes=1)) for minute in range(100))
    async with scene(company, tmp_path) as archive:
        archive.start = NOON - 20 * DAY
        async with aclosing(
            archive.ats.recordings.mirror(archive.start, archive.end, tmp_path, concurrency=1)
        ) as run:
            await anext(run)
        came = len(files_below(tmp_path))
        assert 1 <= came <= 3
        await archive.mirror(keep=timedelta(days=9))

        assert ["removed"] * came + ["due"] * (100 - came) == states(archive)
        assert [(0,)] == archive.index("SELECT sum(started) FROM calls")
        assert 100 - came == len(await archive.mirror(keep=timedelta(days=1000)))


@pytest.mark.parametrize("late", [timedelta(milliseconds=-1), timedelta()])
async def test_the_border_is_a_second(archive: Scene, late: timedelta) -> None:
    """A recording that is as old as it may be stays, an older one goes."""
    at = NOON - timedelta(days=9) + late
    archive.company.add_record(call(at))
    await archive.mirror()
    await archive.mirror(keep=timedelta(days=9))

    stays = f"{call(at).record_file_name}.mp3" in files_below(archive.directory)
    assert (late == timedelta()) == stays


async def test_hostile_names_grow_old(archive: Scene) -> None:
    """Nothing was begun of them, and nothing is removed."""
    archive.company.add_record(call(NOON - 10 * DAY, record_file_name="../secret"))
    await archive.mirror()
    secret = archive.directory.parent / "secret.mp3"
    secret.touch()
    await archive.mirror(keep=timedelta(days=9))

    assert secret.exists()
    assert [("unavailable",)] == archive.index("SELECT state FROM calls WHERE record_file_name = '../secret'")


async def test_another_file_keeps_the_directory(archive: Scene) -> None:
    """Nothing of anybody else is removed."""
    await archive.mirror()
    notes = archive.directory / "2026-02-20" / "notes.txt"
    notes.touch()
    await archive.mirror(keep=timedelta(days=9))

    assert of_new(".mp3") | {"2026-02-20/notes.txt"} == files_below(archive.directory)


@pytest.mark.parametrize("by", ["mirror", "verify"])
async def test_killed_in_the_middle_of_removing(
    archive: Scene, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The intent is in the index before the first file goes: the next run, of whatever kind, ends it."""
    await archive.mirror(transcripts=True)
    removed = 0
    real = files.remove_files

    def remove_two(directory: Path, name: str) -> bool:
        nonlocal removed
        removed += 1
        if removed == 2:
            raise SystemExit
        return real(directory, name)

    with monkeypatch.context() as patched:
        patched.setattr(retention, "remove_files", remove_two)
        with pytest.raises(SystemExit):
            await archive.mirror(keep=timedelta(days=9))
    assert ["removed"] * 3 + ["done"] * 2 == states(archive)
    await (archive.mirror() if by == "mirror" else verify_archive(archive.directory))

    assert of_new(".mp3", ".json") == files_below(archive.directory)
    assert ArchiveReport(intact=4) == await verify_archive(archive.directory)


async def test_a_file_that_cannot_be_removed(archive: Scene) -> None:
    """It is told, and tried again."""
    await archive.mirror()
    path = archive.directory / f"{OLD[0].record_file_name}.mp3"
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    with pytest.raises(StorageError):
        await archive.mirror(keep=timedelta(days=9))
    (path / "in the way").rmdir()
    path.rmdir()
    await archive.mirror()

    assert of_new(".mp3") == files_below(archive.directory)


async def test_more_than_are_removed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long retention that is shortened: all go."""
    monkeypatch.setattr(retention, "_BATCH", 7)
    company = company_of(call(NOON - 9 * DAY + place * timedelta(hours=1)) for place in range(20))
    async with scene(company, tmp_path) as archive:
        archive.start = NOON - 20 * DAY
        await archive.mirror()
        await archive.mirror(keep=timedelta(days=1))
        assert ["removed"] * 20 == states(archive)
    assert set() == files_below(tmp_path)
