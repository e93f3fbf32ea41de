"""The verbs of the other sections: what they refuse, and what the scenarios do not show."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import orjson
import pytest
from aiohttp import web
from conftest import ONE_ATTEMPT
from faults import answer_with, body
from raw_service import RawService, Say, Then, answer, open_session

from tele2ats_async import (
    AtsSession,
    BlacklistResult,
    CallQueue,
    Conflict,
    Customer,
    Manager,
    NotFound,
    PayloadError,
    RetryPolicy,
    SaveResult,
    ServerError,
    TokenPair,
    TransportError,
)
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.simulator.faults import CutBody

pytestmark = pytest.mark.asyncio

MOMENT = datetime(2022, 7, 24, 10, 15, 30, tzinfo=UTC)
NUMBER = "79998887766"
Call = Callable[[AtsSession], Awaitable[object]]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda ats: ats.calls.dial(destination="", source="0001"), "destination: expected digits only"),
        (lambda ats: ats.calls.dial(destination="+79998887766", source="0001"), "destination: expected"),
        (lambda ats: ats.calls.dial(destination=NUMBER, source="a"), "source: expected digits only"),
        (lambda ats: ats.calls.dial(destination="٧٩", source="0001"), "destination: expected digits only"),
        (lambda ats: ats.calls.dial(destination=NUMBER, source=NUMBER), "destination: .* would call itself"),
        (
            lambda ats: ats.statistics.fetch_common(MOMENT, MOMENT, subscriber_number="123"),
            "subscriber_number: ",
        ),
        (
            lambda ats: ats.statistics.fetch_common(MOMENT, MOMENT, subscriber_number="89998887766"),
            "begin with 7",
        ),
        (lambda ats: ats.statistics.fetch_journal(MOMENT, MOMENT, number=""), "number: expected 11 digits"),
        (lambda ats: ats.statistics.fetch_common(MOMENT, MOMENT - timedelta(1)), "end: .* lies before start"),
        (
            lambda ats: ats.statistics.fetch_journal(MOMENT.replace(tzinfo=None), MOMENT),
            "start: .* no time zone",
        ),
        (lambda ats: ats.managers.fetch(0), "manager_id: expected at least 1, got 0"),
        (lambda ats: ats.managers.delete(-1), "manager_id: expected at least 1, got -1"),
        (lambda ats: ats.managers.create(Manager()), "manager.name: empty"),
        (lambda ats: ats.managers.create(Manager(name="")), "manager.name: empty"),
        (lambda ats: ats.managers.update(Manager(name="Анна")), "manager.id: missing"),
        (lambda ats: ats.managers.update(Manager(id=0, name="Анна")), "manager.id: expected at least 1"),
        (lambda ats: ats.managers.update(Manager(id=1)), "manager.name: empty"),
        (lambda ats: ats.blacklist.add("8 999"), "msisdn: expected 7 to 15 digits"),
        (lambda ats: ats.blacklist.remove("0"), "msisdn: expected 7 to 15 digits"),
        (lambda ats: ats.request("FETCH", "/a"), "method: expected one of DELETE, GET"),
        (lambda ats: ats.request("GET", "a"), "path: expected /a/path below the base URL"),
        (lambda ats: ats.request("GET", "/a/../b"), "path: expected /a/path below the base URL"),
        (lambda ats: ats.request("GET", "/a?b=c"), "path: expected /a/path below the base URL"),
        (lambda ats: ats.request("GET", "/\ud800"), "path: expected /a/path below the base URL"),
        (lambda ats: ats.request("POST", "/a", body={1}), "body: cannot be JSON"),
    ],
)
async def test_bad_input_is_refused_before_anything_is_sent(
    ats: AtsSession, simulator: AtsSimulator, call: Call, complaint: str
) -> None:
    """A mistake is a `ValueError` that names its argument, and no request."""
    with pytest.raises(ValueError, match=complaint):
        await call(ats)

    assert 0 == len(simulator.requests)


@pytest.mark.parametrize(
    "call",
    [
        lambda ats: ats.calls.dial(destination=79998887766, source="0001"),
        lambda ats: ats.blacklist.add(79998887766),
        lambda ats: ats.managers.fetch("26"),
        lambda ats: ats.managers.fetch(manager_id=True),
        lambda ats: ats.request("GET", None),
        lambda ats: ats.request("GET", "/a", query={"a": 1}),
        lambda ats: ats.request("GET", "/a", query=[("a", "b")]),
    ],
)
async def test_wrong_types_are_refused_too(ats: AtsSession, simulator: AtsSimulator, call: Call) -> None:
    """A number in the place of a text, or the other way round, is a `TypeError`."""
    with pytest.raises(TypeError, match="expected"):
        await call(ats)

    assert 0 == len(simulator.requests)


async def test_create_sends_no_id(ats: AtsSession) -> None:
    """A manager that was fetched can be made anew: the id that it had is not sent."""
    template = await ats.managers.fetch(26)
    await ats.managers.create(attrs.evolve(template, name="Анна", customers=[]))

    made = max(await ats.managers.fetch_all(), key=lambda manager: manager.id or 0)
    assert ("Анна", template.employee_id) == (made.name, made.employee_id)
    assert 26 != made.id


async def test_an_update_leaves_alone_what_was_not_touched(ats: AtsSession) -> None:
    """Members that the caller did not touch, known or not, are on the service as before."""
    before = await ats.managers.fetch(26)
    await ats.managers.update(attrs.evolve(before, name="Мария"))
    after = await ats.managers.fetch(26)

    assert attrs.evolve(before, name="Мария") == after
    assert "version" in before.as_received
    assert {**before.as_received, "name": "Мария"} == after.as_received


async def test_either_spelling_of_vip_is_read_and_one_is_sent(company: Company) -> None:
    """A service that spells `isVIP` is understood, and is sent `isVip`."""
    async with (
        AtsSimulator(company=company, vip_spelling="isVIP") as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        manager = await ats.managers.fetch(26)
        flipped = [attrs.evolve(one, is_vip=not one.is_vip) for one in manager.customers]
        await ats.managers.update(attrs.evolve(manager, customers=flipped))

        assert flipped == (await ats.managers.fetch(26)).customers
        assert all(customer.is_vip is not None for customer in flipped)


@pytest.mark.parametrize("quoted_results", [False, True])
async def test_other_results_than_success_are_conflicts(
    company: Company,
    quoted_results: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """The word that says why not arrives as an enum, bare or quoted."""
    async with (
        AtsSimulator(company=company, quoted_results=quoted_results) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        taken = (await ats.managers.fetch(26)).customers[0].real_number
        with pytest.raises(Conflict) as assigned:
            await ats.managers.create(
                Manager(name="Анна", employee_id=1, customers=[Customer(real_number=taken)])
            )
        with pytest.raises(Conflict) as handling:
            await ats.managers.create(Manager(name="Анна", employee_id=1, handle_all_customers=True))

    assert SaveResult.CUSTOMER_ALREADY_ASSIGNED is assigned.value.reason
    assert SaveResult.MANAGER_HANDLING_ALL_CUSTOMERS_ALREADY_EXISTS is handling.value.reason
    assert (200, "POST", "/managers") == (assigned.value.status, assigned.value.method, assigned.value.path)


async def test_a_result_that_is_not_known_is_a_conflict_too(company: Company) -> None:
    """What the service will say one day is told by its word; what is no word is no answer."""
    for said, error in ((b"TOO_MANY_NUMBERS", Conflict), (b"<html>", PayloadError), (b"", PayloadError)):
        fault = answer_with("/blacklist", body(said, content_type="text/plain"))
        async with (
            AtsSimulator(company=company, middlewares=[fault]) as simulator,
            AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
        ):
            with pytest.raises(error) as raised:
                await ats.blacklist.add(NUMBER)
        if isinstance(raised.value, Conflict):
            assert BlacklistResult.of("TOO_MANY_NUMBERS") == raised.value.reason


async def test_an_answer_that_was_cut_does_not_say_that_nothing_was_done(company: Company) -> None:
    """The manager is there, and no `Conflict` asks for another one."""
    async with (
        AtsSimulator(company=company) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        cut = simulator.inject(CutBody(framing="close"), operations=[13])
        with pytest.raises(PayloadError):
            await ats.managers.create(Manager(name="Анна", employee_id=company.employees[-1].employee_id))

        assert 1 == cut.count
        assert 1 == sum(manager.name == "Анна" for manager in await ats.managers.fetch_all())


async def test_errors_do_not_show_numbers(ats: AtsSession) -> None:
    """Paths in errors have a `{}` where an argument stood."""
    with pytest.raises(NotFound) as raised:
        await ats.managers.fetch(999_999)

    assert "/managers/{}" == raised.value.path
    assert "999999" not in str(raised.value)


async def test_objects_may_hold_anything_more(company: Company) -> None:
    """New members, new enum values and nulls break no verb."""
    async with (
        AtsSimulator(company=company, surprises=True, live_calls_per_hour=500) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        start, end = company.records[0].date, company.records[-1].date
        await ats.monitoring.fetch_current_calls()
        await ats.monitoring.fetch_queues()
        assert await ats.employees.fetch_all()
        await ats.statistics.fetch_common(start, end)
        assert await ats.statistics.fetch_journal(start, end)
        assert [record async for record in ats.call_records.iter(start, end)]
        assert await ats.managers.fetch_all()
        assert await ats.blacklist.fetch_all()


async def test_a_queue_whose_calls_are_null_is_empty(company: Company) -> None:
    """A null in the place of a list is no numbers."""
    nothing = body(b'[{"queueName": "1", "calls": null}]', content_type="application/json")
    async with (
        AtsSimulator(company=company, middlewares=[answer_with("/pending", nothing)]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        assert [CallQueue("1", [])] == await ats.monitoring.fetch_queues()


async def test_request_is_a_way_to_everything_else(company: Company) -> None:
    """An operation of tomorrow: token, encoding, JSON both ways, and one refresh where it is called for."""
    seen: list[tuple[str, str, bytes, str | None]] = []

    @web.middleware
    async def tomorrow(request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.endswith("/holidays/2026 год"):
            response: web.StreamResponse = await handler(request)
            return response
        if request.headers["Authorization"] != simulator.tokens.access:
            return web.Response(status=403)
        seen.append(
            (request.method, request.raw_path, await request.read(), request.headers.get("Content-Type"))
        )
        return web.json_response(text='{"days": [1, 2.5, null]}')

    async with (
        AtsSimulator(company=company, middlewares=[tomorrow]) as simulator,
        AtsSession(TokenPair("stale", simulator.tokens.refresh), base_url=simulator.base_url) as ats,
    ):
        said = await ats.request(
            "POST", "/holidays/2026 год", query={"from": "a/b, c"}, body={"name": "Ёлка"}
        )

    path = "/crm/openapi/holidays/2026%20%D0%B3%D0%BE%D0%B4?from=a%2Fb%2C%20c"
    assert {"days": [1, 2.5, None]} == said
    assert [("POST", path, orjson.dumps({"name": "Ёлка"}), "application/json")] == seen
    assert 1 == simulator.refresh_count


async def test_names_of_parameters_are_encoded_too(company: Company) -> None:
    """Whatever a parameter is called, the request line stays one."""
    seen: list[str] = []

    async def note(request: web.Request) -> web.StreamResponse:
        seen.append(request.raw_path)
        return web.json_response([])

    async with (
        AtsSimulator(company=company, middlewares=[answer_with("/a", note)]) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats,
    ):
        await ats.request("GET", "/a", query={"a b": "1", "год": "2", "a&b=c": "3"})

    assert ["/crm/openapi/a?a%20b=1&%D0%B3%D0%BE%D0%B4=2&a%26b%3Dc=3"] == seen


async def test_a_delete_whose_answer_was_lost_is_done(company: Company) -> None:
    """The 404 of the second attempt says that the first one has worked; a 404 at once is `NotFound`."""

    @web.middleware
    async def lose_the_answer(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        if request.method == "DELETE" and response.status == 200:
            return web.Response(status=502)
        return response

    async with (
        AtsSimulator(company=company, middlewares=[lose_the_answer]) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens),
            base_url=simulator.base_url,
            retry=RetryPolicy(wait_initial_s=0.001),
        ) as ats,
    ):
        await ats.managers.delete(26)
        with pytest.raises(NotFound):
            await ats.managers.delete(26)

        assert 26 not in [manager.id for manager in await ats.managers.fetch_all()]


async def test_a_call_that_was_refused_for_its_token_was_not_placed() -> None:
    """Where the refresh on the way breaks, `dial` says that the call certainly was not placed."""
    refusal = answer(b'{"details": "The token is expired"}', "403 X")

    def script(request: bytes) -> Say:
        return Say(then=Then.CLOSE) if request.startswith(b"PUT") else refusal

    async with RawService(script) as service, open_session(service) as ats:
        with pytest.raises(TransportError) as raised:
            await ats.calls.dial(destination=NUMBER, source="0001")

    assert not raised.value.sent
    assert "/authorization/refresh/token" == raised.value.path
    assert 1 == sum(request.startswith(b"POST") for request in service.requests)


async def test_request_gives_none_for_an_empty_answer_and_its_errors_are_ours(company: Company) -> None:
    """What has no content is None; a fault is tried again where the method allows it, and told."""
    calls = 0

    async def fail_once(_: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return web.Response(status=500)

    faults = [answer_with("/empty", body(b"", status=200)), answer_with("/broken", fail_once)]
    async with (
        AtsSimulator(company=company, middlewares=faults) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONE_ATTEMPT) as ats,
    ):
        assert await ats.request("GET", "/empty") is None
        with pytest.raises(ServerError):
            await ats.request("POST", "/broken")

    assert 1 == calls
