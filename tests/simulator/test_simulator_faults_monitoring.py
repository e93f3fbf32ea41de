"""Faults of the calls in progress: some are missing from an answer."""

from typing import Any

import pytest

from tele2ats_async.simulator import AtsSimulator, Company, faults

from .conftest import Ask, Clock

pytestmark = pytest.mark.asyncio

CALLS = "/monitoring/calls"
QUEUES = "/monitoring/calls/pending"
FRIDAY_11_00 = 1_660_291_200.0
WEEK_S = 7 * 24 * 3600


def _busy() -> AtsSimulator:
    """Make a company with calls in progress, and several callers in each queue."""
    clock = Clock()
    clock.now = FRIDAY_11_00
    return AtsSimulator(seed=7, clock=clock, live_calls_per_hour=2000, access_lifetime_s=WEEK_S)


async def test_the_first_calls_are_left_out(ask: Ask) -> None:
    """Only from the answers that are hit; the next one is whole again."""
    async with _busy() as simulator:
        whole = (await ask(simulator, CALLS)).json
        injection = simulator.inject(faults.Flicker(calls=2), requests=[1])
        hit, after = [(await ask(simulator, CALLS)).json for _ in range(2)]

    assert len(whole) > 2
    assert (whole[2:], whole) == (hit, after)
    assert 1 == injection.count


async def test_the_first_numbers_in_queues_are_left_out(ask: Ask) -> None:
    """Over the queues, in order; a queue that would be empty is not listed, as ever."""
    async with _busy() as simulator:
        whole = _numbers((await ask(simulator, QUEUES)).json)
        rest = []
        for calls in range(1, len(whole)):
            injection = simulator.inject(faults.Flicker(calls=calls))
            rest.append((await ask(simulator, QUEUES)).json)
            injection.remove()

    assert len({name for name, _ in whole}) > 1
    assert [whole[calls:] for calls in range(1, len(whole))] == [_numbers(rows) for rows in rest]
    assert all(row["calls"] for rows in rest for row in rows)


@pytest.mark.parametrize("target", [CALLS, QUEUES])
async def test_all_are_left_out(ask: Ask, target: str) -> None:
    """Without a number, nothing is left."""
    async with _busy() as simulator:
        simulator.inject(faults.Flicker())

        assert [] == (await ask(simulator, target)).json


async def test_answers_that_hold_nothing_are_not_counted(ask: Ask) -> None:
    """Numbers of requests are those of answers from which something can be missing."""
    async with AtsSimulator(company=Company.generate(seed=7, recordings=5)) as simulator:
        injection = simulator.inject(faults.Flicker())
        assert [] == (await ask(simulator, CALLS)).json

    assert 0 == injection.count


async def test_the_name_of_a_recording_comes_later(ask: Ask) -> None:
    """A call is listed when it is over; until its time has come, its recording has no name and is not asked for."""
    clock = Clock()
    company = Company.generate(seed=7, recordings=3, duration_s=(10, 20))
    clock.now = max(record.date.timestamp() for record in company.records) + 100
    async with AtsSimulator(company=company, clock=clock, named_after_s=200) as simulator:
        before, recorded_before = await _list(ask, simulator), await _list(ask, simulator, is_recorded=True)
        clock.now += 200
        after, recorded_after = await _list(ask, simulator), await _list(ask, simulator, is_recorded=True)

    assert [record.record_file_name for record in company.records] == [row["recordFileName"] for row in after]
    assert [row | {"recordFileName": None} for row in after[-1:]] == [
        row | {"recordFileName": None} for row in before[-1:]
    ]
    assert before[-1].get("recordFileName") is None
    assert (before[:-1], after) == (recorded_before, recorded_after)


def _numbers(rows: Any) -> list[tuple[str, str]]:
    return [(row["queueName"], number) for row in rows for number in row["calls"]]


async def _list(ask: Ask, simulator: AtsSimulator, *, is_recorded: bool = False) -> Any:
    period = "start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"
    return (await ask(simulator, f"/call-records/info?{period}&is_recorded={str(is_recorded).lower()}")).json
