"""Recordings straight from aiohttp's connections: what comes is what the ordinary way would have given."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import aiohttp
import pytest
from raw_service import (
    ACCESS,
    NAME,
    ONCE,
    PAIR,
    QUICKLY,
    RawService,
    Say,
    Then,
    answer,
    header,
    issue,
    make_tls,
    moved,
)
from yarl import URL

from tele2ats_async import (
    AtsError,
    AtsSession,
    AtsTimeout,
    ConnectionFailed,
    MinimumSpeed,
    NotAudio,
    NotReady,
    RateLimited,
    RedirectRefused,
    RetryPolicy,
    Truncated,
)
from tele2ats_async.recordings.growing import make_room
from tele2ats_async.transport import direct
from tele2ats_async.transport.connection import DirectConnection
from tele2ats_async.transport.room import Room

pytestmark = pytest.mark.asyncio

FRAME = b"\xff\xfb\x90\x00" + bytes(413)
SOUND = FRAME * 50
AUDIO = answer(SOUND, kind="audio/mpeg")
SHORT = aiohttp.ClientTimeout(total=None, connect=1, sock_connect=1, sock_read=0.3)


@pytest.fixture(autouse=True)
def asked_on(monkeypatch: pytest.MonkeyPatch) -> list[DirectConnection]:
    """Note the connection of each request that goes straight, so that a test knows that it tests one."""
    asked: list[DirectConnection] = []
    ask = DirectConnection.ask

    async def noted(connection: DirectConnection, request: bytes, room: Room, head_by: float | None) -> None:
        asked.append(connection)
        await ask(connection, request, room, head_by)

    monkeypatch.setattr(DirectConnection, "ask", noted)
    return asked


def _then(*answers: Say) -> Callable[[bytes], Say]:
    """Answer the first request plainly, so that the next ones go straight; the last answer stays."""
    said: Iterator[Say] = iter((AUDIO, *answers))
    last = answers[-1]
    return lambda _: next(said, last)


async def _save(ats: AtsSession, directory: Path, name: str = NAME) -> bytes:
    return (await ats.recordings.save(name, directory)).read_bytes()


def _session(service: RawService) -> AtsSession:
    return AtsSession(PAIR, base_url=service.base_url, retry=ONCE, timeout=SHORT)


@asynccontextmanager
async def _serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Serve each connection as a test wants it, and see it ended before the test is."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the client has gone
            await handle(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/crm/openapi"
        await asyncio.gather(*filter(None, tasks))


async def test_one_connection_serves_them_all(tmp_path: Path, asked_on: list[DirectConnection]) -> None:
    """The request is the ordinary one byte for byte but for the order of its lines, and the connection is used again."""
    async with RawService(lambda _: AUDIO) as service, _session(service) as ats:
        for number in range(4):
            assert SOUND == await _save(ats, tmp_path, f"{NAME}{number}")

        assert (3, 1) == (len(asked_on), service.connections)
        first, *rest = (sorted(request.split(b"\r\n")[1:]) for request in service.requests)
        assert [first] * 3 == rest
        targets = [request.split(b" ")[1] for request in service.requests]
        assert [
            f"/crm/openapi/call-records/file?filename={NAME}{n}".replace("12/", "12%2F") for n in range(4)
        ] == [target.decode() for target in targets]


async def test_many_at_once_share_no_connection(tmp_path: Path) -> None:
    """Each answer goes to whoever asked for it."""

    def respond(request: bytes) -> Say:
        number = int(request.split(b"%2F")[1].split(b" ")[0])
        return answer(FRAME * (number + 1), kind="audio/mpeg")

    async with RawService(respond) as service, _session(service) as ats:
        names = [f"2022-08-12/{number}" for number in range(40)]
        saved = {
            outcome.name: outcome.size_bytes
            async for outcome in ats.recordings.save_many(names, tmp_path, concurrency=8)
        }

    assert {name: 417 * (number + 1) for number, name in enumerate(names)} == saved
    assert service.connections <= 8


async def test_a_head_in_pieces(tmp_path: Path, asked_on: list[DirectConnection]) -> None:
    """A head may come byte by byte, and the body begin in the middle of a packet."""
    whole = AUDIO.what

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for size in (len(whole), 1):
            await reader.readuntil(b"\r\n\r\n")
            for start in range(0, 300, size):
                writer.write(whole[start : min(start + size, 300)])
                await asyncio.sleep(0)
            writer.write(whole[300:])

    async with _serving(trickle) as url, AtsSession(PAIR, base_url=url, retry=ONCE, timeout=SHORT) as ats:
        assert SOUND == await _save(ats, tmp_path, "a/1")
        assert SOUND == await _save(ats, tmp_path, "a/2")
    assert 1 == len(asked_on)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (answer(b'{"details": "no"}', "404 Not Found"), NotReady),
        (answer(b"{}", "429 Too Many", headers={"Retry-After": "7"}), RateLimited),
        (answer(b"<html>", kind="text/html"), NotAudio),
        (answer(b"RIFF" * 50, kind="audio/mpeg"), NotAudio),
        (answer(b"", kind="audio/mpeg"), NotAudio),
        (Say(b"nonsense\r\n\r\n", Then.CLOSE), ConnectionFailed),
        (Say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Then.CLOSE), AtsError),
        (Say(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", Then.CLOSE), AtsError),
        (Say(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", Then.CLOSE), AtsError),
        (Say(b"", Then.CLOSE), ConnectionFailed),
        (Say(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000, Then.CLOSE), AtsError),
        (Say(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", Then.CLOSE), AtsError),
        (Say(b"", Then.SILENCE), AtsTimeout),
        (Say(AUDIO.what[:-1], Then.SILENCE), AtsTimeout),
        (Say(AUDIO.what[:-1], Then.CLOSE), Truncated),
        (Say(AUDIO.what[:-1], Then.RESET), Truncated),
        (Say(AUDIO.what + b"surplus", Then.CLOSE), Truncated),
    ],
)
async def test_what_goes_wrong(
    tmp_path: Path, asked_on: list[DirectConnection], said: Say, error: type[AtsError]
) -> None:
    """Each failure is the same error of the tree as on the ordinary way, and leaves no file; the next one is served."""
    async with RawService(_then(said, AUDIO)) as service, _session(service) as ats:
        await _save(ats, tmp_path, "first")
        with pytest.raises(error) as direct_way:
            await _save(ats, tmp_path, "second")
        assert 1 == len(asked_on)
        assert not (tmp_path / "second.mp3").exists()
        if b"surplus" not in said.what:  # which aiohttp calls no HTTP
            async with RawService(lambda _: said) as again, _session(again) as ordinary:
                with pytest.raises(error) as ordinary_way:
                    await _save(ordinary, tmp_path, "second")
            assert type(ordinary_way.value) is type(direct_way.value)
            assert str(ordinary_way.value) == str(direct_way.value)
        assert SOUND == await _save(ats, tmp_path, "third")


@pytest.mark.parametrize(
    "said",
    [
        Say(
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n%b\r\n0\r\n\r\n" % (len(SOUND), SOUND)
        ),
        answer(gzip.compress(SOUND), kind="audio/mpeg", headers={"Content-Encoding": "gzip"}),
        Say(b"HTTP/1.1 100 Continue\r\n\r\n" + AUDIO.what),
        Say(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + AUDIO.what),
        Say(AUDIO.what + b"\r\n"),
        Say(AUDIO.what.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1), Then.CLOSE),
        Say(AUDIO.what.replace(b"HTTP/1.1", b"HTTP/1.0", 1), Then.CLOSE),
    ],
    ids=["chunked", "gzip", "continue", "hints", "line end", "closing", "1.0"],
)
async def test_what_is_not_plain_is_read_as_ever(tmp_path: Path, said: Say) -> None:
    """Answers that aiohttp's protocol takes over come out whole, and so does the next one."""
    async with RawService(_then(said, said, AUDIO)) as service, _session(service) as ats:
        for name in ("first", "second", "third"):
            assert SOUND == await _save(ats, tmp_path, name)


