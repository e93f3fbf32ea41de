"""Tokens in Redis, for processes on several machines."""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ..errors import TokenStoreError
from ..logs import log
from ..tasks import finish
from .pair import TokenPair
from .redis_access import RedisAccess
from .spelling import FORM, decode_pair, encode_pair

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.lock import Lock

logger = logging.getLogger(__name__)

DEFAULT_KEY = "tele2ats:tokens"

# A lock whose holder died expires; who waits for it waits a little longer than that.
_LOCK_LIFETIME_S = 60.0
_LOCK_TIMEOUT_S = 65.0
_LOCK_POLL_S = 0.05

# On the server, in one step: nobody can get the lock between the look at it and the write.
_SAVE_UNDER_LOCK = """
if redis.call('GET', KEYS[2]) ~= ARGV[2] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""

# Not the task: a child task of the holder saves under the holder's lock, another task does not.
_entered: ContextVar[tuple[str, ...]] = ContextVar("tele2ats_redis_locks", default=())


class RedisTokenStore:
    """Keeps the pair in Redis (or Valkey), in the form in which the service issues it.

    ``{"accessToken": "…", "refreshToken": "…"}``, a string under one key. A lock under ``key:lock`` keeps
    other processes out while one refreshes; it expires a minute after its holder has died. A holder that
    comes back later than that cannot overwrite what others have saved meanwhile.

    No connection is kept: the store needs no closing, and may be made before the loop runs. It takes
    ``pip install "tele2ats_async[redis]"``.

    Args:
        url: ``redis://[[user]:password@]host[:port][/database]``, ``rediss://…`` for TLS, or
            ``unix://…/path/of/socket``; options as redis-py knows them, such as ``?ssl_ca_certs=ca.pem``.
        key: The key; ``tele2ats:tokens`` where there is one account.
        initial: A pair that is used, and written, where the key does not exist yet.

    Raises:
        ValueError: The URL is none of these, or the key is empty.
        ImportError: redis-py is not installed.

    Source: section 2.
    """

    def __init__(self, url: str, key: str = DEFAULT_KEY, *, initial: TokenPair | None = None) -> None:
        if not isinstance(key, str):
            raise TypeError(f"key: expected text, got {type(key).__name__}")
        if not key:
            raise ValueError("key: the key is empty")
        self._access = RedisAccess(url, key)
        self._key = key
        self._lock_key = f"{key}:lock"
        self._initial = initial
        self._held: set[str] = set()

    def __repr__(self) -> str:
        return f"RedisTokenStore({self._access.address!r}, {self._key!r})"

    async def load(self) -> TokenPair:
        """Read the pair from Redis.

        Raises:
            TokenStoreError: The key is missing or malformed, or Redis cannot be read.
        """
        content = await self._access.run(self._read)
        if content is None:
            raise self._failure(
                "does not exist; write the pair from the web cabinet into it, by `tele2ats tokens set` or by"
                f" redis-cli, SET {self._key} '{FORM}'"
            )
        self._initial = None  # once there is a pair, it is older than whatever the key held
        return decode_pair(content, self._access.store)

    async def save(self, pair: TokenPair) -> None:
        """Write the pair to Redis, where it is as durable as that Redis keeps its data.

        Raises:
            TokenStoreError: Redis cannot be written, or this comes from inside a `lock()` that has
                expired meanwhile; the key is as it was, or has been written by somebody else.
        """
        content = encode_pair(pair)
        token = next((token for token in reversed(_entered.get()) if token in self._held), None)

        async def write(client: "Redis") -> bool:
            if token is None:
                return await client.set(self._key, content) is True
            keys_and_values = (self._key, self._lock_key, content, token)
            return bool(await client.eval(_SAVE_UNDER_LOCK, 2, *keys_and_values) == 1)

        if not await self._access.run(write):
            reason = "the server does not say that it is"
            if token is not None:
                reason = "the lock expired meanwhile, and somebody else may have saved a newer pair"
            raise self._failure(f"is not saved: {reason}")

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        """Hold the lock in Redis, for a minute at most.

        Raises:
            TokenStoreError: Another process holds it for too long, or Redis cannot be reached.
        """
        token = os.urandom(16).hex()
        await self._acquire(token)
        self._held.add(token)
        _entered.set((*_entered.get(), token))
        try:
            yield
        finally:
            try:
                await self._release(token)
            finally:
                self._held.discard(token)
                _entered.set(tuple(entered for entered in _entered.get() if entered != token))

    async def _read(self, client: "Redis") -> bytes | str | None:
        content = await client.get(self._key)
        if content is None and self._initial is not None:
            # What is read afterwards counts: somebody else may have begun the key at the same time.
            await client.set(self._key, encode_pair(self._initial), nx=True)
            content = await client.get(self._key)
        return content

    async def _acquire(self, token: str) -> None:
        async def acquire(client: "Redis") -> bool:
            return bool(await self._lock_of(client).acquire(token=token))

        try:
            is_ours = await self._access.run(acquire)
        except BaseException:
            # Cancelled, or without an answer, once the command had left: the lock may be ours all the same.
            with suppress(TokenStoreError):
                await self._give_back(token)
            raise
        if not is_ours:
            raise self._failure(f"another process holds {self._lock_key} for over {_LOCK_TIMEOUT_S:g} s")

    async def _release(self, token: str) -> None:
        try:
            if await self._give_back(token):
                return
            reason = "somebody else may have had it before the work under it was done"
        except TokenStoreError as error:
            reason = f"it could not be given back and expires by itself: {error.reason}"
        log(
            logger,
            logging.WARNING,
            "token_lock_expired",
            "%(store)s: %(reason)s",
            store=self._access.store,
            reason=reason,
        )

    async def _give_back(self, token: str) -> bool:
        """Release the lock unless it is somebody else's by now; a cancellation must not leave it taken."""
        from redis.exceptions import LockNotOwnedError  # noqa: PLC0415  # an extra

        async def release(client: "Redis") -> bool:
            lock = self._lock_of(client)
            lock.local.token = token.encode()
            try:
                await lock.release()
            except LockNotOwnedError:
                return False
            return True

        return await finish(self._access.run(release))

    def _lock_of(self, client: "Redis") -> "Lock":
        return client.lock(
            self._lock_key,
            timeout=_LOCK_LIFETIME_S,
            sleep=_LOCK_POLL_S,
            blocking_timeout=_LOCK_TIMEOUT_S,
            thread_local=False,
        )

    def _failure(self, reason: str) -> TokenStoreError:
        return TokenStoreError(self._access.store, reason)
