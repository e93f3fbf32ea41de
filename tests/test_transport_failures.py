import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from raw_service import (
    NAME,
    ONCE,
    PAIR,
    RawService,
    Say,
    Then,
    answer,
    ask,
    free_port,
    in_turn,
    loopback_client,
    make_tls,
    open_session,
)

from tele2ats_async import (
    AtsSession,
    AtsTimeout,
    CertificateError,
    ConnectionFailed,
    PayloadError,
    ProxyRefused,
    ServerError,
    TransportError,
)

pytestmark = pytest.mark.asyncio

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
QUICK = aiohttp.ClientTimeout(total=None, connect=5, sock_connect=5, sock_read=0.1)


def _facts(error: TransportError) -> tuple[type[TransportError], str, str, bool]:
    return type(error), error.method, error.path, error.sent


async def _failure(ats: AtsSession) -> TransportError:
    """Ask, and give the failure that comes of it."""
    async with ats:
        with pytest.raises(TransportError) as caught:
            await ask(ats)
    return caught.value


@asynccontextmanager
async def _deaf_port() -> AsyncIterator[int]:
    """Listen on a port and say nothing on it, not even hello."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in held:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


# What fails before the request has left.


async def test_refused() -> None:
    """Nobody listens: certainly not sent."""
    error = await _failure(AtsSession(PAIR, base_url=f"http://127.0.0.1:{free_port()}", retry=ONCE))

    assert (ConnectionFailed, "GET", "/call-records/info", False) == _facts(error)
    assert "cannot connect" in error.reason


async def test_name_that_does_not_resolve() -> None:
    """The resolver does not know the host: certainly not sent."""
    async with loopback_client({}) as client:
        error = await _failure(AtsSession(PAIR, client=client, retry=ONCE))

    assert (ConnectionFailed, "GET", "/call-records/info", False) == _facts(error)
    assert "the host's name does not resolve (Name or service not known)" == error.reason


@pytest.mark.parametrize("known", [True, False])
async def test_certificate_that_does_not_verify(known: bool) -> None:  # noqa: FBT001  # a case
    """Of an unknown authority, and of a known one for another host: not sent, and what to install is said."""
    server_tls, client_tls = make_tls("another.example")
    async with (
        RawService(in_turn(answer()), tls=server_tls) as service,
        loopback_client({"ats2.t2.ru": service.port}) as client,
    ):
        error = await _failure(AtsSession(PAIR, client=client, retry=ONCE, ssl=client_tls if known else None))

    assert (CertificateError, "GET", "/call-records/info", False) == _facts(error)
    assert "GlobalSign Root R3" in str(error)
    assert "CERTIFICATE_VERIFY_FAILED" in error.reason
    assert [] == service.requests


async def test_tls_handshake_with_what_speaks_no_tls() -> None:
    """A plain server behind https: not sent, and not the fault of a certificate."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await _failure(AtsSession(PAIR, base_url=f"https://127.0.0.1:{port}", retry=ONCE))
    server.close()
    await server.wait_closed()

    assert (ConnectionFailed, "GET", "/call-records/info", False) == _facts(error)
    assert error.reason.startswith("TLS handshake failed")


async def test_tls_versions_that_do_not_meet() -> None:
    """A handshake that fails by agreement: not sent, and not the fault of a certificate."""
    server_tls, client_tls = make_tls("ats2.t2.ru")
    server_tls.maximum_version = ssl.TLSVersion.TLSv1_2
    client_tls.minimum_version = ssl.TLSVersion.TLSv1_3
    async with (
        RawService(in_turn(answer()), tls=server_tls) as service,
        loopback_client({"ats2.t2.ru": service.port}) as client,
    ):
        error = await _failure(AtsSession(PAIR, client=client, retry=ONCE, ssl=client_tls))

    assert (ConnectionFailed, "GET", "/call-records/info", False) == _facts(error)


async def test_proxy_that_cannot_be_reached() -> None:
    """Says that it is the proxy, without its password."""
    proxy = f"http://user:password@127.0.0.1:{free_port()}"
    error = await _failure(AtsSession(PAIR, proxy=proxy, retry=ONCE))

    assert (ConnectionFailed, "GET", "/call-records/info", False) == _facts(error)
    assert error.reason.startswith("the proxy cannot be reached")
    assert "password" not in str(error)


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        ("407 Proxy Authentication Required", ProxyRefused, ": check its user name and password"),
        ("403 Forbidden", ConnectionFailed, ""),
        ("502 Bad Gateway", ConnectionFailed, ""),
    ],
)
async def test_proxy_that_refuses(status: str, kind: type[Exception], advice: str) -> None:
    """The proxy's own status, which is not the service's: no 403 of a proxy may cost a refresh."""
    async with RawService(in_turn(answer(b"", status))) as proxy:
        error = await _failure(AtsSession(PAIR, proxy=f"http://u:p@127.0.0.1:{proxy.port}", retry=ONCE))

    assert (kind, "GET", "/call-records/info", False) == _facts(error)
    assert f"the proxy refused with status {status[:3]}{advice}" == error.reason
    assert ["CONNECT ats2.t2.ru:443 HTTP/1.1"] == proxy.lines


