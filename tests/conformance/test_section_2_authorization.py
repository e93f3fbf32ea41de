"""Section 2: authorization."""

import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import orjson
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from contract_calls import CALLS, Call, each_access_call, each_call, service_of
from contract_service import Arrived, Fault, Reply, Said, conversation, issues, says
from raw_service import ACCESS, ONCE, PAIR, REFRESH, jwt

from tele2ats_async import AtsSession, FileTokenStore, ReauthorizationRequired, TokenPair
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.tokens import refresher

pytestmark = pytest.mark.asyncio

DAY_S = 24 * 3600
REFRESHED = CALLS[1].line
EXPIRED = {
    "403 of the manual": Reply(status=403),
    "403 with details": says({"status": 403, "details": "The token is expired"}, 403),
    "401": says({"status": 401, "error": "Unauthorized"}, 401),
    "401 in HTML": Reply(b"<html>Unauthorized</html>", 401, kind="text/html"),
}


@pytest.fixture(autouse=True)
def _quick_look_for_a_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for another process for seconds where there is none."""
    monkeypatch.setattr(refresher, "_WINNER_DELAYS_S", (0.01, 0.01))


@attrs.define
class Clock:
    """Tells the time of day, and more as a test lets time pass."""

    ahead_s: float = 0

    def __call__(self) -> float:
        """Tell the time."""
        return time.time() + self.ahead_s


@asynccontextmanager
async def simulated(
    company: Company, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[tuple[AtsSession, AtsSimulator]]:
    """Open a session on a simulator whose clock may run ahead."""
    async with (
        AtsSimulator(company=company, clock=clock or time.time) as simulator,
        AtsSession(
            **({"tokens": TokenPair(*simulator.tokens)} | settings), base_url=simulator.base_url, retry=ONCE
        ) as ats,
    ):
        yield ats, simulator


def _segments(token: str) -> list[Any]:
    """Read the header and the payload of a JWT."""
    parts = token.split(".")
    assert 3 == len(parts)
    return [orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]]


# The header.


@each_access_call
async def test_op00_the_access_token_is_sent_bare(call: Call) -> None:
    """The header is `Authorization` with the bare token, no `Bearer`, and the access token serves every call but the refresh."""
    async with conversation(script=service_of(call)) as (ats, service):
        await call.ask(ats)

    assert [[ACCESS]] == [request.headers.getall("Authorization") for request in service.arrived]


async def test_op01_the_refresh_token_is_sent_bare() -> None:
    """The refresh token is used for the refresh, and there it stands bare in `Authorization`."""
    async with conversation(issues("access-2", "refresh-2")) as (ats, service):
        await ats.tokens.refresh()

    assert [[REFRESH]] == [request.headers.getall("Authorization") for request in service.arrived]


@each_call
async def test_op01_the_refresh_token_is_used_for_the_refresh_only(call: Call) -> None:
    """The refresh token serves `PUT /authorization/refresh/token` only, also while other calls are refused."""
    async with conversation(script=service_of(call, Reply(status=403))) as (ats, service):
        await call.ask(ats)

    assert {REFRESHED} == {request.line for request in service.arrived if request.token == REFRESH}


async def test_op00_a_token_with_a_scheme_is_no_token() -> None:
    """The token stands bare: one with a scheme before it is refused before anything is sent."""
    with pytest.raises(ValueError, match=r"^access: "):
        TokenPair(f"Bearer {ACCESS}", REFRESH)
    with pytest.raises(ValueError, match=r"^refresh: "):
        TokenPair(ACCESS, f"Bearer {REFRESH}")


# How long tokens live.


@pytest.mark.parametrize(("ahead_s", "refreshes"), [(DAY_S - 5, 0), (DAY_S, 1)])
async def test_op00_the_access_token_lives_24_hours(ahead_s: int, refreshes: int, company: Company) -> None:
    """The access token lives 24 hours."""
    clock = Clock()
    async with simulated(company, clock) as (ats, simulator):
        clock.ahead_s = ahead_s
        await ats.employees.fetch_all()

        assert refreshes == simulator.refresh_count


@pytest.mark.parametrize(("ahead_s", "lives"), [(7 * DAY_S - 5, True), (7 * DAY_S, False)])
async def test_op01_the_refresh_token_lives_7_days(ahead_s: int, lives: bool, company: Company) -> None:  # noqa: FBT001  # a column
    """The refresh token lives 7 days."""
    clock = Clock()
    async with simulated(company, clock) as (ats, simulator):
        clock.ahead_s = ahead_s
        if lives:
            await ats.employees.fetch_all()
        else:
            with pytest.raises(ReauthorizationRequired):
                await ats.employees.fetch_all()

        assert int(lives) == simulator.refresh_count


async def test_op01_only_idle_days_kill_the_refresh_token(company: Company) -> None:
    """Seven idle days kill the refresh token, so one used every six days goes on for ever."""
    clock = Clock()
    async with simulated(company, clock) as (ats, simulator):
        for _ in range(4):
            clock.ahead_s += 6 * DAY_S
            await ats.employees.fetch_all()
        assert 4 == simulator.refresh_count

        clock.ahead_s += 7 * DAY_S
        with pytest.raises(ReauthorizationRequired):
            await ats.employees.fetch_all()


async def test_op00_an_access_token_about_to_die_is_known_by_its_expiry() -> None:
    """The payload's `exp`, in epoch seconds, says when a token dies, so a token known to be dead is not tried."""
    dead = TokenPair(jwt(exp=int(time.time()) - 60), jwt(exp=int(time.time()) + DAY_S))
    async with conversation(script=service_of(CALLS[4]), tokens=dead) as (ats, service):
        await ats.employees.fetch_all()

    assert [dead.refresh, "access-2"] == service.tokens