async def test_a_slow_listener_holds_the_service_back() -> None:
    """What nobody reads stays on the wire, and comes when it is asked for."""
    size = 20_000_000
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AUDIO.what)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: %d\r\n\r\nID3." % size)
        while sent < size - 4:
            writer.write(bytes(min(50_000, size - 4 - sent)))
            sent += min(50_000, size - 4 - sent)
            await writer.drain()

    async with _serving(serve) as url, AtsSession(PAIR, base_url=url, retry=ONCE, timeout=SHORT) as ats:
        async with ats.recordings.open("a/1") as stream:
            assert SOUND == b"".join([chunk async for chunk in stream])
        async with ats.recordings.open("a/2") as stream:
            chunks = aiter(stream)
            received = len(await anext(chunks))
            await asyncio.sleep(0.6)  # longer than silence may last: it is not the service that is silent
            assert sent < size * 0.8
            async for chunk in chunks:
                received += len(chunk)
    assert size == received


async def test_cancelling_closes_the_connection(tmp_path: Path, asked_on: list[DirectConnection]) -> None:
    """Who leaves in the middle leaves no connection on which the rest could still arrive."""
    async with RawService(_then(Say(AUDIO.what[:-100]), AUDIO)) as service, _session(service) as ats:
        await _save(ats, tmp_path, "first")
        task = asyncio.create_task(_save(ats, tmp_path, "second"))
        while not (asked_on and asked_on[0].status):  # until the head has come
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert SOUND == await _save(ats, tmp_path, "third")
        assert 2 == service.connections


