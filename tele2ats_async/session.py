"""The session: one account's tokens, one transport, and an object per section of the contract."""

import asyncio
import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from yarl import URL

from .observing import UNOBSERVED, Observer
from .pace import MinimumSpeed
from .recordings import FileRequests
from .requester import Requester
from .resources import (
    Blacklist,
    CallRecords,
    Calls,
    Employees,
    Managers,
    Monitoring,
    Recordings,
    Statistics,
)
from .retry import RetryPolicy
from .tasks import start_sheltered, wait_out
from .tokens import MemoryTokenStore, TokenPair, TokenRefresher, TokenStore
from .tokens.environment import store_from
from .tokens.pair import require_order
from .transport import DEFAULT_MAX_JSON_BYTES, DEFAULT_MINIMUM_SPEED, DEFAULT_TIMEOUT, Transport, Trust
from .version import __version__
from .wire.custom import custom_request
from .wire.query import require_at_least

if TYPE_CHECKING:
    import aiohttp

DEFAULT_BASE_URL = "https://ats2.t2.ru/crm/openapi"
# The gateway in front of the service may refuse agents that look like a library.
DEFAULT_USER_AGENT = f"Mozilla/5.0 (compatible; tele2ats_async/{__version__})"
# What stands for an argument in the environment.
VARIABLES = {
    "base_url": "TELE2ATS_BASE_URL",
    "proxy": "TELE2ATS_PROXY",
    "ssl": "TELE2ATS_CA_FILE",
    "user_agent": "TELE2ATS_USER_AGENT",
}


