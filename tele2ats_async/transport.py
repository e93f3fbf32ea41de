"""The only module that talks to aiohttp: one request goes out, one answer comes in.

Whatever aiohttp, the network or the service does leaves here as an `AtsError`; only cancellation
passes as it is.
"""

import asyncio
import ssl as ssl_module
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar, cast

import aiohttp
from aiolimiter import AsyncLimiter
from multidict import CIMultiDict
from yarl import URL

from .errors import (
    AtsError,
    AtsTimeout,
    CertificateError,
    ConnectionFailed,
    PayloadError,
    ProxyRefused,
    RedirectRefused,
    TransportError,
)
from .pace import MinimumSpeed, Pace
from .wire.decipher import decipher_answer, decipher_error
from .wire.masking import mask
from .wire.operations import REFRESH_TOKENS, AnyOperation, AnyRequest, Operation, Request
from .wire.redirects import redirect_target

T = TypeVar("T")

# No limit in all, which would kill long downloads; no silence without an end either.
DEFAULT_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=60, sock_connect=10, sock_read=30)
DEFAULT_MINIMUM_SPEED = MinimumSpeed()
# Ten times the largest page in practice.
DEFAULT_MAX_JSON_BYTES = 16 * 1024 * 1024

_MAX_HOPS = 3
_PROXY_REFUSED = 407
_NO_SUCH_PART = 416
# What is read of an error's body.
_ERROR_BYTES = 64 * 1024
# Tokens of which a service may speak: those of the last requests, access and refresh.
_REMEMBERED_TOKENS = 8


class Incoming(Generic[T]):
    """A successful answer whose body is still on its way."""

    def __init__(
        self,
        operation: Operation[T],
        response: aiohttp.ClientResponse,
        slowest: MinimumSpeed,
        limit_bytes: int,
        headers: Mapping[str, str],
    ) -> None:
        self._operation = operation
        self._response = response
        self._headers = headers
        self._pace = Pace(slowest)
        self._has_begun = False
        self._limit_bytes = limit_bytes

    @property
    def status(self) -> int:
        """The HTTP status: 2xx, or 416 where a part was asked for."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, by names in any case, without the tokens that may stand in them."""
        return self._headers

    async def read(self) -> bytes:
        """Read the whole body.

        Raises:
            PayloadError: It is larger than an answer may be.
        """
        body = bytearray()  # no list of chunks: of a byte each, they would weigh many times the body
        while chunk := await self.read_chunk():
            body += chunk
            if len(body) > self._limit_bytes:
                raise PayloadError("$", f"it has more than {self._limit_bytes} bytes", str(self._operation))
        return bytes(body)

    async def decode(self) -> T:
        """Read the whole body and decode it, as `decode_body()`."""
        return await self.decode_body(await self.read())

    async def decode_body(self, body: bytes) -> T:
        """Decode a body that was read, in steps between which other tasks get their turn.

        Raises:
            PayloadError: It is not what the contract says.
        """
        steps = decipher_answer(self._operation, body)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return cast("T", end.value)
            await asyncio.sleep(0)

    async def read_chunk(self) -> bytes:
        """Read what has come of the body, any number of bytes; empty at its end.

        Raises:
            AtsTimeout: It comes more slowly than the minimum speed.
        """
        content = self._response.content
        asked_at = time.monotonic()
        try:
            chunk = await _mapped(self._operation, content.readany())
        except RuntimeError:  # aiohttp's, where its parser gave up before the connection was lost
            reason = "the answer broke off"
            raise ConnectionFailed(self._operation.method, self._operation.path, reason, True) from None
        # The first byte has a limit of its own, and what is complete is in time.
        is_too_slow = self._has_begun and self._pace.is_too_slow(time.monotonic() - asked_at, len(chunk))
        self._has_begun = True
        if is_too_slow and not content.at_eof():
            raise AtsTimeout(
                self._operation.method, self._operation.path, "the answer comes too slowly", True
            )
        return chunk


