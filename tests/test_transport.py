import asyncio
import base64
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest
from raw_service import (
    ACCESS,
    END,
    NAME,
    PAIR,
    REFRESH,
    START,
    RawService,
    Say,
    Then,
    answer,
    ask,
    header,
    in_turn,
    issue,
    loopback_client,
    make_tls,
    open_session,
)
from yarl import URL

from tele2ats_async import AtsSession, AtsTimeout, ConnectionFailed, __version__
from tele2ats_async.transport import DEFAULT_TIMEOUT, Transport
from tele2ats_async.wire.operations import LIST_CALL_RECORDS, REFRESH_TOKENS, Request

pytestmark = pytest.mark.asyncio

MP3 = answer(b"ID3" + b"\x00" * 100, kind="audio/mpeg")


def _lines(request: bytes) -> tuple[str, set[str]]:
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"" == body
    first, *headers = head.decode().split("\r\n")
    assert len(headers) == len(set(headers))
    return first, set(headers)


def _transport(service: RawService) -> Transport:
    return Transport(
        base_url=URL(service.base_url),
        client=None,
        proxy=None,
        ssl=None,
        timeout=DEFAULT_TIMEOUT,
        requests_per_second=None,
        user_agent="agent",
    )


async def test_listing_byte_for_byte() -> None:
    """The contract's first page: request line, bare token, our agent, no cookies, nothing else."""
    async with RawService(in_turn(answer())) as service, open_session(service) as ats:
        await ats.call_records.fetch_page(START, END, page=0, caller="79000258890", is_recorded=True)
    first, headers = _lines(service.requests[0])
    compressions = {line for line in headers if line.startswith("Accept-Encoding: gzip, deflate")}

    assert (
        "GET /crm/openapi/call-records/info?start=2022-07-24T10%3A15%3A30%2B00%3A00"
        "&end=2022-07-25T10%3A15%3A30%2B00%3A00&caller=79000258890&is_recorded=true"
        "&page=0&size=1000&sort=date%2CASC HTTP/1.1"
    ) == first
    assert 1 == len(compressions)
    assert {
        f"Host: 127.0.0.1:{service.port}",
        "Accept: application/json",
        f"Authorization: {ACCESS}",
        f"User-Agent: Mozilla/5.0 (compatible; tele2ats_async/{__version__})",
    } == headers - compressions


async def test_recording_byte_for_byte() -> None:
    """Any type accepted, not compressed (pitfall 8), the name encoded once."""
    async with (
        RawService(in_turn(MP3)) as service,
        open_session(service, user_agent="Our CRM/1.0") as ats,
        ats.recordings.open(NAME) as stream,
    ):
        assert 103 == stream.content_length
    first, headers = _lines(service.requests[0])

    assert "GET /crm/openapi/call-records/file?filename=2022-08-12%2Fmo_166030706109315379 HTTP/1.1" == first
    assert {
        f"Host: 127.0.0.1:{service.port}",
        "Accept: */*",
        "Accept-Encoding: identity",
        f"Authorization: {ACCESS}",
        "User-Agent: Our CRM/1.0",
    } == headers


async def test_transcript_byte_for_byte() -> None:
    """JSON accepted; the name encoded once, then twice where the service wants it so."""
    refused = answer(b"{}", "404 Not Found")
    async with RawService(in_turn(refused, answer())) as service, open_session(service) as ats:
        await ats.recordings.fetch_transcript(NAME)
        await ats.recordings.fetch_transcript(NAME)
    once = "GET /crm/openapi/call-records/file/stt?filename=2022-08-12%2Fmo_166030706109315379 HTTP/1.1"

    assert [once, once.replace("%2F", "%252F"), once.replace("%2F", "%252F")] == service.lines
    assert {"application/json"} == {header(request, "Accept") for request in service.requests}


