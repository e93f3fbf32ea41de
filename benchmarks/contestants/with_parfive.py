"""parfive, as its documentation shows it."""

import aiohttp
from parfive import Downloader, SessionConfig

from .job import Job


async def save(job: Job) -> None:
    """Save with one connection per recording.

    Raises:
        RuntimeError: Some failed.
    """
    trust = job.trust()
    config = SessionConfig(
        file_progress=False,
        aiohttp_session_generator=lambda _: aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)),
    )
    downloader = Downloader(max_conn=job.concurrency, max_splits=1, progress=False, config=config)
    for name in job.names:
        path = job.path(name)
        downloader.enqueue_file(job.url(name), path=path.parent, filename=path.name)
    results = await downloader.run_download()
    if results.errors:
        raise RuntimeError(f"{len(results.errors)} failed, such as {results.errors[0]}")