class Transport:
    """Connections to one service, of our own or borrowed."""

    def __init__(
        self,
        *,
        base_url: URL,
        client: aiohttp.ClientSession | None,
        proxy: URL | None,
        ssl: ssl_module.SSLContext | None,
        timeout: aiohttp.ClientTimeout,
        requests_per_second: float | None,
        user_agent: str,
        minimum_speed: MinimumSpeed = DEFAULT_MINIMUM_SPEED,
        max_json_bytes: int = DEFAULT_MAX_JSON_BYTES,
    ) -> None:
        self._minimum_speed = minimum_speed
        self._max_json_bytes = max_json_bytes
        self._silence_s = timeout.sock_read
        self._first_byte_s = _sum_of_limits(timeout)
        self._base_url = base_url
        self._client = client
        self._owns_client = client is None
        self._sent_tokens: deque[str] = deque(maxlen=_REMEMBERED_TOKENS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._user_agent = user_agent
        self._limiter = None if requests_per_second is None else AsyncLimiter(1, 1 / requests_per_second)
        self._settings: dict[str, Any] = {
            "allow_redirects": False,
            "raise_for_status": False,
            "middlewares": (_send_once,),
            "proxy": proxy,
            "ssl": True if ssl is None else ssl,
            "timeout": timeout,
        }

    @asynccontextmanager
    async def stream(self, request: Request[T], token: str) -> AsyncGenerator[Incoming[T], None]:
        """Send one request and hand over its answer once the headers are there.

        Raises:
            TransportError: No answer came.
            ResponseError: The answer has an error status.
        """
        client = self._open_client()
        # The refresh is not behind a queue of requests that all wait for it.
        if self._limiter is not None and request.operation is not REFRESH_TOKENS:
            await self._limiter.acquire()
        if token not in self._sent_tokens:
            self._sent_tokens.append(token)
        response = await self._exchange(client, request, token)
        async with response:
            # Not only from 400 on: below 200 nothing was carried out either, and 3xx are followed.
            is_refused_part = response.status == _NO_SUCH_PART and "Range" in request.headers
            if not (200 <= response.status < 300 or is_refused_part):
                raise await self._error(request.operation, response)
            headers = self._without_tokens(response.headers)
            yield Incoming(request.operation, response, self._minimum_speed, self._max_json_bytes, headers)

    async def close(self) -> None:
        """Close the connections, unless they are borrowed."""
        self._closed = True
        if self._client is not None and self._owns_client:
            await self._client.close()

    async def _exchange(
        self, client: aiohttp.ClientSession, request: AnyRequest, token: str
    ) -> aiohttp.ClientResponse:
        """Send a request, and again wherever the service has rightly moved it."""
        operation = request.operation
        headers = {
            "Accept": operation.accept,
            "Authorization": token,
            "User-Agent": self._user_agent,
        }
        if operation.answer is bytes:
            headers["Accept-Encoding"] = "identity"
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        headers.update(request.headers)
        url = self._url(request)
        for _ in range(_MAX_HOPS):
            sending = client.request(
                operation.method, url, headers=headers, data=request.body, **self._settings
            )
            response = await _mapped(operation, _within(self._first_byte_s, sending))
            if response.status == _PROXY_REFUSED:
                response.release()
                raise _refused_by_proxy(operation)
            if not 300 <= response.status < 400:
                return response
            response.release()
            url = self._follow(operation, url, response)
        raise RedirectRefused(operation.method, operation.path, "the service redirects in circles", True)

    def _follow(self, operation: AnyOperation, url: URL, response: aiohttp.ClientResponse) -> URL:
        target = refusal = None
        try:
            target = redirect_target(url, response.status, response.headers.get("Location"))
        except ValueError as error:
            refusal = mask(str(error), self._sent_tokens)
        if target is None or refusal is not None:
            # Raised out here, for the error above may tell a token, and would be the context.
            raise RedirectRefused(operation.method, operation.path, refusal or "", True)
        if response.status == 308 and target.raw_path_qs == url.raw_path_qs:
            # Moved for good: the next requests need not ask at the old address again.
            self._base_url = self._base_url.with_scheme(target.scheme).with_host(target.host or "")
            self._base_url = self._base_url.with_port(target.explicit_port)
        return target

    def _url(self, request: AnyRequest) -> URL:
        return URL(f"{self._base_url}{request.target}", encoded=True)

    def _open_client(self) -> aiohttp.ClientSession:
        """Make our client where there is none yet: the session is built before the loop runs."""
        loop = asyncio.get_running_loop()
        if self._closed:
            raise RuntimeError("this AtsSession is closed")
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError(
                "this AtsSession belongs to another event loop: make one session per asyncio.run()"
            )
        if self._client is None:
            self._client = aiohttp.ClientSession(
                # The bound on requests is ours, so that waiting for a connection is in no timeout.
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._client

    def _without_tokens(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Give headers that may be told in errors: a service that echoes tokens has them masked."""
        shown = [(name, mask(value, self._sent_tokens)) for name, value in headers.items()]
        return headers if shown == list(headers.items()) else CIMultiDict(shown)

    async def _error(self, operation: AnyOperation, response: aiohttp.ClientResponse) -> AtsError:
        story = response.content.readexactly(_ERROR_BYTES)
        try:
            said = await _mapped(operation, _within(self._silence_s, story))
        except asyncio.IncompleteReadError as error:
            said = error.partial
        except TransportError:
            said = b""  # the status is known, and says more than that its story broke off
        return decipher_error(operation, response.status, response.headers, said, self._sent_tokens)


def _sum_of_limits(timeout: aiohttp.ClientTimeout) -> float | None:
    """Limit the time until the headers are there, which a trickle of them could draw out for ever."""
    if timeout.connect is None or timeout.sock_read is None:
        return None
    return timeout.connect + timeout.sock_read


async def _within(limit_s: float | None, work: Awaitable[T]) -> T:
    async with asyncio.timeout(limit_s):
        return await work


class _UnrepeatedError(Exception):
    """Carries an error past aiohttp, which would silently send the request again."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from replaying a request whose pooled connection turned out to be dead.

    A replayed token refresh burns the single-use pair. What may be sent again is decided in
    `retry.py`, for all operations alike.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _UnrepeatedError(error) from None


# First match wins. The last column: whether the request may have reached the service.
_FAILURES: tuple[tuple[type[Exception], type[TransportError], str, bool], ...] = (
    (aiohttp.ClientConnectorCertificateError, CertificateError, "TLS certificate not verified", False),
    (aiohttp.ClientConnectorSSLError, ConnectionFailed, "TLS handshake failed", False),
    (aiohttp.ClientProxyConnectionError, ConnectionFailed, "the proxy cannot be reached", False),
    (aiohttp.ClientHttpProxyError, ConnectionFailed, "the proxy refused", False),
    (aiohttp.ClientConnectorDNSError, ConnectionFailed, "the host's name does not resolve", False),
    (aiohttp.ClientConnectorError, ConnectionFailed, "cannot connect", False),
    (aiohttp.ConnectionTimeoutError, AtsTimeout, "no connection in time", False),
    (TimeoutError, AtsTimeout, "no answer in time", True),
    (aiohttp.ServerDisconnectedError, ConnectionFailed, "the server closed the connection", True),
    (aiohttp.ClientPayloadError, ConnectionFailed, "the answer broke off", True),
    (aiohttp.ClientResponseError, ConnectionFailed, "the answer is no HTTP", True),
    (aiohttp.ClientError, ConnectionFailed, "the connection broke", True),
    (OSError, ConnectionFailed, "the connection broke", True),
)


async def _mapped(operation: AnyOperation, work: Awaitable[T]) -> T:
    """Await something of aiohttp; its errors become ours."""
    try:
        return await work
    except _UnrepeatedError as carrier:
        failure = _translate(operation, carrier.error)
    except (aiohttp.ClientError, OSError) as error:
        failure = _translate(operation, error)
    # Raised out here, for aiohttp's errors hold the request's headers and would be the context.
    raise failure


def _translate(operation: AnyOperation, error: Exception) -> TransportError:
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == _PROXY_REFUSED:
        return _refused_by_proxy(operation)
    ours, reason, sent = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
    if isinstance(error, aiohttp.ClientHttpProxyError):
        reason += f" with status {error.status}"
    elif why := _system_text(error):
        reason += f" ({why})"
    return ours(operation.method, operation.path, reason, sent)


def _refused_by_proxy(operation: AnyOperation) -> ProxyRefused:
    reason = "the proxy refused with status 407: check its user name and password"
    return ProxyRefused(operation.method, operation.path, reason, False)


def _system_text(error: Exception) -> str | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    return error.strerror if isinstance(error, OSError) else None