async def test_refresh_byte_for_byte() -> None:
    """Operation 1: PUT, the refresh token, an empty body."""
    async with RawService(in_turn(issue("a2", "r2"))) as service, open_session(service) as ats:
        await ats.tokens.refresh()
        assert "a2" == await ats.tokens.access_token()
    first, headers = _lines(service.requests[0])

    assert "PUT /crm/openapi/authorization/refresh/token HTTP/1.1" == first
    assert f"Authorization: {REFRESH}" in headers
    assert "Accept: application/json" in headers
    assert not {line for line in headers if line.startswith(("Transfer-Encoding", "Cookie"))}
    assert {"Content-Length: 0"} >= {line for line in headers if line.startswith("Content-Length")}


async def test_no_cookies_are_kept() -> None:
    """A gateway's cookies are no part of the contract, and would tie sessions together."""
    script = in_turn(answer(headers={"Set-Cookie": "session=1; Path=/"}))
    async with (
        RawService(script) as service,
        open_session(service, base_url=f"http://localhost:{service.port}/a") as ats,
    ):
        await ask(ats)
        await ask(ats)

    assert [None, None] == [header(request, "Cookie") for request in service.requests]


@pytest.mark.parametrize("path", ["", "/", "/crm/openapi", "/crm/openapi/", "/a%20b"])
async def test_base_url_keeps_its_path(path: str) -> None:
    """Pitfall 12: with or without a trailing slash, no segment is lost or doubled."""
    async with (
        RawService(in_turn(answer())) as service,
        open_session(service, base_url=f"http://127.0.0.1:{service.port}{path}") as ats,
    ):
        await ask(ats)

    assert f"{path.rstrip('/')}/call-records/info" == urlsplit(service.lines[0].split()[1]).path


async def test_connections_are_kept() -> None:
    """One connection serves one request after the other, also after errors."""
    script = in_turn(
        answer(b"{}", "404 Not Found"), answer(b"x" * 100_000, "500 Oh"), answer(b"no JSON"), answer()
    )
    async with RawService(script) as service, open_session(service) as ats:
        for _ in range(6):
            await asyncio.gather(ask(ats), return_exceptions=True)

    assert (6, 1) == (len(service.requests), service.connections)


async def test_max_connections() -> None:
    """The bound holds whatever is asked at once, and a waiting request is in no timeout."""
    busy, most = 0, 0

    async def script(_: bytes) -> Say:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.03)
        busy -= 1
        return answer()

    limits = aiohttp.ClientTimeout(total=None, connect=0.05, sock_connect=0.5, sock_read=0.5)
    async with RawService(script) as service, open_session(service, max_connections=2, timeout=limits) as ats:
        await asyncio.gather(*(ask(ats) for _ in range(8)))

    assert (2, 2) == (most, service.connections)


async def test_one_connection_is_enough_for_a_refresh() -> None:
    """A refused request lets go of its slot before the refresh needs one: no deadlock."""

    def script(request: bytes) -> Say:
        if request.startswith(b"PUT"):
            return issue("a2", "r2")
        return answer() if header(request, "Authorization") == "a2" else answer(b"{}", "403 Forbidden")

    async with (
        RawService(script) as service,
        open_session(service, max_connections=1) as ats,
        asyncio.timeout(5),
    ):
        await asyncio.gather(*(ask(ats) for _ in range(3)))

    assert 1 == service.connections


async def test_slots_are_given_back_by_whoever_is_cancelled() -> None:
    """Cancelled while it waits, and cancelled while it reads: the next request finds a free slot."""
    async with (
        RawService(in_turn(Say(then=Then.SILENCE), answer())) as service,
        open_session(service, max_connections=1) as ats,
        asyncio.timeout(5),
    ):
        tasks = [asyncio.create_task(ask(ats)) for _ in range(3)]
        await asyncio.sleep(0.05)
        for task in reversed(tasks):
            task.cancel()
        assert [asyncio.CancelledError] * 3 == [
            type(done) for done in await asyncio.gather(*tasks, return_exceptions=True)
        ]
        await ask(ats)

    assert 2 == len(service.requests)


