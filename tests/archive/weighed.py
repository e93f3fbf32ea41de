"""A process that mirrors and says what memory it has: ``python weighed.py <directory> <base URL> <access> <refresh>``.

A line for each thousand recordings: how many there are, its blocks of memory, and its peak in KiB.
"""

import asyncio
import gc
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tele2ats_async import AtsSession, TokenPair


async def main() -> None:
    directory, base_url, access, refresh = sys.argv[1:]
    now = datetime.now(UTC)
    saved = 0
    async with AtsSession(TokenPair(access, refresh), base_url=base_url) as ats:
        async for outcome in ats.recordings.mirror(now - timedelta(days=30), now, directory):
            saved += outcome.error is None
            if saved % 1000 == 0:
                gc.collect()
                sys.stdout.write(f"{saved} {sys.getallocatedblocks()} {peak_kib()}\n")


def peak_kib() -> str:
    """Give the peak of this program; what the resource module tells begins with the parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return peak


if __name__ == "__main__":
    asyncio.run(main())
