"""Listing: pages, order, repetitions, early exit (operation 8)."""

import asyncio
import statistics
import time
from collections.abc import Generator, Iterable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import attrs
import orjson
import pytest
from aiohttp import web
from conftest import ONE_ATTEMPT
from faults import LISTING, answer_with, body

from tele2ats_async import AtsSession, CallRecord, PayloadError, RecordCallStatus, RecordCallType, TokenPair
from tele2ats_async.paging import iter_pages
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.wire.converter import encode
from tele2ats_async.wire.decipher import Undeciphered, decipher_answer

pytestmark = pytest.mark.asyncio

MOMENT = datetime(2022, 7, 24, 10, 15, 30, tzinfo=UTC)
Period = tuple[datetime, datetime]


def session_on(simulator: AtsSimulator) -> AtsSession:
    return AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT)


def own_tasks() -> set[asyncio.Task[Any]]:
    """Find the tasks that the client has left running."""
    return {
        task
        for task in asyncio.all_tasks()
        if "fetch_page" in repr(task.get_coro()) or "aclose" in repr(task.get_coro())
    }


async def settle() -> None:
    """Let finalizers and cancelled tasks have their turns."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_iter_yields_every_call_in_order(ats: AtsSession, company: Company, period: Period) -> None:
    """All calls of a period arrive, once, in the order of `sort`, over many pages."""
    ascending = [record async for record in ats.call_records.iter(*period, size=7)]
    descending = [record async for record in ats.call_records.iter(*period, size=7, sort="date,DESC")]

    assert company.records == ascending
    assert sorted(company.records, key=lambda record: record.date, reverse=True) == descending


@pytest.mark.parametrize(("size", "requests"), [(7, 9), (60, 2), (61, 1), (3000, 1)])
async def test_it_stops_at_the_first_short_page(
    ats: AtsSession, simulator: AtsSimulator, period: Period, size: int, requests: int
) -> None:
    """60 calls take as many requests as it takes to see a page that is not full, and no more."""
    records = [record async for record in ats.call_records.iter(*period, size=size)]

    assert (60, requests) == (len(records), len(simulator.requests))


async def test_pages_have_the_size_asked_for(ats: AtsSession, company: Company, period: Period) -> None:
    """`iter_pages` gives whole pages, and no empty one at the end."""
    pages = [page async for page in ats.call_records.iter_pages(*period, size=20)]

    assert [company.records[:20], company.records[20:40], company.records[40:]] == pages


async def test_it_goes_on_from_a_page(ats: AtsSession, company: Company, period: Period) -> None:
    """`first_page` is 0-based, and page 0 is a page like any other."""
    records = [record async for record in ats.call_records.iter(*period, size=25, first_page=1)]

    assert company.records[25:] == records


async def test_fetch_page_gives_one_page(
    ats: AtsSession, simulator: AtsSimulator, company: Company, period: Period
) -> None:
    """`fetch_page` sends one request and gives its records."""
    records = await ats.call_records.fetch_page(*period, page=2, size=10)

    assert company.records[20:30] == records
    assert 1 == len(simulator.requests)


async def test_filters_reach_the_service(ats: AtsSession, simulator: AtsSimulator, company: Company) -> None:
    """Every filter goes over the wire in the contract's order and encoding, byte for byte."""
    record = company.records[3]
    start = record.date.replace(microsecond=0)
    await ats.call_records.fetch_page(
        start,
        start + timedelta(seconds=1, microseconds=1),
        page=0,
        caller=record.caller_number,
        callee=record.callee_number,
        is_recorded=True,
        size=5,
        sort="callDuration,DESC",
    )

    spelled = start.isoformat().replace(":", "%3A").replace("+", "%2B")
    rounded_up = (start + timedelta(seconds=2)).isoformat().replace(":", "%3A").replace("+", "%2B")
    expected = (
        f"start={spelled}&end={rounded_up}&caller={record.caller_number}&callee={record.callee_number}"
        "&is_recorded=true&page=0&size=5&sort=callDuration%2CDESC"
    )
    assert expected == simulator.requests[-1].raw_query


