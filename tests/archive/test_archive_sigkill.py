"""A mirroring process is killed with SIGKILL, again and again, and goes on where it was.

Ten times here; for more::

    TELE2ATS_TEST_MIRROR_KILLS=200 pytest -s tests/archive/test_archive_sigkill.py
"""

import asyncio
import os
import random
import shutil
import signal
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from archives import NOON, Scene, call, company_of, files_below, scene
from faults import RECORDING, Trickle, answer_with

from tele2ats_async import ArchiveError, ArchiveReport, verify_archive
from tele2ats_async.simulator import Company

pytestmark = pytest.mark.asyncio

KILLS = int(os.environ.get("TELE2ATS_TEST_MIRROR_KILLS", "10"))
PROGRAM = str(Path(__file__).with_name("mirroring.py"))
SECOND = timedelta(seconds=1)


async def start(archive: Scene) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        PROGRAM,
        str(archive.directory),
        archive.simulator.base_url,
        *archive.simulator.tokens,
        archive.start.isoformat(),
        archive.end.isoformat(),
        stderr=asyncio.subprocess.PIPE,
    )


async def end(process: Process) -> tuple[int | None, str]:
    """Wait for the end of a process, for its status and its complaint."""
    async with asyncio.timeout(60):
        _, complaint = await process.communicate()
    return process.returncode, complaint.decode()


def crowd() -> Company:
    """Give a company of recorded and other calls on several days, some of them in one second."""
    moments = [NOON + place * 13 * SECOND * 60 for place in range(200)]
    moments += [NOON + 30 * SECOND + timedelta(milliseconds=place) for place in range(60)]
    return company_of(call(at, named=place % 4 != 0) for place, at in enumerate(moments))


def done(archive: Scene) -> set[str]:
    if not (archive.directory / "archive.sqlite3").exists():
        return set()
    with suppress(Exception):  # the tables may be still to come
        return {name for (name,) in archive.index("SELECT record_file_name FROM calls WHERE state = 'done'")}
    return set()


def fetched(archive: Scene) -> list[str]:
    return [
        parse_qs(seen.raw_query)["filename"][0] for seen in archive.simulator.requests if seen.operation == 9
    ]


async def kill_in_the_middle(archive: Scene, chance: random.Random) -> int | None:
    """Start a process, kill it after some requests, and give its status: it may have been faster."""
    process = await start(archive)
    goal = chance.choice([1, 2, 3, 5, 8, 13, 21, 40])
    async with asyncio.timeout(60):
        while len(archive.simulator.requests) < goal and process.returncode is None:
            await asyncio.sleep(0.001)
    await asyncio.sleep(chance.uniform(0, 0.02))
    with suppress(ProcessLookupError):
        process.kill()
    status, _ = await end(process)
    return status


async def test_a_killed_mirror_goes_on_where_it_was(tmp_path: Path) -> None:
    """No recording that is done is fetched again, none is missing, index and files agree, no part is left."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    kills = 0
    async with scene(crowd(), tmp_path / "archive") as archive:
        archive.end = NOON + timedelta(days=3)
        total = sum(bool(record.record_file_name) for record in archive.company.records)
        while kills < KILLS:
            known = done(archive)
            archive.simulator.requests.clear()
            status = await kill_in_the_middle(archive, chance)
            assert status in (0, -signal.SIGKILL), f"seed {seed}, kill {kills}"
            assert set() == known & set(fetched(archive)), f"seed {seed}, kill {kills}"
            assert known <= done(archive), f"seed {seed}, kill {kills}"
            kills += status != 0
            if total == len(done(archive)):  # nothing would be left to be killed in
                shutil.rmtree(archive.directory)
        known = done(archive)
        archive.simulator.requests.clear()
        assert (0, "") == await end(await start(archive)), f"seed {seed}"

        assert set() == known & set(fetched(archive)), f"seed {seed}"
        assert archive.agrees(), f"seed {seed}"
        assert [(len(archive.company.records),)] == archive.index("SELECT count(*) FROM calls")
        assert 2 * total == len(files_below(archive.directory)), f"seed {seed}"
        assert ArchiveReport(intact=2 * total) == await verify_archive(archive.directory)


async def test_two_processes_exclude_each_other(tmp_path: Path) -> None:
    """The second is told so in a line; when the first is killed, the archive is free."""
    trickle = Trickle(b"ID3" + bytes(100_000))
    async with scene(
        company_of([call()]), tmp_path, answer_with(RECORDING, trickle.respond, times=1)
    ) as archive:
        first = await start(archive)
        async with asyncio.timeout(60):
            await trickle.started.wait()
        with pytest.raises(ArchiveError, match="another mirror is at work on it"):
            await archive.mirror()
        assert (1, f"archive {tmp_path}: another mirror is at work on it\n") == await end(
            await start(archive)
        )
        first.kill()
        await end(first)
        trickle.go_on.set()

        assert [None] == [outcome.error for outcome in await archive.mirror()]
        assert archive.agrees()
        assert 1 == len(files_below(tmp_path))