# What a token is.


@pytest.mark.parametrize(
    ("place", "subject"), [("access", "ACCESS_OPENAPI_TOKEN"), ("refresh", "REFRESH_OPENAPI_TOKEN")]
)
async def test_op00_both_tokens_are_jwts(place: str, subject: str, company: Company) -> None:
    """Both tokens are JWTs (HS512) with `exp`, `sub`, and an object with `companyId`, `userId` and `login`."""
    async with simulated(company) as (_, simulator):
        header, payload = _segments(getattr(simulator.tokens, place))

    assert "HS512" == header["alg"]
    assert subject == payload["sub"]
    assert int is type(payload["exp"])
    (account,) = [value for value in payload.values() if isinstance(value, dict)]
    assert {"companyId", "userId", "login"} <= set(account)


@pytest.mark.parametrize("member", ["user", "data", "openApiUser"])
async def test_op00_a_pair_tells_what_its_tokens_say(member: str) -> None:
    """The payload's `exp` and its object with `companyId` and `login` are read, whatever that object is called."""
    account = {"companyId": 391, "userId": 440, "login": "admin@example.com"}
    access = jwt(exp=1663130897, sub="ACCESS_OPENAPI_TOKEN", **{member: account})
    pair = TokenPair(access, jwt(exp=1663649297, sub="REFRESH_OPENAPI_TOKEN", **{member: account}))

    assert datetime(2022, 9, 14, 4, 48, 17, tzinfo=UTC) == pair.expires_at
    assert datetime(2022, 9, 20, 4, 48, 17, tzinfo=UTC) == pair.refresh_expires_at
    assert (391, "admin@example.com") == (pair.company_id, pair.login)


@pytest.mark.parametrize("signature", ["", "AAAA", "~~~"])
async def test_op00_the_signature_is_not_checked(signature: str) -> None:
    """The signature cannot be checked by a client, so it does not matter to one."""
    exp = int(time.time()) + DAY_S
    access = f"{jwt(exp=exp).rpartition('.')[0]}.{signature}"
    async with conversation(says([]), tokens=TokenPair(access, REFRESH)) as (ats, service):
        await ats.employees.fetch_all()

        assert exp == (ats.tokens.expires_at or datetime.min.replace(tzinfo=UTC)).timestamp()
    assert [access] == service.tokens


