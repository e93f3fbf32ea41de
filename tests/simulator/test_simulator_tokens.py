import asyncio
import hmac
from base64 import urlsafe_b64decode

import orjson
import pytest

from tele2ats_async.simulator import AtsSimulator

from .conftest import Ask, Clock

pytestmark = pytest.mark.asyncio

LISTING = "/call-records/info?start=2022-08-01T00%3A00%3A00%2B03%3A00&end=2022-08-31T00%3A00%3A00%2B03%3A00"
REFRESH = "/authorization/refresh/token"


def _segments(token: str) -> list[bytes]:
    return [urlsafe_b64decode(segment + "=" * (-len(segment) % 4)) for segment in token.split(".")]


async def test_tokens_are_jwts() -> None:
    """Section 2: HS512, `exp` by the clock, `sub` by the kind, an object with the user."""
    simulator = AtsSimulator(clock=Clock())
    header, payload, signature = _segments(simulator.tokens.access)
    access = orjson.loads(payload)
    refresh = orjson.loads(_segments(simulator.tokens.refresh)[1])

    assert {"alg": "HS512", "typ": "JWT"} == orjson.loads(header)
    assert 64 == len(signature)
    signed = simulator.tokens.access.rpartition(".")[0].encode()
    assert hmac.digest(simulator._office._key, signed, "sha512") == signature
    assert "ACCESS_OPENAPI_TOKEN" == access["sub"]
    assert "REFRESH_OPENAPI_TOKEN" == refresh["sub"]
    assert (1_660_306_849, 1_660_306_849 + 86_400) == (access["iat"], access["exp"])
    assert 1_660_306_849 + 7 * 86_400 == refresh["exp"]
    assert {"companyId", "userId", "login"} == set(access["user"])
    assert simulator.company.company_id == access["user"]["companyId"]


async def test_no_two_tokens_are_the_same() -> None:
    """A superseded token must be told from its successor even within one second."""
    simulator = AtsSimulator(clock=Clock())
    tokens = [*simulator.tokens, *simulator.regenerate_tokens(), *AtsSimulator(clock=Clock()).tokens]

    assert 6 == len(set(tokens))


async def test_bare_token_passes(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 2: the header holds the token and nothing else."""
    assert 200 == (await ask(simulator, LISTING)).status


@pytest.mark.parametrize(
    ("token", "details"),
    [
        (None, "The token is missing"),
        ("Bearer {access}", "The token is unknown; it is sent bare, without a scheme"),
        ("a.b.c", "The token is unknown; it is sent bare, without a scheme"),
        ("{refresh}", "An access token is required"),
    ],
)
async def test_wrong_token_is_forbidden(
    simulator: AtsSimulator, ask: Ask, token: str | None, details: str
) -> None:
    """Section 2: a scheme, a stranger's token and the other token of the pair open nothing."""
    reply = await ask(simulator, LISTING, token=token and token.format(**simulator.tokens._asdict()))

    assert (403, details) == (reply.status, reply.json["details"])


async def test_error_body_has_all_members(ask: Ask) -> None:
    """Section 3: the six members, the time in milliseconds, the path without the query."""
    async with AtsSimulator(clock=Clock()) as simulator:
        simulator.expire_access_token()
        reply = await ask(simulator, LISTING)

    assert "application/json;charset=UTF-8" == reply.headers["Content-Type"]
    assert {
        "timestamp": 1_660_306_849_000,
        "status": 403,
        "error": "Forbidden",
        "message": "Forbidden",
        "details": "The token is expired",
        "path": "/crm/openapi/call-records/info",
    } == reply.json


async def test_tokens_die_by_the_clock(ask: Ask) -> None:
    """Section 2: 24 hours for the access token, 7 days for the refresh token, to the second."""
    clock = Clock()
    async with AtsSimulator(clock=clock) as simulator:
        clock.now += 86_399
        assert 200 == (await ask(simulator, LISTING)).status
        clock.now += 1
        assert "The token is expired" == (await ask(simulator, LISTING)).json["details"]
        clock.now += 6 * 86_400
        reply = await ask(simulator, REFRESH, method="PUT", token=simulator.tokens.refresh)

    assert (403, "The token is expired") == (reply.status, reply.json["details"])
    assert 0 == simulator.refresh_count


async def test_refresh_gives_a_new_pair_and_kills_the_old(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 1: the heart of every client's troubles."""
    old = simulator.tokens
    reply = await ask(simulator, REFRESH, method="PUT", token=old.refresh)

    assert (200, 1) == (reply.status, simulator.refresh_count)
    assert {"accessToken": simulator.tokens.access, "refreshToken": simulator.tokens.refresh} == reply.json
    assert not set(old) & set(simulator.tokens)
    for method, target, token in (
        ("GET", LISTING, old.access),
        ("PUT", REFRESH, old.refresh),
        ("PUT", REFRESH, old.access),
    ):
        late = await ask(simulator, target, method=method, token=token)
        assert (403, "The token has already been updated") == (late.status, late.json["details"])
    assert 200 == (await ask(simulator, LISTING)).status


async def test_two_refreshes_with_one_token(simulator: AtsSimulator, ask: Ask) -> None:
    """Section 2: one wins, the other is locked out."""
    token = simulator.tokens.refresh
    replies = await asyncio.gather(*(ask(simulator, REFRESH, method="PUT", token=token) for _ in range(5)))

    assert [200, 403, 403, 403, 403] == sorted(reply.status for reply in replies)
    assert 1 == simulator.refresh_count


async def test_access_token_refreshes_nothing(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 1 takes the refresh token only."""
    reply = await ask(simulator, REFRESH, method="PUT", token=simulator.tokens.access)

    assert (403, "A refresh token is required") == (reply.status, reply.json["details"])


async def test_refresh_wants_an_empty_body_and_no_query(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 1: the pair survives a request that is not the contract's."""
    pair = simulator.tokens
    body = await ask(simulator, REFRESH, method="PUT", token=pair.refresh, body=b"{}")
    query = await ask(simulator, f"{REFRESH}?a=b", method="PUT", token=pair.refresh)

    assert (400, "The body must be empty") == (body.status, body.json["details"])
    assert (400, "Unknown parameter 'a'") == (query.status, query.json["details"])
    assert pair == simulator.tokens


async def test_regenerated_and_expired_pairs(simulator: AtsSimulator, ask: Ask) -> None:
    """The cabinet kills the previous pair at once, and does not count as a refresh."""
    old = simulator.tokens
    new = simulator.regenerate_tokens()
    late = await ask(simulator, LISTING, token=old.access)
    simulator.expire_refresh_token()
    expired = await ask(simulator, REFRESH, method="PUT", token=new.refresh)

    assert (new, 0) == (simulator.tokens, simulator.refresh_count)
    assert "The token has already been updated" == late.json["details"]
    assert "The token is expired" == expired.json["details"]
    assert 200 == (await ask(simulator, LISTING)).status
