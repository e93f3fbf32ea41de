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
    """How a task slept, each time, in milliseconds.

    Attributes:
        late_ms: How much later than wanted it woke.
        busy_ms: Processor time that its thread has spent meanwhile; the rest of a delay it waited, for the interpreter
            lock or for a core.
    """

    late_ms: list[float] = attrs.field(factory=list)
    busy_ms: list[float] = attrs.field(factory=list)

    def figures(self) -> dict[str, float]:
        """Give percentiles of both, by what to call them."""
        late = {label: _percentile(self.late_ms, percent) for label, percent in _PERCENTILES.items()}
        return late | {"longest processor time": max(self.busy_ms)}


@asynccontextmanager
async def beating(heartbeat: Heartbeat) -> AsyncGenerator[None, None]:
    """Measure while the block runs."""
    task = asyncio.create_task(_beat(heartbeat))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


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
    measured = Measured({})
    for number in range(-1, rounds):
        for name, state in states.items():
            heartbeat = Heartbeat()
            for _ in range(times):
                state.before()
                asyncio.run(_beside(heartbeat, state.work))
                state.after()
            for label, figure in heartbeat.figures().items() if number >= 0 else ():
                measured.samples.setdefault(f"{name}, {label}", []).append(figure)
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
        asleep_at, busy_s = time.perf_counter(), time.thread_time()
        await asyncio.sleep(_INTERVAL_S)
        heartbeat.late_ms.append((time.perf_counter() - asleep_at - _INTERVAL_S) * 1000)
        heartbeat.busy_ms.append((time.thread_time() - busy_s) * 1000)