UNREADABLE = {
    "opaque": "0a1b2c3d",
    "two parts": "a.b",
    "no base64": "a.~.c",
    "no UTF-8": "a._v8.c",
    "no JSON": "a.bm90IEpTT04.c",
    "no object": f"a.{base64.urlsafe_b64encode(b'[1]').decode().rstrip('=')}.c",
    "no exp": jwt(iat=1663130897),
    "exp is a text": jwt(exp="soon"),
    "exp is null": jwt(exp=None),
    "exp is a flag": jwt(exp=True),
    "exp beyond all calendars": jwt(exp=10**18),
}


@pytest.mark.parametrize("token", UNREADABLE.values(), ids=UNREADABLE)
async def test_op00_a_token_that_is_no_readable_jwt_works_all_the_same(token: str) -> None:
    """A token that is not a readable JWT still works, as access and as refresh token: its expiry is simply unknown."""
    script = service_of(CALLS[4], Reply(status=403))
    async with conversation(script=script, tokens=TokenPair(token, f"{token}-")) as (ats, service):
        await ats.employees.fetch_all()

    assert [token, f"{token}-", "access-2"] == service.tokens
    assert (None, None) == (TokenPair(token, token).expires_at, TokenPair(token, token).refresh_expires_at)


# The cabinet.


async def test_op01_the_first_pair_comes_from_the_web_cabinet() -> None:
    """The pair comes from the web cabinet, and the way there is what a person whose tokens are spent is told."""
    async with conversation(Reply(status=403)) as (ats, _):
        with pytest.raises(ReauthorizationRequired) as caught:
            await ats.employees.fetch_all()

    text = str(caught.value)
    steps = (
        "administrator",
        "organisation's name",
        "profile settings",
        '"Token API"',
        "«Сгенерировать токен»",
    )
    places = [text.find(step) for step in steps]
    assert -1 not in places
    assert sorted(places) == places


async def test_op00_generating_again_kills_the_previous_pair_at_once(company: Company) -> None:
    """Generating again in the cabinet kills the previous pair at once."""
    async with simulated(company) as (ats, simulator):
        await ats.employees.fetch_all()
        simulator.regenerate_tokens()
        with pytest.raises(ReauthorizationRequired):
            await ats.employees.fetch_all()

        assert [200, 403, 403] == [request.status for request in simulator.requests]
        assert 0 == simulator.refresh_count


# The refresh.


async def test_op01_the_request_is_a_put_with_an_empty_body() -> None:
    """A refresh is `PUT /authorization/refresh/token` with an empty body."""
    async with conversation(issues("access-2", "refresh-2")) as (ats, service):
        await ats.tokens.refresh()
    (request,) = service.arrived

    assert ("PUT", "/crm/openapi/authorization/refresh/token", b"") == (
        request.method,
        request.target,
        request.body,
    )


async def test_op01_the_answer_is_a_new_pair(tmp_path: Path) -> None:
    """A refresh returns a new pair, `accessToken` and `refreshToken`, which serves from then on."""
    store = FileTokenStore(tmp_path / "tokens.json", initial=PAIR)

    def script(request: Arrived) -> Reply:
        turn = {REFRESH: "2", "refresh-2": "3"}.get(request.token or "", "")
        return issues(f"access-{turn}", f"refresh-{turn}") if request.line == REFRESHED else says([])

    async with conversation(script=script, tokens=store) as (ats, service):
        for _ in range(2):
            await ats.tokens.refresh()
            await ats.employees.fetch_all()

    assert [REFRESH, "access-2", "refresh-2", "access-3"] == service.tokens
    assert TokenPair("access-3", "refresh-3") == await store.load()


async def test_op01_a_refresh_kills_the_old_pair(company: Company) -> None:
    """A refresh kills the old pair: using it afterwards gives 403 with `The token has already been updated`."""
    async with simulated(company) as (ats, simulator):
        old = TokenPair(*simulator.tokens)
        await ats.tokens.refresh()
        await ats.employees.fetch_all()
        async with AtsSession(old, base_url=simulator.base_url, retry=ONCE) as late:
            with pytest.raises(ReauthorizationRequired) as caught:
                await late.employees.fetch_all()

        assert (403, "The token has already been updated") == (caught.value.status, caught.value.details)
        assert [(1, 200), (4, 200), (4, 403), (1, 403)] == [
            (request.operation, request.status) for request in simulator.requests
        ]


