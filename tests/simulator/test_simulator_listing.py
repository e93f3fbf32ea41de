import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tele2ats_async.models import CallRecord, RecordCallStatus, RecordCallType
from tele2ats_async.simulator import AtsSimulator, Company

from .conftest import Ask

pytestmark = pytest.mark.asyncio

ALL = "/call-records/info?start=2000-01-01T00%3A00%3A00%2B03%3A00&end=2099-01-01T00%3A00%3A00%2B03%3A00"
FIELDS = {
    "date",
    "callType",
    "callStatus",
    "destinationNumber",
    "callerNumber",
    "callerName",
    "calleeNumber",
    "calleeName",
    "callDuration",
    "conversationDuration",
    "recordFileName",
}


def _record(moment: str, **fields: Any) -> CallRecord:
    return CallRecord(
        date=datetime.fromisoformat(moment),
        call_type=RecordCallType.SINGLE_CHANNEL,
        call_status=RecordCallStatus.ANSWERED_COMMON,
        **fields,
    )


def _company(*records: CallRecord) -> Company:
    company = Company.generate(recordings=0)
    for record in records:
        company.add_record(record)
    return company


async def _names(ask: Ask, simulator: AtsSimulator, query: str, start_of_query: str = ALL) -> list[str]:
    reply = await ask(simulator, start_of_query + query)
    assert 200 == reply.status
    return [row["recordFileName"] for row in reply.json]


async def test_row_is_spelled_as_the_contract_does(ask: Ask) -> None:
    """Section 6: names, order of nothing, times in UTC with milliseconds, Cyrillic as it is."""
    record = CallRecord(
        date=datetime.fromisoformat("2022-07-15T10:27:06.348+03:00"),
        call_type=RecordCallType.SINGLE_CHANNEL,
        call_status=RecordCallStatus.of("SOMETHING_NEW"),
        destination_number="79104739472",
        caller_number="79000258890",
        caller_name="Анастасия Исаева",
        callee_number="79104739472",
        callee_name="Юля Заплаткина",
        call_duration=20,
        conversation_duration=6,
        record_file_name="2022-08-12/mo_166030684915821522",
    )
    async with AtsSimulator(company=_company(record)) as simulator:
        reply = await ask(simulator, ALL)

    assert "application/json;charset=UTF-8" == reply.headers["Content-Type"]
    assert "Анастасия Исаева".encode() in reply.body
    assert [
        {
            "date": "2022-07-15T07:27:06.348Z",
            "callType": "SINGLE_CHANNEL",
            "callStatus": "SOMETHING_NEW",
            "destinationNumber": "79104739472",
            "callerNumber": "79000258890",
            "callerName": "Анастасия Исаева",
            "calleeNumber": "79104739472",
            "calleeName": "Юля Заплаткина",
            "callDuration": 20,
            "conversationDuration": 6,
            "recordFileName": "2022-08-12/mo_166030684915821522",
        }
    ] == reply.json


