"""Operation 4: the employees."""

import pytest

from tele2ats_async.simulator import AtsSimulator

from .conftest import Ask

pytestmark = pytest.mark.asyncio

MEMBERS = {"employeeId", "name", "surname", "fullNumber", "shortNumber", "groupName", "email"}


async def test_every_employee_is_listed(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 5, Employee: the contract's names, and what is there is true."""
    rows = (await ask(simulator, "/employees")).json
    people = simulator.company.employees

    assert [person.employee_id for person in people] == [row["employeeId"] for row in rows]
    assert {
        "employeeId": people[0].employee_id,
        "name": people[0].name,
        "surname": people[0].surname,
        "fullNumber": people[0].full_number,
        "shortNumber": "0001",
        "groupName": people[0].department,
        "email": "user1@example.com",
    } == rows[0]
    assert all(set(row) <= MEMBERS for row in rows)


async def test_employees_lack_things_in_every_way(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 6: one of the example is an id and nothing else; members are absent, null or empty."""
    rows = (await ask(simulator, "/employees")).json

    assert any({"employeeId"} == set(row) for row in rows)
    assert any({"employeeId", "name", "fullNumber", "email"} == set(row) for row in rows)
    assert any(row.get("groupName", "absent") is None for row in rows)
    assert any(row.get("email") == "" for row in rows)
