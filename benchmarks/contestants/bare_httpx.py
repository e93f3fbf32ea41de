"""The same loop with httpx."""

import asyncio

import httpx

from .job import Job


async def save(job: Job) -> None:
    """Save with one task per recording and a semaphore."""
    job.make_directories()
    slots = asyncio.Semaphore(job.concurrency)
    # By itself it keeps no more than 20 connections for the next request.
    limits = httpx.Limits(max_connections=job.concurrency, max_keepalive_connections=job.concurrency)
    async with httpx.AsyncClient(verify=job.trust(), limits=limits) as client:

        async def save_one(name: str) -> None:
            async with slots:
                response = await client.get(job.url(name))
                response.raise_for_status()
                job.path(name).write_bytes(response.content)

        await asyncio.gather(*(save_one(name) for name in job.names))
