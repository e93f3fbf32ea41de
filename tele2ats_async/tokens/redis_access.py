"""Reaching a Redis server: a client for each piece of work, and errors that keep the password."""

import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ..errors import TokenStoreError
from ..tasks import finish, insist

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")

_TIMEOUT_S = 5.0
_WRONG_URL = (
    "url: expected redis://[[user]:password@]host[:port][/database], rediss:// for TLS, or"
    " unix://[[user]:password@]/path/of/socket[?db=database], with options that redis-py knows; in user and"
    " password percent-encode whatever is no letter and no digit"
)
_MISSING = 'RedisTokenStore needs redis-py; run: pip install "tele2ats_async[redis]"'
# By the class of redis-py's error or by the server's first word. What else the server says is not
# shown: it may repeat the command, with password or token.
_REASONS = {
    "AuthenticationError": "the user or the password is refused, or missing",
    "AuthenticationWrongNumberOfArgsError": "the user or the password is refused, or missing",
    "NoPermissionError": (
        "the user lacks a permission; it needs GET, SET, DEL, EVAL, EVALSHA and SCRIPT LOAD, on the key and"
        " on its :lock"
    ),
    "BusyLoadingError": "the server is still loading its data",
    "ReadOnlyError": "the server is a replica, which cannot be written",
    "OutOfMemoryError": "the server is out of memory",
    "MovedError": "the server belongs to a cluster, and another one holds the key",
    "TimeoutError": "the server does not answer in time",
    "WRONGTYPE": "the key holds something else than a string",
    "DB": "the server has no such database",
    "MISCONF": "the server cannot write its data to its disk",
}


class RedisAccess:
    """Opens a client for each piece of work, and closes it.

    A pair is refreshed once a day: a connection kept in between would be dead by then, and tie the
    store to one event loop.

    Attributes:
        address: The server, without user and password.
        store: The key and the address, for errors.
    """

    def __init__(self, url: str, key: str) -> None:
        if not isinstance(url, str):
            raise TypeError(f"url: expected text, got {type(url).__name__}")
        try:
            import_module("redis.asyncio")
        except ImportError:
            raise ImportError(_MISSING) from None
        self._url = url
        self.address = self._named()
        self.store = f"{key} at {self.address}"

    async def run(self, work: Callable[["Redis"], Coroutine[Any, Any, T]]) -> T:
        """Do a piece of work with a client of its own.

        Raises:
            TokenStoreError: The server cannot be reached, does not answer, or refuses.
        """
        # Raised after the `except`: redis-py's errors hang on connections, which know the password.
        try:
            client = self._open()
            try:
                # On its own, and to its end: while it connects, redis-py swallows a cancellation.
                await finish(client.initialize())
                return await insist(work(client))
            finally:
                with suppress(Exception):  # the work is done, or its failure is the one to tell
                    await finish(client.aclose())
        except Exception as error:  # noqa: BLE001  # whatever redis-py stumbles over is trouble with the store
            reason = _reason(error)
        raise TokenStoreError(self.store, reason)

    def _open(self) -> "Redis":
        from redis.asyncio import Redis  # noqa: PLC0415  # an extra
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415

        settings: dict[str, Any] = {
            "socket_connect_timeout": _TIMEOUT_S,
            "socket_timeout": _TIMEOUT_S,
            "single_connection_client": True,
            # Spoken by every server, old ones and proxies too.
            "protocol": 2,
            # None: on a new connection there is no stale one to blame, and a lock or a release that is sent
            # twice would stumble over itself. The refresher tries again.
            "retry": Retry(NoBackoff(), 0),
        }
        if self._url.startswith("rediss:"):
            settings["ssl_check_hostname"] = True  # redis-py before 6 does not by itself
        return Redis.from_url(self._url, **settings)  # pyright: ignore[reportUnknownMemberType]  # its **kwargs

    def _named(self) -> str:
        """Give the server's address; what is wrong with a URL is told without showing it."""
        # Raised after the `with`: the errors of URL parsers repeat parts of the URL.
        with suppress(Exception):
            if _is_unambiguous(self._url):
                pool = self._open().connection_pool
                known = pool.connection_kwargs
                pool.connection_class(**known)  # opens nothing yet, but refuses options that it does not know
                host, database = known.get("host", "localhost"), known.get("db", 0)
                if "path" in known:
                    return f"unix://{known['path']}?db={database}"
                host = f"[{host}]" if ":" in host else host
                return f"{self._url.partition(':')[0]}://{host}:{known.get('port', 6379)}/{database}"
        raise ValueError(_WRONG_URL)


def _is_unambiguous(url: str) -> bool:
    """Whether no bare "/", "?" or "#" ends a password early, so that its rest is taken for an address."""
    parts = urlsplit(url)
    rest = parts.path + parts.query
    path_form = r"/.+" if parts.scheme == "unix" else r"/?\d*"
    return (
        re.match(r"(redis|rediss|unix)://", url) is not None
        and re.fullmatch(path_form, parts.path) is not None
        and "@" not in rest
        and "#" not in url
    )


def _reason(error: BaseException) -> str:
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]  # what failed on a new connection comes wrapped
    kinds = [kind.__name__ for kind in type(error).__mro__]
    for sign in (*kinds, str(error).partition(" ")[0]):
        if sign in _REASONS:
            return _REASONS[sign]
    if kinds[0] == "ConnectionError":
        return f"the server cannot be reached: {error}"
    return f"the answer is an error, or none that a Redis server gives ({kinds[0]})"
