"""A process that mirrors over a bad line: ``python chaotic.py <directory> <token file> <base URL> <start> <end>``.

Its exit status: 0 all is there, 1 something failed, 3 the tokens are spent.
"""

import asyncio
import logging
import sys
from datetime import datetime

import aiohttp

from tele2ats_async import (
    AtsError,
    AtsSession,
    FileTokenStore,
    MinimumSpeed,
    ReauthorizationRequired,
    RetryPolicy,
)
from tele2ats_async.archive import listing

# So that three thousand calls have many pages, each of which can go wrong.
listing._PAGE_SIZE = 500

CONCURRENCY = 5  # what a kill costs


async def main() -> int:
    directory, token_file, base_url, *period = sys.argv[1:]
    start, end = map(datetime.fromisoformat, period)
    failures = 0
    async with AtsSession(
        FileTokenStore(token_file),
        base_url=base_url,
        timeout=aiohttp.ClientTimeout(total=None, connect=5, sock_connect=5, sock_read=1),
        minimum_speed=MinimumSpeed(bytes_per_s=5_000, window_s=0.5),
        retry=RetryPolicy(attempts=4, wait_initial_s=0.02, wait_max_s=0.2),
    ) as ats:
        async for outcome in ats.recordings.mirror(start, end, directory, concurrency=CONCURRENCY):
            failures += outcome.error is not None
    return 1 if failures else 0


if __name__ == "__main__":
    logging.getLogger("stamina").setLevel(logging.CRITICAL)  # standard error is for the last word
    try:
        sys.exit(asyncio.run(main()))
    except ReauthorizationRequired:
        sys.exit(3)
    except AtsError as error:
        sys.exit(f"{type(error).__name__}: {error}")
