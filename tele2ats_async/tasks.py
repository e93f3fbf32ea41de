"""Waiting for tasks that must come to their end, whatever happens to the one who waits."""

import asyncio
from collections.abc import Awaitable, Collection
from typing import Any, TypeVar

T = TypeVar("T")


async def finish(work: Awaitable[T]) -> T:
    """Await work that goes on to its end where the one who awaits it is cancelled.

    The cancellation is passed on afterwards.
    """
    future = asyncio.ensure_future(work)
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
