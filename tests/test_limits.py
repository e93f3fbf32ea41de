"""Answers that come too slowly, or that are too large: they end, and cost no more than was said."""

import asyncio
import gzip
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from raw_service import NAME, ONCE, PAIR, RawService, Say, answer, ask, header, in_turn, open_session

from tele2ats_async import (
    AtsError,
    AtsSession,
    AtsTimeout,
    MinimumSpeed,
    PayloadError,
    RetryPolicy,
    ServerError,
)

pytestmark = pytest.mark.asyncio

BODY = b"ID3" + bytes(range(256)) * 400
HEAD = f'HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nETag: "1"\r\nContent-Length: {len(BODY)}\r\n\r\n'.encode()
SOON = MinimumSpeed(bytes_per_s=10_000, window_s=0.2)
SHORT = aiohttp.ClientTimeout(total=None, connect=0.3, sock_connect=0.3, sock_read=0.3)
# Long beyond all limits of these tests.
_PATIENCE_S = 20


@attrs.define
class Drip:
    """Says the beginning at once, and the rest byte by byte, whatever is asked; later requests as scripted."""

    at_once: bytes
    slowly: bytes
    later: Callable[[bytes], Say] | None = None
    requests: list[bytes] = attrs.field(factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                if self.later is not None and len(self.requests) > 1:
                    writer.write(self.later(self.requests[-1]).what)
                else:
                    await self._drip(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self.at_once)
        for place in range(len(self.slowly)):
            writer.write(self.slowly[place : place + 1])
            await writer.drain()
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def session(self, **settings: Any) -> AsyncIterator[AtsSession]:
        """Serve, and open a session on that, all of it within the patience of a test."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        defaults: dict[str, Any] = {"retry": ONCE, "base_url": f"http://127.0.0.1:{port}/crm/openapi"}
        async with asyncio.timeout(_PATIENCE_S), server, AtsSession(PAIR, **(defaults | settings)) as ats:
            yield ats
        await asyncio.sleep(0.05)  # the server's tasks see that the client has gone


async def test_a_trickle_is_ended_and_taken_up(tmp_path: Path) -> None:
    """A recording that all but stops is asked for again, from where it was."""

    def rest(request: bytes) -> Say:
        begin = int((header(request, "Range") or "").removeprefix("bytes=").removesuffix("-"))
        shown = {"ETag": '"1"', "Content-Range": f"bytes {begin}-{len(BODY) - 1}/{len(BODY)}"}
        return answer(BODY[begin:], "206 X", kind="audio/mpeg", headers=shown)

    drip = Drip(HEAD + BODY[:50_000], BODY[50_000:], later=rest)
    retry = RetryPolicy(attempts=2, wait_initial_s=0.001)
    async with drip.session(minimum_speed=SOON, retry=retry) as ats:
        path = await ats.recordings.save(NAME, tmp_path)

    assert BODY == path.read_bytes()
    assert 2 == len(drip.requests)


async def test_a_trickle_of_json_is_ended() -> None:
    """No kind of answer may keep its caller for ever."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    async with Drip(head, b"[" + b" " * 99_999).session(minimum_speed=SOON) as ats:
        with pytest.raises(AtsTimeout, match="the answer comes too slowly"):
            await ask(ats)


async def test_a_trickle_of_headers_is_ended() -> None:
    """Each byte would begin the silence anew; the headers have a limit of their own."""
    async with Drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000).session(timeout=SHORT) as ats:
        with pytest.raises(AtsTimeout, match="no answer in time"):
            await ask(ats)


async def test_a_trickle_of_headers_is_ended_without_a_limit_to_connect() -> None:
    """Who limits silence alone has not asked to wait for headers without an end."""
    limits = aiohttp.ClientTimeout(total=None, sock_connect=0.3, sock_read=0.3)
    async with Drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000).session(timeout=limits) as ats:
        with pytest.raises(AtsTimeout, match="no answer in time"):
            await ask(ats)


async def test_limits_of_nought_are_none() -> None:
    """As aiohttp reads them."""
    limits = aiohttp.ClientTimeout(total=None, connect=0, sock_connect=0, sock_read=0)
    async with (
        RawService(lambda _: answer()) as service,
        AtsSession(PAIR, base_url=service.base_url, retry=ONCE, timeout=limits) as ats,
    ):
        assert [] == await ats.employees.fetch_all()


async def test_a_trickling_story_of_an_error_is_ended() -> None:
    """The status is there, and is told without the story."""
    head = b"HTTP/1.1 500 X\r\nContent-Length: 100000\r\n\r\n"
    async with Drip(head, b" " * 100_000).session(timeout=SHORT) as ats:
        with pytest.raises(ServerError) as caught:
            await ask(ats)
    assert "" == caught.value.details


