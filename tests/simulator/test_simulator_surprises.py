"""What the service may send beyond the contract."""

from typing import Any

import pytest

from tele2ats_async.simulator import AtsSimulator

from .conftest import Ask, Clock

pytestmark = pytest.mark.asyncio

PERIOD = "start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"
LISTS = (
    "/monitoring/calls",
    "/monitoring/calls/pending",
    "/employees",
    f"/statistics/journal?{PERIOD}",
    f"/call-records/info?{PERIOD}&size=3000",
    "/managers",
    "/blacklist",
)


def _objects(value: Any) -> list[dict[str, Any]]:
    """List all objects of an answer, but the ones that are a surprise themselves."""
    if isinstance(value, list):
        return [found for item in value for found in _objects(item)]
    if not isinstance(value, dict):
        return []
    inner = [found for name, item in value.items() if name != "newMember" for found in _objects(item)]
    return [value, *inner]


def _surprising(clock: Clock) -> AtsSimulator:
    return AtsSimulator(seed=7, clock=clock, surprises=True, live_calls_per_hour=600)


async def _ask_for_a_while(ask: Ask, target: str) -> list[dict[str, Any]]:
    """Collect the objects of ten minutes, in which calls ring, are put through and wait."""
    clock = Clock()
    objects = []
    async with _surprising(clock) as simulator:
        for _ in range(12):
            objects += _objects((await ask(simulator, target)).json)
            clock.now += 50
    return objects


@pytest.mark.parametrize("target", LISTS)
async def test_every_object_has_a_new_member(ask: Ask, target: str) -> None:
    """Section 0: a new member must not break a caller, so here is one, customers included."""
    objects = await _ask_for_a_while(ask, target)

    assert len(objects) > 1
    assert all("newMember" in found for found in objects)


async def test_single_objects_too(ask: Ask) -> None:
    """Also those that come alone: a manager, figures, a pair of tokens that still works."""
    async with _surprising(Clock()) as simulator:
        token = simulator.tokens.refresh
        pair = await ask(simulator, "/authorization/refresh/token", method="PUT", token=token)
        manager = await ask(simulator, "/managers/26")
        figures = await ask(simulator, f"/statistics/common?{PERIOD}")

    assert simulator.tokens.access == pair.json["accessToken"]
    assert all("newMember" in reply.json for reply in (pair, manager, figures))
    assert None in figures.json.values()


@pytest.mark.parametrize(
    ("target", "member"),
    [
        ("/monitoring/calls", "callType"),
        (f"/call-records/info?{PERIOD}&size=3000", "callType"),
        (f"/call-records/info?{PERIOD}&size=3000", "callStatus"),
        ("/blacklist", "sourceType"),
    ],
)
async def test_some_enums_are_unknown(ask: Ask, target: str, member: str) -> None:
    """Section 0: a new enum value must not break a caller; most values are known all the same."""
    values = [row.get(member) for row in await _ask_for_a_while(ask, target)]

    assert 0 < values.count("UNHEARD_OF") < len(values)


async def test_some_members_are_null(ask: Ask) -> None:
    """Section 5: all members but those with a star may be null; those never are."""
    stars = {"date", "callType", "callStatus", "employeeId", "queueName", "calls", "id"}
    nulls = {
        name
        for target in LISTS
        for found in await _ask_for_a_while(ask, target)
        for name, value in found.items()
        if value is None
    }

    assert {"callerName", "callDuration", "name", "groupName", "calledNumberFull", "customers"} <= nulls
    assert not stars & nulls


async def test_nothing_new_without_asking(simulator: AtsSimulator, ask: Ask) -> None:
    """By default the service keeps to the contract, but for the managers' version."""
    for target in LISTS:
        assert "newMember" not in (await ask(simulator, target)).body.decode()
