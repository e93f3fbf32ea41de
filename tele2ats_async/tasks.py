"""Taking turns; and waiting for tasks that must come to their end, whatever happens to the one who waits."""

import asyncio
from collections.abc import Collection, Coroutine, Generator
from contextlib import suppress
from typing import Any, TypeVar, cast

T = TypeVar("T")

_OVERLOOKED_AFTER_S = 0.05


async def in_steps(steps: Generator[None, None, T]) -> T:
    """Do work in steps, before each of which other tasks get their turn."""
    while True:
        await asyncio.sleep(0)
        try:
            next(steps)
        except StopIteration as end:
            return cast("T", end.value)


def start_sheltered(work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """Start a task that nobody but its owner can cancel; the owner waits it out.

    The end of `asyncio.run` cancels every task that the loop knows, in the middle of a token refresh
    too, whenever a program ends by an exception or by ``sys.exit()`` in a signal handler. It still waits
    for those that it has cancelled: so a task that waits this one out brings it to its end.
    """
    task = asyncio.get_running_loop().create_task(work, name=name)
    asyncio._unregister_task(task)  # noqa: SLF001  # documented, for tasks that manage themselves
    return task


async def finish(work: asyncio.Future[T] | Coroutine[Any, Any, T]) -> T:
    """Await work that goes on to its end where the one who awaits it is cancelled, or all tasks are.

    The cancellation is passed on afterwards.
    """
    future = work if isinstance(work, asyncio.Future) else start_sheltered(work, "tele2ats-work")
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await wait_out([future])
        raise


async def insist(work: Coroutine[Any, Any, T]) -> T:
    """Await work that may overlook a cancellation: it is cancelled again until it ends.

    ``asyncio.wait_for`` of Python 3.11 loses one that comes just when what it waits for is done, and what
    waits for minutes around it goes on waiting.
    """
    task = start_sheltered(work, "tele2ats-insisted")
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):  # it is on its way out already
                await asyncio.wait([task], timeout=_OVERLOOKED_AFTER_S)
        if not task.cancelled():
            task.exception()  # looked at, so that the loop does not report it as forgotten
        raise


async def wait_out(futures: Collection[asyncio.Future[Any]]) -> None:
    """Wait until all are done, and look at their errors.

    A cancellation that arrives meanwhile is kept and passed on afterwards: nobody tidies up what a
    task is still working on.
    """
    cancellation: asyncio.CancelledError | None = None
    while not all(future.done() for future in futures):
        try:
            await asyncio.wait(futures)
        except asyncio.CancelledError as error:
            cancellation = error
    for future in futures:
        if not future.cancelled():
            future.exception()  # looked at, so that the loop does not report it as forgotten
    if cancellation is not None:
        raise cancellation
