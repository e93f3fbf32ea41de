"""Section 4: operations."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from contract_calls import (
    ACCESS_CALLS,
    CALLS,
    END,
    FILE,
    MANAGER,
    PERIOD,
    ROW,
    START,
    Call,
    arrived_as,
    each_call,
    expected_of,
    of_operations,
    read_recording,
    service_of,
)
from contract_operations import OPERATIONS
from contract_service import MP3, OLD_HOST, Arrived, Fault, Reply, Said, audio, conversation, hosts, says
from raw_service import NAME, ONCE, QUICKLY, REFRESH

from tele2ats_async import (
    AtsError,
    AtsSession,
    BlacklistSource,
    CallQueue,
    Conflict,
    ConnectionFailed,
    CurrentCallType,
    Manager,
    NotAudio,
    NotFound,
    NotReady,
    ResponseError,
    SaveResult,
    TokenPair,
    Transcript,
)
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

TWICE = {"filename": "2022-08-12%252Fmo_166030706109315379"}
STRANGER = "79990001122"
SHORT_SILENCE = aiohttp.ClientTimeout(total=None, sock_read=0.05)
RECORD_FIELDS = (
    "date", "callType", "callStatus", "destinationNumber", "callerNumber", "callerName", "calleeNumber",
    "calleeName", "callDuration", "conversationDuration", "recordFileName",
)  # fmt: skip


@asynccontextmanager
async def simulated(**settings: Any) -> AsyncIterator[tuple[AtsSession, AtsSimulator]]:
    """Open a session on a simulator with settings of its own."""
    async with (
        AtsSimulator(**settings) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE) as ats,
    ):
        yield ats, simulator


def _row(number: int, **members: object) -> dict[str, Any]:
    """Make a record that can be told from others."""
    return ROW | {"recordFileName": f"2022-07-24/mo_{number}", **members}


# All operations.


@each_call
async def test_op00_each_operation_has_its_method_path_query_and_body(call: Call) -> None:
    """Each operation has its method, its path, its query and its body, and is answered by one request."""
    async with conversation(script=service_of(call)) as (ats, service):
        await call.ask(ats)

    assert [expected_of(call)] == [arrived_as(request) for request in service.arrived]


async def test_op00_there_are_nineteen_operations() -> None:
    """The client knows all of the 19 operations."""
    assert [*range(1, 20)] == [*CALLS] == [*OPERATIONS]


@pytest.mark.parametrize(
    ("moment", "spelled"),
    [
        (START, "2022-07-24T10%3A15%3A30%2B03%3A00"),
        (START.astimezone(UTC), "2022-07-24T07%3A15%3A30%2B00%3A00"),
        (datetime.fromisoformat("2022-07-24T10:15:30-09:30"), "2022-07-24T10%3A15%3A30-09%3A30"),
    ],
    ids=["Moscow", "UTC", "west"],
)
@pytest.mark.parametrize("number", [6, 7, 8])
async def test_op06_op07_op08_times_are_iso_8601_with_an_offset(
    number: int, moment: datetime, spelled: str
) -> None:
    """All times in queries are ISO 8601 with an offset, percent-encoded: `2022-07-24T10%3A15%3A30%2B03%3A00`."""
    end = moment + timedelta(days=1)
    async with conversation(says({} if number == 6 else [])) as (ats, service):
        fetch: dict[int, Callable[[], Awaitable[object]]] = {
            6: lambda: ats.statistics.fetch_common(moment, end),
            7: lambda: ats.statistics.fetch_journal(moment, end),
            8: lambda: ats.call_records.fetch_page(moment, end),
        }
        await fetch[number]()
    (request,) = service.arrived

    assert (spelled, spelled.replace("-24T", "-25T")) == (request.query["start"], request.query["end"])


async def test_op00_all_operations_work_on_a_server_that_follows_the_manual_alone() -> None:
    """A server that follows the manual alone serves all operations: it tells no details, moves nothing, and refuses in empty bodies."""
    expired = True

    def manual(request: Arrived) -> Reply:
        nonlocal expired
        if request.token not in (REFRESH, "access-2"):
            assert expired
            return Reply(status=403, kind="text/plain")
        if request.line == CALLS[1].line:
            expired = False
            return CALLS[1].reply
        (call,) = [call for call in ACCESS_CALLS if call.line == request.line]
        return call.reply

    served = hosts(manual, lambda _: Reply(status=500), base_url=f"https://{OLD_HOST}/crm/openapi")
    async with served as played:
        for call in ACCESS_CALLS:
            await call.ask(played.ats)

    assert [] == played.new.arrived
    assert [CALLS[2].line, CALLS[1].line, *(call.line for call in ACCESS_CALLS)] == played.old.lines


# Operation 1.


async def test_op01_the_refresh_token_stands_in_the_header_and_the_answer_is_a_pair() -> None:
    """Operation 1 has the refresh token in its header and answers a token pair."""
    async with conversation(script=service_of(CALLS[4])) as (ats, service):
        await ats.tokens.refresh()
        await ats.employees.fetch_all()

    assert [REFRESH, "access-2"] == service.tokens


# Operations 2 to 4.


async def test_op02_the_answer_is_a_list_of_current_calls() -> None:
    """Operation 2 answers a list of CurrentCall, which may be empty."""
    async with conversation(says([{"callType": "INTERNAL"}, {"callType": "CONFERENCE"}]), says([])) as (
        ats,
        _,
    ):
        calls = await ats.monitoring.fetch_current_calls()

        assert [CurrentCallType.INTERNAL, CurrentCallType.CONFERENCE] == [call.call_type for call in calls]
        assert [] == await ats.monitoring.fetch_current_calls()


async def test_op03_the_answer_is_a_list_of_queues() -> None:
    """Operation 3 answers a list of CallQueue, which may be empty."""
    queues = [{"queueName": "1", "calls": ["79527648162"]}, {"queueName": "2", "calls": []}]
    async with conversation(says(queues), says([])) as (ats, _):
        assert [CallQueue("1", ["79527648162"]), CallQueue("2", [])] == await ats.monitoring.fetch_queues()
        assert [] == await ats.monitoring.fetch_queues()


async def test_op04_the_answer_is_a_list_of_employees(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Operation 4 answers a list of Employee."""
    employees = await ats.employees.fetch_all()

    assert [person.employee_id for person in simulator.company.employees] == [
        employee.employee_id for employee in employees
    ]


