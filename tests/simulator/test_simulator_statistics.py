"""Operations 6 and 7, checked by figures added up by hand."""

from datetime import datetime
from typing import Any

import pytest

from tele2ats_async.models import CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.simulator import AtsSimulator, Company

from .conftest import Ask

pytestmark = pytest.mark.asyncio

# Three days, as in the contract's example.
PERIOD = "start=2022-08-01T00%3A00%3A00%2B03%3A00&end=2022-08-04T00%3A00%3A00%2B03%3A00"
ANNA, BORIS = "79000000001", "79000000002"
CLARA, DMITRI = "79100000003", "79100000004"
LINE = "74951112233"

# (day and time, type, status, caller, callee, destination, call seconds)
CALLS = (
    ("01T00:00", "MULTI_CHANNEL", "ANSWERED_COMMON", CLARA, ANNA, LINE, 30),
    ("01T10:00", "MULTI_CHANNEL", "ANSWERED_BY_BUSY_FORWARD_CLIENT", CLARA, BORIS, LINE, 45),
    ("01T11:00", "SINGLE_CHANNEL", "ANSWERED_BY_ORIGINAL_CLIENT", DMITRI, ANNA, ANNA, 72),
    ("01T12:00", "SINGLE_CHANNEL", "DESTINATION_BUSY", DMITRI, BORIS, BORIS, 20),
    ("02T12:00", "MULTI_CHANNEL", "CANCELLED_BY_CALLER", CLARA, ANNA, LINE, 9),
    ("02T13:00", "OUTGOING", "ANSWERED_COMMON", ANNA, CLARA, CLARA, 31),
    ("02T14:00", "CRM_OUTGOING", "DESTINATION_BUSY", ANNA, DMITRI, DMITRI, 4),
    ("03T10:00", "INTERNAL", "ANSWERED_COMMON", ANNA, BORIS, BORIS, 100),
    ("04T00:00", "INTERNAL", "CANCELLED_BY_CALLER", BORIS, ANNA, ANNA, 11),
    ("04T00:01", "MULTI_CHANNEL", "ANSWERED_COMMON", CLARA, ANNA, LINE, 999),
)


@pytest.fixture
def company() -> Company:
    """Make a company whose calls can be counted on fingers."""
    company = Company.generate(recordings=0)
    for moment, call_type, status, caller, callee, destination, seconds in CALLS:
        company.add_record(
            CallRecord(
                date=datetime.fromisoformat(f"2022-08-{moment}:00+03:00"),
                call_type=RecordCallType.of(call_type),
                call_status=RecordCallStatus.of(status),
                caller_number=caller,
                callee_number=callee,
                destination_number=destination,
                call_duration=seconds,
                conversation_duration=seconds // 2,
            )
        )
    return company


async def _figures(ask: Ask, company: Company, query: str) -> Any:
    async with AtsSimulator(company=company) as simulator:
        reply = await ask(simulator, f"/statistics/common?{query}")
    assert 200 == reply.status
    return reply.json


async def test_figures_of_the_company(ask: Ask, company: Company) -> None:
    """Operation 6: all 22 members; the last call is a minute too late."""
    assert {
        "allCallCount": 9,
        "successCallCount": 4,
        "outgoingCallCount": 2,
        "lostCallCount": 2,
        "commonCallDuration": 30 + 45 + 72 + 31,
        "averageCallDuration": 44,
        "maxCallDuration": 72,
        "callCountPerDay": pytest.approx(7 / 3),
        "callCountPerHour": pytest.approx(7 / 72),
        "mnAvgCallDuration": 37,
        "mnMaxCallDuration": 45,
        "averageCallCountPerHour": 0,
        "transferCallCount": 1,
        "transferCallDuration": 45,
        "averageTransferCallDuration": 45,
        "hangupACallCount": 1,
        "hangupBCallCount": 1,
        "uniqueCallCount": 2,
        "redialCount": 2,
        "internalCallCount": 2,
        "internalCallDuration": 111,
        "averageInternalCallDuration": 55,
    } == await _figures(ask, company, PERIOD)


async def test_figures_of_a_number(ask: Ask, company: Company) -> None:
    """Operation 6: with a number only the calls it took part in."""
    figures = await _figures(ask, company, f"{PERIOD}&subscriberNumber={BORIS}")

    assert (4, 1, 0, 1) == tuple(
        figures[name] for name in ("allCallCount", "successCallCount", "outgoingCallCount", "lostCallCount")
    )
    assert (45, 45, 111) == tuple(
        figures[name] for name in ("commonCallDuration", "transferCallDuration", "internalCallDuration")
    )


