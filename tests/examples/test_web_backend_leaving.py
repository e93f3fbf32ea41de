"""Listeners of the example's backends who are slow, many, or leave."""

import asyncio
import hashlib
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tele2ats_async.simulator import AtsSimulator, Company

from .backends import LISTENER, PATIENCE_S, Backend, Line, running

pytestmark = pytest.mark.asyncio

LISTENERS = 150  # more than the connections that aiohttp has by default
# No buffers of sockets, on whatever system, hold so much.
LONG_BYTES = 96 * 1024 * 1024


@asynccontextmanager
async def staged(
    kind: str, company: Company, line: Line, log: Path
) -> AsyncIterator[tuple[AtsSimulator, Backend]]:
    async with (
        AtsSimulator(company=company, middlewares=[line.make_middleware()]) as simulator,
        running(kind, simulator, log) as backend,
    ):
        yield simulator, backend


def spell_request(name: str) -> bytes:
    return f"GET /recording?name={name} HTTP/1.1\r\nHost: a\r\nAuthorization: {LISTENER['Authorization']}\r\n\r\n".encode()


async def listen(backend: Backend, name: str, *, buffer_bytes: int = 65536) -> socket.socket:
    """Begin to listen, with a small buffer, and read the first bytes of the answer."""
    loop = asyncio.get_running_loop()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    listener.setblocking(False)
    await loop.sock_connect(listener, ("127.0.0.1", backend.port))
    await loop.sock_sendall(listener, spell_request(name))
    assert b"HTTP/1.1 200" == await loop.sock_recv(listener, 12)
    return listener


@pytest.mark.parametrize("falls_silent_after", [None, 65536], ids=["in-the-flow", "in-silence"])
async def test_who_leaves_leaves_nothing_open(
    kind: str, company: Company, names: list[str], tmp_path: Path, falls_silent_after: int | None
) -> None:
    """The service sees at once that nobody listens any more, whether it speaks or is silent; the others hear on."""
    times = LONG_BYTES // len(AtsSimulator(company=company).recording(names[0]))
    line = Line(times=times, falls_silent_after=falls_silent_after)
    async with staged(kind, company, line, tmp_path / "log") as (_, backend):
        leaving = [await listen(backend, names[0]) for _ in range(10)]
        staying = await listen(backend, names[0])
        await line.wait_for(11)
        for listener in leaving:
            listener.close()
        await line.wait_for(1)
        staying.close()
        await line.wait_for(0)
    assert "Traceback" not in backend.read_log()


async def test_a_slow_listener_slows_the_service_down(
    kind: str, company: Company, names: list[str], tmp_path: Path
) -> None:
    """What nobody hears yet is not in memory; in the end all of it has come."""
    loop = asyncio.get_running_loop()
    async with AtsSimulator(company=company) as simulator:
        recording = simulator.recording(names[0])
    line = Line(times=LONG_BYTES // len(recording))
    async with staged(kind, company, line, tmp_path / "log") as (_, backend):
        listener = await listen(backend, names[0])
        sent_bytes = -1
        while line.sent_bytes > sent_bytes:
            sent_bytes = line.sent_bytes
            await asyncio.sleep(1)
        assert sent_bytes < LONG_BYTES / 2

        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)
        head, heard_bytes, digest = b"", 0, hashlib.sha256()
        while heard_bytes < line.times * len(recording):
            piece = await asyncio.wait_for(loop.sock_recv(listener, 1024 * 1024), PATIENCE_S)
            assert piece
            if not heard_bytes:
                head, _, piece = (head + piece).partition(b"\r\n\r\n")
            heard_bytes += len(piece)
            digest.update(piece)
        listener.close()
    assert hashlib.sha256(recording * line.times).digest() == digest.digest()


async def test_many_listeners(kind: str, company: Company, names: list[str], tmp_path: Path) -> None:
    """However long they listen, the next one hears too, and calls are listed."""
    line = Line(falls_silent_after=0)
    async with (
        staged(kind, company, line, tmp_path / "log") as (_, backend),
        aiohttp.ClientSession(
            backend.base_url, headers=LISTENER, connector=aiohttp.TCPConnector(limit=0)
        ) as client,
        AsyncExitStack() as listening,
    ):
        asked = (client.get("/recording", params={"name": name}) for name in (names * 3)[:LISTENERS])
        answers = await asyncio.gather(*map(listening.enter_async_context, asked))
        assert {200} == {answer.status for answer in answers}
        await line.wait_for(LISTENERS)
        async with asyncio.timeout(PATIENCE_S), client.get("/calls") as answer:
            assert 200 == answer.status


async def test_what_breaks_off_is_not_taken_for_the_end(
    kind: str, company: Company, names: list[str], tmp_path: Path
) -> None:
    """A player that lacks the rest can know it, and the backend serves the next one."""
    line = Line(times=100, falls_silent_after=65536, breaks_off=True)
    async with (
        staged(kind, company, line, tmp_path / "log") as (_, backend),
        aiohttp.ClientSession(backend.base_url, headers=LISTENER) as client,
    ):
        async with client.get("/recording", params={"name": names[0]}) as answer:
            assert 200 == answer.status
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
        assert f"recording {names[0]!r} ended after" in backend.read_log()
        async with client.get("/transcript", params={"name": names[0]}) as answer:
            assert 200 == answer.status


async def test_it_stops_although_somebody_listens(
    kind: str, company: Company, names: list[str], tmp_path: Path
) -> None:
    """A tab that somebody forgot does not keep a new version from being started."""
    line = Line(times=100, falls_silent_after=65536)
    async with staged(kind, company, line, tmp_path / "log") as (_, backend):
        listener = await listen(backend, names[0])
        await line.wait_for(1)
        status = await backend.end()
        await line.wait_for(0)
        listener.close()
    assert status in {0, -signal.SIGTERM}  # uvicorn passes the signal on once it has tidied up
