"""The short way to the service for recordings: connections of aiohttp's, without its session around each request.

For a small recording, making a ``ClientRequest``, a ``ClientResponse`` and all that belongs to them takes
longer than to receive it. What they would be is the same every time: so the first request goes the ordinary way, and
the next ones on connections like the one that it led to.
"""

import asyncio
import re

import aiohttp
from yarl import URL

from .connection import DirectConnection
from .room import Room

# What is used of aiohttp has names but no promises: of another version than these, all goes the ordinary way.
_KNOWN_VERSIONS = ("3.14",)
_LINE_END = re.compile(r"[\r\n\0]")
IS_POSSIBLE = aiohttp.__version__.rpartition(".")[0] in _KNOWN_VERSIONS
# How often all connections are looked at; how long what came is kept from a reader who has asked for more.
_LOOKED_AT_EVERY_S = 0.1
# As long as aiohttp keeps a connection for which there is no use.
_KEPT_FOR_S = 15.0


class DirectWay:
    """Requests on connections of one client of our own.

    Attributes:
        notice: A middleware that looks at requests which go the ordinary way and are answered: the next
            ones can follow them.
    """

    def __init__(self, client: aiohttp.ClientSession, timeout: aiohttp.ClientTimeout) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()  # which Python 3.11 asks the system for, each time
        self._timeout = timeout
        self._example: aiohttp.ClientRequest | None = None
        self._origin: URL | None = None
        self._idle: list[DirectConnection] = []
        self._busy: set[DirectConnection] = set()
        self._watch: asyncio.TimerHandle | None = None

        async def notice(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            response = await handler(request)
            if request.proxy is None:
                self._follow(request)
            return response

        # A function and not a method: whoever records the arguments of requests, as tests do, copies them deeply.
        self.notice = notice
        # The headers of the last request, and their lines: nearly always the same for the next one.
        self._headers: dict[str, str] | None = None
        self._lines = ""

    async def open(
        self, base_url: URL, target: str, headers: dict[str, str], room: Room, first_byte_s: float | None
    ) -> DirectConnection | None:
        """Send a GET, and wait for the head of its answer; None where it has to go the ordinary way.

        Raises:
            aiohttp.ClientError: There was no answer.
        """
        example, connector = self._example, self._client.connector
        if example is None or connector is None or base_url.origin() != self._origin:
            return None
        if headers != self._headers:
            if any(map(_LINE_END.search, headers.values())):
                return None  # aiohttp says what is wrong with it
            lines = {"Host": example.headers["Host"]} | headers
            self._headers = headers
            self._lines = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"GET {base_url.raw_path}{target} HTTP/1.1\r\n{self._lines}\r\n"
        connection = self._take_idle() or await self._connect(connector, example)
        self._busy.add(connection)
        if self._watch is None:
            self._look()
        head_by = None if first_byte_s is None else self._loop.time() + first_byte_s
        try:
            await connection.ask(request.encode(), room, head_by)
        except BaseException:
            connection.release()
            raise
        return connection

    def close(self) -> None:
        """Part from what is not in use, once the client has closed all connections and waited for that."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _follow(self, example: aiohttp.ClientRequest) -> None:
        origin = example.url.origin()
        if origin != self._origin:
            for connection in self._idle:  # they lead elsewhere
                connection.close()
            self._idle.clear()
            self._headers = None  # with another host among them
        self._example, self._origin = example, origin

    def _take_idle(self) -> DirectConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
        return None

    async def _connect(
        self, connector: aiohttp.BaseConnector, example: aiohttp.ClientRequest
    ) -> DirectConnection:
        origin = example.url.origin()
        try:
            connection = await connector.connect(example, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        return DirectConnection(
            connection,
            self._loop,
            origin=origin,
            silence_s=self._timeout.sock_read or None,
            at_end=self._part,
        )

    def _part(self, connection: DirectConnection, is_reusable: bool) -> None:  # noqa: FBT001  # of at_end
        self._busy.discard(connection)
        if is_reusable and connection.origin != self._origin:
            connection.close()  # the service has moved meanwhile
        elif is_reusable:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        elif connection in self._idle:
            self._idle.remove(connection)

    def _look(self) -> None:
        """Look at all of them now and then, for a timer of its own for each request costs more."""
        now = self._loop.time()
        for connection in tuple(self._busy):
            connection.look(now)
        while self._idle and now - self._idle[0].idle_since >= _KEPT_FOR_S:
            self._idle.pop(0).close()  # the one that has waited longest
        is_needed = self._busy or self._idle
        self._watch = self._loop.call_later(_LOOKED_AT_EVERY_S, self._look) if is_needed else None
