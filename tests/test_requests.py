"""What each verb asks aiohttp for, and what each status means, without a socket."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import ONE_ATTEMPT, StubbedService
from yarl import URL

from tele2ats_async import (
    AtsError,
    AtsSession,
    Forbidden,
    GatewayRefused,
    Manager,
    NotFound,
    RateLimited,
    RedirectRefused,
    ResponseError,
    ServerError,
    TokenPair,
)

pytestmark = pytest.mark.asyncio

BASE = "https://ats2.t2.ru/crm/openapi"
START = datetime(2022, 7, 24, 10, 15, 30, tzinfo=UTC)
PERIOD = "start=2022-07-24T10%3A15%3A30%2B00%3A00&end=2022-07-24T10%3A15%3A30%2B00%3A00"
NUMBER = "79998887766"
Call = Callable[[AtsSession], Awaitable[object]]

REQUESTS: list[tuple[Call, str, str, bytes | None, str]] = [
    (lambda ats: ats.monitoring.fetch_current_calls(), "GET", "/monitoring/calls", None, "[]"),
    (lambda ats: ats.monitoring.fetch_queues(), "GET", "/monitoring/calls/pending", None, "[]"),
    (lambda ats: ats.employees.fetch_all(), "GET", "/employees", None, "[]"),
    (
        lambda ats: ats.calls.dial(destination=NUMBER, source="0001"),
        "POST",
        f"/call/outgoing?destination={NUMBER}&source=0001",
        None,
        "",
    ),
    (
        lambda ats: ats.statistics.fetch_common(START, START),
        "GET",
        f"/statistics/common?{PERIOD}",
        None,
        "{}",
    ),
    (
        lambda ats: ats.statistics.fetch_journal(START, START, number=NUMBER),
        "GET",
        f"/statistics/journal?{PERIOD}&number={NUMBER}",
        None,
        "{}",
    ),
    (
        lambda ats: ats.call_records.fetch_page(START, START, size=10),
        "GET",
        f"/call-records/info?{PERIOD}&page=0&size=10&sort=date%2CASC",
        None,
        "[]",
    ),
    (
        lambda ats: ats.recordings.fetch_transcript("2022-08-12/mo_1"),
        "GET",
        "/call-records/file/stt?filename=2022-08-12%2Fmo_1",
        None,
        "[]",
    ),
    (lambda ats: ats.managers.fetch_all(), "GET", "/managers", None, "[]"),
    (lambda ats: ats.managers.fetch(26), "GET", "/managers/26", None, "{}"),
    (
        lambda ats: ats.managers.create(Manager(id=7, name="Anna")),
        "POST",
        "/managers",
        b'{"name":"Anna","customers":[]}',
        "SUCCESS",
    ),
    (
        lambda ats: ats.managers.update(Manager(id=7, name="Anna")),
        "PUT",
        "/managers",
        b'{"id":7,"name":"Anna","customers":[]}',
        '"SUCCESS"',
    ),
    (lambda ats: ats.managers.delete(26), "DELETE", "/managers/26", None, ""),
    (lambda ats: ats.blacklist.add(NUMBER), "POST", "/blacklist", NUMBER.encode(), "SUCCESS"),
    (lambda ats: ats.blacklist.remove(NUMBER), "DELETE", f"/blacklist/by-msisdn/{NUMBER}", None, "SUCCESS"),
    (lambda ats: ats.blacklist.clear(), "DELETE", "/blacklist/all", None, '"SUCCESS"'),
    (lambda ats: ats.blacklist.fetch_all(), "GET", "/blacklist", None, "[]"),
]


def session() -> AtsSession:
    return AtsSession(TokenPair("access", "refresh"), retry=ONE_ATTEMPT)


@pytest.mark.parametrize(("call", "method", "target", "content", "answer"), REQUESTS)
async def test_each_verb_is_one_request(
    service: StubbedService,
    call: Call,
    method: str,
    target: str,
    content: bytes | None,
    answer: str,
) -> None:
    """Method, address, headers and body are those of the contract; redirects are never left to aiohttp."""
    service.add(URL(BASE + target, encoded=True), method=method, body=answer)
    async with session() as ats:
        await call(ats)

    (((asked, url), (request,)),) = service.requests.items()
    sent: dict[str, Any] = request.kwargs
    assert (method, URL(BASE + target).path) == (asked, url.path)
    assert "access" == sent["headers"]["Authorization"]
    assert "application/json" == sent["headers"]["Accept"]
    assert content == sent["data"]
    assert (False, True) == (sent["allow_redirects"], sent["ssl"])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ResponseError),
        (404, NotFound),
        (405, ResponseError),
        (406, GatewayRefused),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, RateLimited),
        (302, RedirectRefused),
        (304, RedirectRefused),
    ],
)
async def test_each_status_is_one_error(service: StubbedService, status: int, error: type[AtsError]) -> None:
    """Callers never look at a status: the error says what it means."""
    service.get(f"{BASE}/employees", status=status, body=b'{"details": "Because"}')
    async with session() as ats:
        with pytest.raises(AtsError) as raised:
            await ats.employees.fetch_all()

    assert error is type(raised.value)
    if isinstance(raised.value, ResponseError):
        assert (status, "Because") == (raised.value.status, raised.value.details)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_a_refresh_and_then_forbidden(service: StubbedService, status: int) -> None:
    """One refresh with the refresh token, one more try with the new access token, and no further one."""
    service.get(f"{BASE}/employees", status=status, repeat=True)
    service.put(
        f"{BASE}/authorization/refresh/token",
        body=b'{"accessToken": "a2", "refreshToken": "r2"}',
        repeat=True,
    )
    async with session() as ats:
        with pytest.raises(Forbidden):
            await ats.employees.fetch_all()

    sent = {
        method: [call.kwargs["headers"]["Authorization"] for call in calls]
        for (method, _), calls in service.requests.items()
    }
    assert {"GET": ["access", "a2"], "PUT": ["refresh"]} == sent