async def test_an_unknown_aiohttp_goes_the_ordinary_way(
    tmp_path: Path, asked_on: list[DirectConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version of aiohttp that was never tried with it does without."""
    monkeypatch.setattr(direct, "IS_POSSIBLE", False)
    async with RawService(lambda _: AUDIO) as service, _session(service) as ats:
        await _save(ats, tmp_path, "first")
        await _save(ats, tmp_path, "second")

    assert not asked_on


async def test_a_borrowed_client_is_used_as_it_is(tmp_path: Path, asked_on: list[DirectConnection]) -> None:
    """Whoever lends a client may have it traced: every request goes through it."""
    async with (
        RawService(lambda _: AUDIO) as service,
        aiohttp.ClientSession() as client,
        AtsSession(PAIR, base_url=service.base_url, client=client, retry=ONCE) as ats,
    ):
        await _save(ats, tmp_path, "first")
        await _save(ats, tmp_path, "second")

    assert not asked_on


CLOSING = answer(SOUND, kind="audio/mpeg", headers={"Connection": "close"})
LONG = b"ID3." + bytes(range(251)) * 7000  # more than three rooms, and no two places alike


@pytest.mark.parametrize("pause_s", [0.0, 0.001])
async def test_a_recording_longer_than_its_room(tmp_path: Path, pause_s: float) -> None:
    """What comes is written before the next bytes come to the same place."""
    whole = answer(LONG, kind="audio/mpeg").what

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            for start in range(0, len(whole), 70_001):
                writer.write(whole[start : start + 70_001])
                await writer.drain()
                await asyncio.sleep(pause_s)

    async with _serving(serve) as url, AtsSession(PAIR, base_url=url, retry=ONCE, timeout=SHORT) as ats:
        names = [f"a/{number}" for number in range(6)]
        async for outcome in ats.recordings.save_many(names, tmp_path, concurrency=2):
            assert (None, len(LONG)) == (outcome.error, outcome.size_bytes)
        assert [LONG] * 6 == [(tmp_path / f"{name}.mp3").read_bytes() for name in names]
        async with ats.recordings.open("a/7") as stream:
            assert LONG == b"".join([chunk async for chunk in stream])


async def test_a_head_that_broke_off_is_not_part_of_the_recording(tmp_path: Path) -> None:
    """What came of the first try lies in the same memory."""
    said = _then(Say(AUDIO.what[:30], Then.CLOSE), Say(AUDIO.what[:-9], Then.CLOSE), AUDIO)
    async with RawService(said) as service:
        settings = {"base_url": service.base_url, "retry": QUICKLY, "timeout": SHORT}
        async with AtsSession(PAIR, **settings) as ats:  # type: ignore[arg-type]  # of several types
            assert SOUND == await _save(ats, tmp_path, "first")
            assert SOUND == await _save(ats, tmp_path, "second")


async def test_two_bytes_are_no_beginning(tmp_path: Path) -> None:
    """Nobody has seen yet whether they are MP3: the whole is asked for again, and looked at."""
    marked = answer(SOUND, kind="audio/mpeg", headers={"ETag": '"1"'}).what
    broken = Say(marked[: len(marked) - len(SOUND) + 2], Then.CLOSE)
    async with RawService(_then(broken, answer(b"RIFF" * 50, kind="audio/mpeg"))) as service:
        settings = {"base_url": service.base_url, "retry": QUICKLY, "timeout": SHORT}
        async with AtsSession(PAIR, **settings) as ats:  # type: ignore[arg-type]  # of several types
            await _save(ats, tmp_path, "first")
            with pytest.raises(NotAudio):
                await _save(ats, tmp_path, "second")
        assert [None] * 3 == [header(request, "Range") for request in service.requests]


async def test_a_connection_that_the_service_has_closed_is_not_used(tmp_path: Path) -> None:
    """It is known before anything is sent, so that nothing has to be tried again."""
    async with RawService(_then(Say(AUDIO.what, Then.CLOSE), AUDIO)) as service, _session(service) as ats:
        await _save(ats, tmp_path, "first")
        await _save(ats, tmp_path, "second")
        await asyncio.sleep(0.05)
        assert SOUND == await _save(ats, tmp_path, "third")
        assert 2 == service.connections


async def test_what_comes_unasked_ends_a_connection(tmp_path: Path) -> None:
    """It would be taken for the beginning of the next answer."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(AUDIO.what)
        await asyncio.sleep(0.02)
        writer.write(answer(b"ID3. of somebody else", kind="audio/mpeg").what)
        assert b"" == await reader.read()

    async with _serving(serve) as url, AtsSession(PAIR, base_url=url, retry=ONCE, timeout=SHORT) as ats:
        for name in ("first", "second"):
            await _save(ats, tmp_path, name)
        await asyncio.sleep(0.1)
        assert SOUND == await _save(ats, tmp_path, "third")
        assert 2 == connections


async def test_a_connection_without_use_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As aiohttp does with those of its own pool; and then there is nothing to look after."""
    monkeypatch.setattr(direct, "_KEPT_FOR_S", 0.05)
    monkeypatch.setattr(direct, "_LOOKED_AT_EVERY_S", 0.01)
    async with RawService(lambda _: AUDIO) as service, _session(service) as ats:
        for name in ("first", "second", "third"):
            await _save(ats, tmp_path, name)
        assert 1 == service.connections
        way = ats.recordings._requester.transport._direct
        assert way is not None
        async with asyncio.timeout(5):
            while way._watch is not None:
                await asyncio.sleep(0.01)
        assert SOUND == await _save(ats, tmp_path, "fourth")
        assert 2 == service.connections


async def test_a_stream_that_was_left_gives_nothing_more() -> None:
    """Its connection may bring somebody else's recording by then."""
    async with RawService(lambda _: AUDIO) as service, _session(service) as ats:
        for _ in range(2):
            async with ats.recordings.open("a/1") as stream:
                chunks = aiter(stream)
            with pytest.raises(RuntimeError, match="inside of its async with"):
                await anext(chunks)


async def test_whoever_still_reads_when_a_stream_is_left() -> None:
    """Another task must not wait for ever for bytes that go nowhere."""
    async with RawService(_then(Say(AUDIO.what[:-9]))) as service, _session(service) as ats:
        async with ats.recordings.open("a/1") as stream:
            assert SOUND == b"".join([chunk async for chunk in stream])
        async with ats.recordings.open("a/2") as stream:
            chunks = aiter(stream)
            await anext(chunks)
            reading = asyncio.ensure_future(anext(chunks))
            await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            with pytest.raises(Truncated):
                await reading


async def test_connections_do_not_outlive_a_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the service moves while a recording comes, its connection leads to the old place."""
    # The hosts that may see the token cannot be played on this machine: here any may.
    anywhere = "tele2ats_async.transport.sending.redirect_target"
    monkeypatch.setattr(anywhere, lambda _url, _status, location: URL(location, encoded=True))
    async with RawService(lambda _: AUDIO) as new:
        target = f"{new.base_url}/call-records/file?filename="

        async def respond(request: bytes) -> Say:
            if b"%2F1 " in request:
                await asyncio.sleep(0.2)
            if b"%2F0 " in request or b"%2F1 " in request:
                return AUDIO
            return moved(target + request.split(b"filename=")[1].split(b" ")[0].decode())

        async with RawService(respond) as old, _session(old) as ats:
            await _save(ats, tmp_path, "a/0")
            late = asyncio.create_task(_save(ats, tmp_path, "a/1"))
            await asyncio.sleep(0.05)
            assert SOUND == await _save(ats, tmp_path, "a/2")
            assert SOUND == await late
            for number in range(3, 6):
                assert SOUND == await _save(ats, tmp_path, f"a/{number}")
        hosts = {header(request, "Host") for request in new.requests}
        assert {f"127.0.0.1:{new.port}"} == hosts
        # The one that met the move went after it at once.
        assert (4, 3) == (len(new.requests), len(old.requests))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
async def test_heads_with_bare_line_feeds(tmp_path: Path, line_end: bytes) -> None:
    """Aiohttp reads them, and so they are read here."""
    head, _, body = AUDIO.what.partition(b"\r\n\r\n")
    said = Say(head.replace(b"\r\n", line_end) + line_end + line_end + body)
    async with RawService(_then(said)) as service, _session(service) as ats:
        for name in ("first", "second", "third"):
            assert SOUND == await _save(ats, tmp_path, name)


async def test_a_loop_that_goes_on_after_a_pause(tmp_path: Path) -> None:
    """Windows' loop hands over all that it has read, whatever the room; what finds no place waits."""
    async with RawService(lambda _: AUDIO) as service, _session(service) as ats:
        for name in ("first", "second"):
            await _save(ats, tmp_path, name)
        way = ats.recordings._requester.transport._direct
        assert way is not None
        (connection,) = way._idle
        room = Room(1000)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 2500\r\n\r\n"
        asking = asyncio.create_task(
            connection.ask(b"GET /crm/openapi/x HTTP/1.1\r\nHost: x\r\n\r\n", room, None)
        )
        await asyncio.sleep(0)
        body = bytes(range(250)) * 10
        left = head + body
        while left:
            buffer = connection.get_buffer(-1)
            taken = min(len(buffer), len(left), 700)
            buffer[:taken] = left[:taken]
            connection.buffer_updated(taken)
            left = left[taken:]
        await asking
        came = b""
        while await connection.receive(1):
            came += bytes(room.filled)
            room.clear()
        assert body == came
        connection.close()


@contextmanager
def _hasty_service(tls: ssl.SSLContext, *answers: bytes) -> Iterator[str]:
    """Answer in turn over TLS, and close behind the last answer without waiting for the client, as web servers do."""

    def serve() -> None:
        said = iter(answers)
        while not is_over.is_set():
            with suppress(OSError):  # nobody came for a moment, or the client has gone
                plain, _ = listener.accept()
                plain.settimeout(5)
                with tls.wrap_socket(plain, server_side=True) as connection:
                    while connection.recv(65_536):
                        what = next(said, answers[-1])
                        connection.sendall(what)
                        if what == answers[-1]:
                            connection.shutdown(socket.SHUT_WR)  # which is the end of TLS, too
                            while connection.recv(65_536):
                                pass

    is_over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/crm/openapi"
        finally:
            is_over.set()
            thread.join()


@pytest.mark.parametrize("size_bytes", [400_000, len(LONG)])
@pytest.mark.parametrize("pause_s", [0.0, 0.01, 0.05])
async def test_a_service_that_closes_behind_a_slow_reader(size_bytes: int, pause_s: float) -> None:
    """All had come before the end of the connection: TLS hands it over at once then, or never."""
    server_tls, client_tls = make_tls("127.0.0.1")
    closing = answer(LONG[:size_bytes], kind="audio/mpeg", headers={"Connection": "close"}).what
    came = b""
    with _hasty_service(server_tls, AUDIO.what, closing) as url:
        async with AtsSession(PAIR, base_url=url, retry=ONCE, ssl=client_tls) as ats:
            async with ats.recordings.open("a/1") as stream:
                assert SOUND == b"".join([chunk async for chunk in stream])
            async with ats.recordings.open("a/1") as stream:
                async for chunk in stream:
                    came += chunk
                    await asyncio.sleep(pause_s)

    assert LONG[:size_bytes] == came


async def test_a_redirect_that_is_refused_is_so_on_both_ways(
    tmp_path: Path, asked_on: list[DirectConnection]
) -> None:
    """The token goes nowhere else, whichever way the recording was asked for."""
    away = moved("https://evil.example/")
    async with RawService(_then(away)) as service, _session(service) as ats:
        await _save(ats, tmp_path, "first")
        with pytest.raises(RedirectRefused, match=r"evil\.example"):
            await _save(ats, tmp_path, "second")

    assert (1, 2) == (len(asked_on), len(service.requests))


@pytest.mark.parametrize("status", ["308 Permanent Redirect", "307 Temporary Redirect"])
async def test_circles_on_both_ways(tmp_path: Path, asked_on: list[DirectConnection], status: str) -> None:
    """As many hops as on the ordinary way, the first of them among them."""
    circle = moved(f"/crm/openapi/call-records/file?filename={NAME}", status)
    async with RawService(_then(circle)) as service, _session(service) as ats:
        await _save(ats, tmp_path, "first")
        with pytest.raises(RedirectRefused, match="circles"):
            await _save(ats, tmp_path, "second")

    assert (1, 1 + 3) == (len(asked_on), len(service.requests))


async def test_a_request_that_waited_is_sent_with_its_own_token(
    tmp_path: Path, asked_on: list[DirectConnection]
) -> None:
    """Another request's would be blamed for what this one is told; a token that died meanwhile is replaced by the new one."""
    server_tls, client_tls = make_tls("127.0.0.1")
    may_shake_hands = asyncio.Event()
    connections = 0
    came: list[tuple[str, str | None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()  # what comes is TLS
        if connections == 2:
            await may_shake_hands.wait()
        await writer.start_tls(server_tls)
        while request := await reader.readuntil(b"\r\n\r\n"):
            token = header(request, "Authorization")
            if b"/authorization/refresh/token" in request:
                writer.write(issue("second-token", "second-refresh").what)
                continue
            came.append((request.split(b"%2F")[1].split(b" ")[0].decode(), token))
            is_dead = token == ACCESS and len(came) > 1
            writer.write(answer(b"{}", "401 X").what if is_dead else CLOSING.what)
            if not is_dead:
                return

    async with _serving(serve) as url:
        settings = {"base_url": url.replace("http:", "https:"), "retry": ONCE, "ssl": client_tls}
        async with AtsSession(PAIR, **settings) as ats:  # type: ignore[arg-type]  # of several types
            await _save(ats, tmp_path, "a/0")
            waiting = asyncio.create_task(_save(ats, tmp_path, "a/1"))
            while connections < 2:
                await asyncio.sleep(0.001)
            await ats.tokens.refresh()
            assert SOUND == await _save(ats, tmp_path, "a/2")
            may_shake_hands.set()
            assert SOUND == await waiting

    assert [("0", ACCESS), ("2", "second-token"), ("1", ACCESS), ("1", "second-token")] == came
    assert 3 == len(asked_on)


async def test_nothing_is_left_open_when_a_session_is_closed(
    tmp_path: Path, asked_on: list[DirectConnection]
) -> None:
    """TLS takes its leave in turns of the loop: a loop that ends with the session would leave the socket to nobody."""
    server_tls, client_tls = make_tls("127.0.0.1")
    async with RawService(lambda _: AUDIO, tls=server_tls) as service:
        url = service.base_url.replace("http:", "https:")
        async with AtsSession(PAIR, base_url=url, retry=ONCE, ssl=client_tls) as ats:
            for name in ("first", "second"):
                await _save(ats, tmp_path, name)
            (connection,) = asked_on
            assert connection.is_usable
            idle = connection._transport.get_extra_info("socket")
        assert -1 == idle.fileno()


async def test_a_session_that_is_closed_while_a_request_waits_its_turn(tmp_path: Path) -> None:
    """It is told what has happened, in our words."""
    async with RawService(lambda _: AUDIO) as service:
        settings = {"base_url": service.base_url, "retry": ONCE, "requests_per_second": 5.0}
        async with AtsSession(PAIR, **settings) as ats:  # type: ignore[arg-type]  # of several types
            await _save(ats, tmp_path, "first")
            await _save(ats, tmp_path, "second")
            waiting = asyncio.create_task(_save(ats, tmp_path, "third"))
            await asyncio.sleep(0.01)
            assert not waiting.done()
        with pytest.raises(RuntimeError, match="this AtsSession is closed"):
            await waiting

    assert 2 == len(service.requests)


async def test_heads_without_bodies_leave_the_room_to_the_recording(
    tmp_path: Path, asked_on: list[DirectConnection]
) -> None:
    """However many answers break off behind their heads, the next one finds its place, and its own version counts."""
    padding = dict.fromkeys(("X-One", "X-Two"), "x" * 7000)

    def long_headed(tag: str, sent_bytes: int) -> Say:
        said = answer(LONG, kind="audio/mpeg", headers={"ETag": f'"{tag}"', **padding}).what
        return Say(said[: len(said) - len(LONG) + sent_bytes], Then.CLOSE)

    heads = [long_headed(f"{number:02}", 0) for number in range(make_room().size_bytes // 14_000)]
    shown = {"ETag": '"1."', "Content-Range": f"bytes 800000-{len(LONG) - 1}/{len(LONG)}"}
    rest = answer(LONG[800_000:], "206 X", kind="audio/mpeg", headers=shown)
    just_enough = RetryPolicy(attempts=len(heads) + 1, wait_initial_s=0.0001, wait_max_s=0.0001)
    async with RawService(_then(*heads, long_headed("1.", 800_000), rest)) as service:
        settings = {"base_url": service.base_url, "retry": just_enough, "timeout": SHORT}
        async with AtsSession(PAIR, **settings) as ats:  # type: ignore[arg-type]  # of several types
            await _save(ats, tmp_path, "first")
            assert LONG == await _save(ats, tmp_path, "second")

    assert len(heads) + 1 == len(asked_on)
    assert '"1."' == header(service.requests[-1], "If-Range")


@pytest.mark.parametrize("is_direct", [False, True])
async def test_a_room_that_is_full_when_a_part_is_asked_for(
    tmp_path: Path,
    asked_on: list[DirectConnection],
    is_direct: bool,  # noqa: FBT001  # a parameter
) -> None:
    """What came last, too slowly, is in memory and not on the disk: the part would find no place."""
    marked = answer(LONG, kind="audio/mpeg", headers={"ETag": '"1"'}).what
    # Straight from the connection, the head takes room as well.
    fills_bytes = make_room().size_bytes + (0 if is_direct else len(marked) - len(LONG))
    kept_bytes = fills_bytes - (len(marked) - len(LONG))
    requests: list[bytes] = []
    came_bytes = 0

    def note(_: str, size_bytes: int) -> None:
        nonlocal came_bytes
        came_bytes += size_bytes

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readuntil(b"\r\n\r\n"):
            requests.append(request)
            if b"%2F0 " in request:
                writer.write(AUDIO.what)
            elif begin := int((header(request, "Range") or "0")[len("bytes=") : -1] or 0):
                shown = {"ETag": '"1"', "Content-Range": f"bytes {begin}-{len(LONG) - 1}/{len(LONG)}"}
                writer.write(answer(LONG[begin:], "206 X", kind="audio/mpeg", headers=shown).what)
            else:
                writer.write(marked[: fills_bytes - 1000])
                while came_bytes < kept_bytes - 1000:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.7)
                writer.write(marked[fills_bytes - 1000 : fills_bytes])

    speed = MinimumSpeed(bytes_per_s=10_000_000, window_s=0.5)
    async with (
        _serving(serve) as url,
        AtsSession(PAIR, base_url=url, minimum_speed=speed, retry=QUICKLY) as ats,
    ):
        if is_direct:
            await _save(ats, tmp_path, "a/0")
        [outcome] = [outcome async for outcome in ats.recordings.save_many(["a/1"], tmp_path, progress=note)]

    assert (None, int(is_direct)) == (outcome.error, len(asked_on))
    assert LONG == (tmp_path / "a/1.mp3").read_bytes()
    assert f"bytes={kept_bytes}-" == header(requests[-1], "Range")