async def test_requests_per_second() -> None:
    """The rate is not exceeded, from the very first second on (pitfall 24)."""
    arrivals: list[float] = []

    def script(_: bytes) -> Say:
        arrivals.append(asyncio.get_running_loop().time())
        return answer()

    async with RawService(script) as service, open_session(service, requests_per_second=50) as ats:
        await asyncio.gather(*(ask(ats) for _ in range(11)))

    assert arrivals[-1] - arrivals[0] > 0.15


async def test_compressed_answers_are_read() -> None:
    """JSON may come compressed: we say that we understand it."""
    body = gzip.compress(b"[" + b" " * 1000 + b"]")
    async with (
        RawService(in_turn(answer(body, headers={"Content-Encoding": "gzip"}))) as service,
        open_session(service) as ats,
    ):
        assert [] == await ats.call_records.fetch_page(START, END)


async def test_big_answers_arrive_whole() -> None:
    """Megabytes in one answer, cut anywhere by the network."""
    body = b"[" + b" " * 3_000_000 + b"]"
    async with RawService(in_turn(answer(body))) as service, open_session(service) as ats:
        assert [] == await ats.call_records.fetch_page(START, END)


# Pitfall 1: aiohttp replays a request whose pooled connection turns out to be dead.


async def _die_after_reading(
    request: Callable[[AtsSession], Awaitable[object]], then: Then
) -> tuple[RawService, BaseException | None]:
    script = in_turn(answer(), Say(then=then), answer())
    async with RawService(script) as service, open_session(service) as ats:
        await ask(ats)
        (failure,) = await asyncio.gather(request(ats), return_exceptions=True)
    return service, failure if isinstance(failure, BaseException) else None


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
async def test_a_dead_connection_brings_one_get(then: Then) -> None:
    """The server has read the request and dies: no second copy that we did not decide upon."""
    service, failure = await _die_after_reading(ask, then)

    assert isinstance(failure, ConnectionFailed)
    assert (True, 2, 1) == (failure.sent, len(service.requests), service.connections)


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
async def test_a_dead_connection_brings_one_refresh(then: Then) -> None:
    """A replayed refresh burns the single-use pair: one copy for one decision."""
    async with RawService(in_turn(answer(), Say(then=then), answer())) as service:
        transport = _transport(service)
        async with await transport.open(Request(LIST_CALL_RECORDS), ACCESS) as incoming:
            await incoming.read()
        with pytest.raises(ConnectionFailed) as caught:
            async with await transport.open(Request(REFRESH_TOKENS), REFRESH):
                pass
        await transport.close()

    assert caught.value.sent
    assert ["GET", "PUT"] == [line.split()[0] for line in service.lines]


async def test_a_borrowed_client_replays_nothing_either() -> None:
    """Its middlewares do not run: one of them may be aiohttp-retry's cousin."""
    runs: list[str] = []

    async def repeat(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        runs.append(request.method)
        return await handler(request)

    async with (
        RawService(in_turn(answer(), Say(then=Then.CLOSE), answer())) as service,
        aiohttp.ClientSession(middlewares=[repeat], raise_for_status=True) as client,
    ):
        ats = open_session(service, client=client)
        await ask(ats)
        with pytest.raises(ConnectionFailed):
            await ask(ats)
        await ats.close()

    assert (0, 2) == (len(runs), len(service.requests))


async def test_connection_closed_while_idle_is_replaced() -> None:
    """A server that closes idle connections costs no failure, as aiohttp notices before it sends."""
    closing = answer().what.replace(b"Content-Type", b"Connection: close\r\nContent-Type")
    async with RawService(in_turn(Say(closing, Then.CLOSE))) as service, open_session(service) as ats:
        for _ in range(3):
            await ask(ats)

    assert (3, 3) == (len(service.requests), service.connections)


# Cancellation is nobody's failure.


@pytest.mark.parametrize(
    "silence",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n{",
    ],
)
async def test_cancellation_passes_as_it_is(silence: bytes) -> None:
    """Neither swallowed nor translated, wherever it strikes; the session goes on."""
    async with (
        RawService(in_turn(Say(silence, Then.SILENCE), answer())) as service,
        open_session(service) as ats,
    ):
        task = asyncio.create_task(ask(ats))
        while not service.requests:  # filled by the server
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ask(ats)


async def test_the_caller_s_own_deadline_is_theirs() -> None:
    """``asyncio.timeout`` around a call ends in TimeoutError, not in an error of the service."""
    async with RawService(in_turn(Say(then=Then.SILENCE))) as service, open_session(service) as ats:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.05):
                await ask(ats)

    assert not isinstance(caught.value, AtsTimeout)