class AtsSession:
    """Access to one account of the ATS.

    Make one per account and keep it: it is safe for any number of tasks of one event loop, and it can
    be made before the loop runs. Use it as ``async with``, or call `close()`.

    Args:
        tokens: Where the tokens are kept, or a pair that lives in memory only.
        base_url: Address of the service.
        client: An ``aiohttp.ClientSession`` to borrow; never closed here. Its own middlewares do not
            run: one that repeats requests would burn the single-use refresh token.
        proxy: HTTP proxy, ``http://user:password@host:port``.
        ssl: A CA bundle's path, used beside the system's certificates, or an ``ssl.SSLContext``.
        timeout: Limits in seconds; by default none on a request as a whole, 10 to connect, 30 of silence.
        retry: How often, and how long, passing failures are tried again.
        minimum_speed: How slowly a body may come before it is given up, and asked for again.
        max_json_bytes: Size in bytes of the largest answer that is read into memory; recordings, which
            are not, have none.
        max_connections: Requests under way at once, at the most.
        requests_per_second: Rate of requests that is not exceeded; None for no limit.
        user_agent: What the gateway reads in ``User-Agent``.
        keep_alive: Renews the tokens in the background well before they die, from ``async with`` or the
            first request on: for programs that are idle for days.
        observer: Is told of requests, retries and refreshes, to count or to trace them, such as
            `tele2ats_async.otel.OpenTelemetryObserver`.

    Attributes:
        tokens: The token pair: ``access_token()``, ``refresh()``, ``expires_at``.
        monitoring: Calls in progress and queues.
        employees: The company's employees.
        calls: Click-to-call.
        statistics: Figures of a period.
        call_records: The list of finished calls.
        recordings: Recordings and transcripts.
        managers: Personal managers of customers.
        blacklist: Numbers that may not call.

    Raises:
        TypeError: An argument is of another type.
        ValueError: An argument is out of its range; the text names it.

    Source: sections 1 and 2.
    """

    def __init__(
        self,
        tokens: TokenStore | TokenPair,
        *,
        base_url: str = DEFAULT_BASE_URL,
        client: "aiohttp.ClientSession | None" = None,
        proxy: str | None = None,
        ssl: Trust = None,
        timeout: "aiohttp.ClientTimeout" = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        minimum_speed: MinimumSpeed = DEFAULT_MINIMUM_SPEED,
        max_json_bytes: int = DEFAULT_MAX_JSON_BYTES,
        max_connections: int = 100,
        requests_per_second: float | None = None,
        user_agent: str = DEFAULT_USER_AGENT,
        keep_alive: bool = False,
        observer: Observer = UNOBSERVED,
    ) -> None:
        require_at_least("max_connections", max_connections, 1)
        require_at_least("max_json_bytes", max_json_bytes, 1)
        if not isinstance(minimum_speed, MinimumSpeed):
            raise TypeError(f"minimum_speed: expected a MinimumSpeed, got {type(minimum_speed).__name__}")
        if requests_per_second is not None and not 0 < requests_per_second < float("inf"):
            raise ValueError(f"requests_per_second: expected more than 0, got {requests_per_second}")
        if not user_agent or not user_agent.isprintable():
            raise ValueError("user_agent: empty, or holds characters that no header may have")
        if not isinstance(observer, Observer):
            raise TypeError(f"observer: expected an Observer, got {type(observer).__name__}")
        policy = retry or RetryPolicy()
        self._transport = Transport(
            base_url=_web_address("base_url", base_url, may_hold_user=False),
            client=client,
            proxy=None if proxy is None else _web_address("proxy", proxy, may_hold_user=True),
            ssl=ssl,
            timeout=timeout,
            minimum_speed=minimum_speed,
            max_json_bytes=max_json_bytes,
            requests_per_second=requests_per_second,
            user_agent=user_agent,
            observer=observer,
        )
        store = MemoryTokenStore(require_order(tokens)) if isinstance(tokens, TokenPair) else tokens
        if not isinstance(store, TokenStore):
            raise TypeError(f"tokens: expected a token store or a TokenPair, got {type(tokens).__name__}")
        self.tokens = TokenRefresher(store, self._transport, policy, keeps_alive=keep_alive)
        self._requester = Requester(self._transport, self.tokens, policy, max_connections=max_connections)
        self._ending: asyncio.Task[None] | None = None
        self.monitoring = Monitoring(self._requester)
        self.employees = Employees(self._requester)
        self.calls = Calls(self._requester)
        self.statistics = Statistics(self._requester)
        files = FileRequests(self._requester)
        self.call_records = CallRecords(self._requester, files)
        self.recordings = Recordings(self._requester, files)
        self.managers = Managers(self._requester)
        self.blacklist = Blacklist(self._requester)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **settings: Any) -> Self:
        """Make a session from environment variables.

        ``TELE2ATS_TOKEN_FILE`` names a token file; or ``TELE2ATS_REDIS_URL`` names a Redis server, and
        ``TELE2ATS_REDIS_KEY`` the key there. ``TELE2ATS_ACCESS_TOKEN`` and ``TELE2ATS_REFRESH_TOKEN`` give
        a pair: beside one of these they begin it where it does not exist yet; without, they live in
        memory only, and are dead after the first refresh.
        ``TELE2ATS_BASE_URL``, ``TELE2ATS_PROXY``, ``TELE2ATS_CA_FILE`` and ``TELE2ATS_USER_AGENT`` stand for
        ``base_url``, ``proxy``, ``ssl`` and ``user_agent``.

        Args:
            environment: The variables; by default those of the process.
            settings: Arguments of `AtsSession`, which go before the environment.

        Raises:
            ValueError: The tokens are missing or malformed, or an argument is; the text names it.
        """
        # Not as the default: signatures are shown, and this would show the tokens.
        environment = os.environ if environment is None else environment
        found: dict[str, Any] = {
            key: environment[name] for key, name in VARIABLES.items() if environment.get(name)
        }
        return cls(store_from(environment), **(found | settings))

    async def request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        """Call an operation that this version does not know, with the tokens, retries and errors of all.

        ``await ats.request("GET", "/holidays", query={"year": "2026"})``

        Args:
            method: HTTP method. GET, PUT and DELETE are tried again like any other operation; of the
                rest only what certainly did not leave.
            path: Path below the base URL, beginning with ``/``; reserved characters in it are encoded.
            query: Parameters, encoded as the service wants them.
            body: What to send as JSON; None for an empty body.

        Returns:
            The decoded JSON; None where the answer is empty.

        Raises:
            ValueError: ``method`` or ``path`` is malformed, or ``body`` cannot be JSON.
            PayloadError: The answer is not JSON.
            AtsError: Whatever else keeps the answer from coming.
        """
        return await self._requester.fetch(custom_request(method, path, query, body))

    async def close(self) -> None:
        """Finish a token refresh that is under way, then close the connections.

        Raises:
            TokenStoreError: The newest token pair could not be saved.
        """
        # A task of its own, waited out: cancelled in the middle, it would close the connection under a
        # refresh that the service has carried out, and the new pair would be lost.
        if self._ending is None:
            self._ending = start_sheltered(self._end(), "tele2ats-session-end")
        ending = self._ending
        await wait_out([ending])
        if ending.exception() is not None:
            self._ending = None  # what failed, to save the pair, can be tried again
        ending.result()

    async def _end(self) -> None:
        self.recordings.close()
        try:
            await self.tokens.close()
        finally:
            await self._transport.close()

    async def __aenter__(self) -> Self:
        self.tokens.begin()
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _web_address(argument: str, text: str, *, may_hold_user: bool) -> URL:
    if not isinstance(text, str):
        raise TypeError(f"{argument}: expected a text, got {type(text).__name__}")
    # The text may hold the password of a proxy: it stays out of the error.
    try:
        url = URL(text.rstrip("/") if text.split() == [text] else "")  # no host's name holds white space
    except ValueError:
        url = URL()
    # A user of the service would go into the header where the token belongs.
    holds_too_much = url.query_string or url.fragment or ("@" in url.raw_authority and not may_hold_user)
    if url.scheme not in ("http", "https") or not url.host or holds_too_much:
        raise ValueError(f"{argument}: expected http://host/path or https://host/path")
    return url
