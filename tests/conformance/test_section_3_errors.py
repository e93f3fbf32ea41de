"""Section 3: errors."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from contract_calls import CALLS, Call, each_access_call, each_call, of_operations, service_of
from contract_service import NEW_HOST, OLD_HOST, Arrived, Reply, conversation, hosts, moved_to, says
from raw_service import ACCESS, NAME, QUICKLY, REFRESH

from tele2ats_async import (
    AtsSession,
    Forbidden,
    GatewayRefused,
    NotFound,
    NotReady,
    RateLimited,
    ReauthorizationRequired,
    ResponseError,
    RetryPolicy,
    ServerError,
    TokenPair,
)
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.tokens import refresher

pytestmark = pytest.mark.asyncio

REFRESHED = CALLS[1].line
EXAMPLE: Mapping[str, Any] = {
    "timestamp": 1663130897123,
    "status": 403,
    "error": "Forbidden",
    "message": "Forbidden",
    "details": "The token is expired",
    "path": "/crm/openapi/employees",
}
MISSING = object()
UNREADABLE = {
    "empty": Reply(),
    "HTML": Reply(b"<html><h1>Oh</h1></html>", kind="text/html"),
    "HTML called JSON": Reply(b"<html><h1>Oh</h1></html>"),
    "no UTF-8": Reply(b"\xff\xfe\x00"),
    "cut JSON": Reply(b'{"details": "The tok'),
    "a JSON text": Reply(b'"Oh"'),
    "a JSON list": Reply(b'["Oh"]'),
    "null": Reply(b"null"),
    "an empty object": Reply(b"{}"),
}
STATUSES = (400, 404, 406, 409, 429, 500, 502, 503, 504)
# Waits so long before it tries again that only an obeyed Retry-After lets a test end.
PATIENT = RetryPolicy(attempts=3, wait_initial_s=1000, wait_max_s=1000, total_s=10_000)


@pytest.fixture(autouse=True)
def _quick_look_for_a_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for another process for seconds where there is none."""
    monkeypatch.setattr(refresher, "_WINNER_DELAYS_S", (0.01, 0.01))


async def _refused(call: Call, reply: Reply, **settings: Any) -> ResponseError:
    async with conversation(reply, **settings) as (ats, _):
        with pytest.raises(ResponseError) as caught:
            await call.ask(ats)
    return caught.value


def _with_status(reply: Reply, status: int) -> Reply:
    return Reply(reply.body, status, reply.kind, reply.headers)


# The body.


async def test_op00_an_error_says_what_its_details_say() -> None:
    """An error has a body with `timestamp`, `status`, `error`, `message`, `details` and `path`, of which `details` tell most."""
    error = await _refused(CALLS[1], says(EXAMPLE, 403))

    assert (403, "PUT", "/authorization/refresh/token", "The token is expired") == (
        error.status,
        error.method,
        error.path,
        error.details,
    )


@pytest.mark.parametrize("value", [MISSING, None, ""], ids=["missing", "null", "empty"])
@pytest.mark.parametrize("member", EXAMPLE)
async def test_op00_any_member_of_an_error_may_be_missing(member: str, value: object) -> None:
    """Any member of an error's body may be missing."""
    body = {name: said for name, said in EXAMPLE.items() if name != member}
    if value is not MISSING:
        body[member] = value
    error = await _refused(CALLS[4], says(body, 400))

    assert (400, "Forbidden" if member == "details" else "The token is expired") == (
        error.status,
        error.details,
    )


@pytest.mark.parametrize("only", ["details", "message", "error"])
async def test_op00_all_other_members_of_an_error_may_be_missing(only: str) -> None:
    """Any member of an error's body may be missing, and all of the others at once."""
    error = await _refused(CALLS[4], says({only: "Oh"}, 400))

    assert (400, "Oh") == (error.status, error.details)


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("status", STATUSES)
async def test_op00_the_body_of_an_error_may_be_html_or_empty(status: int, body: Reply) -> None:
    """The body of an error may also be HTML or empty, and then the status alone tells what is wrong."""
    error = await _refused(CALLS[4], _with_status(body, status))

    assert (status, "GET", "/employees", "") == (error.status, error.method, error.path, error.details)


