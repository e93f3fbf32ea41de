"""A process that mirrors and says its peak memory in KiB: ``python weighed.py <directory> <base URL> <access> <refresh>``."""

import asyncio
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
    sys.stdout.write(f"{saved} {peak_kib()}")


def peak_kib() -> str:
    """Give the peak of this program; what the resource module tells begins with the parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return peak


if __name__ == "__main__":
    asyncio.run(main())
