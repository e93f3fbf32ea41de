"""Whether index and files agree, and repairing it (operations 8, 9 and 10)."""

import asyncio
import errno
import hashlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from archives import DAY, NOON, Scene, call, company_of, files_below, scene
from faults import RECORDING, answer_with, body

from tele2ats_async import ArchiveError, ArchiveReport, StorageError, verify_archive
from tele2ats_async.archive import aside, checking, files, moments, report, strays

pytestmark = pytest.mark.asyncio

CALLS = [call(NOON + place * timedelta(minutes=1)) for place in range(4)]
NAMES = [str(record.record_file_name) for record in CALLS]


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Scene]:
    """Mirror four recordings with their transcripts."""
    async with scene(company_of([*CALLS, call(named=False)]), tmp_path) as mirrored:
        await mirrored.mirror(transcripts=True)
        yield mirrored


def everything_below(directory: Path) -> set[Path]:
    return set(directory.rglob("*"))


async def mends(archive: Scene, *, recordings: int = 0, transcripts: int = 0) -> None:
    """Expect a second look to find nothing wrong, and a run to fetch what was lost and no more."""
    again = await verify_archive(archive.directory)
    assert again.agreed
    await archive.mirror(transcripts=True)
    assert (recordings, transcripts) == (archive.asked()[9], archive.asked()[10])
    assert archive.agrees()
    found = await verify_archive(archive.directory)
    assert ArchiveReport(intact=8, unknown=found.unknown) == found
    names = {f"{name}{suffix}" for name in NAMES for suffix in (".mp3", ".json")}
    assert found.unknown == len(files_below(archive.directory) - names)


async def test_an_archive_that_agrees(archive: Scene) -> None:
    """Every file is read, nothing is changed."""
    before = archive.index()
    found = await verify_archive(archive.directory)

    assert (ArchiveReport(intact=8), True) == (found, found.agreed)
    assert before == archive.index()


async def test_files_that_are_gone(archive: Scene) -> None:
    """A recording and a transcript were deleted: the next run fetches these two."""
    (archive.directory / f"{NAMES[0]}.mp3").unlink()
    (archive.directory / f"{NAMES[1]}.json").unlink()
    found = await verify_archive(archive.directory)

    assert (ArchiveReport(intact=6, missing=2), False) == (found, found.agreed)
    assert [("due", f"{NAMES[0]}.mp3 was missing")] == archive.index(
        "SELECT state, last_error FROM calls WHERE record_file_name = ?", NAMES[0]
    )
    await mends(archive, recordings=1, transcripts=1)


@pytest.mark.parametrize("change", ["shorter", "as long", "empty"])
async def test_files_that_are_damaged(archive: Scene, change: str) -> None:
    """They are set aside, for the service may not have them any more, until good ones have come."""
    for file in (f"{NAMES[0]}.mp3", f"{NAMES[1]}.json"):
        path = archive.directory / file
        whole = path.read_bytes()
        path.write_bytes({"shorter": whole[:-1], "as long": whole[:-1] + b"?", "empty": b""}[change])
    found = await verify_archive(archive.directory)

    assert ArchiveReport(intact=6, damaged=2) == found
    assert {f"{NAMES[0]}.mp3.damaged", f"{NAMES[1]}.json.damaged"} <= files_below(archive.directory)
    await mends(archive, recordings=1, transcripts=1)


