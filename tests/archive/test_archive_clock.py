"""Clocks that are wrong: nothing is missed and nothing removed for them (operation 8)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from archives import DAY, NOON, call, company_of, files_below, scene, service_clock

from tele2ats_async.archive import moments

pytestmark = pytest.mark.asyncio

HOUR = timedelta(hours=1)


async def test_a_run_with_a_clock_that_is_ahead_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The days that are still to come are not held for listed: the service's answers tell the time."""
    right = NOON
    company = company_of([call()])
    async with scene(company, tmp_path, service_clock(lambda: right)) as archive:
        archive.end = NOON + 600 * DAY
        monkeypatch.setattr(moments, "now", lambda: NOON + 30 * DAY)
        assert 1 == len(await archive.mirror())
        for day in range(1, 6):
            company.add_record(call(NOON + day * DAY))
        right = NOON + 6 * DAY
        monkeypatch.setattr(moments, "now", lambda: right)
        assert 5 == len(await archive.mirror())

        assert archive.agrees()


@pytest.mark.parametrize("told", [None, NOON + 90 * DAY])
async def test_a_right_clock_heals_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: datetime | None
) -> None:
    """Where the service does not tell the time, or a wrong one: what lies ahead is forgotten by the next run."""
    company = company_of([call()])
    async with scene(company, tmp_path, service_clock(lambda: told)) as archive:
        archive.end = NOON + 600 * DAY
        monkeypatch.setattr(moments, "now", lambda: NOON + 30 * DAY)
        await archive.mirror()
        for hour in (1, 2, 40 * 24):
            company.add_record(call(NOON + hour * HOUR))
        monkeypatch.setattr(moments, "now", lambda: NOON + 20 * HOUR)
        assert 2 == len(await archive.mirror())
        monkeypatch.setattr(moments, "now", lambda: NOON + 50 * DAY)
        assert 1 == len(await archive.mirror())

        assert archive.agrees()


@pytest.mark.parametrize(
    "told",
    [
        "",
        "?",
        "Mon, 02 Mar 2026 12:00:00",
        f"Mon, 02 Mar 2026 12:00:00 +{'9' * 20}",
        f"Mon, 02 Mar {'9' * 30} 12:00:00",
    ],
)
async def test_times_that_nobody_can_read(tmp_path: Path, told: str) -> None:
    """A service that tells nonsense is one that tells nothing."""

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            response.headers["Date"] = told
        return response

    async with scene(company_of([call()]), tmp_path, tell) as archive:
        assert 1 == len(await archive.mirror())


async def test_a_clock_that_is_behind_costs_a_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call twice, no recording again."""
    company = company_of([call(), call(NOON + HOUR, named=False)])
    async with scene(company, tmp_path) as archive:
        monkeypatch.setattr(moments, "now", lambda: NOON + 3 * DAY)
        await archive.mirror()
        monkeypatch.setattr(moments, "now", lambda: NOON - 1000 * DAY)
        await archive.mirror()
        assert {} == archive.asked()
        monkeypatch.setattr(moments, "now", lambda: NOON + 3 * DAY)
        assert [] == await archive.mirror()

        assert {8: 1} == archive.asked()
        assert [(2,)] == archive.index("SELECT count(*) FROM calls")


async def test_a_clock_that_is_ahead_removes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year ahead, every recording would be too old; nor are they too old to be fetched."""
    company = company_of(call(NOON - day * DAY) for day in range(5))
    right = NOON + DAY
    async with scene(company, tmp_path, service_clock(lambda: right)) as archive:
        archive.start = NOON - 20 * DAY
        monkeypatch.setattr(moments, "now", lambda: NOON + 400 * DAY)
        for expected in (5, 0):
            assert expected == len(await archive.mirror(keep=timedelta(days=90)))
        assert archive.agrees()
        right = NOON + 92 * DAY
        await archive.mirror(keep=timedelta(days=90))

    assert set() == files_below(tmp_path)
