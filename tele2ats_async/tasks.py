"""Waiting for tasks that must come to their end, whatever happens to the one who waits."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


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