async def test_a_damaged_recording_that_the_service_has_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is all that is left: it stays, however often it is asked for."""
    async with scene(
        company_of(CALLS[:1]), tmp_path, answer_with(RECORDING, body(b"", status=404))
    ) as archive:
        path = tmp_path / f"{NAMES[0]}.mp3"
        path.parent.mkdir()
        whole = archive.simulator.recording(NAMES[0])
        path.write_bytes(whole)
        await archive.mirror()
        path.write_bytes(whole[:-1])
        await verify_archive(tmp_path)
        for day in range(2, 13):
            monkeypatch.setattr(moments, "now", lambda day=day: NOON + day * DAY)
            await archive.mirror()
            assert (await verify_archive(tmp_path)).agreed

        assert {f"{NAMES[0]}.mp3.damaged"} == files_below(tmp_path)
        assert [("unavailable",)] == archive.index("SELECT state FROM calls")
        await archive.mirror(keep=timedelta(days=1))
        assert set() == files_below(tmp_path)


async def test_killed_while_a_damaged_file_was_set_aside(archive: Scene) -> None:
    """It had its new name, and the index did not know: it is not taken for the recording, and not lost."""
    path = archive.directory / f"{NAMES[0]}.mp3"
    path.replace(path.with_name(path.name + ".damaged"))
    assert ArchiveReport(intact=7, missing=1) == await verify_archive(archive.directory)
    assert [(1,)] == archive.index("SELECT set_aside FROM calls WHERE record_file_name = ?", NAMES[0])
    await mends(archive, recordings=1)


@pytest.mark.parametrize(
    ("room", "step"), [(checking, "finish_setting_aside"), (aside, "_forget_all"), (checking, "_repair")]
)
@pytest.mark.parametrize("by", ["mirror", "verify"])
async def test_killed_while_damage_was_repaired(
    archive: Scene, monkeypatch: pytest.MonkeyPatch, room: Any, step: str, by: str
) -> None:
    """Before the file has its other name, after that, or before anything: the next run, of whatever kind, ends it."""
    for file in (f"{NAMES[0]}.mp3", f"{NAMES[1]}.json"):
        (archive.directory / file).write_bytes(b"bad")

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(room, step, die)
        with pytest.raises(SystemExit):
            await verify_archive(archive.directory)
    if by == "mirror" and step != "_repair":
        await archive.mirror(transcripts=True)
        assert {9: 1, 10: 1} == archive.asked()
        assert archive.agrees()
        assert ArchiveReport(intact=8) == await verify_archive(archive.directory)
        assert [] == [name for name in files_below(archive.directory) if name.endswith(".damaged")]
    else:
        await verify_archive(archive.directory)
        await mends(archive, recordings=1, transcripts=1)


async def test_a_damaged_file_that_cannot_be_set_aside(archive: Scene) -> None:
    """It is told by whoever finds it, until it can."""
    path = archive.directory / f"{NAMES[0]}.mp3"
    path.write_bytes(b"bad")
    obstacle = archive.directory / f"{NAMES[0]}.mp3.damaged"
    obstacle.mkdir()
    with pytest.raises(StorageError, match="mp3"):
        await verify_archive(archive.directory)
    with pytest.raises(StorageError, match="mp3"):
        await archive.mirror()
    obstacle.rmdir()
    await mends(archive, recordings=1)


async def test_killed_before_a_damaged_file_was_removed(archive: Scene) -> None:
    """The good one is there: the damaged one goes."""
    (archive.directory / f"{NAMES[0]}.mp3.damaged").touch()
    assert ArchiveReport(intact=8, leftovers=1) == await verify_archive(archive.directory)
    await mends(archive)


async def test_files_that_the_index_forgot(archive: Scene) -> None:
    """Of a call that the index knows: they are taken over, and not fetched."""
    archive.index(
        "UPDATE calls SET state = 'due', file = NULL, sha256 = NULL, transcript = NULL"
        " WHERE record_file_name = ?",
        NAMES[0],
    )
    found = await verify_archive(archive.directory)
    assert (ArchiveReport(intact=6, adopted=2), True) == (found, found.agreed)
    await mends(archive)


async def test_a_transcript_that_is_none(archive: Scene) -> None:
    """What the index does not know, and is not even JSON, is not taken over."""
    archive.index("UPDATE calls SET transcript = NULL WHERE record_file_name = ?", NAMES[0])
    (archive.directory / f"{NAMES[0]}.json").write_bytes(b"[{")
    assert ArchiveReport(intact=7, damaged=1) == await verify_archive(archive.directory)
    await mends(archive, transcripts=1)


@pytest.mark.parametrize("by", ["mirror", "verify"])
@pytest.mark.parametrize(
    "kept_bytes", [0, 2, 2000], ids=["all zeros", "half a sync", "a beginning, and zeros"]
)
async def test_files_that_cannot_be_whole(archive: Scene, kept_bytes: int, by: str) -> None:
    """What a power failure leaves of a file that was never flushed is not taken over, but set aside and fetched."""
    archive.index(
        "UPDATE calls SET state = 'due', file = NULL, sha256 = NULL, transcript = NULL"
        " WHERE record_file_name = ?",
        NAMES[0],
    )
    for suffix in (".mp3", ".json"):
        path = archive.directory / f"{NAMES[0]}{suffix}"
        whole = path.read_bytes()
        path.write_bytes(whole[:kept_bytes] + bytes(5000))
    if by == "verify":
        assert ArchiveReport(intact=6, damaged=2) == await verify_archive(archive.directory)
        assert 2 == sum(name.endswith(".damaged") for name in files_below(archive.directory))
        await mends(archive, recordings=1, transcripts=1)
    else:
        await archive.mirror(transcripts=True)
        assert {9: 1, 10: 1} == archive.asked()
        assert archive.agrees()
        assert ArchiveReport(intact=8) == await verify_archive(archive.directory)


@pytest.mark.parametrize("by", ["mirror", "verify"])
async def test_half_a_recording_is_not_taken_over(archive: Scene, by: str) -> None:
    """Whoever saved it before there was an archive, by other means, was cut off: it begins well, and that is all."""
    archive.index(
        "UPDATE calls SET state = 'due', file = NULL, sha256 = NULL WHERE record_file_name = ?", NAMES[0]
    )
    path = archive.directory / f"{NAMES[0]}.mp3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if by == "verify":
        assert ArchiveReport(intact=7, damaged=1) == await verify_archive(archive.directory)
    await archive.mirror()

    assert {9: 1} == archive.asked()
    assert archive.agrees()
    assert ArchiveReport(intact=8) == await verify_archive(archive.directory)


async def test_a_recording_that_cannot_be_judged(tmp_path: Path) -> None:
    """Not all end where a frame ends: it is fetched again, and where the service has lost it, nothing is."""
    fault = answer_with(RECORDING, body(b"", status=410), times=1)
    async with scene(company_of(CALLS[:1]), tmp_path, fault) as archive:
        padded = archive.simulator.recording(NAMES[0]) + bytes(100)
        path = tmp_path / f"{NAMES[0]}.mp3"
        path.parent.mkdir()
        path.write_bytes(padded)
        await archive.mirror()
        assert {f"{NAMES[0]}.mp3.damaged"} == files_below(tmp_path)
        assert padded == path.with_name(f"{path.name}.damaged").read_bytes()
        await archive.mirror()
        assert archive.agrees()


@pytest.mark.parametrize("by", ["mirror", "verify"])
async def test_files_that_come_back(archive: Scene, by: str) -> None:
    """Of what was there once, the checksum decides, and nothing else: an odd one is known, a sound one is not it."""
    odd, other = (archive.directory / f"{name}.mp3" for name in NAMES[:2])
    transcript = other.with_suffix(".json")
    content = b"\xff\xfb\x90\x00 and so on"
    checksum = hashlib.sha256(content).hexdigest()
    archive.index("UPDATE calls SET sha256 = ? WHERE record_file_name = ?", checksum, NAMES[0])
    for path in (odd, other, transcript):
        path.unlink()
    assert 3 == (await verify_archive(archive.directory)).missing
    odd.write_bytes(content)
    other.write_bytes((archive.directory / f"{NAMES[2]}.mp3").read_bytes()[:-1] * 2)
    transcript.write_bytes(b"[]")
    if by == "verify":
        assert ArchiveReport(intact=5, adopted=1, damaged=2) == await verify_archive(archive.directory)
    await archive.mirror(transcripts=True)

    assert {9: 1, 10: 1} == archive.asked()
    assert content == odd.read_bytes()
    assert ArchiveReport(intact=8) == await verify_archive(archive.directory)


async def test_a_pipe_in_the_place_of_a_recording(archive: Scene) -> None:
    """It would be read for ever: it is told, and the others are looked at."""
    path = archive.directory / f"{NAMES[0]}.mp3"
    path.unlink()
    os.mkfifo(path)
    async with asyncio.timeout(30):
        found = await verify_archive(archive.directory)
    assert ArchiveReport(intact=7, unreadable=1) == found


async def test_zeros_that_the_service_sends(tmp_path: Path) -> None:
    """A recording that really ends so is saved, and then it is known: it is not fetched for ever."""
    fault = answer_with(RECORDING, body(b"ID3" + bytes(5000)))
    async with scene(company_of(CALLS[:1]), tmp_path, fault) as archive:
        assert [None] == [outcome.error for outcome in await archive.mirror()]
        assert ArchiveReport(intact=1) == await verify_archive(tmp_path)
        assert [] == await archive.mirror()


async def test_a_name_that_is_no_text(archive: Scene) -> None:
    """A file from a system with another encoding belongs to nobody."""
    for name in (b"\xef\xf0\xe8.mp3", b"\xef\xf0\xe8.mp3.damaged"):
        (archive.directory / os.fsdecode(name)).write_bytes(b"x")
    assert ArchiveReport(intact=8, unknown=2) == await verify_archive(archive.directory)


async def test_files_of_nobody(archive: Scene) -> None:
    """They are told and left alone, those that look like parts, too: other programs write such names."""
    strange = [
        "notes.txt", "2026-03-02/mo_1.mp3", "2026-03-02/mo_1.mp3.damaged", "2020/01/02/cover",
        "other/video.mkv", "other/.video.mkv.partial", "other/.backup.20240101.part", "other/.lonely.partial",
        "2020/01/.mo_1.mp3.0123abcd.part", "2020/01/.mo_1.mp3.partial", "2020/01/mo_1.mp3",
    ]  # fmt: skip
    for path in (archive.directory / one for one in strange):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"ID3")
    found = await verify_archive(archive.directory)

    assert ArchiveReport(intact=8, unknown=len(strange)) == found
    assert set(strange) <= files_below(archive.directory)
    await mends(archive)


async def test_parts_that_killed_runs_have_left(archive: Scene) -> None:
    """Of recordings and of transcripts that the index knows of, whether they are there or not: they are removed."""
    archive.index("UPDATE calls SET state = 'due', file = NULL WHERE record_file_name = ?", NAMES[1])
    (archive.directory / f"{NAMES[1]}.mp3").unlink()
    for file in (f"{NAMES[0]}.mp3", f"{NAMES[0]}.json", f"{NAMES[1]}.mp3"):
        path = archive.directory / file
        path.with_name(f".{path.name}.0123abcd.part").touch()
    found = await verify_archive(archive.directory)
    assert (ArchiveReport(intact=7, leftovers=3), True) == (found, found.agreed)
    assert 7 == len(files_below(archive.directory))


async def test_beginnings_are_for_the_next_attempt(archive: Scene) -> None:
    """What was kept of a recording that broke off stays while it is missing, and goes where it is there."""
    there, missing = (archive.directory / f"{name}.mp3" for name in NAMES[:2])
    missing.unlink()
    for path in (there, missing):
        path.with_name(f".{path.name}.partial").write_bytes(b"beginning")
    found = await verify_archive(archive.directory)

    assert ArchiveReport(intact=7, missing=1, leftovers=1) == found
    assert {f"{Path(NAMES[1]).parent}/.{missing.name}.partial"} == {
        name for name in files_below(archive.directory) if name.endswith(".partial")
    }
    await mends(archive, recordings=1)


async def test_an_empty_file_is_no_recording(archive: Scene) -> None:
    """It is not taken over; the next run puts the recording in its place."""
    archive.index("UPDATE calls SET state = 'due', file = NULL WHERE record_file_name = ?", NAMES[0])
    (archive.directory / f"{NAMES[0]}.mp3").write_bytes(b"")
    assert ArchiveReport(intact=7, unknown=1) == await verify_archive(archive.directory)
    await mends(archive, recordings=1)


async def test_more_files_than_are_taken_at_once(tmp_path: Path) -> None:
    """However many there are, a few are in memory."""
    company = company_of(call(NOON + place * timedelta(seconds=1)) for place in range(333))
    async with scene(company, tmp_path) as archive:
        await archive.mirror(transcripts=True, concurrency=32)
        assert ArchiveReport(intact=666) == await verify_archive(tmp_path)
        assert archive.agrees()


async def test_what_cannot_be_read(
    archive: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken sector makes a damaged file; any other failure is told, in the log without a name, and changes nothing."""
    real = files.digest
    broken = errno.EIO

    def fail(path: Path) -> Any:
        if path.name.endswith(f"{NAMES[0][11:]}.mp3"):
            raise OSError(broken, "broken", str(path))
        return real(path)

    monkeypatch.setattr(checking, "digest", fail)
    assert ArchiveReport(intact=7, damaged=1) == await verify_archive(archive.directory)
    await archive.mirror()
    broken = errno.EACCES
    caplog.clear()
    assert ArchiveReport(intact=7, unreadable=1) == await verify_archive(archive.directory)
    monkeypatch.setattr(checking, "digest", real)
    archive.index("UPDATE calls SET state = 'due', file = NULL WHERE record_file_name = ?", NAMES[0])
    monkeypatch.setattr(strays, "digest", fail)
    assert ArchiveReport(intact=7, unreadable=1) == await verify_archive(archive.directory)
    assert ["file_unreadable: broken; the report says which"] * 2 == caplog.messages


