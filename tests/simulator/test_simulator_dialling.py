"""Operation 5: a call placed from a CRM."""

from datetime import UTC, datetime

import orjson
import pytest

from tele2ats_async.simulator import AtsSimulator, Company, PlacedCall

from .conftest import Ask, Clock

pytestmark = pytest.mark.asyncio

CALLS = "/monitoring/calls"
ALL = (
    "/call-records/info?size=3000"
    "&start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"
)
DESTINATION = "79990001122"


def _dial(source: str, destination: str = DESTINATION) -> str:
    return f"/call/outgoing?destination={destination}&source={source}"


async def test_from_the_request_to_the_recording(ask: Ask) -> None:
    """Operations 5, 2, 8, 9 and 10: rings, talks, is over, and can be listened to and read."""
    clock = Clock()
    async with AtsSimulator(seed=7, clock=clock, ready_after_s=60) as simulator:
        person = simulator.company.employees[0]
        placed = await ask(simulator, _dial(person.full_number), method="POST")
        ringing = (await ask(simulator, CALLS)).json
        clock.now += 8
        talking = (await ask(simulator, CALLS)).json
        clock.now += 44
        still_talking = (await ask(simulator, CALLS)).json
        unfinished = (await ask(simulator, f"{ALL}&callee={DESTINATION}")).json
        clock.now += 1
        over = (await ask(simulator, CALLS)).json
        [record] = (await ask(simulator, f"{ALL}&callee={DESTINATION}")).json
        query = f"?filename={record['recordFileName'].replace('/', '%2F')}"
        too_early = await ask(simulator, f"/call-records/file{query}", accept="*/*")
        clock.now += 60
        audio = await ask(simulator, f"/call-records/file{query}", accept="*/*")
        words = await ask(simulator, f"/call-records/file/stt{query}")
        expected_audio = simulator.recording(record["recordFileName"])

    caller = {"callerNumberShort": "0001", "callerNumberFull": person.full_number}
    assert (200, b"", "0") == (placed.status, placed.body, placed.headers["Content-Length"])
    assert [{"callType": "SINGLE_CHANNEL", **caller}] == ringing
    assert [{"callType": "SINGLE_CHANNEL", **caller, "calledNumberFull": DESTINATION}] == talking
    assert talking == still_talking
    assert ([], []) == (unfinished, over)
    assert "2022-08-12T12:20:49.000Z" == record["date"]
    assert ("CRM_OUTGOING", "ANSWERED_COMMON") == (record["callType"], record["callStatus"])
    assert (53, 45) == (record["callDuration"], record["conversationDuration"])
    assert (person.full_number, person.full_name) == (record["callerNumber"], record["callerName"])
    assert (DESTINATION, DESTINATION) == (record["calleeNumber"], record["destinationNumber"])
    assert (404, "The file is not ready yet") == (too_early.status, too_early.json["details"])
    assert (200, "audio/mpeg", expected_audio) == (audio.status, audio.headers["Content-Type"], audio.body)
    assert {"A", "B"} == {word["channel"] for word in words.json}


async def test_asked_twice_it_places_two(ask: Ask) -> None:
    """Operation 5: what a client must never cause is seen, even within one second."""
    clock = Clock()
    async with AtsSimulator(seed=7, clock=clock) as simulator:
        source = simulator.company.employees[0].full_number
        for _ in range(2):
            assert 200 == (await ask(simulator, _dial(source), method="POST")).status
        calls = (await ask(simulator, CALLS)).json
        clock.now += 53
        records = (await ask(simulator, f"{ALL}&callee={DESTINATION}")).json

    at = datetime(2022, 8, 12, 12, 20, 49, tzinfo=UTC)
    assert [PlacedCall(source, DESTINATION, at)] * 2 == simulator.placed_calls
    assert 2 == len(calls)
    assert 2 == len({record["recordFileName"] for record in records})


async def test_companies_are_shared_between_simulators(ask: Ask) -> None:
    """A company that several tests use takes the same call at the same time from each of them."""
    company = Company.generate(seed=7, recordings=1)
    for _ in range(2):
        clock = Clock()
        async with AtsSimulator(company=company, clock=clock) as simulator:
            await ask(simulator, _dial("0001"), method="POST")
            clock.now += 53
            assert 200 == (await ask(simulator, ALL)).status

    assert 3 == len(company.records)


async def test_calls_between_colleagues(ask: Ask) -> None:
    """Short numbers name an employee too, on both sides; such a call is an internal one."""
    clock = Clock()
    async with AtsSimulator(seed=7, clock=clock) as simulator:
        source, destination = simulator.company.employees[:2]
        await ask(simulator, _dial("0001", "0002"), method="POST")
        clock.now += 8
        calls = (await ask(simulator, CALLS)).json
        clock.now += 45
        record = simulator.company.records[-1]

    assert [
        {
            "callType": "INTERNAL",
            "callerNumberShort": "0001",
            "callerNumberFull": source.full_number,
            "calledNumberShort": "0002",
            "calledNumberFull": destination.full_number,
        }
    ] == calls
    assert (destination.full_number, destination.full_name) == (record.callee_number, record.callee_name)


@pytest.mark.parametrize(
    ("target", "status", "details"),
    [
        ("/call/outgoing?source=0001", 400, "Required parameter 'destination' is not present"),
        ("/call/outgoing?destination=79990001122", 400, "Required parameter 'source' is not present"),
        (_dial("0001", "%2B79990001122"), 400, "Parameter 'destination' must consist of digits"),
        (_dial("anna"), 400, "Parameter 'source' must consist of digits"),
        (_dial(""), 400, "Parameter 'source' is empty or not percent-encoded"),
        (_dial("9999"), 404, "The employee is not found"),
        (_dial(DESTINATION), 404, "The employee is not found"),
    ],
)
async def test_refused_calls_are_not_placed(
    simulator: AtsSimulator, ask: Ask, target: str, status: int, details: str
) -> None:
    """Operation 5: both numbers in digits, the source one of an employee."""
    reply = await ask(simulator, target, method="POST")

    assert (status, details) == (reply.status, reply.json["details"])
    assert [] == simulator.placed_calls


async def test_body_prevents_the_call(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 5: numbers belong into the query, and a body gets nobody called."""
    body = orjson.dumps({"destination": DESTINATION, "source": "0001"})
    reply = await ask(simulator, _dial("0001"), method="POST", body=body, content_type="application/json")

    assert (400, []) == (reply.status, simulator.placed_calls)
