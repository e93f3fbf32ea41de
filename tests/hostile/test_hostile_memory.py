"""Answers without an end, and bombs: memory stays bounded, whatever the bytes unpack to."""

import asyncio
import gzip
import tempfile
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import brotli  # type: ignore[import-untyped]  # ships no annotations
import pytest
from hostile_arena import PATIENCE_S, SECRETS, SHORT
from raw_service import NAME, ONCE, PAIR
from secrecy import assert_clean

from tele2ats_async import AtsError, AtsSession, MinimumSpeed, PayloadError, ServerError
from tele2ats_async.transport import Incoming
from tele2ats_async.wire.operations import LIST_EMPLOYEES

pytestmark = pytest.mark.asyncio

_BLOCK = 64 * 1024
_MB = 1024 * 1024
_LIMIT = 4 * _MB
# What unpacking takes at a time, what the kernel's buffers hand over, and what this process does beside.
_SOME_MB = 40 * _MB
_ENOUGH = 64 * _MB
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
AUDIO = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


@asynccontextmanager
async def _endless(
    head: bytes, block: bytes, *, small: bool = False, limits: aiohttp.ClientTimeout = SHORT
) -> AsyncIterator[AtsSession]:
    """Serve a head and then the same block for ever, as fast as the client reads."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while not block:  # what has an end of its own is served again and again
                await reader.readuntil(b"\r\n\r\n")
                writer.write(head)
            while not reader.at_eof():
                writer.write(block)
                await writer.drain()
                await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/crm/openapi"
    limit = 1000 if small else _LIMIT
    async with (
        asyncio.timeout(3 * PATIENCE_S),
        server,
        AtsSession(PAIR, base_url=url, retry=ONCE, timeout=limits, max_json_bytes=limit) as ats,
    ):
        yield ats
    await asyncio.sleep(0.05)  # the server's tasks see that the client has gone


@asynccontextmanager
async def _at_most(most_bytes: int) -> AsyncIterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < most_bytes, f"{peak_bytes / _MB:.1f} MB"


async def _listen(ats: AtsSession) -> None:
    """Read a recording until it is enough."""
    received = 0
    async with ats.recordings.open(NAME) as stream:
        async for chunk in stream:
            received += len(chunk)
            if received >= _ENOUGH:
                return


async def _list(ats: AtsSession) -> None:
    await ats.employees.fetch_all()


@pytest.mark.parametrize("block", [_chunk(b" " * _BLOCK), _chunk(b" ") * 10_000], ids=["large", "tiny"])
@pytest.mark.parametrize(
    "call",
    [
        _list,
        lambda ats: ats.managers.delete(1),
        lambda ats: ats.blacklist.clear(),
        lambda ats: ats.recordings.fetch_transcript(NAME),
        lambda ats: ats.tokens.refresh(),
    ],
    ids=["list", "empty", "word", "transcript", "refresh"],
)
async def test_json_without_an_end(call: Callable[[AtsSession], Awaitable[object]], block: bytes) -> None:
    """It is given up at the limit, in whatever chunks it comes."""
    async with (
        _at_most(_LIMIT + 4 * _MB),
        _endless(JSON + CHUNKED + _chunk(b"["), block, small=len(block) < _BLOCK) as ats,
    ):
        with pytest.raises(PayloadError, match="more than"):
            await call(ats)


async def test_a_recording_without_an_end() -> None:
    """It is passed on, and a listener who leaves ends it."""
    async with _at_most(4 * _MB), _endless(AUDIO + CHUNKED + _chunk(b"ID3."), _chunk(b"x" * _BLOCK)) as ats:
        await _listen(ats)


async def test_a_listener_who_stops() -> None:
    """What nobody takes stays on the wire: the service is held back."""
    async with (
        _at_most(4 * _MB),
        _endless(AUDIO + CHUNKED + _chunk(b"ID3."), _chunk(b"x" * _BLOCK)) as ats,
        ats.recordings.open(NAME) as stream,
    ):
        async for _ in stream:
            await asyncio.sleep(1)
            break


@pytest.mark.parametrize("status", [b"400", b"404", b"500"])
async def test_the_story_of_an_error_without_an_end(status: bytes) -> None:
    """Its beginning is enough."""
    head = b"HTTP/1.1 " + status + b" X\r\n" + CHUNKED
    async with _at_most(4 * _MB), _endless(head, _chunk(b"x" * _BLOCK)) as ats:
        with pytest.raises(AtsError) as caught:
            await _list(ats)

    assert_clean(caught.value, SECRETS, "aiohttp")


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 ",
        b"",
        b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"0\r\n",
    ],
    ids=["headers", "header", "status", "nothing", "trailers"],
)
@pytest.mark.parametrize("block", [b"X: y\r\n" * 10_000, b"y" * _BLOCK, b"HTTP/1.1 100 X\r\n\r\n" * 3000])
async def test_headers_without_an_end(begin: bytes, block: bytes) -> None:
    """Interim answers count as such: the time for headers is one for all of them."""
    async with _at_most(_SOME_MB), _endless(begin, block) as ats:
        with pytest.raises(AtsError):
            await _list(ats)


def _deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
_BOMB = _FRAME * (200 * _MB // len(_FRAME))
PACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": lambda content: gzip.compress(content, 1),
    b"deflate": _deflate,
    b"br": lambda content: brotli.compress(content, quality=3),
}


@pytest.fixture(scope="module", params=PACKERS, ids=bytes.decode)
def packed(request: pytest.FixtureRequest) -> tuple[bytes, bytes]:
    """Give a packing and a bomb in it."""
    return request.param, PACKERS[request.param](_BOMB)


def _head(kind: bytes, packed: tuple[bytes, bytes]) -> bytes:
    coding, bomb = packed
    return kind + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (coding, len(bomb), bomb)


async def test_bombs_as_json(packed: tuple[bytes, bytes]) -> None:
    """The limit is of what it unpacks to."""
    async with _at_most(_SOME_MB), _endless(_head(JSON, packed), b"") as ats:
        with pytest.raises(PayloadError, match="more than"):
            await _list(ats)


async def test_bombs_as_recordings(packed: tuple[bytes, bytes]) -> None:
    """They pass through in pieces, though nobody had asked for anything packed."""
    async with _at_most(_SOME_MB), _endless(_head(AUDIO, packed), b"") as ats:
        await _listen(ats)


async def test_bombs_that_are_saved(packed: tuple[bytes, bytes]) -> None:
    """To the disk likewise, twice, for nothing tells that what was packed is all there."""
    # aiohttp counts as silence what it takes to unpack and to write, once all has come.
    patient = aiohttp.ClientTimeout(total=None, connect=5, sock_connect=5, sock_read=PATIENCE_S)
    with tempfile.TemporaryDirectory() as directory:
        async with _at_most(_SOME_MB), _endless(_head(AUDIO, packed), b"", limits=patient) as ats:
            path = await ats.recordings.save(NAME, Path(directory))

        assert len(_BOMB) == path.stat().st_size


async def test_bombs_as_stories_of_errors(packed: tuple[bytes, bytes]) -> None:
    """Of which only the beginning is unpacked."""
    async with _at_most(_SOME_MB), _endless(_head(b"HTTP/1.1 500 X\r\n", packed), b"") as ats:
        with pytest.raises(ServerError):
            await _list(ats)


class Trickle:
    """Stands for a connection that brings two bytes at a time, a thing that takes minutes on a real one."""

    def __init__(self, pieces: int) -> None:
        self._left = pieces

    async def readany(self) -> bytes:
        self._left -= 1
        return self._left.to_bytes(4, "big")[2:] if self._left >= 0 else b""


async def test_json_in_the_tiniest_pieces() -> None:
    """Kept as a list of pieces, each would weigh twenty times its bytes."""
    pieces = 200_000
    response: Any = SimpleNamespace(status=200, headers={}, content=Trickle(pieces))
    incoming = Incoming(LIST_EMPLOYEES, response, MinimumSpeed(), _LIMIT)
    async with _at_most(3 * 2 * pieces):
        assert 2 * pieces == len(await incoming.read())
