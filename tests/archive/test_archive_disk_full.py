"""Disks that are really full: a small file system, where anybody may mount one, and a limit on sizes, anywhere."""

import asyncio
import errno
import json
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from archives import DAY, Scene, scene

from tele2ats_async import StorageError, verify_archive
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

PROGRAM = str(Path(__file__).with_name("full_disk.py"))
APART = ["unshare", "--map-root-user", "--mount"]


def _may_mount(directory: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    attempt = [*APART, "mount", "-t", "tmpfs", "none", str(directory)]
    return subprocess.run(attempt, check=False, capture_output=True).returncode == 0


async def test_a_full_disk_stops_the_mirror(tmp_path: Path) -> None:
    """StorageError; what is recorded as done is there, byte for byte; with room, the next run does the rest."""
    if not _may_mount(tmp_path):
        pytest.skip("this system does not let us mount a small file system")
    company = Company.generate(seed=6, recordings=60, duration_s=(15, 25))
    async with AtsSimulator(company=company) as simulator:
        process = await asyncio.create_subprocess_exec(
            *APART,
            sys.executable,
            PROGRAM,
            str(tmp_path),
            simulator.base_url,
            *simulator.tokens,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(120):
            told, _ = await process.communicate()
        size_bytes = sum(len(simulator.recording(str(row.record_file_name))) for row in company.records)
    assert 0 == process.returncode
    full, roomy = json.loads(told)

    assert ("StorageError", errno.ENOSPC) == (full["error"], full["errno"])
    assert 0 < full["done"] < 60
    assert 0 == full["report"]["missing"] + full["report"]["damaged"]
    assert 2 * full["done"] <= full["report"]["intact"] + full["report"]["adopted"]
    assert [] == full["hidden"]
    assert (None, 60, 120) == (roomy["error"], roomy["done"], roomy["report"]["intact"])
    assert size_bytes == roomy["bytes"]


@contextmanager
def _no_file_longer_than(limit_bytes: int) -> Iterator[None]:
    """Let the system refuse to write on, as where a quota is used up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def _mirror_until_it_ends(archive: Scene) -> list[StorageError]:
    """Give what recordings failed with, and at last what the run failed with."""
    failures = []
    try:
        async for outcome in archive.ats.recordings.mirror(archive.start, archive.end, archive.directory):
            if outcome.error is not None:
                assert isinstance(outcome.error, StorageError)
                failures.append(outcome.error)
    except StorageError as error:
        failures.append(error)
    return failures


async def test_a_limit_stops_recordings_and_the_index(tmp_path: Path) -> None:
    """Each long recording fails by itself; the index ends the run, and says done of nothing that is not there."""
    company = Company.generate(seed=6, recordings=80, duration_s=(5, 90))
    async with scene(company, tmp_path) as archive:
        archive.start, archive.end = company.records[0].date, datetime.now(UTC) + DAY
        with _no_file_longer_than(250_000):
            *failures, last = await _mirror_until_it_ends(archive)
        assert {errno.EFBIG} == {failure.errno for failure in failures}
        assert (errno.EIO, "archive.sqlite3") == (last.errno, last.name)
        done = archive.index("SELECT file, size_bytes FROM calls WHERE state = 'done'")
        assert done
        assert dict(done) == {file: (tmp_path / file).stat().st_size for file, _ in done}
        report = await verify_archive(tmp_path)
        assert (0, 0) == (report.missing, report.damaged)

        assert [None] == list({outcome.error for outcome in await archive.mirror()})
        assert archive.agrees()
