"""Connections to one service: a request goes out, wherever the service has moved, and its answer is handed over."""

import asyncio
import logging
from collections import deque
from ssl import SSLContext
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

import aiohttp
from yarl import URL

from ..errors import (
    AtsError,
    RedirectRefused,
    TransportError,
)
from ..logs import discreet, log
from ..observing import UNOBSERVED, Observer, count_send
from ..pace import MinimumSpeed
from ..wire.decipher import decipher_error
from ..wire.masking import mask
from ..wire.operations import CUSTOM, REFRESH_TOKENS, AnyOperation, AnyRequest, Request
from ..wire.redirects import redirect_target
from . import direct
from .connection import DirectConnection
from .direct import DirectWay
from .failures import PROXY_REFUSED, mapped, refused_by_proxy, send_once, within
from .incoming import Incoming
from .room import Room
from .tls import Trust, make_context

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter

T = TypeVar("T")

logger = logging.getLogger(__name__)

# No limit in all, which would kill long downloads; no silence without an end either.
_USUAL_CONNECT_S = 60.0
DEFAULT_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=_USUAL_CONNECT_S, sock_connect=10, sock_read=30)
DEFAULT_MINIMUM_SPEED = MinimumSpeed()
# Ten times the largest page in practice.
DEFAULT_MAX_JSON_BYTES = 16 * 1024 * 1024

_MAX_HOPS = 3
_NO_SUCH_PART = 416
# What is read of an error's body.
_ERROR_BYTES = 64 * 1024
# Tokens of which a service may speak: those of the newest pairs.
_REMEMBERED_TOKENS = 8


