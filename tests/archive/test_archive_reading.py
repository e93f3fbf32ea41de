"""The calls of an archive, read without working on it."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from archives import DAY, NOON, call, company_of, scene

from tele2ats_async import ArchiveError
from tele2ats_async.archive.index import Index
from tele2ats_async.archive.reading import read_calls

pytestmark = pytest.mark.asyncio

HOUR = timedelta(hours=1)


async def test_the_calls_of_a_period_come_as_they_were_listed(tmp_path: Path) -> None:
    """Both ends belong to it; what was listed for good has no gaps, and what was never asked for is one."""
    records = [call(NOON + hours * HOUR, named=hours % 2 == 0) for hours in range(4)]
    async with scene(company_of(records), tmp_path) as set_up:
        await set_up.mirror()

    with read_calls(tmp_path, NOON + HOUR, NOON + 2 * HOUR) as (read, gaps):
        assert (records[1:3], []) == ([*read], gaps)
    with read_calls(tmp_path, NOON - 2 * DAY, NOON) as (read, gaps):
        assert (records[:1], [(NOON - 2 * DAY, NOON - DAY)]) == ([*read], gaps)


async def test_it_is_read_while_a_mirror_is_at_work(tmp_path: Path) -> None:
    """One state of it: what is written meanwhile is for the next reader."""
    async with scene(company_of([call()]), tmp_path) as set_up:
        await set_up.mirror()
        index = Index(tmp_path)
        await index.open()
        try:
            with read_calls(tmp_path, NOON - DAY, NOON + DAY) as (read, _):
                await index.run(_forget_all)
                assert [call()] == [*read]
            with read_calls(tmp_path, NOON - DAY, NOON + DAY) as (read, _):
                assert [] == [*read]
        finally:
            await index.close()


async def test_the_future_is_no_gap(tmp_path: Path) -> None:
    """Nobody can have listed what is still to come."""
    async with scene(company_of([]), tmp_path) as set_up:
        await set_up.mirror()
    soon = datetime.now(UTC) + HOUR

    with read_calls(tmp_path, soon, soon + DAY) as (_, gaps):
        assert [] == gaps


async def test_what_no_mirror_has_written_is_an_error(tmp_path: Path) -> None:
    """A damaged row is told, and not passed over."""
    async with scene(company_of([call()]), tmp_path) as set_up:
        await set_up.mirror()
        set_up.index("UPDATE calls SET date = '2026-03-02T12:00:00.00Z!'")

    with (
        pytest.raises(ArchiveError, match="no date that can be one"),
        read_calls(tmp_path, NOON, NOON + DAY) as (read, _),
    ):
        list(read)


def _forget_all(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM calls")