async def test_the_next_page_is_fetched_while_the_caller_works(
    ats: AtsSession, simulator: AtsSimulator, period: Period
) -> None:
    """When the caller has the first page in hand, the second is on its way; the third is not."""
    async with aclosing(ats.call_records.iter_pages(*period, size=10)) as pages:
        await anext(pages)
        for _ in range(1000):
            if len(simulator.requests) == 2:
                break
            await asyncio.sleep(0.001)
        await settle()

        assert ["page=0", "page=1"] == [
            part for seen in simulator.requests for part in seen.raw_query.split("&") if "page" in part
        ]


async def test_the_next_page_is_asked_for_before_this_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as it has come, so that the service never waits for us to read it."""
    events: list[str] = []

    async def fetch_page(page: int) -> Undeciphered:
        events.append(f"ask {page}")
        return page_of([call(2 * page), call(2 * page + 1)] if page < 2 else [])

    def watched(operation: Any, body: bytes) -> Generator[None, None, Any]:
        events.append("read")
        return (yield from decipher_answer(operation, body))

    monkeypatch.setattr("tele2ats_async.paging.decipher_answer", watched)

    assert [2, 2] == [len(page) async for page in iter_pages(fetch_page, size=2, first_page=0)]
    assert ["ask 0", "ask 1", "read", "ask 2", "read", "read"] == events


async def test_a_page_that_only_seems_to_be_full_is_the_last() -> None:
    """Braces in a name are more than rows: what is asked for in vain is not waited for."""
    is_given_up = asyncio.Event()

    async def fetch_page(page: int) -> Undeciphered:
        if page == 0:
            return page_of([attrs.evolve(call(1), caller_name="{{{")])
        try:
            await asyncio.sleep(60)
        finally:
            is_given_up.set()
        raise AssertionError

    assert [1] == [len(page) async for page in iter_pages(fetch_page, size=2, first_page=0)]
    assert is_given_up.is_set()


async def test_a_long_listing_takes_no_longer_page_by_page() -> None:
    """To forget the rows of old pages costs no more on the twentieth page than on the first ones."""
    rows = orjson.loads(encode([call(number, "name") for number in range(3000)]))
    taken: list[float] = []

    async def fetch_page(page: int) -> Undeciphered:
        named = [row | {"recordFileName": f"{page}/{number}"} for number, row in enumerate(rows)]
        return Undeciphered(orjson.dumps(named if page < 20 else []))

    async with aclosing(iter_pages(fetch_page, size=3000, first_page=0)) as pages:
        async for _ in pages:
            await settle()  # the next page is made meanwhile
            taken.append(time.thread_time())  # of the processor: a busy machine is no reason
    lengths = [later - earlier for earlier, later in pairwise(taken)]

    assert statistics.median(lengths[12:]) < 2 * statistics.median(lengths[:5])


async def test_leaving_the_loop_early_leaves_nothing_behind(ats: AtsSession, period: Period) -> None:
    """A `break` ends the page that was under way: no task, and no connection in use."""
    async for _ in ats.call_records.iter(*period, size=5):
        break
    await settle()

    assert set() == own_tasks()
    assert 100 == ats._requester._slots._value


async def test_cancelling_the_caller_ends_the_listing(simulator: AtsSimulator, period: Period) -> None:
    """Cancellation passes through as itself and leaves no task."""
    waiting = asyncio.Event()

    async def stall(_: web.Request) -> web.StreamResponse:
        waiting.set()
        await asyncio.sleep(60)
        raise AssertionError

    async def listing(ats: AtsSession) -> list[CallRecord]:
        return [record async for record in ats.call_records.iter(*period)]

    async with (
        AtsSimulator(company=simulator.company, middlewares=[answer_with(LISTING, stall)]) as stalled,
        session_on(stalled) as ats,
    ):
        task = asyncio.create_task(listing(ats))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settle()

        assert set() == own_tasks()


async def test_calls_that_finish_meanwhile_are_not_repeated() -> None:
    """New calls shift a descending listing; no record of it comes twice, and none is missed."""
    company = Company.generate(seed=3, recordings=30, duration_s=(1, 2))
    before = list(company.records)
    async with AtsSimulator(company=company) as simulator, session_on(simulator) as ats:
        start, end = before[0].date, before[-1].date + timedelta(hours=1)
        seen = []
        async for page in ats.call_records.iter_pages(start, end, size=10, sort="date,DESC"):
            seen += page
            newest = company.records[-1]
            company.add_record(
                attrs.evolve(
                    newest,
                    date=newest.date + timedelta(seconds=1),
                    record_file_name=f"{newest.record_file_name}9",
                )
            )

    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def call(number: int, name: str | None = None) -> CallRecord:
    return CallRecord(
        MOMENT + timedelta(seconds=number),
        RecordCallType.of("X"),
        RecordCallStatus.of("Y"),
        record_file_name=name,
    )


def page_of(rows: list[CallRecord]) -> Undeciphered:
    return Undeciphered(encode(rows))


async def listed(pages: Iterable[list[CallRecord]], size: int) -> list[list[CallRecord]]:
    remaining = iter(pages)

    async def fetch_page(_: int) -> Undeciphered:
        return page_of(next(remaining))

    return [page async for page in iter_pages(fetch_page, size=size, first_page=0)]


async def test_a_recording_that_comes_again_is_known_by_its_name() -> None:
    """The name of the recording tells a call, whatever else about it has changed."""
    pages = [[call(1, "a"), call(2, "b")], [call(9, "b"), call(3, "c")], []]

    assert [[call(1, "a"), call(2, "b")], [call(3, "c")]] == await listed(pages, 2)


async def test_equal_rows_of_one_page_are_two_calls() -> None:
    """Within a page nothing can have shifted: rows that look alike are left alone."""
    assert [[call(1), call(1)], [call(2)]] == await listed([[call(1), call(1)], [call(2)]], 2)


async def test_a_page_of_repetitions_is_not_the_end() -> None:
    """A listing shifted by a whole page goes on behind the repetition."""
    pages = [[call(1), call(2)], [call(1), call(2)], [call(3)]]

    assert [[call(1), call(2)], [call(3)]] == await listed(pages, 2)


async def test_an_error_of_a_later_page_comes_after_the_pages_before(period: Period) -> None:
    """What was listed is handed over before the failure of the page behind it is told."""

    async def second_page_breaks(request: web.Request) -> web.StreamResponse:
        if "page=0" in request.query_string:
            return web.json_response(
                text='[{"date":"2022-07-15T07:27:06.348Z","callType":"X","callStatus":"Y"}]'
            )
        return web.Response(text="<html>", content_type="text/html")

    async with (
        AtsSimulator(middlewares=[answer_with(LISTING, second_page_breaks)]) as broken,
        session_on(broken) as ats,
    ):
        records = ats.call_records.iter(*period, size=1)
        assert "X" == (await anext(records)).call_type
        with pytest.raises(PayloadError):
            await anext(records)


@pytest.mark.parametrize(
    ("answer", "where", "reason"),
    [
        (b"<html>nope</html>", "$", "not JSON"),
        (b"", "$", "not JSON"),
        (b'{"content": []}', "$", "expected a list, got an object"),
        (b"null", "$", "expected a list, got null"),
        (b'[{"callType":"X","callStatus":"Y"}]', "$[0].date", "required member missing"),
        (b'[{"date":null,"callType":"X","callStatus":"Y"}]', "$[0].date", "got null"),
        (b'[{"date":"yesterday","callType":"X","callStatus":"Y"}]', "$[0].date", "ISO 8601"),
        (b"[7]", "$[0]", "expected an object"),
    ],
)
async def test_a_page_that_is_none_says_where(period: Period, answer: bytes, where: str, reason: str) -> None:
    """A page that is not what the contract says is a `PayloadError` with the JSON path."""
    async with (
        AtsSimulator(middlewares=[answer_with(LISTING, body(answer, content_type="text/html"))]) as broken,
        session_on(broken) as ats,
    ):
        with pytest.raises(PayloadError) as raised:
            await ats.call_records.fetch_page(*period)

    assert where == raised.value.where
    assert reason in raised.value.reason
    assert "GET /call-records/info" == raised.value.source


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"start": datetime(2022, 7, 24, 10, 15, 30)}, "start: 2022-07-24T10:15:30 has no time zone"),  # noqa: DTZ001
        ({"end": datetime(2022, 7, 24, 10, 15, 30)}, "end: 2022-07-24T10:15:30 has no time zone"),  # noqa: DTZ001
        ({"end": MOMENT - timedelta(days=1)}, "end: .* lies before start"),
        ({"size": 0}, "size: expected at least 1, got 0"),
        ({"sort": "date"}, "sort: expected 'field,ASC'"),
        ({"sort": "date,desc"}, "sort: expected 'field,ASC'"),
        ({"sort": "date,ASC&size=1"}, "sort: expected 'field,ASC'"),
        ({"caller": ""}, "caller: expected digits only"),
        ({"callee": ""}, "callee: expected digits only"),
    ],
)
async def test_bad_input_is_refused_before_anything_is_sent(
    ats: AtsSession, simulator: AtsSimulator, arguments: dict[str, Any], complaint: str
) -> None:
    """A mistake is named where it is made: at the call, not at the first page."""
    valid = {"start": MOMENT, "end": MOMENT}
    with pytest.raises(ValueError, match=complaint):
        ats.call_records.iter(**{**valid, **arguments})
    with pytest.raises(ValueError, match=complaint):
        ats.call_records.iter_pages(**{**valid, **arguments})
    with pytest.raises(ValueError, match=complaint):
        await ats.call_records.fetch_page(**{**valid, **arguments})

    assert 0 == len(simulator.requests)


async def test_pages_below_zero_are_refused(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Pages count from 0."""
    with pytest.raises(ValueError, match="first_page: expected at least 0, got -1"):
        ats.call_records.iter(MOMENT, MOMENT, first_page=-1)
    with pytest.raises(ValueError, match="page: expected at least 0, got -1"):
        await ats.call_records.fetch_page(MOMENT, MOMENT, page=-1)

    assert 0 == len(simulator.requests)


