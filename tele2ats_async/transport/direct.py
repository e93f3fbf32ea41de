"""The short way to the service for recordings: connections of aiohttp's, without its session around each request.

For a small recording, making a ``ClientRequest``, a ``ClientResponse`` and all that belongs to them takes
longer than to receive it. What they would be is the same every time: so the first request goes the ordinary way, and
the next ones on the connections that it led to.
"""

import asyncio
import re

import aiohttp
from yarl import URL

from .exchange import Exchange

# What is used of aiohttp has names but no promises: of another version than these, all goes the ordinary way.
_KNOWN_VERSIONS = ("3.14",)
_LINE_END = re.compile(r"[\r\n\0]")
IS_POSSIBLE = aiohttp.__version__.rpartition(".")[0] in _KNOWN_VERSIONS


class DirectWay:
    """Requests on the connections of one client of our own.

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

        async def notice(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            response = await handler(request)
            if request.proxy is None:
                self._example, self._origin = request, request.url.origin()
            return response

        # A function and not a method: whoever records the arguments of requests, as tests do, copies them deeply.
        self.notice = notice
        # The headers of the last request, and their lines: nearly always the same for the next one.
        self._headers: dict[str, str] | None = None
        self._lines = ""

    async def open(
        self, base_url: URL, target: str, headers: dict[str, str], first_byte_s: float | None
    ) -> Exchange | None:
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
        try:
            connection = await connector.connect(example, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        exchange = Exchange(
            connection, self._loop, silence_s=self._timeout.sock_read or None, first_byte_s=first_byte_s
        )
        try:
            await exchange.start(f"GET {base_url.raw_path}{target} HTTP/1.1\r\n{self._lines}\r\n".encode())
        except BaseException:
            exchange.release()
            raise
        return exchange