async def test_rows_lack_things_in_every_way(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 5: where there is no recording its name is absent, null or empty; names may lack too."""
    rows = (await ask(simulator, f"{ALL}&size=3000")).json

    assert len(simulator.company.records) == len(rows)
    assert all(set(row) <= FIELDS for row in rows)
    assert {"absent", None, ""} < {row.get("recordFileName", "absent") for row in rows}
    assert any("callerName" not in row for row in rows)
    assert any(row.get("callerName", "absent") is None for row in rows)
    assert all({"date", "callType", "callStatus"} <= set(row) for row in rows)


async def test_defaults(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 8: the first ten calls by date, recorded or not."""
    plain = await ask(simulator, ALL)
    spelled = await ask(simulator, f"{ALL}&is_recorded=false&page=0&size=10&sort=date%2CASC")

    assert 10 == len(plain.json)
    assert plain.body == spelled.body
    assert sorted(row["date"] for row in plain.json) == [row["date"] for row in plain.json]


async def test_recorded_only(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 8: `is_recorded=true` gives exactly the calls with a recording."""
    expected = [record.record_file_name for record in simulator.company.records if record.record_file_name]

    assert expected == await _names(ask, simulator, "&is_recorded=true&size=3000")
    assert 100 < len(expected) < len(simulator.company.records)


async def test_pages_make_up_the_whole(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 8: pages neither overlap nor miss; behind the last one is an empty list."""
    whole = (await ask(simulator, f"{ALL}&size=3000&sort=date%2CDESC")).json
    pages = [(await ask(simulator, f"{ALL}&size=100&page={page}&sort=date%2CDESC")).json for page in range(5)]

    assert whole == [row for page in pages for row in page]
    assert [] == pages[-1]
    assert sorted((row["date"] for row in whole), reverse=True) == [row["date"] for row in whole]


async def test_bounds_are_inclusive(ask: Ask) -> None:
    """A call at the very start and one at the very end belong to the answer."""
    moments = ("2022-08-01T09:59:59.999+03:00", "2022-08-01T10:00:00+03:00", "2022-08-01T11:00:00+03:00")
    records = [_record(moment, record_file_name=str(place)) for place, moment in enumerate(moments)]
    query = "/call-records/info?start=2022-08-01T07%3A00%3A00%2B00%3A00&end=2022-08-01T11%3A00%3A00%2B03%3A00"
    async with AtsSimulator(company=_company(*records)) as simulator:
        assert ["1", "2"] == await _names(ask, simulator, "", query)


async def test_sorting_breaks_ties_by_date_then_name(ask: Ask) -> None:
    """Operation 8: pages of equal values would shift under a listing that is not stable."""
    company = _company(
        _record("2022-08-01T12:00:00+03:00", record_file_name="d", call_duration=5),
        _record("2022-08-01T11:00:00+03:00", record_file_name="c", call_duration=7),
        _record("2022-08-01T10:00:00+03:00", record_file_name="b", call_duration=5),
        _record("2022-08-01T10:00:00+03:00", record_file_name="a", call_duration=5),
        _record("2022-08-01T09:00:00+03:00", record_file_name="e"),
        _record("2022-08-01T09:30:00+03:00", record_file_name="f"),
    )
    async with AtsSimulator(company=company) as simulator:
        assert list("efabcd") == await _names(ask, simulator, "")
        assert list("dcabfe") == await _names(ask, simulator, "&sort=date%2CDESC")
        assert list("efabdc") == await _names(ask, simulator, "&sort=callDuration%2CASC")
        assert list("cabdef") == await _names(ask, simulator, "&sort=callDuration%2CDESC")


@pytest.mark.parametrize("field", sorted(FIELDS))
async def test_every_field_sorts(simulator: AtsSimulator, ask: Ask, field: str) -> None:
    """Operation 8: any field of the answer, also one that some rows lack."""
    rising = (await ask(simulator, f"{ALL}&size=3000&sort={field}%2CASC")).json
    falling = (await ask(simulator, f"{ALL}&size=3000&sort={field}%2CDESC")).json
    values = [row[field] for row in rising if row.get(field) is not None]

    assert len(simulator.company.records) == len(rising)
    assert sorted(values) == values
    assert sorted(values, reverse=True) == [row[field] for row in falling if row.get(field) is not None]


async def test_caller_and_callee(ask: Ask) -> None:
    """Operation 8, note: each filters by its side; both together leave the calls between the two, either way."""
    company = _company(
        _record("2022-08-01T10:00:00Z", record_file_name="ab", caller_number="791", callee_number="792"),
        _record("2022-08-01T11:00:00Z", record_file_name="ac", caller_number="791", callee_number="793"),
        _record("2022-08-01T12:00:00Z", record_file_name="cb", caller_number="793", callee_number="792"),
        _record("2022-08-01T13:00:00Z", record_file_name="ba", caller_number="792", callee_number="791"),
    )
    async with AtsSimulator(company=company) as simulator:
        assert ["ab", "ac"] == await _names(ask, simulator, "&caller=791")
        assert ["ab", "cb"] == await _names(ask, simulator, "&callee=792")
        assert ["ab", "ba"] == await _names(ask, simulator, "&caller=791&callee=792")
        assert [] == await _names(ask, simulator, "&caller=790")


async def test_calls_that_finish_meanwhile_shift_pages(ask: Ask) -> None:
    """Operation 8, note: without a cursor the same row comes twice."""
    company = Company.generate(recordings=4, duration_s=(1, 2))
    newest = company.records[-1].date + timedelta(minutes=1)
    async with AtsSimulator(company=company) as simulator:
        first = await _names(ask, simulator, "&size=2&sort=date%2CDESC")
        company.add_record(_record(newest.isoformat(), record_file_name="new"))
        second = await _names(ask, simulator, "&size=2&page=1&sort=date%2CDESC")
        third = await _names(ask, simulator, "&size=2&page=2&sort=date%2CDESC")

    assert first[1] == second[0]
    assert 4 == len({*first, *second, *third})


async def test_two_lines_and_many_callers(ask: Ask) -> None:
    """Two lines, and a simulator is there for any number of tasks."""
    async with AtsSimulator() as simulator:
        replies = await asyncio.gather(*(ask(simulator, ALL) for _ in range(50)))

    assert {200} == {reply.status for reply in replies}
    assert datetime.now(UTC) > max(record.date for record in simulator.company.records)