# Operation 5.


async def test_op05_destination_and_source_stand_in_the_query(
    ats: AtsSession, simulator: AtsSimulator
) -> None:
    """Operation 5 has `destination` and `source` in the query, an empty body, and 200 with nothing for an answer."""
    source = simulator.company.employees[0].full_number
    await ats.calls.dial(destination=STRANGER, source=source)
    (request,) = simulator.requests

    assert (5, {f"destination={STRANGER}", f"source={source}"}, 200) == (
        request.operation,
        set(request.raw_query.split("&")),
        request.status,
    )
    assert [(source, STRANGER)] == [(call.source, call.destination) for call in simulator.placed_calls]


FAULTS: dict[str, Said] = {
    "400": Reply(status=400),
    "404": Reply(status=404),
    "406": Reply(status=406),
    "408": Reply(status=408),
    "429": Reply(status=429, headers={"Retry-After": "0"}),
    "500": Reply(status=500),
    "502": Reply(b"<html>", 502, kind="text/html"),
    "503": Reply(status=503),
    "503, again at once": Reply(status=503, headers={"Retry-After": "0"}),
    "504": Reply(status=504),
    "dropped": Fault.DROP,
    "silence": Fault.SILENCE,
    "no HTTP": Fault.NO_HTTP,
    "head cut short": Fault.CUT_HEAD,
    "body cut short": Fault.CUT_BODY,
}


@pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_op05_is_never_sent_twice(fault: Said, kept: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Never send a call twice, whatever happens after the service has read the request."""

    def script(request: Arrived) -> Said:
        return fault if request.line == CALLS[5].line else says([])

    settings = {"retry": QUICKLY, "timeout": SHORT_SILENCE}
    async with conversation(script=script, **settings) as (ats, service):
        if kept:
            await ats.employees.fetch_all()
        with pytest.raises(AtsError):
            await CALLS[5].ask(ats)

    assert 1 == service.times(CALLS[5].line)


async def test_op05_is_never_sent_twice_by_way_of_the_move() -> None:
    """Never send a call twice: what the new host has read and not answered is not asked again on any host."""
    moved = Reply(
        status=308,
        headers={"Location": f"https://ats2.t2.ru/crm/openapi/call/outgoing?{_encoded(CALLS[5].query)}"},
    )
    async with hosts(
        lambda _: moved, lambda _: Fault.DROP, base_url=f"https://{OLD_HOST}/crm/openapi", retry=QUICKLY
    ) as served:
        with pytest.raises(ConnectionFailed) as caught:
            await CALLS[5].ask(served.ats)

    assert caught.value.sent
    assert (1, 1) == (len(served.old.arrived), len(served.new.arrived))


def _encoded(query: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in query.items())


async def test_op05_whose_token_was_expired_is_placed_once(company: Company) -> None:
    """Never send a call twice: a call that an expired token kept from being placed is placed once."""
    async with simulated(company=company) as (ats, simulator):
        simulator.expire_access_token()
        await ats.calls.dial(destination=STRANGER, source=company.employees[0].full_number)

        assert 1 == len(simulator.placed_calls)
        assert [403, 200, 200] == [request.status for request in simulator.requests]


async def test_op05_is_not_sent_again_by_one_who_stopped_waiting() -> None:
    """Never send a call twice, also where the caller gave up waiting for its answer."""
    read = asyncio.Event()

    def script(_: Arrived) -> Said:
        read.set()
        return Fault.SILENCE

    async with conversation(script=script, retry=QUICKLY) as (ats, service):
        waiting = asyncio.ensure_future(CALLS[5].ask(ats))
        await read.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert [CALLS[5].line] == service.lines


# Operations 6 and 7.


async def test_op06_start_and_end_alone_ask_for_the_company() -> None:
    """Operation 6 has `start` and `end`, and without `subscriberNumber` answers for the company."""
    async with conversation(says({"allCallCount": 22})) as (ats, service):
        figures = await ats.statistics.fetch_common(START, END)

    assert (22, [PERIOD]) == (figures.all_call_count, [request.query for request in service.arrived])


async def test_op06_a_subscriber_number_asks_for_that_number() -> None:
    """Operation 6 has an optional `subscriberNumber`: the figures are those of that number."""
    async with conversation(says({})) as (ats, service):
        await ats.statistics.fetch_common(START, END, subscriber_number="79081560008")

    assert [PERIOD | {"subscriberNumber": "79081560008"}] == [request.query for request in service.arrived]


async def test_op06_the_figures_are_of_that_number_else_of_the_company(
    ats: AtsSession, company: Company, period: tuple[datetime, datetime]
) -> None:
    """The figures of operation 6 are those of the given number, else of the company."""
    number = company.records[0].caller_number or ""
    own = [
        record
        for record in company.records
        if number in (record.caller_number, record.callee_number, record.destination_number)
    ]
    of_all = await ats.statistics.fetch_common(*period)
    of_one = await ats.statistics.fetch_common(*period, subscriber_number=number)

    assert (len(company.records), len(own)) == (of_all.all_call_count, of_one.all_call_count)


MALFORMED = ["89081560008", "+79081560008", "7908156000", "790815600080", "0001", "", "7908156000X"]


@pytest.mark.parametrize("number", MALFORMED)
async def test_op06_op07_numbers_have_the_form_7xxxxxxxxxx(number: str) -> None:
    """`subscriberNumber` of operation 6 and `number` of operation 7 have the form 7XXXXXXXXXX, and no other is sent."""
    async with conversation(says([])) as (ats, service):
        with pytest.raises(ValueError, match=r"^subscriber_number: "):
            await ats.statistics.fetch_common(START, END, subscriber_number=number)
        with pytest.raises(ValueError, match=r"^number: "):
            await ats.statistics.fetch_journal(START, END, number=number)

    assert [] == service.arrived


async def test_op07_start_and_end_alone_ask_for_all_numbers() -> None:
    """Operation 7 has `start` and `end`, and `number` is optional."""
    async with conversation(says([])) as (ats, service):
        assert [] == await ats.statistics.fetch_journal(START, END)

    assert [PERIOD] == [request.query for request in service.arrived]


async def test_op07_a_number_asks_for_that_number() -> None:
    """Operation 7 has an optional `number`."""
    async with conversation(says([])) as (ats, service):
        await ats.statistics.fetch_journal(START, END, number="79081560008")

    assert [PERIOD | {"number": "79081560008"}] == [request.query for request in service.arrived]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"number": "79081560008", "numberOfCalls": 5}, [("79081560008", 5)]),
        ([{"number": "79081560008", "numberOfCalls": 5}], [("79081560008", 5)]),
        (
            [{"number": "79081560008", "numberOfCalls": 5}, {"number": "79081560009", "numberOfCalls": 1}],
            [("79081560008", 5), ("79081560009", 1)],
        ),
        ([], []),
        ({}, [(None, None)]),
    ],
    ids=["one", "list of one", "list", "empty list", "one of nothing"],
)
async def test_op07_the_answer_is_one_entry_or_a_list(
    answer: object, expected: list[tuple[object, object]]
) -> None:
    """Operation 7 answers one JournalEntry or a list of them: both are accepted, and always give a list."""
    async with conversation(says(answer)) as (ats, _):
        entries = await ats.statistics.fetch_journal(START, END)

    assert expected == [(entry.number, entry.number_of_calls) for entry in entries]


# Operation 8.


async def test_op08_all_filters_stand_in_the_query() -> None:
    """Operation 8 has `start` and `end`, and optional `caller`, `callee`, `is_recorded`, `page`, `size` and `sort`."""
    async with conversation(says([])) as (ats, service):
        await ats.call_records.fetch_page(
            START,
            END,
            page=3,
            caller="79000258890",
            callee="79104739472",
            is_recorded=True,
            size=500,
            sort="callDuration,DESC",
        )

    filters = {
        "caller": "79000258890",
        "callee": "79104739472",
        "is_recorded": "true",
        "page": "3",
        "size": "500",
        "sort": "callDuration%2CDESC",
    }
    assert [PERIOD | filters] == [request.query for request in service.arrived]


async def test_op08_filters_that_are_not_given_are_not_sent() -> None:
    """The filters of operation 8 are optional: what the caller leaves out does not stand in the query."""
    async with conversation(says([])) as (ats, service):
        await ats.call_records.fetch_page(START, END, size=10)
    (request,) = service.arrived

    assert {} == {name: request.query[name] for name in ("caller", "callee") if name in request.query}
    assert request.query.get("is_recorded", "false") == "false"
    assert ("0", "10", "date%2CASC") == (
        request.query.get("page", "0"),
        request.query.get("size", "10"),
        request.query.get("sort", "date%2CASC"),
    )


async def test_op08_the_defaults_are_page_0_of_10_by_date(
    ats: AtsSession, company: Company, period: tuple[datetime, datetime]
) -> None:
    """By default, `page` is 0, `size` 10 and `sort` `date,ASC`."""
    query = {"start": _whole_second(period[0]), "end": _whole_second(period[1] + timedelta(seconds=1))}
    rows = await ats.request("GET", "/call-records/info", query=query)

    assert [record.record_file_name for record in company.records[:10]] == [
        row["recordFileName"] for row in rows
    ]


def _whole_second(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


MIXED = Company.generate(seed=11, days=4, calls_per_day=80, duration_s=(1, 2))
MIXED_PERIOD = (MIXED.records[0].date, MIXED.records[-1].date + timedelta(seconds=1))


@pytest.mark.parametrize(("is_recorded", "all_calls"), [(None, True), (False, True), (True, False)])
async def test_op08_is_recorded_is_false_by_default_which_means_all_calls(
    is_recorded: bool | None,  # noqa: FBT001  # a column
    all_calls: bool,  # noqa: FBT001  # a column
) -> None:
    """`is_recorded` is false by default, and false means all calls, true those with a recording only."""
    expected = [record for record in MIXED.records if all_calls or record.record_file_name]
    async with simulated(company=MIXED) as (ats, _):
        rows = await ats.call_records.fetch_page(*MIXED_PERIOD, is_recorded=is_recorded, size=3000)

    assert 0 < len([record for record in MIXED.records if not record.record_file_name])
    assert [record.date for record in expected] == [row.date for row in rows]


@pytest.mark.parametrize("given", ["caller", "callee"])
async def test_op08_a_caller_or_a_callee_alone_chooses_its_calls(given: str) -> None:
    """With `caller` or `callee` alone, only calls from that number, or to it, are listed."""
    number = MIXED.records[0].caller_number if given == "caller" else MIXED.records[0].callee_number
    expected = [record for record in MIXED.records if getattr(record, f"{given}_number") == number]
    async with simulated(company=MIXED) as (ats, _):
        settings: dict[str, Any] = {given: number, "size": 3000}
        rows = await ats.call_records.fetch_page(*MIXED_PERIOD, **settings)

    assert number
    assert [record.date for record in expected] == [row.date for row in rows]


async def test_op08_both_parties_choose_the_calls_between_the_two() -> None:
    """If both `caller` and `callee` are given, only calls between the two are listed."""
    company = Company.generate(seed=11, recordings=1, duration_s=(1, 1))
    plain = attrs.evolve(company.records[0], record_file_name=None)
    one, two, other = "79990001122", "79990001133", "79990001144"
    for place, (caller, callee) in enumerate([(one, two), (two, one), (one, other), (other, two)], start=1):
        date = plain.date + timedelta(minutes=place)
        company.add_record(attrs.evolve(plain, date=date, caller_number=caller, callee_number=callee))
    start, end = plain.date, plain.date + timedelta(hours=1)
    async with simulated(company=company) as (ats, _):
        rows = await ats.call_records.fetch_page(start, end, caller=one, callee=two)

    assert [(one, two), (two, one)] == [(row.caller_number, row.callee_number) for row in rows]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", RECORD_FIELDS)
async def test_op08_sort_is_any_field_of_the_answer_and_a_direction(field: str, direction: str) -> None:
    """`sort` is `field,ASC` or `field,DESC`, of any field of the answer."""
    async with simulated(company=MIXED) as (ats, simulator):
        rows = await ats.call_records.fetch_page(*MIXED_PERIOD, sort=f"{field},{direction}", size=3000)
        raw_query = simulator.requests[0].raw_query

    assert f"sort={field}%2C{direction}" in raw_query.split("&")
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)
    values = [value for row in rows if (value := getattr(row, name)) is not None]
    assert len(MIXED.records) == len(rows)
    assert sorted(values, reverse=direction == "DESC") == values


@pytest.mark.parametrize("size", [1000, 3000])
async def test_op08_pages_of_1000_to_3000_are_served(size: int) -> None:
    """Pages of 1000 to 3000 records are served in practice, and asked for as such."""
    rows = [_row(number) for number in range(size + 5)]
    async with conversation(says(rows[:size]), says(rows[size:])) as (ats, service):
        read = [record.record_file_name async for record in ats.call_records.iter(START, END, size=size)]

    assert [row["recordFileName"] for row in rows] == read
    assert [(str(size), "0"), (str(size), "1")] == [
        (request.query["size"], request.query["page"]) for request in service.arrived
    ]


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (3, 2), (4, 2), (6, 3), (8, 3)])
async def test_op08_the_end_is_a_page_shorter_than_size(total: int, pages: int) -> None:
    """There is no total and no next link: the end of the list is a page shorter than `size`, be it empty."""
    rows = [_row(number) for number in range(total)]

    def script(request: Arrived) -> Reply:
        page, size = int(request.query["page"]), int(request.query["size"])
        return says(rows[page * size : (page + 1) * size])

    async with conversation(script=script) as (ats, service):
        read = [record.record_file_name async for record in ats.call_records.iter(START, END, size=3)]

    assert [row["recordFileName"] for row in rows] == read
    assert [str(page) for page in range(pages)] == [request.query["page"] for request in service.arrived]


async def test_op08_a_shifted_listing_repeats_rows() -> None:
    """Calls that finish while pages are being read shift a `date,DESC` listing: a row that comes twice is given once."""
    unrecorded: list[dict[str, Any]] = [ROW | {"callDuration": seconds} for seconds in range(3)]
    rows = [_row(9), unrecorded[0], _row(7), unrecorded[1], _row(5), unrecorded[2], _row(3)]
    pages = [rows[0:3], rows[1:4], rows[3:6], rows[6:]]
    async with conversation(*(says(page) for page in pages)) as (ats, service):
        read = [
            (record.record_file_name, record.call_duration)
            async for record in ats.call_records.iter(START, END, size=3, sort="date,DESC")
        ]

    assert [(row.get("recordFileName"), row.get("callDuration")) for row in rows] == read
    assert 4 == len(service.arrived)


async def test_op08_a_record_is_known_by_its_recording() -> None:
    """A record has no id, but `recordFileName` is unique where present: it tells the same call from another."""
    first = _row(1, callDuration=5)
    same = _row(1, callDuration=6)
    other = _row(2, callDuration=5)
    async with conversation(says([first]), says([same]), says([other]), says([])) as (ats, _):
        read = [
            (record.record_file_name, record.call_duration)
            async for record in ats.call_records.iter(START, END, size=1)
        ]

    assert [(first["recordFileName"], 5), (other["recordFileName"], 5)] == read


async def test_op08_recordings_are_unique_in_the_simulator() -> None:
    """`recordFileName` is unique where present, in what the simulator lists too."""
    async with simulated(company=MIXED) as (ats, _):
        rows = await ats.call_records.fetch_page(*MIXED_PERIOD, size=3000)
    names = [row.record_file_name for row in rows if row.record_file_name]

    assert len(set(names)) == len(names) > 0


# Operations 9 and 10.


async def test_op09_the_answer_is_mp3(ats: AtsSession, simulator: AtsSimulator, names: list[str]) -> None:
    """Operation 9 answers MP3 bytes, `audio/mpeg`."""
    async with ats.recordings.open(names[0]) as stream:
        content = b"".join([chunk async for chunk in stream])

    assert ("audio/mpeg", simulator.recording(names[0])) == (stream.content_type, content)
    assert content[:3] == b"ID3" or (content[0], content[1] & 0xE0) == (0xFF, 0xE0)


async def test_op10_the_answer_is_a_list_of_words(
    ats: AtsSession, simulator: AtsSimulator, names: list[str]
) -> None:
    """Operation 10 answers a list of TranscriptWord."""
    assert Transcript(names[0], simulator.transcript(names[0])) == await ats.recordings.fetch_transcript(
        names[0]
    )


@of_operations(9, 10)
async def test_op09_op10_the_name_as_listed_is_sent_encoded_once_first(call: Call) -> None:
    """`filename` is `recordFileName` as listed, with its slash, and is sent encoded once first."""
    async with conversation(call.reply) as (ats, service):
        await call.ask(ats)

    assert [(call.line, FILE)] == [(request.line, request.query) for request in service.arrived]


@pytest.mark.parametrize("status", [400, 404])
@of_operations(9, 10)
async def test_op09_op10_where_once_fails_the_other_encoding_is_tried(call: Call, status: int) -> None:
    """Where the once-encoded name gives 400 or 404, the other encoding is tried."""
    async with conversation(Reply(status=status), call.reply) as (ats, service):
        await call.ask(ats)

    assert [FILE, TWICE] == [request.query for request in service.arrived]


@pytest.mark.parametrize("statuses", [(404, 404), (400, 404), (404, 400), (400, 400)], ids=str)
@of_operations(9, 10)
async def test_op09_op10_the_other_encoding_is_tried_once(call: Call, statuses: tuple[int, int]) -> None:
    """Where both encodings give 400 or 404, each has been tried once."""
    async with conversation(*(Reply(status=status) for status in statuses), retry=QUICKLY) as (ats, service):
        with pytest.raises(NotReady if 404 in statuses else ResponseError):
            await call.ask(ats)

    assert [FILE, TWICE] == [request.query for request in service.arrived]


@pytest.mark.parametrize("status", [406, 409, 429, 500, 503])
@of_operations(9, 10)
async def test_op09_op10_other_statuses_say_nothing_about_the_encoding(call: Call, status: int) -> None:
    """Only 400 and 404 have the other encoding tried."""
    async with conversation(Reply(status=status), call.reply) as (ats, service):
        with pytest.raises(AtsError):
            await call.ask(ats)
        await call.ask(ats)

    assert [FILE, FILE] == [request.query for request in service.arrived]


@of_operations(9, 10)
async def test_op09_op10_the_accepted_encoding_is_remembered(call: Call) -> None:
    """Which encoding the server accepted is remembered: the next request of the operation has it at once."""
    async with conversation(Reply(status=404), call.reply) as (ats, service):
        for _ in range(3):
            await call.ask(ats)

    assert [FILE, TWICE, TWICE, TWICE] == [request.query for request in service.arrived]


async def test_op09_op10_the_encoding_is_remembered_per_operation() -> None:
    """Which encoding the server accepted is remembered per operation, as the manual's examples for 9 and 10 differ."""

    def manual(request: Arrived) -> Reply:
        call = next(call for call in (CALLS[9], CALLS[10]) if call.line == request.line)
        return call.reply if request.query == {9: FILE, 10: TWICE}[call.number] else Reply(status=404)

    async with conversation(script=manual) as (ats, service):
        for number in (9, 10, 9, 10):
            await CALLS[number].ask(ats)

    assert [
        (CALLS[9].line, FILE),
        (CALLS[10].line, FILE),
        (CALLS[10].line, TWICE),
        (CALLS[9].line, FILE),
        (CALLS[10].line, TWICE),
    ] == [(request.line, request.query) for request in service.arrived]


@pytest.mark.parametrize("ninth", ["once", "twice"])
@pytest.mark.parametrize("tenth", ["once", "twice"])
async def test_op09_op10_services_with_either_encoding_are_served(
    ninth: str, tenth: str, company: Company, names: list[str]
) -> None:
    """Integrations with either encoding run in production, so services that accept only one of them work."""
    async with simulated(company=company, filename_encodings={9: (ninth,), 10: (tenth,)}) as (ats, simulator):
        for name in names[:3]:
            assert simulator.recording(name) == await read_recording(ats, name)
            assert simulator.transcript(name) == (await ats.recordings.fetch_transcript(name)).words

        expected = 6 + (ninth == "twice") + (tenth == "twice")
        assert expected == len(simulator.requests)


@pytest.mark.parametrize("size_bytes", [4 * 1024, 256 * 1024, 3_600_000, 9_000_000])
async def test_op09_sizes_run_from_kilobytes_to_megabytes(size_bytes: int, tmp_path: Path) -> None:
    """The sizes of recordings run from a few KB to several MB, and all of it arrives."""
    content = MP3 * (size_bytes // len(MP3))
    async with conversation(audio(content)) as (ats, _):
        path = await ats.recordings.save(NAME, tmp_path)

        assert content == await read_recording(ats)
    assert content == path.read_bytes()


def _files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


ERRORS_WITH_200 = {
    "HTML": Reply(b"<html>Oh</html>", kind="text/html"),
    "JSON": says({"status": 404, "details": "The file is not found"}),
    "text": Reply(b"Oh", kind="text/plain;charset=UTF-8"),
    "nothing": Reply(b"", kind="text/html"),
    "a lie": Reply(MP3, kind="text/html"),
    "octets": Reply(b"Oh", kind="application/octet-stream"),
}


@pytest.mark.parametrize("error", ERRORS_WITH_200.values(), ids=ERRORS_WITH_200)
async def test_op09_an_error_can_come_with_status_200(error: Reply, tmp_path: Path) -> None:
    """An error can come with status 200 and a non-audio content type: it is no recording, and none is saved."""
    async with conversation(error, retry=QUICKLY) as (ats, service):
        with pytest.raises(NotAudio):
            await read_recording(ats)
        with pytest.raises(NotAudio):
            await ats.recordings.save(NAME, tmp_path)

    assert 2 == len(service.arrived)
    assert [] == _files_below(tmp_path)


# Operations 11 to 15.


async def test_op11_the_answer_is_a_list_of_managers(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Operation 11 answers a list of Manager."""
    managers = await ats.managers.fetch_all()

    assert [person.employee_id for person in simulator.company.employees[:3]] == [
        manager.employee_id for manager in managers
    ]


async def test_op12_the_answer_is_the_manager(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Operation 12 has the id in its path and answers that Manager."""
    managers = await ats.managers.fetch_all()
    fetched = [await ats.managers.fetch(manager.id or 0) for manager in managers]

    assert managers == fetched
    assert [f"/crm/openapi/managers/{manager.id}" for manager in managers] == [
        request.raw_path for request in simulator.requests if request.operation == 12
    ]


@pytest.mark.parametrize("number", [12, 14, 15])
async def test_op12_op14_op15_an_unknown_id_gives_404(
    number: int, ats: AtsSession, simulator: AtsSimulator
) -> None:
    """A manager's unknown id gives 404."""
    before = await ats.managers.fetch_all()
    ask: dict[int, Callable[[], Awaitable[object]]] = {
        12: lambda: ats.managers.fetch(999_999),
        14: lambda: ats.managers.update(Manager(id=999_999, name="Анна")),
        15: lambda: ats.managers.delete(999_999),
    }
    with pytest.raises(NotFound):
        await ask[number]()

    assert (number, 404) == (simulator.requests[-1].operation, simulator.requests[-1].status)
    assert before == await ats.managers.fetch_all()


async def test_op13_a_new_manager_is_sent_without_id() -> None:
    """Operation 13 sends Manager JSON without `id`, whatever the caller's manager has."""
    async with conversation(Reply(b"SUCCESS")) as (ats, service):
        await ats.managers.create(MANAGER)
        await ats.managers.create(attrs.evolve(MANAGER, id=26))

    assert [CALLS[13].body, CALLS[13].body] == [request.json for request in service.arrived]
    assert ["application/json"] * 2 == [request.headers["Content-Type"] for request in service.arrived]


async def test_op13_a_fetched_manager_is_copied_without_id(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Operation 13 sends Manager JSON without `id`, also where the manager came from the service."""
    fetched = (await ats.managers.fetch_all())[0]
    await ats.managers.create(attrs.evolve(fetched, name="Копия", customers=[]))
    copies = [manager for manager in await ats.managers.fetch_all() if manager.name == "Копия"]

    assert [fetched.employee_id] == [copy.employee_id for copy in copies]
    assert copies[0].id not in (None, fetched.id)
    assert [200] == [request.status for request in simulator.requests if request.operation == 13]


async def test_op14_a_changed_manager_is_sent_with_its_id() -> None:
    """Operation 14 sends Manager JSON with `id`."""
    async with conversation(Reply(b"SUCCESS")) as (ats, service):
        await ats.managers.update(attrs.evolve(MANAGER, id=26))

    assert [CALLS[14].body] == [request.json for request in service.arrived]
    assert ["application/json"] == [request.headers["Content-Type"] for request in service.arrived]


async def test_op14_a_missing_id_gives_404(ats: AtsSession) -> None:
    """Operation 14 answers 404 where the id is missing."""
    with pytest.raises(NotFound):
        await ats.request("PUT", "/managers", body={"employeeId": 440, "name": "Анна"})


async def test_op14_a_manager_without_id_is_not_sent() -> None:
    """Operation 14 answers 404 where the id is missing, so such a manager is not sent at all."""
    async with conversation(Reply(status=404)) as (ats, service):
        with pytest.raises(ValueError, match="id"):
            await ats.managers.update(MANAGER)

    assert [] == service.arrived


async def test_op15_the_answer_is_200(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Operation 15 answers 200, and then there is no such manager any more."""
    ids = [manager.id or 0 for manager in await ats.managers.fetch_all()]
    await ats.managers.delete(ids[0])

    assert (15, 200) == (simulator.requests[-1].operation, simulator.requests[-1].status)
    assert ids[1:] == [manager.id for manager in await ats.managers.fetch_all()]


# Operations 16 to 19.


async def test_op16_the_body_is_the_bare_number_as_html_text() -> None:
    """Operation 16 has the bare number `79998887766` for its body, with `Content-Type: html/text` (sic)."""
    async with conversation(Reply(b"SUCCESS")) as (ats, service):
        await ats.blacklist.add("79998887766")
    (request,) = service.arrived

    assert (b"79998887766", ["html/text"]) == (request.body, request.headers.getall("Content-Type"))


@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
async def test_op16_the_answer_is_success_or_duplicate(company: Company, quoted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Operation 16 answers `SUCCESS`, or `DUPLICATE_BLACK_LIST_NUMBER` where the number is there already."""
    async with simulated(company=company, quoted_results=quoted) as (ats, _):
        assert [True, False] == [await ats.blacklist.add(STRANGER), await ats.blacklist.add(STRANGER)]
        numbers = [entry.number for entry in await ats.blacklist.fetch_all()]

    assert 1 == numbers.count(STRANGER)


@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
async def test_op17_a_number_is_taken_off_by_its_msisdn(company: Company, quoted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Operation 17 has the number in its path and answers `SUCCESS`."""
    async with simulated(company=company, quoted_results=quoted) as (ats, simulator):
        before = [entry.number for entry in await ats.blacklist.fetch_all()]
        await ats.blacklist.remove(before[0])
        request = simulator.requests[-1]

        assert (17, f"/crm/openapi/blacklist/by-msisdn/{before[0]}") == (request.operation, request.raw_path)
        assert before[1:] == [entry.number for entry in await ats.blacklist.fetch_all()]


@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
async def test_op18_the_whole_blacklist_is_emptied(company: Company, quoted: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Operation 18 answers `SUCCESS`, and the blacklist is empty."""
    async with simulated(company=company, quoted_results=quoted) as (ats, _):
        assert [] != await ats.blacklist.fetch_all()
        await ats.blacklist.clear()

        assert [] == await ats.blacklist.fetch_all()


async def test_op19_the_answer_is_a_list_of_entries(ats: AtsSession) -> None:
    """Operation 19 answers a list of BlacklistEntry."""
    await ats.blacklist.add(STRANGER)
    entries = await ats.blacklist.fetch_all()

    assert (STRANGER, BlacklistSource.MANUAL) == (entries[-1].number, entries[-1].source_type)
    assert all(entry.number.isdigit() for entry in entries)
    assert len(entries) == len({entry.id for entry in entries}) > 1


# Result words.


@pytest.mark.parametrize(
    "body",
    [b"SUCCESS", b'"SUCCESS"', b"SUCCESS\n", b' "SUCCESS"\r\n'],
    ids=["bare", "JSON", "line", "JSON line"],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain;charset=UTF-8"])
@of_operations(13, 14, 16, 17, 18)
async def test_op13_op14_op16_op17_op18_success_arrives_bare_or_as_json(
    call: Call, body: bytes, kind: str
) -> None:
    """The result word arrives bare (`SUCCESS`) or as a JSON string (`"SUCCESS"`): both are accepted."""
    async with conversation(Reply(body, kind=kind)) as (ats, _):
        assert (True if call.number == 16 else None) is await call.ask(ats)


@pytest.mark.parametrize("spelling", ["{}", '"{}"'], ids=["bare", "JSON"])
@pytest.mark.parametrize(
    "word", ["MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS", "CUSTOMER_ALREADY_ASSIGNED"]
)
@of_operations(13, 14)
async def test_op13_op14_other_results_arrive_bare_or_as_json(call: Call, word: str, spelling: str) -> None:
    """The other save results arrive bare or as a JSON string too, and say why nothing was saved."""
    async with conversation(Reply(spelling.format(word).encode()), retry=QUICKLY) as (ats, service):
        with pytest.raises(Conflict) as caught:
            await call.ask(ats)

    assert SaveResult(word) is caught.value.reason
    assert [call.line] == service.lines


@pytest.mark.parametrize("body", [b"DUPLICATE_BLACK_LIST_NUMBER", b'"DUPLICATE_BLACK_LIST_NUMBER"'])
async def test_op16_duplicate_arrives_bare_or_as_json(body: bytes) -> None:
    """`DUPLICATE_BLACK_LIST_NUMBER` arrives bare or as a JSON string, and is no error."""
    async with conversation(Reply(body)) as (ats, _):
        assert not await ats.blacklist.add(STRANGER)


@of_operations(15, 17, 18)
async def test_op15_op17_op18_deletions_have_no_body(call: Call) -> None:
    """The operations that delete have nothing but their path."""
    async with conversation(call.reply) as (ats, service):
        await call.ask(ats)
    (request,) = service.arrived

    assert (b"", {}) == (request.body, request.query)


# Polling.


async def test_op02_op08_polling_sees_what_has_changed() -> None:
    """There are no webhooks: integrations poll 2 for calls in progress and 8 for finished ones, and see each change."""
    now = time.time()
    clock = [now]
    company = Company.generate(seed=3, recordings=5, duration_s=(1, 2))
    seen = []
    async with simulated(company=company, clock=lambda: clock[0]) as (ats, _):
        source = company.employees[0].full_number
        start = datetime.fromtimestamp(now, UTC) - timedelta(seconds=1)
        for ahead_s in (None, 0, 20, 3600):
            if ahead_s is not None:
                clock[0] = now + ahead_s
            if ahead_s == 0:
                await ats.calls.dial(destination=STRANGER, source=source)
            calls = await ats.monitoring.fetch_current_calls()
            records = await ats.call_records.fetch_page(start, start + timedelta(hours=2), caller=source)
            seen.append(([call.called_number_full for call in calls], [row.callee_number for row in records]))

    assert [([], []), ([None], []), ([STRANGER], []), ([], [STRANGER])] == seen
