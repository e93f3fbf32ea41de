import asyncio

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aioresponses import aioresponses
from raw_service import (
    ACCESS,
    NAME,
    ONCE,
    PAIR,
    QUICKLY,
    REFRESH,
    RawService,
    Say,
    answer,
    ask,
    header,
    in_turn,
    issue,
    open_session,
)

from tele2ats_async import (
    AtsSession,
    AuthorizationError,
    Forbidden,
    GatewayRefused,
    NotAudio,
    NotFound,
    PayloadError,
    RateLimited,
    ReauthorizationRequired,
    ResponseError,
    RetryPolicy,
    ServerError,
    TokenPair,
)
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio


def _session(simulator: AtsSimulator, retry: RetryPolicy = ONCE) -> AtsSession:
    return AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=retry)


def _methods(simulator: AtsSimulator) -> list[str]:
    return [seen.method for seen in simulator.requests]


def _answering_401() -> Middleware:
    """Say 401 where the service would say 403."""

    @web.middleware
    async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        return web.Response(status=401) if response.status == 403 else response

    return translate


@pytest.mark.parametrize("middlewares", [[], [_answering_401()]], ids=["403", "401"])
async def test_one_refresh_for_all(company: Company, middlewares: list[Middleware]) -> None:
    """200 requests meet an expired token: one refresh, and every one of them gets its answer."""
    async with (
        AtsSimulator(company=company, middlewares=middlewares) as simulator,
        _session(simulator) as ats,
    ):
        simulator.expire_access_token()
        await asyncio.gather(*(ask(ats) for _ in range(200)))

    assert 1 == simulator.refresh_count
    assert 1 == _methods(simulator).count("PUT")


async def test_refused_requests_are_sent_once_more(simulator: AtsSimulator) -> None:
    """The token is replaced in the middle; the query is the same, byte for byte."""
    async with _session(simulator) as ats:
        simulator.expire_access_token()
        await ask(ats)
    first, put, second = simulator.requests

    assert ["GET", "PUT", "GET"] == _methods(simulator)
    assert (403, 200, 200) == (first.status, put.status, second.status)
    assert first.raw_query == second.raw_query
    assert simulator.tokens.access == second.headers["Authorization"]


async def test_a_refusal_that_comes_late_costs_no_refresh(company: Company) -> None:
    """A 403 for a token that has been replaced meanwhile says nothing about the new one."""
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    @web.middleware
    async def delay_the_first(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "GET" and not arrived.is_set():
            arrived.set()
            response = await handler(request)
            await may_answer.wait()
            return response
        return await handler(request)

    async with (
        AtsSimulator(company=company, middlewares=[delay_the_first]) as simulator,
        _session(simulator) as ats,
    ):
        simulator.expire_access_token()
        late = asyncio.create_task(ask(ats))
        await arrived.wait()
        await ats.tokens.refresh()
        may_answer.set()
        await late

    assert 1 == simulator.refresh_count


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_what_a_fresh_token_does_not_cure_is_forbidden(status: str) -> None:
    """Exactly one refresh, and an error that does not ask for new tokens."""
    issued = iter(range(100))

    def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            number = next(issued)
            return issue(f"a{number}", f"r{number}")
        return answer(b'{"details": "No rights"}', status)

    async with RawService(script) as service, open_session(service, retry=QUICKLY) as ats:
        with pytest.raises(Forbidden) as caught:
            await ask(ats)

    assert (int(status[:3]), "No rights") == (caught.value.status, caught.value.details)
    assert not isinstance(caught.value, AuthorizationError)
    assert [ACCESS, REFRESH, "a0"] == service.tokens


async def test_many_forbidden_requests_cost_one_refresh() -> None:
    """All of them were sent with the same token, so one new token is proof enough for all."""
    issued = iter(range(100))

    def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            number = next(issued)
            return issue(f"a{number}", f"r{number}")
        return answer(b"{}", "403 Forbidden")

    async with RawService(script) as service, open_session(service) as ats:
        failures = await asyncio.gather(*(ask(ats) for _ in range(50)), return_exceptions=True)

    assert {Forbidden} == {type(failure) for failure in failures}
    assert 1 == sum(line.startswith("PUT") for line in service.lines)


async def test_the_second_answer_may_be_another_error() -> None:
    """With the fresh token, a 404 is a 404; and a passing fault is tried again with it."""

    def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            return issue("a2", "r2")
        if header(request, "Authorization") == ACCESS:
            return answer(b"{}", "403 Forbidden")
        return faults.pop(0)

    faults = [answer(b"{}", "500 Oh"), answer(b"{}", "404 Not Found")]
    async with RawService(script) as service, open_session(service, retry=QUICKLY) as ats:
        with pytest.raises(NotFound):
            await ask(ats)

    assert [ACCESS, REFRESH, "a2", "a2"] == service.tokens


async def test_recordings_are_refreshed_too(simulator: AtsSimulator, names: list[str]) -> None:
    """A stream is opened once more with the fresh token, before the caller has seen anything."""
    async with _session(simulator) as ats:
        simulator.expire_access_token()
        async with ats.recordings.open(names[0]) as stream:
            received = b"".join([chunk async for chunk in stream])

    assert simulator.recording(names[0]) == received
    assert 1 == simulator.refresh_count


async def test_a_403_in_the_middle_of_a_refused_body_holds_nothing() -> None:
    """The refused answer's connection serves the refresh (pitfall 7)."""
    refusal = answer(b"x" * 60_000, "403 Forbidden")
    script = in_turn(refusal, issue("a2", "r2"), answer())
    async with RawService(script) as service, open_session(service) as ats:
        await ask(ats)

    assert (3, 1) == (len(service.requests), service.connections)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ResponseError),
        (403, Forbidden),
        (404, NotFound),
        (406, GatewayRefused),
        (429, RateLimited),
        (500, ServerError),
        (503, RateLimited),
    ],
)
async def test_statuses_at_the_real_address(
    service: aioresponses, status: int, error: type[ResponseError]
) -> None:
    """Section 3, from the default base URL to the error that the caller sees."""
    base = "https://ats2.t2.ru/crm/openapi"
    query = (
        "start=2022-07-24T10%3A15%3A30%2B00%3A00&end=2022-07-25T10%3A15%3A30%2B00%3A00"
        "&page=0&size=1000&sort=date%2CASC"
    )
    service.get(f"{base}/call-records/info?{query}", status=status, payload={"details": "why"}, repeat=True)
    service.put(f"{base}/authorization/refresh/token", payload={"accessToken": "a2", "refreshToken": "r2"})
    async with AtsSession(PAIR, retry=ONCE) as ats:
        with pytest.raises(error) as caught:
            await ask(ats)

    assert error is type(caught.value)
    assert (status, "GET", "/call-records/info", "why") == (
        caught.value.status,
        caught.value.method,
        caught.value.path,
        caught.value.details,
    )