@pytest.mark.parametrize(
    "say", [Say(then=Then.CLOSE), Say(then=Then.RESET), Say(b"SSH-2.0\r\n\r\n", Then.CLOSE)]
)
async def test_proxy_that_breaks_off(say: Say) -> None:
    """A proxy that dies in the middle of its own greeting: an error of the tree all the same."""
    async with RawService(in_turn(say)) as proxy:
        error = await _failure(AtsSession(PAIR, proxy=f"http://127.0.0.1:{proxy.port}", retry=ONCE))

    assert isinstance(error, ConnectionFailed)


@pytest.mark.parametrize(
    "limits", [{"connect": 0.1}, {"sock_connect": 0.1}, {"connect": 0.1, "sock_connect": 5}]
)
async def test_connecting_takes_too_long(limits: dict[str, float]) -> None:
    """A TLS handshake that is never answered: AtsTimeout, also a TimeoutError, certainly not sent."""
    async with _deaf_port() as port:
        timeout = aiohttp.ClientTimeout(total=None, **limits)
        error = await _failure(
            AtsSession(PAIR, base_url=f"https://127.0.0.1:{port}", timeout=timeout, retry=ONCE)
        )

    assert (AtsTimeout, "GET", "/call-records/info", False) == _facts(error)
    assert isinstance(error, TimeoutError)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_knows_nobody_is_asked_once(scheme: str) -> None:
    """A wrong password does not mend by asking again, over a tunnel or not."""
    async with RawService(lambda _: answer(b"", "407 X")) as proxy:
        ats = AtsSession(PAIR, base_url=f"{scheme}://ats.example", proxy=f"http://u:p@127.0.0.1:{proxy.port}")
        error = await _failure(ats)

    assert isinstance(error, ProxyRefused)
    assert 1 == len(proxy.requests)


async def test_proxy_is_silent() -> None:
    """A proxy that accepts and says nothing: certainly not sent."""
    async with _deaf_port() as port:
        timeout = aiohttp.ClientTimeout(total=None, connect=0.1)
        error = await _failure(
            AtsSession(PAIR, proxy=f"http://127.0.0.1:{port}", timeout=timeout, retry=ONCE)
        )

    assert (AtsTimeout, "GET", "/call-records/info", False) == _facts(error)


# What fails when the request may have arrived.


async def test_silence_before_the_headers() -> None:
    """The request is there, the answer is not."""
    async with RawService(in_turn(Say(then=Then.SILENCE))) as service:
        error = await _failure(open_session(service, timeout=QUICK))

    assert (AtsTimeout, "GET", "/call-records/info", True) == _facts(error)
    assert isinstance(error, TimeoutError)
    assert "no answer in time" == error.reason


async def test_silence_in_the_middle_of_the_body() -> None:
    """A peer that stalls does not hang us for ever (pitfall 6)."""
    async with RawService(in_turn(Say(OK + b"Content-Length: 100\r\n\r\n[", Then.SILENCE))) as service:
        error = await _failure(open_session(service, timeout=QUICK))

    assert (AtsTimeout, "GET", "/call-records/info", True) == _facts(error)