async def test_op01_a_lost_pair_locks_out_until_a_person_visits_the_cabinet(company: Company) -> None:
    """A lost pair locks the whole company out until a person visits the cabinet."""

    @web.middleware
    async def lose(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.method == "PUT" and response.status == 200:
            assert request.transport is not None
            request.transport.abort()
        return response

    async with AtsSimulator(company=company, middlewares=[lose]) as simulator:
        simulated_pair = TokenPair(*simulator.tokens)
        async with AtsSession(simulated_pair, base_url=simulator.base_url, retry=ONCE) as ats:
            with pytest.raises(ReauthorizationRequired, match="web cabinet"):
                await ats.tokens.refresh()
            with pytest.raises(ReauthorizationRequired, match="web cabinet"):
                await ats.employees.fetch_all()
        assert 1 == simulator.refresh_count
        visited = TokenPair(*simulator.regenerate_tokens())
        async with AtsSession(visited, base_url=simulator.base_url, retry=ONCE) as ats:
            await ats.employees.fetch_all()


async def test_op01_of_two_processes_one_is_locked_out(company: Company) -> None:
    """Of two processes that refresh with the same refresh token one wins, and the other is locked out."""
    async with simulated(company) as (winner, simulator):
        loser = AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url, retry=ONCE)
        await winner.tokens.refresh()
        async with loser:
            with pytest.raises(ReauthorizationRequired):
                await loser.tokens.refresh()
        await winner.employees.fetch_all()

        assert 1 == simulator.refresh_count


async def test_op01_of_two_processes_the_other_reads_the_winners_pair(
    company: Company, tmp_path: Path
) -> None:
    """Of two processes the one that lost is not locked out where it reads the winner's pair."""
    async with simulated(company) as (_, simulator):
        path = tmp_path / "tokens.json"
        initial = TokenPair(*simulator.tokens)
        settings: dict[str, Any] = {"base_url": simulator.base_url, "retry": ONCE}
        async with (
            AtsSession(FileTokenStore(path, initial=initial), **settings) as one,
            AtsSession(FileTokenStore(path, initial=initial), **settings) as other,
        ):
            await one.employees.fetch_all()
            await other.employees.fetch_all()
            simulator.expire_access_token()
            await one.employees.fetch_all()
            await other.employees.fetch_all()

        assert 1 == simulator.refresh_count


# Expired tokens.


@pytest.mark.parametrize("expired", EXPIRED.values(), ids=EXPIRED)
@each_access_call
async def test_op00_an_expired_token_is_told_by_403_or_401(call: Call, expired: Reply) -> None:
    """An expired token gives 403, with `The token is expired` or without a word, or 401: the pair is refreshed, once."""
    async with conversation(script=service_of(call, expired)) as (ats, service):
        await call.ask(ats)

    assert [(call.line, ACCESS), (REFRESHED, REFRESH), (call.line, "access-2")] == [
        (request.line, request.token) for request in service.arrived
    ]
    assert service.arrived[0].target == service.arrived[2].target
    assert service.arrived[0].body == service.arrived[2].body


async def test_op00_the_details_of_an_expired_token(company: Company) -> None:
    """An expired access token is refused with `The token is expired`, and so is an expired refresh token."""
    async with simulated(company) as (ats, simulator):
        simulator.expire_access_token()
        simulator.expire_refresh_token()
        with pytest.raises(ReauthorizationRequired) as caught:
            await ats.employees.fetch_all()

    assert (403, "The token is expired") == (caught.value.status, caught.value.details)


@pytest.mark.parametrize("fault", [Reply(status=500), Fault.DROP], ids=["500", "dropped"])
async def test_op01_a_refresh_whose_fate_is_unknown_is_not_sent_on_and_on(fault: Said) -> None:
    """A refresh may have killed the old pair although no answer came, so it is repeated once at the most."""

    def script(request: Arrived) -> Said:
        return fault if request.line == REFRESHED else says([])

    async with conversation(script=script) as (ats, service):
        with pytest.raises(Exception, match="/authorization/refresh/token"):
            await ats.tokens.refresh()

    assert service.times(REFRESHED) <= 2
