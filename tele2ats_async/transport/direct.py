"""The short way to the service for recordings: connections of aiohttp's, without its session around each request.

For a small recording, making a ``ClientRequest``, a ``ClientResponse`` and all that belongs to them takes
longer than to receive it. What they would be is the same every time: so the first request goes the ordinary way, and
the next ones on the connections that it led to.
"""

import asyncio

import aiohttp
from yarl import URL

from .exchange import Exchange

# What is used of aiohttp has names but no promises: of another version than these, all goes the ordinary way.
_KNOWN_VERSIONS = ("3.14",)
IS_POSSIBLE = aiohttp.__version__.rpartition(".")[0] in _KNOWN_VERSIONS


class DirectWay:
    """Requests on the connections of one client of our own.

    Attributes:
        notice: A middleware that looks at requests which go the ordinary way and are answered: the next
            ones can follow them.
    """

    def __init__(self, client: aiohttp.ClientSession, timeout: aiohttp.ClientTimeout) -> None:
        self._client = client
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
        self._rest: dict[str, str] | None = None
        self._rest_bytes = b""

    async def open(self, url: URL, headers: dict[str, str], first_byte_s: float | None) -> Exchange | None:
        """Send a GET, and wait for the head of its answer; None where it has to go the ordinary way.

        Raises:
            aiohttp.ClientError: There was no answer.
        """
        example, connector = self._example, self._client.connector
        if example is None or connector is None or url.origin() != self._origin:
            return None
        if headers != self._rest:
            if not all(map(_is_safe, headers.values())):
                return None
            lines = {"Host": example.headers["Host"]} | headers
            self._rest = headers
            self._rest_bytes = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
        try:
            connection = await connector.connect(example, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        try:
            exchange = Exchange(connection, silence_s=self._timeout.sock_read, first_byte_s=first_byte_s)
        except BaseException:
            connection.close()
            raise
        try:
            await exchange.start(b"GET %b HTTP/1.1\r\n%b\r\n" % (url.raw_path_qs.encode(), self._rest_bytes))
        except BaseException:
            exchange.release()
            raise
        return exchange


def _is_safe(text: str) -> bool:
    """Whether a text cannot end its line."""
    return "\r" not in text and "\n" not in text and "\0" not in text