async def test_figures_of_the_line(ask: Ask, company: Company) -> None:
    """Operation 6: the multi-channel number took part in the calls that were dialled to it."""
    assert 3 == (await _figures(ask, company, f"{PERIOD}&subscriberNumber={LINE}"))["allCallCount"]


async def test_figures_of_a_busy_hour(ask: Ask, company: Company) -> None:
    """Operation 6: rates are per time asked for, floats but one."""
    hour = "start=2022-08-01T11%3A00%3A00%2B03%3A00&end=2022-08-01T12%3A00%3A00%2B03%3A00"
    figures = await _figures(ask, company, hour)

    assert (2.0, 48.0, 2) == (
        figures["callCountPerHour"],
        figures["callCountPerDay"],
        figures["averageCallCountPerHour"],
    )


@pytest.mark.parametrize(
    "query",
    [
        "start=2021-08-01T00%3A00%3A00%2B03%3A00&end=2021-08-04T00%3A00%3A00%2B03%3A00",
        "start=2021-08-01T00%3A00%3A00%2B03%3A00&end=2021-08-01T00%3A00%3A00%2B03%3A00",
    ],
)
async def test_figures_of_nothing(ask: Ask, company: Company, query: str) -> None:
    """Operation 6: no calls, and no time for any, are 22 zeros."""
    figures = await _figures(ask, company, query)

    assert 22 == len(figures)
    assert {0} == set(figures.values())


async def test_journal_of_a_number(ask: Ask, company: Company) -> None:
    """Operation 7: one object, with the period in epoch seconds; a number without calls has one too."""
    async with AtsSimulator(company=company) as simulator:
        anna = await ask(simulator, f"/statistics/journal?{PERIOD}&number={ANNA}")
        nobody = await ask(simulator, f"/statistics/journal?{PERIOD}&number=79999999999")

    period = {"startTimestamp": 1_659_301_200, "endTimestamp": 1_659_560_400}
    assert {"number": ANNA, **period, "numberOfCalls": 7, "numberOfSuccessCalls": 4} == anna.json
    assert {"number": "79999999999", **period, "numberOfCalls": 0, "numberOfSuccessCalls": 0} == nobody.json


async def test_journal_of_the_company(ask: Ask, company: Company) -> None:
    """Operation 7: without a number a list, with an entry for each employee's number that has calls."""
    busy, idle = company.employees[:2]
    template = company.records[0]
    company.add_record(
        CallRecord(
            date=template.date,
            call_type=template.call_type,
            call_status=template.call_status,
            caller_number=CLARA,
            callee_number=busy.full_number,
        )
    )
    async with AtsSimulator(company=company) as simulator:
        entries = (await ask(simulator, f"/statistics/journal?{PERIOD}")).json

    assert [(busy.full_number, 1, 1)] == [
        (entry["number"], entry["numberOfCalls"], entry["numberOfSuccessCalls"]) for entry in entries
    ]
    assert idle.full_number not in {entry["number"] for entry in entries}


async def test_journal_of_a_generated_company(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 7: many entries, of which each agrees with the one that is asked for alone."""
    ever = "start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"
    entries = (await ask(simulator, f"/statistics/journal?{ever}")).json
    alone = [
        (await ask(simulator, f"/statistics/journal?{ever}&number={entry['number']}")).json
        for entry in entries
    ]

    assert len(entries) > 5
    assert alone == entries


@pytest.mark.parametrize("target", ["common?{}&subscriberNumber=", "journal?{}&number="])
@pytest.mark.parametrize("number", ["9000000001", "89000000001", "790000000011", "%2B79000000001", "0001"])
async def test_numbers_are_full_ones(simulator: AtsSimulator, ask: Ask, target: str, number: str) -> None:
    """Operations 6 and 7: 7XXXXXXXXXX and nothing else."""
    reply = await ask(simulator, f"/statistics/{target.format(PERIOD)}{number}")

    assert 400 == reply.status
    assert target.rpartition("&")[2].strip("=") in reply.json["details"]


@pytest.mark.parametrize("target", ["common", "journal"])
async def test_periods_are_required(simulator: AtsSimulator, ask: Ask, target: str) -> None:
    """Operations 6 and 7: both ends, in this order."""
    backwards = "end=2022-08-01T00%3A00%3A00%2B03%3A00&start=2022-08-01T00%3A00%3A01%2B03%3A00"
    missing = await ask(simulator, f"/statistics/{target}?{PERIOD.partition('&')[0]}")
    reversed_ = await ask(simulator, f"/statistics/{target}?{backwards}")

    assert (400, "Required parameter 'end' is not present") == (missing.status, missing.json["details"])
    assert (400, "Parameter 'end' is before 'start'") == (reversed_.status, reversed_.json["details"])
