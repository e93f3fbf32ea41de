"""Recordings and transcripts that the service has not got: when they are given up, and what they cost (9 and 10)."""

import re
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from archives import DAY, NOON, Scene, call, company_of, scene
from faults import RECORDING, TRANSCRIPT, answer_with, body

from tele2ats_async import NotReady
from tele2ats_async.archive import moments
from tele2ats_async.archive.stock import Stock, take_stock

pytestmark = pytest.mark.asyncio

PAGE = body(b"<html>maintenance", content_type="text/html")
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "archive.rst"

SetTime = Callable[[datetime], None]


@pytest.fixture
def set_time(monkeypatch: pytest.MonkeyPatch) -> SetTime:
    """Give a hand on this machine's clock; it shows two days after the call."""

    def turn(moment: datetime) -> None:
        monkeypatch.setattr(moments, "now", lambda: moment)

    turn(NOON + 2 * DAY)
    return turn


async def mirror_daily(archive: Scene, set_time: SetTime, days: int, *, transcripts: bool = False) -> int:
    """Run once a day, and count the outcomes."""
    count = 0
    for day in range(2, 2 + days):
        set_time(NOON + day * DAY)
        count += len(await archive.mirror(transcripts=transcripts))
    return count


@pytest.mark.parametrize(
    ("status", "runs"),
    [(404, 10), (400, 10), (410, 10), (408, 15), (500, 15), (429, 15), (403, 15), (406, 15)],
)
async def test_refusals_have_a_last_one(tmp_path: Path, set_time: SetTime, status: int, runs: int) -> None:
    """A recording that the service has not got is asked for on ten days; a fault that passes never ends it."""
    fault = answer_with(RECORDING, body(b"", status=status))
    async with scene(company_of([call()]), tmp_path, fault) as archive:
        asked = await mirror_daily(archive, set_time, 15)

        state = "unavailable" if runs == 10 else "failed"
        assert (runs, [(state, runs)]) == (asked, archive.index("SELECT state, attempts FROM calls"))


async def test_a_transcript_that_never_comes(tmp_path: Path, set_time: SetTime) -> None:
    """The recording is done at once; the transcript is asked for on ten days, once a run."""
    fault = answer_with(TRANSCRIPT, body(b"", status=404))
    async with scene(company_of([call()]), tmp_path, fault) as archive:
        for day in range(10):
            set_time(NOON + (2 + day) * DAY)
            (outcome,) = await archive.mirror(transcripts=True)
            assert (NotReady, True) == (type(outcome.error), outcome.path is not None)
            assert 1 == archive.asked()[10] / 2  # in both encodings of its name
        assert [] == await archive.mirror(transcripts=True)
        assert archive.agrees()
        assert Stock(held=1, transcripts_given_up=1) == await take_stock(tmp_path)


@pytest.mark.parametrize("path", [RECORDING, TRANSCRIPT])
async def test_runs_in_an_outage_are_one_refusal(tmp_path: Path, path: str) -> None:
    """Whoever runs ten times, for it failed, has lost nothing: the eleventh run has it."""
    fault = answer_with(path, body(b"", status=404), times=2 * 10)  # in both encodings of its name
    async with scene(company_of([call()]), tmp_path, fault) as archive:
        for _ in range(10):
            (outcome,) = await archive.mirror(transcripts=True)
            assert isinstance(outcome.error, NotReady)
        assert [(1, 10)] == archive.index("SELECT refusals, answers_in_vain FROM calls")
        (outcome,) = await archive.mirror(transcripts=True)

        assert outcome.error is None
        assert [(0, 0, None)] == archive.index("SELECT refusals, answers_in_vain, answered_on FROM calls")


@pytest.mark.parametrize("path", [RECORDING, TRANSCRIPT])
async def test_pages_are_no_refusals(tmp_path: Path, set_time: SetTime, path: str) -> None:
    """A service that says sorry with status 200 for weeks is out of order, and has the recordings all the same."""
    fault = answer_with(path, PAGE, times=3 * 15)
    company = company_of(call(NOON + minute * timedelta(minutes=1)) for minute in range(3))
    async with scene(company, tmp_path, fault) as archive:
        assert 3 * 15 == await mirror_daily(archive, set_time, 15, transcripts=True)
        assert [None] * 3 == [outcome.error for outcome in await archive.mirror(transcripts=True)]
        assert archive.agrees()


