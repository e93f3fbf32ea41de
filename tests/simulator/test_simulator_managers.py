"""Operations 11 to 15: managers that are added, changed and removed."""

from typing import Any

import orjson
import pytest

from tele2ats_async.simulator import AtsSimulator

from .conftest import Ask, Reply

pytestmark = pytest.mark.asyncio

HANDLES_ALL_ALREADY = b"MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS"
NEW = {"employeeId": 440, "name": "Анна", "customers": [{"realNumber": "79081581621", "isVip": True}]}


async def _send(ask: Ask, simulator: AtsSimulator, method: str, manager: Any) -> Reply:
    return await ask(
        simulator,
        "/managers",
        method=method,
        body=orjson.dumps(manager),
        content_type="application/json",
    )


async def _list(ask: Ask, simulator: AtsSimulator) -> Any:
    return (await ask(simulator, "/managers")).json


async def test_seeded_managers(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 11: there are some from the start, with customers who know their spelling."""
    managers = await _list(ask, simulator)
    customers = [customer for manager in managers for customer in manager["customers"]]

    assert [26, 27, 28] == [manager["id"] for manager in managers]
    assert [False, False, True] == [manager["handleAllCustomers"] for manager in managers]
    assert {simulator.company.company_id} == {manager["companyId"] for manager in managers}
    assert [92, 93, 94, 95, 96, 97] == [customer["id"] for customer in customers]
    assert {True, False} == {customer["isVip"] for customer in customers}
    assert [customer.number for customer in simulator.company.customers[:6]] == [
        customer["realNumber"] for customer in customers
    ]


async def test_one_manager(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 12: the same object as in the list, or 404."""
    reply = await ask(simulator, "/managers/27")
    unknown = await ask(simulator, "/managers/99")

    assert (await _list(ask, simulator))[1] == reply.json
    assert (404, "The manager is not found") == (unknown.status, unknown.json["details"])


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("manager_id", ["x", "-26", "2.6", "%D9%A2", "9999999999999999999"])
async def test_ids_are_digits(simulator: AtsSimulator, ask: Ask, method: str, manager_id: str) -> None:
    """Operations 12 and 15: an id that cannot be one is a bad request."""
    reply = await ask(simulator, f"/managers/{manager_id}", method=method)

    assert (400, "Path variable 'id' must consist of digits") == (reply.status, reply.json["details"])


async def test_added_manager(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 13: the service gives ids, the company, and a member that no contract knows."""
    reply = await _send(ask, simulator, "POST", NEW)

    assert (200, b"SUCCESS") == (reply.status, reply.body)
    assert {
        "id": 29,
        "employeeId": 440,
        "companyId": simulator.company.company_id,
        "name": "Анна",
        "customers": [{"id": 98, "realNumber": "79081581621", "isVip": True, "version": 1}],
        "version": 1,
    } == (await ask(simulator, "/managers/29")).json


async def test_changed_manager(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 14: saving replaces the manager, members unknown to everybody included."""
    fetched = (await ask(simulator, "/managers/26")).json
    changed = {**fetched, "name": "Борис", "colour": {"of": "hair"}}
    changed["customers"] = [{**fetched["customers"][0], "mood": "good"}, {"name": "Вера"}]
    reply = await _send(ask, simulator, "PUT", changed)
    saved = (await ask(simulator, "/managers/26")).json

    assert (200, b"SUCCESS") == (reply.status, reply.body)
    assert changed | {"customers": saved["customers"]} == saved
    assert [changed["customers"][0], {"name": "Вера", "id": 98, "version": 1}] == saved["customers"]
    assert 3 == len(await _list(ask, simulator))


async def test_member_that_is_not_sent_back_is_lost(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 14: a client that drops what it does not know does damage, and a test can see it."""
    fetched = (await ask(simulator, "/managers/26")).json
    del fetched["version"]
    await _send(ask, simulator, "PUT", fetched)

    assert "version" not in (await ask(simulator, "/managers/26")).json


async def test_removed_manager(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 15: 200 and an empty body, once; then the customers are free for another."""
    gone = (await ask(simulator, "/managers/26")).json
    first = await ask(simulator, "/managers/26", method="DELETE")
    second = await ask(simulator, "/managers/26", method="DELETE")
    taken_over = await _send(ask, simulator, "POST", {"name": "Анна", "customers": gone["customers"]})

    assert (200, b"", 404) == (first.status, first.body, second.status)
    assert b"SUCCESS" == taken_over.body
    assert [27, 28, 29] == [manager["id"] for manager in await _list(ask, simulator)]


@pytest.mark.parametrize("mark", ["id", "realNumber"])
async def test_customer_has_one_manager(simulator: AtsSimulator, ask: Ask, mark: str) -> None:
    """Operations 13 and 14: a customer is known by id or number; his own manager may save him again."""
    first, second, _ = await _list(ask, simulator)
    customer = {mark: first["customers"][0][mark]}
    added = await _send(ask, simulator, "POST", {"name": "Анна", "customers": [customer]})
    changed = await _send(ask, simulator, "PUT", {**second, "customers": [customer]})
    own = await _send(ask, simulator, "PUT", first)

    assert (200, b"CUSTOMER_ALREADY_ASSIGNED") == (added.status, added.body)
    assert (200, b"CUSTOMER_ALREADY_ASSIGNED") == (changed.status, changed.body)
    assert b"SUCCESS" == own.body
    assert [first, second] == (await _list(ask, simulator))[:2]


async def test_one_manager_handles_all(simulator: AtsSimulator, ask: Ask) -> None:
    """Operations 13 and 14: a second one is refused until the first gives it up."""
    first, _, third = await _list(ask, simulator)
    added = await _send(ask, simulator, "POST", {"name": "Анна", "handleAllCustomers": True})
    changed = await _send(ask, simulator, "PUT", {**first, "handleAllCustomers": True})
    own = await _send(ask, simulator, "PUT", third)
    await _send(ask, simulator, "PUT", {**third, "handleAllCustomers": False})
    late = await _send(ask, simulator, "PUT", {**first, "handleAllCustomers": True})

    assert (200, HANDLES_ALL_ALREADY) == (added.status, added.body)
    assert (200, HANDLES_ALL_ALREADY) == (changed.status, changed.body)
    assert (b"SUCCESS", b"SUCCESS") == (own.body, late.body)


@pytest.mark.parametrize("manager", [{"name": "Анна"}, {"id": None, "name": "Анна"}, {"id": 99}])
async def test_saving_needs_a_known_id(simulator: AtsSimulator, ask: Ask, manager: dict[str, object]) -> None:
    """Operation 14: 404 where the id is missing or unknown."""
    reply = await _send(ask, simulator, "PUT", manager)

    assert (404, "The manager is not found") == (reply.status, reply.json["details"])


@pytest.mark.parametrize(
    ("manager", "details"),
    [
        ({"id": 7, "name": "Анна"}, "Member 'id' is given by the service"),
        ({"id": None, "name": "Анна"}, "Member 'id' is given by the service"),
        ([NEW], "The body must be a JSON object"),
        ({"name": 5}, "Member 'name' must be a text"),
        ({"employeeId": "440"}, "Member 'employeeId' must be a whole number"),
        ({"employeeId": True}, "Member 'employeeId' must be a whole number"),
        ({"handleAllCustomers": "true"}, "Member 'handleAllCustomers' must be true or false"),
        ({"customers": {}}, "Member 'customers' must be a list"),
        ({"customers": ["79081581621"]}, "Member 'customers' must be a list of objects"),
        ({"customers": [{"realNumber": 79081581621}]}, "Member 'realNumber' must be a text"),
        ({"customers": [{"isVIP": True}]}, "Member 'isVIP' is to be sent as 'isVip'"),
    ],
)
async def test_what_is_no_manager_is_refused(
    simulator: AtsSimulator, ask: Ask, manager: object, details: str
) -> None:
    """Operation 13: no id, the types of section 5, `isVip` in this spelling."""
    reply = await _send(ask, simulator, "POST", manager)

    assert (400, details) == (reply.status, reply.json["details"])
    assert 3 == len(await _list(ask, simulator))


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (None, b"{}", 415),
        ("text/plain", b"{}", 415),
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json; charset=utf-8", b"{}", 200),
    ],
)
async def test_bodies_are_json(
    simulator: AtsSimulator, ask: Ask, content_type: str | None, body: bytes, status: int
) -> None:
    """Operation 13: JSON that says so."""
    reply = await ask(simulator, "/managers", method="POST", body=body, content_type=content_type)

    assert status == reply.status


async def test_absent_and_null_members_stay(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 5: a manager may lack everything; customers are then an empty list."""
    await _send(ask, simulator, "POST", {"name": None, "customers": None})
    manager = (await ask(simulator, "/managers/29")).json

    assert (None, []) == (manager["name"], manager["customers"])
    assert "handleAllCustomers" not in manager


async def test_result_as_a_json_string(ask: Ask) -> None:
    """Section 4, note: the word arrives in quotes from some."""
    async with AtsSimulator(seed=7, quoted_results=True) as simulator:
        added = await _send(ask, simulator, "POST", NEW)
        again = await _send(ask, simulator, "POST", NEW)

    assert (200, b'"SUCCESS"') == (added.status, added.body)
    assert (200, b'"CUSTOMER_ALREADY_ASSIGNED"') == (again.status, again.body)


async def test_vip_in_the_manuals_other_spelling(ask: Ask) -> None:
    """Section 5, Customer: sent as `isVIP`, and still to be answered with `isVip`."""
    async with AtsSimulator(seed=7, vip_spelling="isVIP") as simulator:
        fetched = (await ask(simulator, "/managers/26")).json
        echoed = await _send(ask, simulator, "PUT", fetched)
        for customer in fetched["customers"]:
            customer["isVip"] = not customer.pop("isVIP")
        sent = await _send(ask, simulator, "PUT", fetched)
        saved = (await ask(simulator, "/managers/26")).json

    assert (400, 200) == (echoed.status, sent.status)
    assert [False, True, True] == [customer["isVIP"] for customer in saved["customers"]]
    assert all("isVip" not in customer for customer in saved["customers"])


async def test_simulators_keep_their_own_books(simulator: AtsSimulator, ask: Ask) -> None:
    """Tests that share a company do not see each other's changes."""
    await ask(simulator, "/managers/26", method="DELETE")
    async with AtsSimulator(company=simulator.company) as other:
        assert 200 == (await ask(other, "/managers/26")).status
