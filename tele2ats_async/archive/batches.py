"""What comes one by one, taken together: as much as has come while the last batch was dealt with."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from ..tasks import wait_out

T = TypeVar("T")


async def in_batches(source: AsyncGenerator[T, None], largest: int) -> AsyncGenerator[list[T], None]:
    """Yield what a source yields, in order, in lists that are never empty.

    The source is read on while the caller works on a batch, but no further than the next one: a slow
    caller still slows it down. Its error comes after all that it yielded.
    """
    came: asyncio.Queue[T | None] = asyncio.Queue()
    room = asyncio.Semaphore(largest)

    async def pour() -> None:
        async with aclosing(source):
            async for item in source:
                await room.acquire()
                came.put_nowait(item)

    pouring = asyncio.create_task(pour(), name="tele2ats-batches")
    pouring.add_done_callback(lambda _: came.put_nowait(None))
    try:
        while True:
            batch = [await came.get()]
            while not came.empty():
                batch.append(came.get_nowait())
            items = [item for item in batch if item is not None]
            for _ in items:
                room.release()
            if items:
                yield items
            if len(items) < len(batch):
                await pouring
                return
    finally:
        pouring.cancel()
        await wait_out([pouring])
