"""tele2ats_async itself, with all its checks."""

import inspect
from collections.abc import Iterable
from typing import Any

from tele2ats_async import AtsSession, TokenPair
from tele2ats_async.resources import Recordings

from .job import Job


def unknown_settings(settings: Iterable[str]) -> list[str]:
    """Give those that this version's ``save_many`` does not take."""
    known = inspect.signature(Recordings.save_many).parameters
    return [name for name in settings if name not in known]


async def save(job: Job, **settings: Any) -> None:
    """Save with `save_many`.

    Raises:
        AtsError: One failed.
    """
    tokens = TokenPair("access", "refresh")
    trust = job.ca_file if job.base_url.startswith("https:") else None
    async with AtsSession(tokens, base_url=job.base_url, ssl=trust) as ats:
        outcomes = ats.recordings.save_many(job.names, job.directory, concurrency=job.concurrency, **settings)
        async for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