async def test_total_limit_of_the_caller() -> None:
    """Who sets a limit in all gets AtsTimeout when it is over."""
    limits = aiohttp.ClientTimeout(total=0.1)
    async with RawService(in_turn(Say(then=Then.SILENCE))) as service:
        error = await _failure(open_session(service, timeout=limits))

    assert (AtsTimeout, True) == (type(error), error.sent)


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (Say(then=Then.CLOSE), "the server closed the connection"),
        (Say(b"HTTP/1.1 200 OK\r\nContent-Ty", Then.CLOSE), "the server closed the connection"),
        (Say(then=Then.RESET), "the connection broke (Connection reset by peer)"),
        (Say(OK + b"Content-Length: 100\r\n\r\n[", Then.CLOSE), "the answer broke off"),
        (Say(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n", Then.CLOSE), "the answer broke off"),
        (Say(OK + b"Transfer-Encoding: chunked\r\n\r\nFF\r\n[", Then.CLOSE), "the answer broke off"),
        (Say(OK + b"Transfer-Encoding: chunked\r\n\r\nXYZ\r\n[]\r\n0\r\n\r\n"), "the answer"),
        (Say(OK + b"Content-Length: 100\r\n\r\n[", Then.RESET), ""),
        (Say(OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!"), "the answer"),
        (Say(OK + b"Content-Encoding: deflate\r\nContent-Length: 9\r\n\r\nnodeflate"), "the answer"),
        (Say(OK + b"Content-Encoding: br\r\nContent-Length: 9\r\n\r\nno brotli"), "the answer"),
        (Say(OK + b"Content-Encoding: zstd\r\nContent-Length: 9\r\n\r\nno zstd!!"), "the answer"),
        (Say(OK + b"Content-Length: abc\r\n\r\n[]"), "the answer is no HTTP"),
        (Say(OK + b"Content-Length: -1\r\n\r\n[]"), "the answer is no HTTP"),
        (Say(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "the answer is no HTTP"),
        (Say(b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n"), "the answer is no HTTP"),
        (Say(b"HTTP/1.1 OK\r\n\r\n"), "the answer is no HTTP"),
        (Say(b"HTTP/1.1 99 No\r\n\r\n", Then.CLOSE), ""),
        (Say(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "the answer is no HTTP"),
        (Say(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"), "the answer is no HTTP"),
    ],
    ids=range(20),
)
async def test_broken_answers(say: Say, reason: str) -> None:
    """Whatever comes instead of an answer is one error of ours, and the next request is served."""
    async with RawService(in_turn(say, answer())) as service:
        ats = open_session(service)
        error = await _failure(ats)
        async with open_session(service) as again:
            await ask(again)

    assert (ConnectionFailed, "GET", "/call-records/info", True) == _facts(error)
    assert error.reason.startswith(reason)


@pytest.mark.parametrize(
    "say",
    [Say(b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\n{", then) for then in (Then.CLOSE, Then.RESET)],
)
async def test_a_status_whose_story_breaks_off(say: Say) -> None:
    """The status has come, and says more than that the connection broke afterwards."""
    async with RawService(in_turn(say)) as service, open_session(service) as ats:
        with pytest.raises(ServerError) as caught:
            await ask(ats)

    assert (500, "") == (caught.value.status, caught.value.details)


@pytest.mark.parametrize(
    "say",
    [
        Say(b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\nContent-Length: 2\r\n\r\n[]"),
        Say(b"HTTP/1.0 200 OK\r\n\r\n[]", Then.CLOSE),
        Say(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n[]"),
        Say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\n[]"),
        Say(OK + b"Content-Type: text/html\r\nContent-Length: 2\r\n\r\n[]"),
    ],
    ids=range(5),
)
async def test_odd_answers_that_are_good(say: Say) -> None:
    """What other clients read, we read."""
    async with RawService(in_turn(say)) as service, open_session(service) as ats:
        await ask(ats)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'"text"', b"\xff"])
async def test_answers_that_are_no_listing(body: bytes) -> None:
    """With status 200: a PayloadError that names the request."""
    async with RawService(in_turn(answer(body))) as service, open_session(service) as ats:
        with pytest.raises(PayloadError) as caught:
            await ask(ats)

    assert ("$", "GET /call-records/info") == (caught.value.where, caught.value.source)


async def test_204_is_no_listing() -> None:
    """No content at all."""
    async with (
        RawService(in_turn(Say(b"HTTP/1.1 204 No Content\r\n\r\n"))) as service,
        open_session(service) as ats,
    ):
        with pytest.raises(PayloadError):
            await ask(ats)


async def test_errors_while_a_recording_streams() -> None:
    """The body is read under the caller's hands: silence there is AtsTimeout too."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 100\r\n\r\nID3\x04"
    async with (
        RawService(in_turn(Say(head, Then.SILENCE))) as service,
        open_session(service, timeout=QUICK) as ats,
    ):
        with pytest.raises(AtsTimeout) as caught:  # noqa: PT012  # the loop is what is tested
            async with ats.recordings.open(NAME) as stream:
                async for _ in stream:
                    pass

    assert (AtsTimeout, "GET", "/call-records/file", True) == _facts(caught.value)


async def test_closed_borrowed_client() -> None:
    """Whoever closed it made a mistake of their own: told as one, at once."""
    client = aiohttp.ClientSession()
    await client.close()
    settings: dict[str, Any] = {"client": client, "base_url": "http://127.0.0.1:9"}
    with pytest.raises(RuntimeError, match="closed"):
        await ask(AtsSession(PAIR, **settings))
