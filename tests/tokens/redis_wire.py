"""Fakes at the wire of Redis: a relay in front of a real server, and servers that are none."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tele2ats_async import RedisTokenStore, TokenPair

NEWER = TokenPair("access-secret-2", "refresh-secret-2")
OTHER = TokenPair("access-secret-3", "refresh-secret-3")


class Relay:
    """Stands before a real server, and keeps back what a test wants to be late.

    What is kept back for a client that has gone is dropped, as on a wire that broke.

    Args:
        url: The server.
        request: A request that holds these bytes does not reach the server.
        answer_to: A request that holds these bytes does, but its answer does not come back.
        tls: How the relay proves who it is; None without TLS.
        path: The Unix socket where the relay listens; None for a port.

    Attributes:
        arrived: Set when something is kept back.
        may_pass: To be set for what is kept back, and for all that comes later.
        url: The URL to use instead.
    """

    def __init__(
        self,
        url: str,
        *,
        request: bytes = b"\0",
        answer_to: bytes = b"\0",
        tls: ssl.SSLContext | None = None,
        path: Path | None = None,
    ) -> None:
        self.arrived = asyncio.Event()
        self.may_pass = asyncio.Event()
        self.url = ""
        self._parts = urlsplit(url)
        self._request = request
        self._answer_to = answer_to
        self._tls = tls
        self._path = path
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self._path is not None:
            self._server = await asyncio.start_unix_server(self._accept, self._path)
            self.url = f"unix://{self._path}"
            return self
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        user, at, _ = self._parts.netloc.rpartition("@")
        scheme = "redis" if self._tls is None else "rediss"
        self.url = self._parts._replace(scheme=scheme, netloc=f"{user}{at}127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Be gone: connections break, and new ones are refused."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # aborted transports are gone one turn of the loop later

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self._parts.hostname, self._parts.port or 6379)
        mute = asyncio.Event()
        ways = [
            asyncio.create_task(self._pass_requests(client, to_server, mute)),
            asyncio.create_task(self._pass_answers(server, to_client, mute)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            to_client.transport.abort()
            to_server.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_requests(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        while request := await client.read(65536):
            if self._answer_to in request:
                mute.set()
            if self._request in request and not self.may_pass.is_set():
                self.arrived.set()
                waiting = asyncio.ensure_future(self.may_pass.wait())
                gone = asyncio.ensure_future(client.read(1))
                await asyncio.wait([waiting, gone], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if gone.done():
                    return
                gone.cancel()
                await asyncio.wait([gone])
            to_server.write(request)

    async def _pass_answers(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        while answer := await server.read(65536):
            if mute.is_set():
                self.arrived.set()
                await self.may_pass.wait()
            to_client.write(answer)


@asynccontextmanager
async def no_redis(script: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    """Run a server that answers each request with what a script says; give its port."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError):
            while request := await reader.read(65536):
                writer.write(script(request))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


async def enter(store: RedisTokenStore, pair: TokenPair | None = None) -> None:
    """Take the lock, save a pair under it, and give it back."""
    async with store.lock():
        if pair is not None:
            await store.save(pair)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens elsewhere."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