async def test_default_timeout_lets_long_downloads_live() -> None:
    """Pitfall 6: no limit in all, but on connecting and on silence."""
    assert (None, 10, 30) == (DEFAULT_TIMEOUT.total, DEFAULT_TIMEOUT.sock_connect, DEFAULT_TIMEOUT.sock_read)


async def test_slow_answers_are_not_silent_ones() -> None:
    """An answer that takes longer than the limit in all, but never pauses that long, arrives."""
    pieces = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", *[b" "] * 8, b"[]"]

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        spoken.set()

    spoken = asyncio.Event()
    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = aiohttp.ClientTimeout(total=None, sock_connect=1, sock_read=0.35)
    async with AtsSession(PAIR, base_url=f"http://127.0.0.1:{port}", timeout=limits) as ats:
        assert [] == await ats.call_records.fetch_page(START, END)
    await spoken.wait()
    server.close()
    await server.wait_closed()


# The way through a proxy.


@asynccontextmanager
async def _tunnel(seen: list[bytes], target_port: int) -> AsyncIterator[int]:
    """Run a proxy that connects whatever is asked for to one port; give its own port."""
    tasks: list[asyncio.Task[None]] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                seen.append(piece)
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        there, back = await asyncio.open_connection("127.0.0.1", target_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(copy(reader, back), copy(there, writer))
        finally:
            for end in (writer, back):
                end.transport.abort()

    server = await asyncio.start_server(
        lambda reader, writer: tasks.append(asyncio.create_task(serve(reader, writer))), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # aborted transports are gone one turn of the loop later


async def test_through_a_proxy_with_a_password() -> None:
    """Section 1: the proxy gets its own password and sees no token; the service sees no password."""
    server_tls, client_tls = make_tls("ats2.t2.ru")
    seen: list[bytes] = []
    async with RawService(in_turn(answer()), tls=server_tls) as service, _tunnel(seen, service.port) as port:
        ats = AtsSession(PAIR, proxy=f"http://user:p%40ss@127.0.0.1:{port}", ssl=client_tls)
        await ask(ats)
        await ats.close()
    credentials = base64.b64encode(b"user:p@ss")

    assert b"CONNECT ats2.t2.ru:443 HTTP/1.1" == seen[0].split(b"\r\n")[0]
    assert b"Proxy-Authorization: Basic " + credentials in seen[0]
    assert ACCESS.encode() not in b"".join(seen)
    assert ACCESS == header(service.requests[0], "Authorization")
    assert header(service.requests[0], "Proxy-Authorization") is None


async def test_own_certificate_authority() -> None:
    """Section 1: with a bundle that holds the authority, TLS verifies against the host's own name."""
    server_tls, client_tls = make_tls("ats2.t2.ru")
    async with (
        RawService(in_turn(answer()), tls=server_tls) as service,
        loopback_client({"ats2.t2.ru": service.port}) as client,
    ):
        ats = AtsSession(PAIR, client=client, ssl=client_tls)
        await ask(ats)

    assert "ats2.t2.ru" == header(service.requests[0], "Host")
