import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import attrs
import pytest
from raw_service import (
    ACCESS,
    NAME,
    ONCE,
    PAIR,
    REFRESH,
    RawService,
    Say,
    Script,
    answer,
    ask,
    header,
    in_turn,
    issue,
    loopback_client,
    make_tls,
    moved,
    open_session,
)

from tele2ats_async import AtsSession, RedirectRefused

pytestmark = pytest.mark.asyncio

OLD, NEW = "ats2.tele2.ru", "ats2.t2.ru"
EVIL = ("evil.example", "ats2.t2.ru.evil.example")
TLS = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def tls() -> TLS:
    """Certificates that are good for all hosts here: no refusal may be owed to TLS."""
    return make_tls(OLD, NEW, *EVIL)


@attrs.frozen
class Hosts:
    """The old host, the new one, an evil one, and a session that begins at the old one."""

    old: RawService
    new: RawService
    evil: RawService
    ats: AtsSession


@asynccontextmanager
async def _hosts(
    tls: TLS, old: Script, *, new: Script | None = None, base_host: str = OLD
) -> AsyncIterator[Hosts]:
    async with AsyncExitStack() as stack:
        scripts = (old, new or in_turn(answer()), in_turn(answer()))
        services = [await stack.enter_async_context(RawService(script, tls=tls[0])) for script in scripts]
        ports = {OLD: services[0].port, NEW: services[1].port} | dict.fromkeys(EVIL, services[2].port)
        client = await stack.enter_async_context(loopback_client(ports, tls[1]))
        ats = AtsSession(
            PAIR, base_url=f"https://{base_host}/crm/openapi", client=client, retry=ONCE, ssl=tls[1]
        )
        yield Hosts(services[0], services[1], services[2], await stack.enter_async_context(ats))


def _same_path(host: str, status: str = "308 Permanent Redirect") -> Script:
    """Redirect to the same path and query on another host."""
    return lambda request: moved(f"https://{host}{request.split()[1].decode()}", status)


async def test_the_move_is_followed_with_the_token(tls: TLS) -> None:
    """Section 1: libraries drop the token on this very hop; the query stays byte for byte."""
    async with _hosts(tls, _same_path(NEW)) as hosts:
        await ask(hosts.ats)

    assert hosts.old.lines == hosts.new.lines
    assert "%3A15%3A30%2B00%3A00" in hosts.new.lines[0]
    assert ([ACCESS], [ACCESS]) == (hosts.old.tokens, hosts.new.tokens)
    assert NEW == header(hosts.new.requests[0], "Host")
    assert header(hosts.old.requests[0], "User-Agent") == header(hosts.new.requests[0], "User-Agent")


async def test_the_move_is_remembered(tls: TLS, caplog: pytest.LogCaptureFixture) -> None:
    """A permanent move costs one extra request for a session, not one for each of thousands, and is logged."""
    caplog.set_level(logging.INFO, logger="tele2ats_async")
    async with _hosts(tls, _same_path(NEW)) as hosts:
        for _ in range(3):
            await ask(hosts.ats)

    assert (1, 3) == (len(hosts.old.requests), len(hosts.new.requests))
    assert [f"service_moved: to {NEW}, for good"] == caplog.messages


async def test_a_passing_redirect_is_not_remembered(tls: TLS) -> None:
    """307 says: this time."""
    async with _hosts(tls, _same_path(NEW, "307 Temporary Redirect")) as hosts:
        await ask(hosts.ats)
        await ask(hosts.ats)

    assert (2, 2) == (len(hosts.old.requests), len(hosts.new.requests))


async def test_a_redirect_to_another_path_is_not_remembered(tls: TLS) -> None:
    """It says where this one thing has gone, not where the service has."""
    async with _hosts(tls, in_turn(moved(f"https://{NEW}/elsewhere"))) as hosts:
        await ask(hosts.ats)
        await ask(hosts.ats)

    assert (2, ["GET /elsewhere HTTP/1.1"] * 2) == (len(hosts.old.requests), hosts.new.lines)


async def test_recordings_and_refreshes_move_too(tls: TLS) -> None:
    """Whatever the operation: its method, its headers and its own token arrive at the new host."""
    mp3 = answer(b"ID3" + b"\x00" * 100, kind="audio/mpeg")
    async with _hosts(tls, _same_path(NEW), new=in_turn(issue("a2", "r2"), mp3)) as hosts:
        await hosts.ats.tokens.refresh()
        async with hosts.ats.recordings.open(NAME) as stream:
            assert 103 == len(b"".join([chunk async for chunk in stream]))

    assert [REFRESH, "a2"] == hosts.new.tokens
    assert "PUT /crm/openapi/authorization/refresh/token HTTP/1.1" == hosts.new.lines[0]
    assert "2022-08-12%2Fmo_166030706109315379" in hosts.new.lines[1]
    assert ("*/*", "identity") == tuple(
        header(hosts.new.requests[1], name) for name in ("Accept", "Accept-Encoding")
    )


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/crm/openapi/employees",
        "//evil.example/crm/openapi/employees",
        "https://ats2.t2.ru.evil.example/crm/openapi/employees",
        "https://ats2.t2.ru@evil.example/",
        "https://ats2.t2.ru:443@evil.example/",
        "https://ats2.t2.ru\\@evil.example/",
        "https://evil.example\\@ats2.t2.ru/",
        "https://user:password@ats2.t2.ru/",
        "https://:password@ats2.t2.ru/",
        "https://ats2.t2.ru:8443/crm/openapi/employees",
        "http://ats2.t2.ru/crm/openapi/employees",
        "http://ats2.tele2.ru/crm/openapi/employees",
        "https://ats2.t2.ru:port/",
        "ftp://ats2.t2.ru/",
        "",
    ],
)
async def test_no_other_place_sees_the_token(tls: TLS, location: str) -> None:
    """Section 1: ever. Neither the evil host nor the good one is asked anything, with or without a token."""
    async with _hosts(tls, in_turn(moved(location))) as hosts:
        with pytest.raises(RedirectRefused) as caught:
            await ask(hosts.ats)

    assert ("GET", "/call-records/info", True) == (caught.value.method, caught.value.path, caught.value.sent)
    assert (1, 0, 0) == (len(hosts.old.requests), hosts.new.connections, hosts.evil.connections)


