"""tele2ats_async on a client of aiohttp that somebody else has made: nothing is read past it."""

import aiohttp

from . import ours
from .job import Job


async def save(job: Job) -> None:
    """Save with `save_many`; errors as those of `ours.save()`."""
    connector = aiohttp.TCPConnector(limit=0, ssl=job.trust())
    async with aiohttp.ClientSession(connector=connector) as client:
        await ours.save(job, client=client)
