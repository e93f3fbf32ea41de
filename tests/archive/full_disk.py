"""A process whose archive is on a file system of 3 MB: ``python full_disk.py <directory> <base URL> <access> <refresh>``.

It mounts that in a namespace of its own, which nobody else sees, mirrors until it is full, looks at what is
there, makes room, mirrors again, and says in JSON what it saw.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from tele2ats_async import ArchiveReport, AtsSession, StorageError, TokenPair, verify_archive


def mount(options: str, directory: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", directory], check=True)


async def mirror(base_url: str, pair: TokenPair, directory: str) -> dict[str, Any]:
    """Mirror, and give what happened and what is there then."""
    told: dict[str, Any] = {"error": None, "errno": None}
    now = datetime.now(UTC)
    async with AtsSession(pair, base_url=base_url) as ats:
        try:
            async for outcome in ats.recordings.mirror(
                now - timedelta(days=30), now, directory, transcripts=True
            ):
                assert outcome.error is None or isinstance(outcome.error, StorageError), outcome.error
        except StorageError as error:
            told |= {"error": type(error).__name__, "errno": error.errno}
    files = files_below(directory)
    return told | {
        "done": done(directory),
        "hidden": [
            path.name for path in files if path.name.startswith(".") and path.parent != Path(directory)
        ],
        "report": attrs.asdict(await verify(directory)),
        "bytes": sum(path.stat().st_size for path in files if path.suffix == ".mp3"),
    }


def files_below(directory: str) -> list[Path]:
    return [path for path in Path(directory).rglob("*") if path.is_file()]


async def verify(directory: str) -> ArchiveReport:
    """Verify, with a little room for the index to write in."""
    mount("remount,size=100m", directory)
    return await verify_archive(directory)


def done(directory: str) -> int:
    with closing(sqlite3.connect(f"{directory}/archive.sqlite3")) as connection:
        [[count]] = connection.execute("SELECT count(*) FROM calls WHERE state = 'done'")
        return int(count)


async def main() -> None:
    directory, base_url, access, refresh = sys.argv[1:]
    mount("size=3m", directory)
    full = await mirror(base_url, TokenPair(access, refresh), directory)
    mount("remount,size=100m", directory)
    roomy = await mirror(base_url, TokenPair(access, refresh), directory)
    sys.stdout.write(json.dumps([full, roomy]))


if __name__ == "__main__":
    asyncio.run(main())