async def test_a_slow_listener_is_no_slow_service() -> None:
    """Only waiting for the service counts: who passes a recording on at a listener's pace may be slow."""
    speed = MinimumSpeed(bytes_per_s=10_000_000, window_s=0.05)
    async with (
        RawService(in_turn(Say(HEAD + BODY))) as service,
        open_session(service, minimum_speed=speed) as ats,
        ats.recordings.open(NAME) as stream,
    ):
        received = b""
        async for chunk in stream:
            received += chunk
            await asyncio.sleep(0.1)

    assert BODY == received


async def test_a_service_that_thinks_is_no_trickle() -> None:
    """Headers at once, then a silence that is allowed, and a small answer: it is there, however small."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"

    async def think(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for byte in (b"[", b"]"):
            await asyncio.sleep(0.3)
            writer.write(byte)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(think, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/crm/openapi"
    async with server, AtsSession(PAIR, base_url=base_url, retry=ONCE, minimum_speed=SOON) as ats:
        await ask(ats)
    await asyncio.sleep(0.05)  # the server sees that the client has gone


async def test_any_pace_will_do_where_none_is_asked_for(tmp_path: Path) -> None:
    """Zero switches the limit off."""
    slow = MinimumSpeed(bytes_per_s=0, window_s=0.01)
    drip = Drip(HEAD + BODY[:-20], BODY[-20:])
    async with drip.session(minimum_speed=slow) as ats:
        path = await ats.recordings.save(NAME, tmp_path)

    assert BODY == path.read_bytes()


@pytest.mark.parametrize("speed", [{"bytes_per_s": -1}, {"window_s": 0}, {"window_s": -1}])
async def test_a_minimum_speed_is_checked(speed: dict[str, float]) -> None:
    """What cannot be meant is refused at once."""
    with pytest.raises(ValueError, match="must be"):
        MinimumSpeed(**speed)


@pytest.mark.parametrize("speed", [500, None, {"bytes_per_s": 1}])
async def test_a_minimum_speed_is_one(speed: Any) -> None:
    """A mistake is told at once, and not by the first request."""
    with pytest.raises(TypeError, match="minimum_speed"):
        AtsSession(PAIR, minimum_speed=speed)
    with pytest.raises(TypeError, match="bytes_per_s"):
        MinimumSpeed(bytes_per_s="fast")  # type: ignore[arg-type]  # the mistake


# Size.


@pytest.mark.parametrize("announced", [True, False])
async def test_json_beyond_the_limit_is_refused(announced: bool) -> None:  # noqa: FBT001  # a parameter
    """The limit counts what comes, whatever was announced."""
    body = b"[" + b" " * 2000 + b"]"
    said = answer(body)
    if not announced:
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        said = Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)
    async with RawService(in_turn(said)) as service:
        async with open_session(service, max_json_bytes=2001) as ats:
            with pytest.raises(PayloadError) as caught:
                await ask(ats)
        async with open_session(service, max_json_bytes=2002) as ats:
            await ask(ats)

    assert ("$", "it has more than 2001 bytes") == (caught.value.where, caught.value.reason)
    assert "GET /call-records/info" == caught.value.source


@pytest.mark.parametrize("limit", [0, -1, 1.5, True])
async def test_the_limit_is_checked(limit: Any) -> None:
    """What cannot be meant is refused at once."""
    with pytest.raises((TypeError, ValueError), match="max_json_bytes"):
        AtsSession(PAIR, max_json_bytes=limit)


async def test_a_bomb_is_defused() -> None:
    """200 MB of blanks in less than one of gzip costs memory in proportion to the limit."""
    bomb = gzip.compress(b"[" + b" " * 200_000_000, 1)
    said = answer(bomb, headers={"Content-Encoding": "gzip"})
    async with RawService(in_turn(said)) as service, open_session(service) as ats:
        tracemalloc.start()
        try:
            with pytest.raises(PayloadError, match="more than"):
                await ask(ats)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak_bytes < 64 * 1024 * 1024


async def test_no_attempt_begins_after_the_time_is_over() -> None:
    """The wait before the last attempt may outlast the time: then there is no such attempt."""
    failing = answer(b"", "500 X")
    policy = RetryPolicy(attempts=10, total_s=0.3, wait_initial_s=1.0, wait_max_s=1.0)
    async with RawService(in_turn(failing)) as service, open_session(service, retry=policy) as ats:
        began_at = time.monotonic()
        with pytest.raises(AtsError):
            await ask(ats)

    assert 1 == len(service.requests)
    assert time.monotonic() - began_at < _PATIENCE_S