async def test_nor_does_it_leave_the_new_host(tls: TLS) -> None:
    """The second hop is judged like the first."""
    async with _hosts(tls, _same_path(NEW), new=_same_path("evil.example")) as hosts:
        for _ in range(2):
            with pytest.raises(RedirectRefused, match=r"'evil\.example', which may not see the token"):
                await ask(hosts.ats)

    assert (1, 2, 0) == (len(hosts.old.requests), len(hosts.new.requests), hosts.evil.connections)


async def test_the_refresh_token_goes_nowhere_else_either(tls: TLS) -> None:
    """The more valuable of the two."""
    async with _hosts(tls, _same_path("evil.example")) as hosts:
        with pytest.raises(RedirectRefused):
            await hosts.ats.tokens.refresh()

    assert 0 == hosts.evil.connections


@pytest.mark.parametrize(
    "status", ["300 Multiple Choices", "301 Moved", "302 Found", "303 See Other", "304 Not Modified"]
)
async def test_other_redirects_are_refused(tls: TLS, status: str) -> None:
    """They may change the method, and the contract knows none of them."""
    async with _hosts(tls, _same_path(NEW, status)) as hosts:
        with pytest.raises(RedirectRefused, match=f"answered {status[:3]}"):
            await ask(hosts.ats)

    assert (1, 0) == (len(hosts.old.requests), hosts.new.connections)


async def test_redirect_without_a_location(tls: TLS) -> None:
    """An error of the tree, not an AttributeError."""
    async with _hosts(tls, in_turn(answer(b"", "308 Permanent Redirect"))) as hosts:
        with pytest.raises(RedirectRefused):
            await ask(hosts.ats)


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_circles(tls: TLS, status: str) -> None:
    """A host that points at itself is asked a few times, not for ever."""
    async with _hosts(tls, _same_path(NEW), new=_same_path(NEW, status)) as hosts:
        with pytest.raises(RedirectRefused, match="in circles"):
            await ask(hosts.ats)

    assert len(hosts.new.requests) <= 5


async def test_the_way_back_is_closed(tls: TLS) -> None:
    """The new host may not send us to the old one."""
    async with _hosts(tls, in_turn(answer()), new=_same_path(OLD), base_host=NEW) as hosts:
        with pytest.raises(RedirectRefused):
            await ask(hosts.ats)

    assert 0 == hosts.old.connections


async def test_an_error_after_the_hop_is_the_service_s(tls: TLS) -> None:
    """A 403 at the new host is refreshed there like any other."""

    def new(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            return issue("a2", "r2")
        return answer() if header(request, "Authorization") == "a2" else answer(b"{}", "403 Forbidden")

    async with _hosts(tls, _same_path(NEW), new=new) as hosts:
        await ask(hosts.ats)

    assert ([ACCESS], [ACCESS, REFRESH, "a2"]) == (hosts.old.tokens, hosts.new.tokens)


async def test_hops_within_a_plain_host() -> None:
    """A service on this machine may move its paths, with the port that it has; connections are not wasted."""

    def script(request: bytes) -> Say:
        path = request.split()[1].decode()
        return answer() if "/v2/" in path else moved(path.replace("/openapi/", "/openapi/v2/"))

    async with RawService(script) as service, open_session(service) as ats:
        await ask(ats)

    assert (2, 1) == (len(service.requests), service.connections)
    assert [ACCESS, ACCESS] == service.tokens


@pytest.mark.parametrize(
    "make", [lambda other: f"http://127.0.0.1:{other}/", lambda other: f"http://localhost:{other}/"]
)
async def test_no_hop_to_a_neighbour(make: Callable[[int], str]) -> None:
    """Another port of the same machine is another service."""
    async with (
        RawService(in_turn(answer())) as neighbour,
        RawService(in_turn(moved(make(neighbour.port)))) as service,
        open_session(service) as ats,
    ):
        with pytest.raises(RedirectRefused):
            await ask(ats)

    assert 0 == neighbour.connections


async def test_a_client_that_follows_by_itself_does_not() -> None:
    """A borrowed client's own default is to follow redirects: not with our token."""
    async with RawService(in_turn(answer())) as evil:
        script = in_turn(moved(f"http://localhost:{evil.port}/"))
        async with RawService(script) as service, aiohttp.ClientSession() as client:
            with pytest.raises(RedirectRefused):
                await ask(open_session(service, client=client))

    assert 0 == evil.connections