# The statuses.


@each_call
async def test_op00_200_is_success(call: Call) -> None:
    """Status 200 is success."""
    async with conversation(script=service_of(call)) as (ats, service):
        await call.ask(ats)

    assert [call.line] == service.lines


@each_call
async def test_op00_308_is_the_move_to_the_new_host(call: Call) -> None:
    """Status 308 says that the service moved to the new host, and is no error."""
    async with hosts(
        moved_to(NEW_HOST, 308), service_of(call), base_url=f"https://{OLD_HOST}/crm/openapi"
    ) as served:
        await call.ask(served.ats)

    assert ([call.line], [call.line]) == (served.old.lines, served.new.lines)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("details", [None, "The token is expired", "The token has already been updated"])
@each_access_call
async def test_op00_401_and_403_say_that_the_token_is_expired_or_superseded(
    call: Call, status: int, details: str | None
) -> None:
    """Statuses 401 and 403 say that the token is expired or superseded, which a refresh cures."""
    refusal = Reply(status=status) if details is None else says({"details": details}, status)
    async with conversation(script=service_of(call, refusal)) as (ats, service):
        await call.ask(ats)

    assert [call.line, REFRESHED, call.line] == service.lines


@pytest.mark.parametrize("status", [401, 403])
@each_access_call
async def test_op00_401_and_403_may_be_genuinely_forbidden(call: Call, status: int) -> None:
    """Statuses 401 and 403 may also mean genuinely forbidden, which is known after exactly one refresh."""

    def script(request: Arrived) -> Reply:
        return CALLS[1].reply if request.line == REFRESHED else says({"details": "Not yours"}, status)

    async with conversation(script=script, retry=QUICKLY) as (ats, service):
        with pytest.raises(Forbidden) as caught:
            await call.ask(ats)

    assert (status, "Not yours") == (caught.value.status, caught.value.details)
    assert [ACCESS, REFRESH, "access-2"] == service.tokens


@pytest.mark.parametrize("status", [401, 403])
async def test_op01_401_and_403_say_that_the_refresh_token_is_spent(status: int) -> None:
    """Statuses 401 and 403 on a refresh say that the refresh token is expired or superseded: there is no cure but the cabinet."""
    async with conversation(Reply(status=status), retry=QUICKLY) as (ats, service):
        with pytest.raises(ReauthorizationRequired) as caught:
            await ats.tokens.refresh()

    assert status == caught.value.status
    assert [REFRESHED] == service.lines


@of_operations(12, 14, 15)
async def test_op12_op14_op15_404_is_no_such_manager(call: Call) -> None:
    """Status 404 says that there is no such manager."""
    async with conversation(Reply(status=404), retry=QUICKLY) as (ats, service):
        with pytest.raises(NotFound) as caught:
            await call.ask(ats)

    assert 404 == caught.value.status
    assert [call.line] == service.lines


async def test_op05_404_is_no_such_employee(ats: AtsSession, simulator: AtsSimulator) -> None:
    """Status 404 to a click-to-call says that there is no such employee."""
    with pytest.raises(NotFound) as caught:
        await ats.calls.dial(destination="79998887766", source="79000000001")

    assert (404, "POST", "/call/outgoing") == (caught.value.status, caught.value.method, caught.value.path)
    assert [] == simulator.placed_calls


@of_operations(9, 10)
async def test_op09_op10_404_is_no_such_recording(call: Call, ats: AtsSession) -> None:
    """Status 404 says that the recording does not exist."""
    with pytest.raises(NotReady) as caught:
        await call.ask(ats)

    assert NAME == caught.value.name


