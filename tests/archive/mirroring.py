"""A process that mirrors: ``python mirroring.py <directory> <base URL> <access> <refresh> <start> <end>``."""

import asyncio
import sys
from datetime import datetime

from tele2ats_async import ArchiveError, AtsSession, TokenPair
from tele2ats_async.archive import listing

# So that a short listing has many pages, and can be interrupted at each.
listing._PAGE_SIZE = 40


async def main() -> None:
    directory, base_url, access, refresh, *period = sys.argv[1:]
    start, end = map(datetime.fromisoformat, period)
    async with AtsSession(TokenPair(access, refresh), base_url=base_url) as ats:
        async for outcome in ats.recordings.mirror(start, end, directory, transcripts=True, concurrency=4):
            if outcome.error:
                raise outcome.error


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except ArchiveError as error:
        sys.exit(str(error))