@pytest.mark.parametrize("path", [RECORDING, TRANSCRIPT])
@pytest.mark.parametrize("answer", [PAGE, body(b"", status=410)], ids=["page", "refusal"])
async def test_a_bad_one_costs_an_eager_job_little(
    tmp_path: Path, set_time: SetTime, path: str, answer: Callable[..., object]
) -> None:
    """However often a job runs, it asks in vain about twenty times, and then ever more seldom."""
    asked = 0
    operation = 9 if path == RECORDING else 10
    async with scene(company_of([call()]), tmp_path, answer_with(path, answer)) as archive:  # type: ignore[arg-type]
        for run in range(40 * 6):
            set_time(NOON + 2 * DAY + run * DAY / 6)
            await archive.mirror(transcripts=True)
            asked += archive.asked()[operation]
        stock = await take_stock(tmp_path)

    assert 20 <= asked <= 27
    assert 0 == stock.given_up + stock.transcripts_given_up


async def test_a_clock_that_was_ahead_puts_nothing_off(tmp_path: Path, set_time: SetTime) -> None:
    """What is not to be asked for until next year, by a wrong clock, is asked for when the clock is right."""
    async with scene(company_of([call()]), tmp_path, answer_with(RECORDING, PAGE, times=20)) as archive:
        set_time(NOON + 200 * DAY)
        for _ in range(20):
            await archive.mirror()
        assert [] == await archive.mirror()
        set_time(NOON + 2 * DAY)
        assert [None] == [outcome.error for outcome in await archive.mirror()]


async def test_a_young_recording_is_not_given_up(tmp_path: Path, set_time: SetTime) -> None:
    """It is not ready for minutes after the call, in which an eager job may run more than ten times."""
    async with scene(
        company_of([call()]), tmp_path, answer_with(RECORDING, body(b"", status=404))
    ) as archive:
        set_time(NOON + DAY)
        for _ in range(30):
            (outcome,) = await archive.mirror()
            assert isinstance(outcome.error, NotReady)
        assert [("failed", 30, 0, 0)] == archive.index(
            "SELECT state, attempts, refusals, answers_in_vain FROM calls"
        )


async def test_refusals_of_a_transcript_are_none_of_its_recording(tmp_path: Path) -> None:
    """A recording that got lost, after its transcript was refused many times, is not given up at once."""
    fault = answer_with(RECORDING, body(b"", status=404))
    async with scene(company_of([call()]), tmp_path, fault) as archive:
        name = str(call().record_file_name)
        path = tmp_path / f"{name}.mp3"
        path.parent.mkdir()
        path.write_bytes(archive.simulator.recording(name))
        await archive.mirror()
        archive.index("UPDATE calls SET refusals = 9")
        path.unlink()
        (outcome,) = await archive.mirror(transcripts=True)

        assert isinstance(outcome.error, NotReady)
        assert [("failed", 1, None)] == archive.index("SELECT state, refusals, file FROM calls")


async def test_what_was_given_up_can_be_had_again(tmp_path: Path, set_time: SetTime) -> None:
    """By what the documentation says: recordings and transcripts, and those that are only put off."""
    statements = re.findall(r"^    (UPDATE calls .*;)$", DOCUMENTATION.read_text(), re.MULTILINE)
    refused = answer_with(RECORDING, body(b"", status=410), times=10)
    async with scene(
        company_of([call()]), tmp_path, refused, answer_with(TRANSCRIPT, PAGE, times=20)
    ) as archive:
        await mirror_daily(archive, set_time, 10, transcripts=True)
        assert Stock(given_up=1) == await take_stock(tmp_path)
        for statement in statements:
            archive.index(statement)
        for _ in range(20):
            assert 1 == len(await archive.mirror(transcripts=True))
        assert [] == await archive.mirror(transcripts=True)
        for statement in statements:
            archive.index(statement)
        assert [None] == [outcome.error for outcome in await archive.mirror(transcripts=True)]
        assert archive.agrees()
        assert Stock(held=1) == await take_stock(tmp_path)


async def test_stock_is_taken_of_any_directory(tmp_path: Path) -> None:
    """Where there is no index yet, or one that a run will refuse, or while a run is at work: it is never an obstacle."""
    assert Stock() == await take_stock(tmp_path)
    async with scene(company_of([call(), call(NOON + DAY / 2)]), tmp_path) as archive:
        async with aclosing(
            archive.ats.recordings.mirror(archive.start, archive.end, tmp_path, concurrency=1)
        ) as run:
            await anext(run)
            assert 1 <= (await take_stock(tmp_path)).held <= 2
        await archive.mirror()
        assert Stock(held=2) == await take_stock(tmp_path)
        archive.index("PRAGMA user_version = 4")
        assert Stock() == await take_stock(tmp_path)