class Transport:
    """Connections to one service, of our own or borrowed.

    Attributes:
        observer: Who is told of requests.
    """

    def __init__(
        self,
        *,
        base_url: URL,
        client: aiohttp.ClientSession | None,
        proxy: URL | None,
        ssl: Trust,
        timeout: aiohttp.ClientTimeout,
        requests_per_second: float | None,
        user_agent: str,
        minimum_speed: MinimumSpeed = DEFAULT_MINIMUM_SPEED,
        max_json_bytes: int = DEFAULT_MAX_JSON_BYTES,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self.observer = observer
        self._ssl = ssl
        self._proxy = proxy
        self._requests_per_second = requests_per_second
        self._minimum_speed = minimum_speed
        self._max_json_bytes = max_json_bytes
        self._silence_s = timeout.sock_read or None
        self._first_byte_s = _sum_of_limits(timeout)
        self._base_url = base_url
        self._client = client
        self._owns_client = client is None
        self._timeout = timeout
        self._direct: DirectWay | None = None
        self._secrets: deque[str] = deque(maxlen=_REMEMBERED_TOKENS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._closed = False
        self._user_agent = user_agent
        self._limiter = None if requests_per_second is None else _limiter(requests_per_second)
        self._settings: dict[str, Any] = {
            "allow_redirects": False,
            "raise_for_status": False,
            "middlewares": (send_once,),
            "proxy": proxy,
            "ssl": make_context(ssl) or True,
            "timeout": timeout,
        }

    async def open(self, request: Request[T], token: str, room: Room | None = None) -> Incoming[T]:
        """Send one request and hand over its answer once the headers are there.

        Args:
            request: It.
            token: What it bears.
            room: Where a recording is received; it is empty.

        Returns:
            The answer, to be left through ``async with``.

        Raises:
            TransportError: No answer came.
            ResponseError: The answer has an error status.
        """
        client = self._open_client()
        # The refresh is not behind a queue of requests that all wait for it.
        if self._limiter is not None and request.operation is not REFRESH_TOKENS:
            await self._limiter.acquire()
            client = self._open_client()  # it may have been closed meanwhile
        self.keep_secret(token)
        return await self._answered(client, request, token, room)

    def arguments_for_child(self, processes: int) -> dict[str, Any]:
        """Give the arguments that make another such transport in a process, one of several.

        Raises:
            ValueError: Something of this one cannot be handed to another process.
        """
        if not self._owns_client:
            raise ValueError("processes: a borrowed client cannot be handed to another process")
        if isinstance(self._ssl, SSLContext):
            reason = "an SSLContext cannot be handed to another process; give a CA bundle's path"
            raise ValueError(f"processes: {reason}")  # noqa: TRY004  # its type is right elsewhere
        rate = self._requests_per_second
        return {
            "base_url": self._base_url,
            "client": None,
            "proxy": self._proxy,
            "ssl": self._ssl,
            "timeout": self._timeout,
            "requests_per_second": None if rate is None else rate / processes,
            "user_agent": self._user_agent,
            "minimum_speed": self._minimum_speed,
            "max_json_bytes": self._max_json_bytes,
        }

    def keep_secret(self, *tokens: str) -> None:
        """Keep tokens out of whatever the service is going to say."""
        self._secrets.extend(token for token in tokens if token not in self._secrets)

    async def close(self) -> None:
        """Close the connections, unless they are borrowed."""
        self._closed = True
        if self._client is not None and self._owns_client:
            await self._client.close()
        if self._direct is not None:
            self._direct.close()

    async def _answered(
        self, client: aiohttp.ClientSession, request: Request[T], token: str, room: Room | None
    ) -> Incoming[T]:
        operation = request.operation
        resends = count_send()
        began_at = monotonic()
        observation = self.observer.begin(operation.name, operation.method, self._base_url, resends)
        try:
            response = await self._exchange(client, request, token, room)
            observation.answered(response.status)
            if logger.isEnabledFor(logging.DEBUG):
                _log_answer(operation, resends, monotonic() - began_at, response.status)
            await self._require_success(request, response)
        except BaseException as error:
            if isinstance(error, TransportError) and logger.isEnabledFor(logging.DEBUG):
                _log_silence(operation, resends, monotonic() - began_at, error)
            observation.ended(0, type(error))
            raise
        limits = self._minimum_speed, self._max_json_bytes
        return Incoming(operation, response, *limits, secrets=self._secrets, observation=observation)

    async def _exchange(
        self, client: aiohttp.ClientSession, request: AnyRequest, token: str, room: Room | None
    ) -> aiohttp.ClientResponse | DirectConnection:
        """Send a request, and again wherever the service has rightly moved it."""
        operation = request.operation
        headers = self._headers(request, token)
        base_url = self._base_url  # others may find out meanwhile that the service has moved
        response: aiohttp.ClientResponse | DirectConnection | None = None
        if room is not None and self._direct is not None and not request.headers:
            asking = self._direct.open(base_url, request.target, headers, room, self._first_byte_s)
            response = await mapped(operation, asking)
            if response is not None and response.status < 300:
                return response  # nearly always, and without the cost of a URL
        url = URL(f"{base_url}{request.target}", encoded=True)
        for _ in range(_MAX_HOPS):
            if response is None:  # where a service moves, the ordinary way goes after it
                sending = client.request(
                    operation.method, url, headers=headers, data=request.body, **self._settings
                )
                response = await mapped(operation, within(self._first_byte_s, sending))
            if response.status == PROXY_REFUSED:
                response.release()
                raise refused_by_proxy(operation)
            if not 300 <= response.status < 400:
                return response
            response.release()
            url = self._follow(operation, url, response)
            response = None
        raise RedirectRefused(operation.method, operation.path, "the service redirects in circles", True)

    def _headers(self, request: AnyRequest, token: str) -> dict[str, str]:
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
        return headers

    def _follow(
        self, operation: AnyOperation, url: URL, response: aiohttp.ClientResponse | DirectConnection
    ) -> URL:
        target = refusal = None
        try:
            target = redirect_target(url, response.status, response.headers.get("Location"))
        except ValueError as error:
            refusal = mask(str(error), self._secrets)
        if target is None or refusal is not None:
            # Raised out here, for the error above may tell a token, and would be the context.
            raise RedirectRefused(operation.method, operation.path, refusal or "", True)
        if response.status == 308 and target.raw_path_qs == url.raw_path_qs:
            # Moved for good: the next requests need not ask at the old address again.
            self._base_url = self._base_url.with_scheme(target.scheme).with_host(target.host or "")
            self._base_url = self._base_url.with_port(target.explicit_port)
            log(logger, logging.INFO, "service_moved", "to %(server)s, for good", server=self._base_url.host)
        return target

    def _open_client(self) -> aiohttp.ClientSession:
        """Make our client where there is none yet: the session is built before the loop runs."""
        if self._closed:
            raise RuntimeError("this AtsSession is closed")
        # In its own thread, a loop that runs is the running one; Python 3.11 asks the system for that, each time.
        is_ours = self._loop is not None and self._loop.is_running() and self._thread == get_ident()
        loop = self._loop if is_ours else asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._thread = loop, get_ident()
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
            if direct.IS_POSSIBLE:
                self._direct = DirectWay(self._client, self._timeout)
                self._settings["middlewares"] = (self._direct.notice, send_once)
        return self._client

    async def _require_success(
        self, request: AnyRequest, response: aiohttp.ClientResponse | DirectConnection
    ) -> None:
        # Not only from 400 on: below 200 nothing was carried out either, and 3xx are followed.
        is_refused_part = response.status == _NO_SUCH_PART and "Range" in request.headers
        if not (200 <= response.status < 300 or is_refused_part):
            async with response:
                raise await self._error(request.operation, response)

    async def _error(
        self, operation: AnyOperation, response: aiohttp.ClientResponse | DirectConnection
    ) -> AtsError:
        content = cast(
            "aiohttp.StreamReader", response.content
        )  # what is no success was handed over to aiohttp
        story = content.readexactly(_ERROR_BYTES)
        try:
            said = await mapped(operation, within(self._silence_s, story))
        except asyncio.IncompleteReadError as error:
            said = error.partial
        except TransportError:
            said = b""  # the status is known, and says more than that its story broke off
        return decipher_error(operation, response.status, response.headers, said, self._secrets)


def _log_answer(operation: AnyOperation, resends: int, duration_s: float, status: int) -> None:
    log(
        logger,
        logging.DEBUG,
        "request_answered",
        "%(operation)s with %(status)d in %(duration_s).3f s",
        operation=operation.name,
        method=operation.method,
        status=status,
        resends=resends,
        duration_s=duration_s,
    )


def _log_silence(operation: AnyOperation, resends: int, duration_s: float, error: TransportError) -> None:
    log(
        logger,
        logging.DEBUG,
        "request_unanswered",
        "%(operation)s in %(duration_s).3f s: %(reason)s",
        operation=operation.name,
        method=operation.method,
        resends=resends,
        duration_s=duration_s,
        error=discreet(error, tells_path=operation.number != CUSTOM),
    )


def _limiter(requests_per_second: float) -> "AsyncLimiter":
    # Loaded by who wants it: it reads its own version from the metadata of packages, which takes its time.
    from aiolimiter import AsyncLimiter  # noqa: PLC0415  # see above

    return AsyncLimiter(1, 1 / requests_per_second)


def _sum_of_limits(timeout: aiohttp.ClientTimeout) -> float | None:
    """Limit the time until the headers are there, which a trickle of them could draw out for ever."""
    if not timeout.sock_read:  # aiohttp reads 0 as None
        return None
    return (timeout.connect or timeout.sock_connect or _USUAL_CONNECT_S) + timeout.sock_read
