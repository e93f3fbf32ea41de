"""Fakes at the wire that several test modules share: a server of raw bytes, TLS, names, tokens."""

import asyncio
import base64
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import aiohttp
import attrs
import orjson
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from tele2ats_async import AtsSession, RetryPolicy, TokenPair

ACCESS = "access-that-nobody-may-see"
REFRESH = "refresh-that-nobody-may-see"
PAIR = TokenPair(ACCESS, REFRESH)
ONCE = RetryPolicy(attempts=1)
QUICKLY = RetryPolicy(attempts=4, wait_initial_s=0.001, wait_max_s=0.01)
START = datetime(2022, 7, 24, 10, 15, 30, tzinfo=UTC)
END = datetime(2022, 7, 25, 10, 15, 30, tzinfo=UTC)
NAME = "2022-08-12/mo_166030706109315379"


class Then(Enum):
    """What the server does with the connection once it has spoken."""

    KEEP = auto()
    CLOSE = auto()
    RESET = auto()
    SILENCE = auto()


@attrs.frozen
class Say:
    """What the server says to one request, byte for byte, and what it does then, once something holds."""

    what: bytes = b""
    then: Then = Then.KEEP
    once: Callable[[], bool] = lambda: True


def answer(
    body: bytes = b"[]",
    status: str = "200 OK",
    *,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Say:
    """Make a whole answer that leaves the connection open."""
    lines = {"Content-Type": kind, "Content-Length": str(len(body))} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Say(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)


def issue(access: str, refresh: str) -> Say:
    """Make the answer to a refresh."""
    return answer(orjson.dumps({"accessToken": access, "refreshToken": refresh}))


def moved(location: str, status: str = "308 Permanent Redirect") -> Say:
    """Make a redirect."""
    return answer(b"", status, headers={"Location": location})


Script = Callable[[bytes], Say | Awaitable[Say]]


def in_turn(*answers: Say) -> Script:
    """Give answers one after the other, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class RawService:
    """A server that keeps what it reads, and answers what a script says.

    Attributes:
        requests: The requests as they came, head and body.
        connections: How many connections there have been.
        port: Where it listens, on this machine.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._script = script
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # aborted transports are gone one turn of the loop later

    @property
    def base_url(self) -> str:
        """The base URL of the service that it plays."""
        return f"http://127.0.0.1:{self.port}/crm/openapi"

    @property
    def lines(self) -> list[str]:
        """The request lines, in order of arrival."""
        return [request.split(b"\r\n")[0].decode() for request in self.requests]

    @property
    def tokens(self) -> list[str | None]:
        """The token of each request."""
        return [header(request, "Authorization") for request in self.requests]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        closed = False
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                request += await reader.readexactly(int(header(request, "Content-Length") or 0))
                self.requests.append(request)
                said = self._script(request)
                say = said if isinstance(said, Say) else await said
                writer.write(say.what)
                await writer.drain()
                while not say.once():
                    await asyncio.sleep(0.001)
                if say.then is Then.SILENCE:
                    await asyncio.Event().wait()
                if say.then is Then.RESET:
                    linger_none = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, linger_none
                    )
                    return
                if say.then is Then.CLOSE:
                    closed = True
                    writer.close()
                    return
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client has gone
        finally:
            if not closed:
                writer.transport.abort()


def header(request: bytes, name: str) -> str | None:
    """Read a header of a raw request; the name is as it stands there."""
    for line in request.decode().split("\r\n"):
        found, colon, value = line.partition(": ")
        if colon and found == name:
            return value
    return None


def open_session(service: RawService, **settings: Any) -> AtsSession:
    """Make a session on a service, which tries nothing twice."""
    defaults: dict[str, Any] = {"tokens": PAIR, "base_url": service.base_url, "retry": ONCE}
    return AtsSession(**(defaults | settings))


async def ask(ats: AtsSession) -> None:
    """Make the plainest of requests."""
    await ats.call_records.fetch_page(START, END)


class LoopbackResolver(AbstractResolver):
    """Knows the ports on this machine where hosts are played; any other name does not resolve."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self.asked: list[str] = []

    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002  # the interface's
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # the interface's
    ) -> list[ResolveResult]:
        """Look a name up."""
        self.asked.append(host)
        if host not in self._ports:
            raise OSError(None, "Name or service not known")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._ports[host],
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Have nothing to close."""


@asynccontextmanager
async def loopback_client(
    ports: Mapping[str, int], tls: ssl.SSLContext | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """Make a client to lend, for which names are ports of this machine."""
    resolver = LoopbackResolver(ports)
    connector = aiohttp.TCPConnector(resolver=resolver, ssl=True if tls is None else tls)
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(aiohttp.ClientSession(connector=connector))


def make_tls(*names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make the server's context for some names, and a client's that trusts it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    client = ssl.create_default_context()
    authority.issue_cert(*names).configure_cert(server)
    authority.configure_trust(client)
    return server, client


def jwt(**claims: object) -> str:
    """Make a token as the service does, but for the signature."""
    segments = ({"alg": "HS512", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in segments]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def free_port() -> int:
    """Find a port where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