async def test_a_directory_that_cannot_be_read(archive: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say that all in it agrees: it is told, and the others are looked at."""
    (archive.directory / "2020").mkdir()
    (archive.directory / "notes.txt").touch()
    real = os.scandir

    def scan(path: Any = ".") -> Any:
        if str(path).endswith("2020"):
            raise PermissionError(errno.EACCES, "denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scan)
    found = await verify_archive(archive.directory)
    assert (ArchiveReport(intact=8, unknown=1, unreadable=1), False) == (found, found.agreed)
    assert ["2020"] == found.examples["unreadable"]


async def test_what_was_found_is_named(archive: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the path of each file; of very many, not all are kept in memory."""
    monkeypatch.setattr(report, "_EXAMPLES_AT_MOST", 2)
    for name in NAMES[:3]:
        (archive.directory / f"{name}.mp3").unlink()
    (archive.directory / f"{NAMES[3]}.mp3").write_bytes(b"bad")
    found = await verify_archive(archive.directory)

    assert ArchiveReport(intact=4, missing=3, damaged=1) == found
    assert {
        "missing": [f"{name}.mp3" for name in NAMES[:2]],
        "damaged": [f"{NAMES[3]}.mp3"],
    } == found.examples


async def test_one_that_cannot_be_read_keeps_nobody_from_the_others(archive: Scene) -> None:
    """A directory in the place of a file; what is wrong beside it is found, and mended."""
    odd, damaged, gone = (archive.directory / f"{name}.mp3" for name in NAMES[:3])
    odd.unlink()
    odd.mkdir()
    damaged.write_bytes(b"x")
    gone.unlink()
    expected = ArchiveReport(intact=5, damaged=1, missing=1, unreadable=1)
    found = await verify_archive(archive.directory)
    assert (expected, False) == (found, found.agreed)
    odd.rmdir()
    assert 1 == (await verify_archive(archive.directory)).missing
    await mends(archive, recordings=3)


async def test_where_there_is_no_archive(tmp_path: Path) -> None:
    """A mistyped directory is told, and nothing is made in it."""
    for directory in (tmp_path, tmp_path / "none"):
        with pytest.raises(ArchiveError, match=r"holds no archive: there is no archive\.sqlite3"):
            await verify_archive(directory)
    assert set() == everything_below(tmp_path)


def spoil_all(index: Path) -> None:
    content = bytearray(index.read_bytes())
    content[4096:] = bytes(byte ^ 0xFF for byte in content[4096:])
    index.write_bytes(content)


def spoil_what_only_listings_read(index: Path) -> None:
    """Let the calls be in another order than that of their dates, by which the next listing looks for them."""
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, '(date)', '(caller_name)') WHERE name = 'calls_by_date'"
        )


@pytest.mark.parametrize("spoil", [spoil_all, spoil_what_only_listings_read])
async def test_a_damaged_index(archive: Scene, spoil: Callable[[Path], None]) -> None:
    """It says what to do, and that does it: no recording is fetched again."""
    index = archive.directory / "archive.sqlite3"
    spoil(index)
    with pytest.raises(ArchiveError, match=r"is damaged: .*; move it away"):
        await verify_archive(archive.directory)
    index.rename(archive.directory.parent / "away.sqlite3")
    await archive.mirror(transcripts=True)

    assert {8: 1} == archive.asked()
    await mends(archive)


async def test_a_mirror_at_work(archive: Scene) -> None:
    """Nothing is repaired behind its back."""
    run = archive.ats.recordings.mirror(archive.start, NOON + 2 * DAY, archive.directory)
    archive.company.add_record(call(NOON + DAY + timedelta(hours=1)))
    await anext(run)
    with pytest.raises(ArchiveError, match="another mirror is at work on it"):
        await verify_archive(archive.directory)
    await run.aclose()
    assert (await verify_archive(archive.directory)).agreed
