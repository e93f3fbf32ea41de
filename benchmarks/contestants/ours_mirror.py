"""tele2ats_async as the nightly job: what an account has, listed and fetched into an archive."""

from datetime import timedelta

from tele2ats_async import AtsSession, TokenPair

from ..records import FIRST_MOMENT, moment_of
from .job import Job


async def save(job: Job, *, count: int) -> None:
    """Save the first calls of an account with `mirror`.

    Raises:
        AtsError: One failed.
    """
    end = moment_of(count) + timedelta(seconds=1)
    async with AtsSession(TokenPair("access", "refresh"), base_url=job.base_url) as ats:
        outcomes = ats.recordings.mirror(FIRST_MOMENT, end, job.directory, concurrency=job.concurrency)
        async for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