async def test_what_is_no_datetime_is_a_type_error(ats: AtsSession) -> None:
    """A date, or a text, is not taken for a moment; a flag is not taken for a number."""
    with pytest.raises(TypeError, match="start: expected a datetime, got str"):
        ats.call_records.iter("2022-07-24", MOMENT)  # type: ignore[arg-type]  # the mistake in question
    with pytest.raises(TypeError, match="size: expected an integer, got bool"):
        ats.call_records.iter(MOMENT, MOMENT, size=True)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"caller": 79000258890}, "caller: expected a text, got int"),
        ({"is_recorded": "false"}, "is_recorded: expected a boolean, got str"),
        ({"sort": None}, "sort: expected a text, got NoneType"),
        ({"size": "10"}, "size: expected an integer, got str"),
    ],
)
async def test_wrong_types_are_told_at_the_call(
    ats: AtsSession, arguments: dict[str, Any], complaint: str
) -> None:
    """A value of another type is a `TypeError` that names its argument, before anything is sent."""
    with pytest.raises(TypeError, match=complaint):
        ats.call_records.iter(MOMENT, MOMENT, **arguments)


async def test_the_last_moment_of_all_can_be_asked_for(ats: AtsSession, company: Company) -> None:
    """`datetime.max` is an end like any other."""
    end = datetime.max.replace(tzinfo=UTC)

    assert len(company.records) == len(await ats.call_records.fetch_page(company.records[0].date, end))


async def test_a_service_that_does_not_count_pages_is_found_out() -> None:
    """The same full page again and again is an error, not a loop without an end."""

    async def fetch_page(_: int) -> Undeciphered:
        return page_of([call(1), call(2)])

    pages = iter_pages(fetch_page, size=2, first_page=0)
    assert [call(1), call(2)] == await anext(pages)
    with pytest.raises(PayloadError, match="pages held nothing new"):
        await anext(pages)
