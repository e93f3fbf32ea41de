"""What every check needs: to expect something, to run many things at once, to cancel at a moment."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs

from ..tasks import wait_out
from ..tokens import TokenStore

T = TypeVar("T")

OpenStore = Callable[[], TokenStore]

A_WHILE_S = 0.005
_STEPS = 12
_PARTS = 12


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # a condition, as in an assert
    """Raise an AssertionError where something does not hold; `python -O` does not remove it."""
    if not holds:
        raise AssertionError(otherwise)


async def together(*works: Coroutine[Any, Any, T]) -> list[T]:
    """Run all at once; the first failure ends the others and comes out as it is, in no group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as failures:
        failure = failures.exceptions[0]
    else:
        return [task.result() for task in tasks]
    raise failure


@asynccontextmanager
async def cancelled_afterwards(
    work: Coroutine[Any, Any, object],
) -> AsyncGenerator[asyncio.Task[object], None]:
    """Run something beside the body, cancel it after the body, and expect no error but that."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        is_cut_short = task.cancel()
        await wait_out([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        if is_cut_short and not isinstance(error, AssertionError):
            raise AssertionError(f"the cancellation came out as {type(error).__name__}") from error
        raise error


@attrs.frozen
class Moment:
    """A moment while something else is at work: so many steps of the event loop, or seconds, after its begin."""

    steps: int = 0
    delay_s: float = 0.0

    async def come(self) -> None:
        """Wait for the moment; the loop is never left to sleep, which it cannot do for microseconds."""
        for _ in range(self.steps):
            await asyncio.sleep(0)
        until = time.perf_counter() + self.delay_s
        while time.perf_counter() < until:  # noqa: ASYNC110  # it is time that is awaited
            await asyncio.sleep(0)


def moments_within(duration_s: float) -> list[Moment]:
    """Give the first steps of the event loop, one by one, and then moments all over the duration."""
    steps = [Moment(steps=steps) for steps in range(_STEPS)]
    return steps + [Moment(delay_s=duration_s * part / _PARTS) for part in range(1, _PARTS + 1)]


async def moments_of(begin: Callable[[], Coroutine[Any, Any, object]]) -> list[Moment]:
    """Do something once to see how long it takes, and give moments all over that time."""
    began_at = time.perf_counter()
    await begin()
    return moments_within(time.perf_counter() - began_at)
