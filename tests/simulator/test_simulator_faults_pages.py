"""Faults of the listing: rows that come twice."""

from typing import Any

import pytest

from tele2ats_async.simulator import AtsSimulator, faults

from .conftest import Ask, Clock, names_of, small_company

pytestmark = pytest.mark.asyncio

PERIOD = "start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"


async def _page(ask: Ask, simulator: AtsSimulator, page: int, more: str = "") -> list[str]:
    """Ask for a page of ten recordings, of sixty."""
    rows: Any = (await ask(simulator, f"/call-records/info?{PERIOD}&page={page}{more}")).json
    return [row["recordFileName"] for row in rows]


async def test_shifted_pages(archive: AtsSimulator, ask: Ask) -> None:
    """Each page behind the first begins too early; rows come twice, and none is lost."""
    injection = archive.inject(faults.ShiftPages(rows=3))
    names = names_of(archive)
    pages = [await _page(ask, archive, page) for page in range(8)]

    assert names[:10] == pages[0]
    assert [names[10 * page - 3 : 10 * page + 7] for page in range(1, 7)] == pages[1:7]
    assert (names[57:], []) == (pages[6], pages[7])
    assert 7 == injection.count


async def test_a_shift_stays_with_its_listing(archive: AtsSimulator, ask: Ask) -> None:
    """Calls that have finished do not go away: the pages behind the one hit are shifted too."""
    injection = archive.inject(faults.ShiftPages(rows=3), requests=[2])
    names = names_of(archive)
    pages = [await _page(ask, archive, page) for page in range(4)]
    other = await _page(ask, archive, 2, "&sort=date%2CDESC")
    anew = [await _page(ask, archive, page) for page in range(3)]

    assert [names[:10], names[10:20], names[17:27], names[27:37]] == pages
    assert names[::-1][20:30] == other
    assert [names[:10], names[10:20], names[20:30]] == anew
    assert 2 == injection.count


async def test_a_repeated_page(archive: AtsSimulator, ask: Ask) -> None:
    """One page comes twice, and the others follow."""
    archive.inject(faults.RepeatPage(), requests=[2])
    names = names_of(archive)
    pages = [await _page(ask, archive, page) for page in range(5)]

    assert [names[start : start + 10] for start in (0, 10, 10, 20, 30)] == pages
    assert [None, None, "RepeatPage", "RepeatPage", "RepeatPage"] == [seen.fault for seen in archive.requests]


async def test_a_shift_beyond_the_beginning(archive: AtsSimulator, ask: Ask) -> None:
    """There is nothing before the first row."""
    archive.inject(faults.ShiftPages(rows=1000))

    assert names_of(archive)[:10] == await _page(ask, archive, 1)


async def test_malformed_queries_are_refused_as_ever(archive: AtsSimulator, ask: Ask) -> None:
    """What has no rows cannot be shifted."""
    injection = archive.inject(faults.ShiftPages())

    assert 400 == (await ask(archive, "/call-records/info?page=1")).status
    assert 0 == injection.count


async def test_shifted_rows_may_hold_surprises(ask: Ask) -> None:
    """A shifted page is spelled like any other."""
    async with AtsSimulator(company=small_company(), clock=Clock(), surprises=True) as simulator:
        simulator.inject(faults.ShiftPages())
        rows = (await ask(simulator, f"/call-records/info?{PERIOD}&page=1")).json

    assert all("newMember" in row for row in rows)
