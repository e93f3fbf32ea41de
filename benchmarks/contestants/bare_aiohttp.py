"""The loop that everybody writes first, with aiohttp: the reference."""

import asyncio

import aiohttp

from .job import Job


async def save(job: Job) -> None:
    """Save with one task per recording and a semaphore; no check, no retry, no temporary name."""
    job.make_directories()
    slots = asyncio.Semaphore(job.concurrency)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=job.trust())) as session:

        async def save_one(name: str) -> None:
            async with slots, session.get(job.url(name)) as response:
                response.raise_for_status()
                body = await response.read()
                with open(job.path(name), "wb") as file:  # noqa: ASYNC230, PTH123  # as everybody does
                    file.write(body)

        await asyncio.gather(*(save_one(name) for name in job.names))
