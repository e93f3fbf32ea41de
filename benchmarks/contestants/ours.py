"""tele2ats_async itself, with all its checks."""

from typing import Any

import aiohttp

from tele2ats_async import AtsSession, TokenPair

from .job import Job


async def save(job: Job, *, client: aiohttp.ClientSession | None = None, **settings: Any) -> None:
    """Save with `save_many`, which takes the settings.

    Raises:
        AtsError: One failed.
    """
    tokens = TokenPair("access", "refresh")
    trust = job.ca_file if client is None and job.base_url.startswith("https:") else None
    async with AtsSession(tokens, base_url=job.base_url, ssl=trust, client=client) as ats:
        outcomes = ats.recordings.save_many(job.names, job.directory, concurrency=job.concurrency, **settings)
        async for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