@pytest.mark.parametrize("number", [9, 10])
async def test_op09_op10_404_is_a_recording_that_is_not_ready_yet(number: int) -> None:
    """Status 404 may also say that the recording is not ready yet, minutes after the call."""
    clock = [datetime(2030, 7, 15, 9, 0, tzinfo=UTC).timestamp()]
    company = Company.generate(
        seed=2, recordings=1, duration_s=(1, 1), now=datetime.fromtimestamp(clock[0], UTC)
    )
    record = company.records[0]
    name = record.record_file_name or ""
    ended = record.date + timedelta(seconds=record.call_duration or 0)
    clock[0] = ended.timestamp() + 179
    async with (
        AtsSimulator(company=company, clock=lambda: clock[0], ready_after_s=180) as simulator,
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=QUICKLY) as ats,
    ):

        async def ask() -> object:
            if number == 10:
                return (await ats.recordings.fetch_transcript(name)).words
            async with ats.recordings.open(name) as stream:
                return b"".join([chunk async for chunk in stream])

        with pytest.raises(NotReady):
            await ask()
        clock[0] += 1

        expected = simulator.recording(name) if number == 9 else simulator.transcript(name)
        assert expected == await ask()


@each_call
async def test_op00_406_is_the_gateways_refusal(call: Call) -> None:
    """Status 406 says that the gateway refused, which no repetition and no refresh cures."""
    async with conversation(Reply(b"<html>", 406, kind="text/html"), retry=QUICKLY) as (ats, service):
        with pytest.raises(GatewayRefused) as caught:
            await call.ask(ats)

    assert 406 == caught.value.status
    assert "User-Agent" in str(caught.value)
    assert [call.line] == service.lines


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "expected_s"),
    [(None, None), ("0", 0.0), ("120", 120.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None)],
)
async def test_op00_429_and_503_ask_to_come_again_later(
    status: int, header: str | None, expected_s: float | None
) -> None:
    """Statuses 429 and 503 ask to come again later, after `Retry-After` if it is given."""
    error = await _refused(CALLS[4], Reply(status=status, headers={"Retry-After": header} if header else {}))

    assert isinstance(error, RateLimited)
    assert (status, expected_s) == (error.status, error.retry_after_s)


async def test_op00_retry_after_may_be_a_date() -> None:
    """`Retry-After` is given in seconds or as a date, as HTTP has it."""
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    error = await _refused(CALLS[4], Reply(status=429, headers={"Retry-After": moment}))

    assert isinstance(error, RateLimited)
    assert 3600 == pytest.approx(error.retry_after_s, abs=30)


@pytest.mark.parametrize("status", [429, 503])
async def test_op00_429_and_503_are_asked_again_when_retry_after_is_over(status: int) -> None:
    """Statuses 429 and 503 are asked again after `Retry-After`, and not later."""
    busy = Reply(status=status, headers={"Retry-After": "0"})
    async with conversation(busy, busy, says([]), retry=PATIENT) as (ats, service):
        assert [] == await ats.employees.fetch_all()

    assert 3 == len(service.arrived)


@pytest.mark.parametrize("status", [429, 503])
async def test_op00_429_and_503_are_asked_again_also_without_retry_after(status: int) -> None:
    """Statuses 429 and 503 are asked again later also where `Retry-After` is not given."""
    async with conversation(Reply(status=status), says([]), retry=QUICKLY) as (ats, service):
        assert [] == await ats.employees.fetch_all()

    assert 2 == len(service.arrived)


@pytest.mark.parametrize("status", [500, 501, 502, 504, 507, 520, 599])
async def test_op00_5xx_is_a_passing_fault(status: int) -> None:
    """Any other 5xx is a passing fault: asked again, the service answers."""
    fault = Reply(b"<html>", status, kind="text/html")
    async with conversation(fault, fault, says([{"employeeId": 1}]), retry=QUICKLY) as (ats, service):
        assert [1] == [person.employee_id for person in await ats.employees.fetch_all()]

    assert 3 == len(service.arrived)


@pytest.mark.parametrize("status", [500, 501, 502, 504, 507, 520, 599])
async def test_op00_5xx_that_does_not_pass_is_the_services_fault(status: int) -> None:
    """Any other 5xx that does not pass is told as the service's fault, with its status."""
    error = await _refused(CALLS[4], Reply(status=status), retry=QUICKLY)

    assert (ServerError, status) == (type(error), error.status)
