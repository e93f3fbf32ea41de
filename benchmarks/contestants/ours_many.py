"""tele2ats_async with names that are made as they are asked for: a list of them all would weigh more than the rest."""

from tele2ats_async import AtsSession, TokenPair

from ..corpus import recording_name
from .job import Job


async def save(job: Job, *, count: int) -> None:
    """Save the first recordings of a service with `save_many`.

    Raises:
        AtsError: One failed.
    """
    names = (recording_name(number) for number in range(count))
    async with AtsSession(TokenPair("access", "refresh"), base_url=job.base_url) as ats:
        async for outcome in ats.recordings.save_many(names, job.directory, concurrency=job.concurrency):
            if outcome.error is not None:
                raise outcome.error
