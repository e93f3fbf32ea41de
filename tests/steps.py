"""Cancelling work at each of its awaits, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import attrs


@attrs.define
class _Counted(Awaitable[Any]):
    """Work that is cancelled, as a task is, when it suspends for the n-th time."""

    work: Coroutine[Any, Any, Any]
    cancelled_at: int
    steps: int = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        waiting = self.work.__await__()
        task = asyncio.current_task()
        assert task is not None
        send: Callable[[], Any] = lambda: next(waiting)  # noqa: E731  # it is replaced below
        while True:
            try:
                future = send()
            except StopIteration as end:
                return end.value
            self.steps += 1
            if self.steps == self.cancelled_at:
                # Once this step's future is what the task waits for.
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                yield future
            except BaseException as error:  # noqa: BLE001  # it belongs to the work
                thrown = error
                send = lambda: waiting.throw(thrown)  # noqa: B023, E731  # called before it changes
            else:
                send = lambda: next(waiting)  # noqa: E731


async def cancel_at(step: int, work: Coroutine[Any, Any, Any]) -> bool:
    """Run work in a task that is cancelled at a step; say whether it came so far."""

    async def run() -> Any:
        return await counted

    counted = _Counted(work, step)
    task = asyncio.create_task(run())
    await asyncio.wait([task])
    if task.cancelled():
        return True
    task.result()
    return counted.steps >= step