async def test_errors_of_the_caller_s_own_pass_through(simulator: AtsSimulator, names: list[str]) -> None:
    """What is raised inside ``async with open(...)`` is nobody's response, whatever its class."""
    async with _session(simulator) as ats:
        for error in (
            KeyError("mine"),
            AuthorizationError(403, "GET", "/mine", ""),
            ServerError(500, "GET", "/mine", ""),
        ):
            with pytest.raises(type(error)) as caught:
                async with ats.recordings.open(names[0]):
                    raise error
            assert error is caught.value

    assert (0, 3) == (simulator.refresh_count, len(simulator.requests))


async def test_both_tokens_spent(simulator: AtsSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to the cabinet is said, once for each who asked, and no storm of refreshes is made."""
    monkeypatch.setattr("tele2ats_async.tokens.refresher._WINNER_DELAYS_S", (0.001,))
    async with _session(simulator, QUICKLY) as ats:
        simulator.expire_access_token()
        simulator.expire_refresh_token()
        failures = await asyncio.gather(*(ask(ats) for _ in range(20)), return_exceptions=True)

    assert {ReauthorizationRequired} == {type(failure) for failure in failures}
    assert "«Сгенерировать токен»" in str(failures[0])
    assert 1 == _methods(simulator).count("PUT")


async def test_a_wrong_payload_costs_nothing_else() -> None:
    """A listing that is none is told, not retried with a fresh token."""
    async with RawService(in_turn(answer(b"{}"))) as service, open_session(service, retry=QUICKLY) as ats:
        with pytest.raises(PayloadError):
            await ask(ats)
        with pytest.raises(NotAudio):
            async with ats.recordings.open(NAME):
                pass

    assert "PUT" not in {line.split()[0] for line in service.lines}


async def test_forbidden_calls_do_not_churn_the_tokens(simulator: AtsSimulator, names: list[str]) -> None:
    """Calls that are really forbidden cost one refresh, not one each, and spoil nothing for the others."""
    forbidden = set(names[::2])

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.query.get("filename") in forbidden:
            return web.json_response({"details": "Access denied"}, status=403)
        return await handler(request)

    async with (
        AtsSimulator(company=simulator.company, middlewares=[refuse]) as strict,
        _session(strict) as ats,
    ):

        async def fetch(name: str) -> type[Exception] | None:
            try:
                async with ats.recordings.open(name) as stream:
                    async for _ in stream:
                        pass
            except Forbidden as error:
                return type(error)
            return None

        kinds = await asyncio.gather(*(fetch(name) for name in names))

        assert [Forbidden if name in forbidden else None for name in names] == kinds
        assert strict.refresh_count <= 1


async def test_a_token_that_is_replaced_twice_meanwhile_is_not_forbidden() -> None:
    """A request whose token others made old, again and again, goes on with the newest one."""
    script = in_turn(
        answer(b'{"details": "The token is expired"}', "403 X"),
        issue("a2", "r2"),
        answer(b'{"details": "The token has already been updated"}', "403 X"),
        issue("a3", "r3"),
        answer(),
    )
    async with RawService(script) as service, open_session(service) as ats:
        asking = asyncio.create_task(ask(ats))
        while len(service.tokens) < 3:
            await asyncio.sleep(0)
        await ats.tokens.refresh()
        await asking

    assert ["a2", "r2", "a3"] == service.tokens[2:]


async def test_a_refresh_that_gives_the_same_token_again_ends() -> None:
    """A service that issues the dead access token anew is not asked for ever."""
    refusal = answer(b'{"details": "The token is expired"}', "403 X")
    async with RawService(in_turn(refusal, issue(ACCESS, "r2"), refusal)) as service:
        async with open_session(service) as ats:
            with pytest.raises(Forbidden):
                await ask(ats)

        assert [ACCESS, REFRESH] == service.tokens


async def test_refreshing_a_pair_that_is_due_is_one_refresh(simulator: AtsSimulator) -> None:
    """`tokens.refresh()` does not refresh twice where the pair was about to be refreshed anyway."""
    async with AtsSimulator(company=simulator.company, access_lifetime_s=60) as short, _session(short) as ats:
        await ats.tokens.refresh()

        assert 1 == short.refresh_count


async def test_a_refresh_needs_no_free_connection(simulator: AtsSimulator, names: list[str]) -> None:
    """Listeners who hold all of `max_connections` cannot keep the tokens from being renewed."""
    async with (
        AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, max_connections=1) as ats,
        ats.recordings.open(names[0]),
    ):
        await asyncio.wait_for(ats.tokens.refresh(), 5)

    assert 1 == simulator.refresh_count
