"""Listeners of recordings that take the first bytes, stall, and take the rest later."""

import asyncio
import statistics
import time
from collections.abc import Mapping
from functools import lru_cache

import aiohttp
import attrs

from .corpus import make_recording, recording_name
from .rounds import DisqualifiedError

# Few enough to be made once and compared many times.
RECORDINGS = 16
_POLL_S = 0.25
_SETTLED_AFTER_S = 10.0

_make_recording = lru_cache(RECORDINGS)(make_recording)


@attrs.frozen(kw_only=True)
class Heard:
    """What a crowd of listeners has seen.

    Attributes:
        stalled_bytes: What the service had sent while all stalled, for each of them.
        memory_bytes: What the backend has come to need more, for each of them.
    """

    stalled_bytes: float
    memory_bytes: float


@attrs.frozen(kw_only=True)
class Listeners:
    """Clients of a backend that passes recordings on."""

    client: aiohttp.ClientSession
    source: str
    backend: str
    recording_bytes: int

    async def latencies_ms(self, requests: int) -> Mapping[str, float]:
        """Give the median time to the first byte of a recording, from the service and through the backend."""
        ways = {
            "directly": (f"{self.source}/crm/openapi/call-records/file", "filename"),
            "through": (f"{self.backend}/play", "name"),
        }
        taken_ms: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(requests):
            for way, (address, parameter) in ways.items():
                query = {parameter: recording_name(number % RECORDINGS)}
                started = time.perf_counter()
                async with self.client.get(address, params=query) as response:
                    response.raise_for_status()
                    first = await response.content.readany()
                    taken_ms[way].append((time.perf_counter() - started) * 1000)
                    if first + await response.read() != self._recording(number % RECORDINGS):
                        raise DisqualifiedError("a listener heard something else")
        return {way: statistics.median(times) for way, times in taken_ms.items()}

    async def stall(self, count: int) -> Heard:
        """Let all begin, and stall; then let them take the rest, and look at every byte."""
        memory_before, sent_before = (
            await self._ask(self.backend, "memory"),
            await self._ask(self.source, "sent"),
        )
        resume = asyncio.Event()
        begun = [asyncio.Event() for _ in range(count)]
        async with asyncio.TaskGroup() as group:
            for number, event in enumerate(begun):
                group.create_task(self._listen(number % RECORDINGS, event, resume))
            await asyncio.gather(*(event.wait() for event in begun))
            stalled_bytes = await self._settled() - sent_before
            resume.set()
        memory_bytes = await self._ask(self.backend, "memory") - memory_before
        return Heard(stalled_bytes=stalled_bytes / count, memory_bytes=memory_bytes / count)

    async def _listen(self, number: int, begun: asyncio.Event, resume: asyncio.Event) -> None:
        expected = memoryview(self._recording(number))
        query = {"name": recording_name(number)}
        async with self.client.get(f"{self.backend}/play", params=query) as response:
            response.raise_for_status()
            chunk, heard = await response.content.readany(), 0
            begun.set()
            await resume.wait()
            while chunk:
                if chunk != expected[heard : heard + len(chunk)]:
                    raise DisqualifiedError("a listener heard something else")
                heard += len(chunk)
                chunk = await response.content.readany()
        if heard != self.recording_bytes:
            raise DisqualifiedError(f"a listener heard {heard} bytes of {self.recording_bytes}")

    def _recording(self, number: int) -> bytes:
        return _make_recording(number, self.recording_bytes)

    async def _settled(self) -> int:
        """Wait until the service sends nothing any more."""
        async with asyncio.timeout(_SETTLED_AFTER_S):
            before = -1
            while before != (sent := await self._ask(self.source, "sent")):
                before = sent
                await asyncio.sleep(_POLL_S)
            return sent

    async def _ask(self, origin: str, what: str) -> int:
        async with self.client.get(f"{origin}/{what}") as response:
            return int(await response.text())
