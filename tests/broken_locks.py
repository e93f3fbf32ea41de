"""Token stores whose lock() breaks one promise each."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

from broken_stores import Place, SoundStore

from tele2ats_async import TokenPair, TokenStoreError


class LocksOnce(SoundStore):
    """Never gives the lock back."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        yield


class NoLock(SoundStore):
    """Lets in whoever comes."""

    def lock(self) -> Any:
        return nullcontext()


class LockPerStore(SoundStore):
    """Locks nobody out but itself."""

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
    """Waits for itself."""

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
    """Forgets that a body may fail."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        await self.place.lock.acquire()
        yield
        self.place.lock.release()


class SwallowsErrors(SoundStore):
    """Hides what went wrong in the body."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        async with self.place.lock:
            with suppress(Exception):
                yield


class WrapsErrors(SoundStore):
    """Tells an error of the body as one of its own."""

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None, None]:
        async with self.place.lock:
            try:
                yield
            except Exception as error:
                raise TokenStoreError("memory", "failed") from error


class KeptByACancelledHolder(SoundStore):
    """Forgets that a cancellation is no `Exception`."""

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
    """Takes a cancellation for the end of the waiting."""

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
