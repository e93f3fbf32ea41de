"""Token stores that each break one promise, and one that breaks none."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

import attrs

from tele2ats_async import TokenPair, TokenStoreError


@attrs.define
class Place:
    """What the stores of several processes would share."""

    access: str = ""
    refresh: str = ""
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    busy: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    waiters: deque[asyncio.Future[None]] = attrs.field(factory=deque)
    is_locked: bool = False
    tasks: set[asyncio.Task[Any]] = attrs.field(factory=set)


class SoundStore:
    """Breaks no promise, and takes a few steps for everything."""

    def __init__(self, place: Place) -> None:
        self.place = place

    async def load(self) -> TokenPair:
        await asyncio.sleep(0)
        if not self.place.access:
            raise TokenStoreError("memory", "holds no pair yet")
        return TokenPair(self.place.access, self.place.refresh)

    async def save(self, pair: TokenPair) -> None:
        await asyncio.sleep(0)
        self.place.access, self.place.refresh = pair.access, pair.refresh
        await asyncio.sleep(0)

    def lock(self) -> Any:
        return self.place.lock


# load() and save()


class Lockless:
    def __init__(self, place: Place) -> None:
        self._store = SoundStore(place)
        self.load, self.save = self._store.load, self._store.save


class StrangeErrors(SoundStore):
    async def load(self) -> TokenPair:
        if not self.place.access:
            raise KeyError("tokens")
        return await super().load()


class Forgetful(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        if not self.place.access:
            await super().save(pair)


class ShortColumns(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        await super().save(TokenPair(pair.access[:1024], pair.refresh[:1024]))


class BadQuoting(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        await super().save(TokenPair(pair.access.replace("'", "''"), pair.refresh))


class Caching(SoundStore):
    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._cached: TokenPair | None = None

    async def load(self) -> TokenPair:
        self._cached = self._cached or await super().load()
        return self._cached

    async def save(self, pair: TokenPair) -> None:
        await super().save(pair)
        self._cached = pair


class WritesBehind(Caching):
    async def save(self, pair: TokenPair) -> None:
        self._cached = pair
        task = asyncio.create_task(SoundStore(self.place).save(pair))
        self.place.tasks.add(task)


class Talkative(SoundStore):
    def __repr__(self) -> str:
        return f"Talkative({self.place!r})"


class TwoFiles(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        self.place.access = pair.access
        await asyncio.sleep(0)
        self.place.refresh = pair.refresh


class EmptiesFirst(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        self.place.access = ""
        await super().save(pair)


class TornWhenCancelled(SoundStore):
    """As `TwoFiles`, but with nobody looking meanwhile."""

    async def load(self) -> TokenPair:
        async with self.place.busy:
            return await super().load()

    async def save(self, pair: TokenPair) -> None:
        async with self.place.busy:
            self.place.access = pair.access
            await asyncio.sleep(0)
            self.place.refresh = pair.refresh


class SavesOnInSecret(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        task = asyncio.create_task(self._write(pair))
        self.place.tasks.add(task)
        await asyncio.shield(task)

    async def _write(self, pair: TokenPair) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await super().save(pair)


class TranslatesCancellations(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        try:
            await super().save(pair)
        except asyncio.CancelledError:
            raise TokenStoreError("memory", "interrupted") from None


# lock()


class LocksOnce(SoundStore):
    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        yield


class NoLock(SoundStore):
    def lock(self) -> Any:
        return nullcontext()


class LockPerStore(SoundStore):
    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._lock = asyncio.Lock()

    def lock(self) -> Any:
        return self._lock


class LockPerTask(SoundStore):
    """Keeps other stores out, and lets in any task of its own that comes."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        if getattr(self, "_depth", 0) == 0:
            await self.place.lock.acquire()
        self._depth = getattr(self, "_depth", 0) + 1
        yield
        self._depth -= 1
        if self._depth == 0:
            self.place.lock.release()


class SavesUnderItsOwnLock(SoundStore):
    async def save(self, pair: TokenPair) -> None:
        async with self.place.lock:
            await super().save(pair)


class ReadersWait(SoundStore):
    """Only the holder may read: the store that another session opens waits."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        async with self.place.lock:
            self._task = asyncio.current_task()
            yield
            self._task = None

    async def load(self) -> TokenPair:
        if getattr(self, "_task", None) is asyncio.current_task():
            return await super().load()
        async with self.place.lock:
            return await super().load()


class KeptAfterAnError(SoundStore):
    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        yield
        self.place.lock.release()


class SwallowsErrors(SoundStore):
    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        async with self.place.lock:
            with suppress(Exception):
                yield


class WrapsErrors(SoundStore):
    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        async with self.place.lock:
            try:
                yield
            except Exception as error:
                raise TokenStoreError("memory", "failed") from error


class KeptByACancelledHolder(SoundStore):
    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        try:
            yield
        except Exception:
            self.place.lock.release()
            raise
        else:
            self.place.lock.release()


class KeptByACancelledRelease(SoundStore):
    """As redis-py #3847: the release is a round trip, and cancelled on its way."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        try:
            yield
        finally:
            await asyncio.sleep(0)
            self.place.lock.release()


class KeptByACancelledEntry(SoundStore):
    """The server grants it, and the answer finds nobody."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        await asyncio.sleep(0)
        try:
            yield
        finally:
            self.place.lock.release()


class KeptByACancelledWaiter(SoundStore):
    """As a thread that waits for a lock, and does not hear that its caller has gone."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        if self.place.lock.locked():
            task = asyncio.create_task(self.place.lock.acquire())
            self.place.tasks.add(task)
            await asyncio.shield(task)
        else:
            await self.place.lock.acquire()
        try:
            yield
        finally:
            self.place.lock.release()


class CancelledWaitersGetIn(SoundStore):
    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        try:
            await self.place.lock.acquire()
        except asyncio.CancelledError:
            yield
            return
        try:
            yield
        finally:
            self.place.lock.release()


class LostInHandingOver(SoundStore):
    """Gives the lock to the first who waits; one that is cancelled at that moment never learns of it."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        place = self.place
        if place.is_locked:
            turn = asyncio.get_running_loop().create_future()
            place.waiters.append(turn)
            try:
                await turn
            finally:
                with suppress(ValueError):
                    place.waiters.remove(turn)
        place.is_locked = True
        try:
            yield
        finally:
            if place.waiters:
                place.waiters.popleft().set_result(None)
            else:
                place.is_locked = False


class ReadsAnOldSnapshot(SoundStore):
    """As a transaction that begins before the lock is had, and shows what there was then."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        before = self.place.access, self.place.refresh
        async with self.place.lock:
            self._snapshot: tuple[str, str] | None = before
            self._task = asyncio.current_task()
            try:
                yield
            finally:
                self._task = self._snapshot = None

    async def load(self) -> TokenPair:
        loaded = await super().load()
        if getattr(self, "_task", None) is asyncio.current_task() and self._snapshot:
            return TokenPair(*self._snapshot)
        return loaded

    async def save(self, pair: TokenPair) -> None:
        await super().save(pair)
        self._snapshot = None
