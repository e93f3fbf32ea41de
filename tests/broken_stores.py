"""Token stores whose load() or save() breaks one promise each, and a store that breaks none."""

import asyncio
from collections import deque
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


class Lockless:
    """Has one method too few."""

    def __init__(self, place: Place) -> None:
        self._store = SoundStore(place)
        self.load, self.save = self._store.load, self._store.save


class StrangeErrors(SoundStore):
    """Lets out the errors of what it is on."""

    async def load(self) -> TokenPair:
        if not self.place.access:
            raise KeyError("tokens")
        return await super().load()


class Forgetful(SoundStore):
    """Keeps the first pair, and no other."""

    async def save(self, pair: TokenPair) -> None:
        if not self.place.access:
            await super().save(pair)


class ShortColumns(SoundStore):
    """As `varchar(1024)` in a database that cuts off."""

    async def save(self, pair: TokenPair) -> None:
        await super().save(TokenPair(pair.access[:1024], pair.refresh[:1024]))


class BadQuoting(SoundStore):
    """Quotes what needs no quoting."""

    async def save(self, pair: TokenPair) -> None:
        await super().save(TokenPair(pair.access.replace("'", "''"), pair.refresh))


class Caching(SoundStore):
    """Answers from memory what it once read or wrote."""

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
    """Returns before anything is written."""

    async def save(self, pair: TokenPair) -> None:
        self._cached = pair
        task = asyncio.create_task(SoundStore(self.place).save(pair))
        self.place.tasks.add(task)


class Talkative(SoundStore):
    """As a dataclass shows itself."""

    def __repr__(self) -> str:
        return f"Talkative({self.place!r})"


class TwoFiles(SoundStore):
    """Writes one token after the other."""

    async def save(self, pair: TokenPair) -> None:
        self.place.access = pair.access
        await asyncio.sleep(0)
        self.place.refresh = pair.refresh


class EmptiesFirst(SoundStore):
    """As a file that is opened with "w"."""

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
    """As a thread that writes on when its caller has gone."""

    async def save(self, pair: TokenPair) -> None:
        task = asyncio.create_task(self._write(pair))
        self.place.tasks.add(task)
        await asyncio.shield(task)

    async def _write(self, pair: TokenPair) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await super().save(pair)


class TranslatesCancellations(SoundStore):
    """Tells a cancellation as a failure of its own."""

    async def save(self, pair: TokenPair) -> None:
        try:
            await super().save(pair)
        except asyncio.CancelledError:
            raise TokenStoreError("memory", "interrupted") from None
