"""How long other tasks of a loop are kept waiting: a task that wants to wake every millisecond."""

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import attrs

from .rounds import Measured

_INTERVAL_S = 0.001
_PERCENTILES = {"p50": 50.0, "p99": 99.0, "max": 100.0}


@attrs.frozen
class Heartbeat:
    """How much later than wanted a task woke, in milliseconds, each time."""

    late_ms: list[float] = attrs.field(factory=list)

    def percentile_ms(self, percent: float) -> float:
        """Give what that share of all delays does not exceed; with 100 the longest."""
        ordered = sorted(self.late_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@asynccontextmanager
async def beating(heartbeat: Heartbeat) -> AsyncGenerator[None, None]:
    """Measure while the block runs."""
    task = asyncio.create_task(_beat(heartbeat))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _nothing() -> None:
    """Stand in where there is nothing to prepare or to check."""


@attrs.frozen
class State:
    """Work that other tasks of its loop may suffer from, and what belongs to it but blocks."""

    work: Callable[[], Awaitable[object]]
    before: Callable[[], None] = _nothing
    after: Callable[[], None] = _nothing


def compare_lateness(states: Mapping[str, State], rounds: int, times: int) -> Measured:
    """Measure beside each kind of work, in turns: p50, p99 and the longest delay of each round.

    Args:
        states: The work, in an event loop of its own each time, by what to call it.
        rounds: How often, after one that does not count.
        times: How often the work is done in a round: of a hundred delays, the 99th percentile is the longest.
    """
    measured = Measured({f"{name}, {label}": [] for name in states for label in _PERCENTILES})
    for number in range(-1, rounds):
        for name, state in states.items():
            heartbeat = Heartbeat()
            for _ in range(times):
                state.before()
                asyncio.run(_beside(heartbeat, state.work))
                state.after()
            for label, percent in _PERCENTILES.items() if number >= 0 else ():
                measured.samples[f"{name}, {label}"].append(heartbeat.percentile_ms(percent))
    return measured


def freeze() -> None:
    """Let the collecting of garbage leave alone whatever there is by now, all modules above all."""
    gc.collect()
    gc.freeze()


async def rest() -> None:
    """Do nothing: what this machine does to a task by itself."""
    await asyncio.sleep(1)


async def _beside(heartbeat: Heartbeat, work: Callable[[], Awaitable[object]]) -> None:
    async with beating(heartbeat):
        await work()


async def _beat(heartbeat: Heartbeat) -> None:
    while True:
        asleep_at = time.perf_counter()
        await asyncio.sleep(_INTERVAL_S)
        heartbeat.late_ms.append((time.perf_counter() - asleep_at - _INTERVAL_S) * 1000)
