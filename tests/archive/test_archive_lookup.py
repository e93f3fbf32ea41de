"""One call of an archive, looked up by who only reads."""

from pathlib import Path

import attrs
import pytest
from archives import call, company_of, look, scene

from tele2ats_async import ArchiveError
from tele2ats_async.archive.reading import find_record


@pytest.mark.asyncio
async def test_a_call_is_found_as_it_was_listed(tmp_path: Path) -> None:
    """By the name of its recording; also while a mirror holds the archive, which it leaves as it is."""
    record = call(caller_name="Анастасия Исаева", callee_number="79104739472")
    async with scene(company_of([record]), tmp_path) as stage:
        await stage.mirror()
        running = stage.ats.recordings.mirror(stage.start, stage.end, tmp_path)
        look(tmp_path, "UPDATE calls SET state = 'due', file = NULL")
        (tmp_path / f"{record.record_file_name}.mp3").unlink()
        async for _ in running:
            found = find_record(tmp_path, record.record_file_name or "")
            break
        await running.aclose()

    assert attrs.astuple(record) == attrs.astuple(found or call(named=False))
    assert find_record(tmp_path, "2026-03-02/mo_0") is None


def test_a_directory_without_an_index_knows_no_call(tmp_path: Path) -> None:
    """Recordings may have been saved without one, and looking makes none."""
    assert find_record(tmp_path, "2026-03-02/mo_0") is None
    assert [] == list(tmp_path.iterdir())


@pytest.mark.asyncio
async def test_an_index_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A file of another program, and an index of another version, are no reason to name nobody."""
    async with scene(company_of([call()]), tmp_path) as stage:
        await stage.mirror()
    look(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(ArchiveError, match="version 99"):
        find_record(tmp_path, "a/b")

    (tmp_path / "archive.sqlite3").write_bytes(b"no database, whatever its name says" * 100)
    with pytest.raises(ArchiveError, match="damaged"):
        find_record(tmp_path, "a/b")
