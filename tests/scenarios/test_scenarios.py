"""The same stories, through the client and by requests written by hand: same ends, same bytes.

So client and simulator cannot agree on a mistake.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from scenario_drivers import Driver, Play, Recorder, play_by_client, play_by_hand

from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

NOON = datetime(2022, 8, 12, 9, 0, tzinfo=UTC)
STRANGER = "79990001122"
# The scenarios play in 2022, and the client looks at the real clock.
TWENTY_YEARS_S = 20 * 365 * 24 * 3600
TELLING_CLOCK = {"now": 0.0}


def clock() -> float:
    """Tell the time that the scenarios set."""
    return TELLING_CLOCK["now"]


def pass_time(seconds: float) -> None:
    TELLING_CLOCK["now"] += seconds


async def a_day_of_calls(driver: Driver, simulator: AtsSimulator) -> None:
    """Operation 8: pages in order, up to one that is not full; filters; 9 and 10: each recording as it is."""
    records = simulator.company.records
    start, end = NOON - timedelta(days=8), NOON
    pages = [await driver.records(start, end, page, 20, "date,DESC") for page in range(3)]
    rows = [row for page in pages for row in page]
    one = records[5]

    assert [20, 20, 5] == [len(page) for page in pages]
    assert all(later["date"] >= earlier["date"] for later, earlier in pairwise(rows))
    assert {record.record_file_name for record in records} == {row["recordFileName"] for row in rows}
    between = await driver.recorded(start, end, one.caller_number or "", one.callee_number or "")
    assert one.record_file_name in [row["recordFileName"] for row in between]
    name = rows[0]["recordFileName"]
    assert simulator.recording(name) == await driver.recording(name)
    spoken = [word.word for word in simulator.transcript(name)]
    assert spoken == [word["word"] for word in await driver.transcript(name)]


async def a_call_from_the_crm(driver: Driver, simulator: AtsSimulator) -> None:
    """Operations 4, 5, 2, 8 and 9: an employee is found, called, put through, and heard afterwards."""
    employees = await driver.employees()
    source = next(employee["fullNumber"] for employee in employees if "fullNumber" in employee)
    await driver.dial(STRANGER, source)
    (ringing,) = await driver.current_calls()
    pass_time(15)
    (talking,) = await driver.current_calls()
    pass_time(600)

    assert (source, None) == (ringing["callerNumberFull"], ringing.get("calledNumberFull"))
    assert (source, STRANGER) == (talking["callerNumberFull"], talking["calledNumberFull"])
    assert [] == await driver.current_calls()
    (record,) = await driver.recorded(NOON, NOON + timedelta(hours=1), source, STRANGER)
    assert "CRM_OUTGOING" == record["callType"]
    assert simulator.recording(record["recordFileName"]) == await driver.recording(record["recordFileName"])


async def queues_and_employees(driver: Driver, simulator: AtsSimulator) -> None:
    """Operations 3 and 4: lists, whose objects have the members that the contract promises."""
    queues = await driver.queues()
    employees = await driver.employees()

    assert all({"queueName", "calls"} <= set(queue) for queue in queues)
    assert {person.employee_id for person in simulator.company.employees} == {
        employee["employeeId"] for employee in employees
    }


async def figures(driver: Driver, simulator: AtsSimulator) -> None:
    """Operations 6 and 7: the company's figures, and those of one number."""
    start, end = NOON - timedelta(days=8), NOON
    company = await driver.common(start, end)
    journal = await driver.journal(start, end)
    busiest = max(journal, key=lambda entry: entry["numberOfCalls"])
    (alone,) = await driver.journal(start, end, busiest["number"])
    of_one = await driver.common(start, end, busiest["number"])

    assert len(simulator.company.records) == company["allCallCount"]
    assert busiest["numberOfCalls"] == alone["numberOfCalls"]
    assert 0 < of_one["allCallCount"] <= company["allCallCount"]


async def a_managers_life(driver: Driver, simulator: AtsSimulator) -> None:
    """Operations 11 to 15: made, listed, changed, removed; what was not touched stays."""
    employee_id = simulator.company.employees[1].employee_id
    before = await driver.managers()
    manager = {
        "employeeId": employee_id,
        "name": "Анна",
        "customers": [{"name": "Пётр", "realNumber": STRANGER, "isVip": True}],
        "handleAllCustomers": False,
    }

    assert "SUCCESS" == await driver.create(manager)
    (made,) = [one for one in await driver.managers() if one not in before]
    assert (manager["name"], employee_id) == (made["name"], made["employeeId"])
    assert "SUCCESS" == await driver.update(made["id"], name="Мария")
    changed = await driver.manager(made["id"])
    assert ("Мария", made["customers"]) == (changed["name"], changed["customers"])
    await driver.delete(made["id"])
    assert [one["id"] for one in before] == [one["id"] for one in await driver.managers()]


async def a_blacklisted_number(driver: Driver, simulator: AtsSimulator) -> None:
    """Operations 16 to 19: added once, found there the second time, removed; at last all are gone."""
    assert simulator.refresh_count == 0
    assert "SUCCESS" == await driver.add(STRANGER)
    assert "DUPLICATE_BLACK_LIST_NUMBER" == await driver.add(STRANGER)
    numbers = [str(entry["number"]) for entry in await driver.blacklist()]
    assert 1 == numbers.count(STRANGER)
    assert "SUCCESS" == await driver.remove(STRANGER)
    assert STRANGER not in [str(entry["number"]) for entry in await driver.blacklist()]
    assert "SUCCESS" == await driver.clear()
    assert [] == await driver.blacklist()


SCENARIOS: list[Play] = [
    a_day_of_calls,
    a_call_from_the_crm,
    queues_and_employees,
    figures,
    a_managers_life,
    a_blacklisted_number,
]


@pytest.mark.parametrize("quoted_results", [False, True])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda play: play.__name__)
async def test_the_client_sends_what_a_hand_would_write(scenario: Play, quoted_results: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """A story ends the same either way, and the client's requests are those of the contract, byte for byte."""
    lines = []
    for play in (play_by_hand, play_by_client):
        TELLING_CLOCK["now"] = NOON.timestamp()
        recorder = Recorder()
        async with AtsSimulator(
            company=Company.generate(seed=3, recordings=45, duration_s=(1, 3), now=NOON),
            clock=clock,
            middlewares=[recorder.middleware],
            quoted_results=quoted_results,
            access_lifetime_s=TWENTY_YEARS_S,
        ) as simulator:
            recorder.simulator = simulator
            await play(scenario, simulator)
        lines.append(recorder.lines)

    by_hand, by_client = lines
    assert by_hand == by_client
    assert all(line.is_bare_access_token for line in by_client)
