"""A service that keeps whole what arrives, and says what it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum, auto
from functools import cache
from types import TracebackType
from typing import Any, Self

import attrs
import orjson
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from raw_service import ONCE, PAIR, loopback_client, make_tls

from tele2ats_async import AtsSession

BASE_PATH = "/crm/openapi"
OLD_HOST, NEW_HOST = "ats2.tele2.ru", "ats2.t2.ru"
MP3 = b"ID3" + bytes(range(256)) * 4


@attrs.frozen
class Arrived:
    """One request as it arrived, byte for byte."""

    method: str
    target: str
    headers: CIMultiDictProxy[str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    @property
    def line(self) -> str:
        """Method, and path below the base URL."""
        return f"{self.method} {self.target.partition('?')[0].removeprefix(BASE_PATH)}"

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query, still encoded."""
        pairs = self.target.partition("?")[2].split("&")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    @property
    def token(self) -> str | None:
        """What stands in `Authorization`."""
        return self.headers.get("Authorization")

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return orjson.loads(self.body)


@attrs.frozen
class Reply:
    """One answer, byte for byte but for what HTTP adds."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict)


class Fault(Enum):
    """What a service does with a request that it has read, instead of an answer."""

    DROP = auto()
    SILENCE = auto()
    NO_HTTP = auto()
    CUT_HEAD = auto()
    CUT_BODY = auto()


_HALF_SAID = {
    Fault.NO_HTTP: b"220 mail.example ESMTP\r\n",
    Fault.CUT_HEAD: b"HTTP/1.1 200 OK\r\nContent-Le",
    Fault.CUT_BODY: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
}

Said = Reply | Fault
Script = Callable[[Arrived], Said]


def says(value: object, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(orjson.dumps(value), status)


def issues(access: str, refresh: str) -> Reply:
    """Answer a refresh."""
    return says({"accessToken": access, "refreshToken": refresh})


def audio(content: bytes = MP3) -> Reply:
    """Answer with a recording."""
    return Reply(content, kind="audio/mpeg")


def in_turn(*said: Said) -> Script:
    """Answer one after the other, with the last one for ever."""
    left = list(said)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class ContractService:
    """A server on a real socket that does what a script says.

    Attributes:
        arrived: The requests, in order.
        port: Where it listens, on this machine.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.arrived: list[Arrived] = []
        self.port = 0
        self._script = script
        self._tls = tls
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.01)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """The base URL of the service that it plays."""
        return f"http://127.0.0.1:{self.port}{BASE_PATH}"

    @property
    def lines(self) -> list[str]:
        """Method and path of each request."""
        return [request.line for request in self.arrived]

    @property
    def tokens(self) -> list[str | None]:
        """The token of each request."""
        return [request.token for request in self.arrived]

    def times(self, line: str) -> int:
        """Count the requests of one method and path."""
        return self.lines.count(line)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        arrived = Arrived(request.method, request.raw_path, request.headers, await request.read())
        self.arrived.append(arrived)
        said = self._script(arrived)
        if said is Fault.SILENCE:
            await asyncio.Event().wait()
        if isinstance(said, Reply):
            headers = CIMultiDict({"Content-Type": said.kind, **said.headers})
            return web.Response(body=said.body, status=said.status, headers=headers)
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        if said in _HALF_SAID:
            transport.write(_HALF_SAID[said])
            transport.close()
        else:
            transport.abort()
        return web.Response()


@asynccontextmanager
async def conversation(
    *said: Said, script: Script | None = None, **settings: Any
) -> AsyncIterator[tuple[AtsSession, ContractService]]:
    """Open a session, which tries nothing twice, on a service that answers in turn or by a script."""
    async with ContractService(script or in_turn(*said)) as service:
        defaults: dict[str, Any] = {"tokens": PAIR, "base_url": service.base_url, "retry": ONCE}
        async with AtsSession(**(defaults | settings)) as ats:
            yield ats, service


@attrs.frozen
class Hosts:
    """The service's old and its new host, any other host, and a session."""

    old: ContractService
    new: ContractService
    other: ContractService
    ats: AtsSession


_NAMES = (OLD_HOST, NEW_HOST, "other.example", "ats2.t2.ru.example")


@cache
def _certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make certificates that are good for all hosts here: no refusal may be owed to TLS."""
    return make_tls(*_NAMES)


@asynccontextmanager
async def hosts(old: Script, new: Script, **settings: Any) -> AsyncIterator[Hosts]:
    """Play the two hosts of the service by their names, over TLS; every other name is a third one."""
    server_tls, client_tls = _certificates()
    async with AsyncExitStack() as stack:
        scripts = (old, new, in_turn(says([])))
        services = [
            await stack.enter_async_context(ContractService(script, tls=server_tls)) for script in scripts
        ]
        ports = {name: services[min(place, 2)].port for place, name in enumerate(_NAMES)}
        client = await stack.enter_async_context(loopback_client(ports, client_tls))
        defaults: dict[str, Any] = {"tokens": PAIR, "client": client, "ssl": client_tls, "retry": ONCE}
        ats = await stack.enter_async_context(AtsSession(**(defaults | settings)))
        yield Hosts(services[0], services[1], services[2], ats)


def moved_to(host: str, status: int = 308) -> Script:
    """Send every request to the same path and query on another host."""
    return lambda request: Reply(
        status=status, headers={"Location": f"https://{host}{request.target}"}, kind="text/html"
    )
