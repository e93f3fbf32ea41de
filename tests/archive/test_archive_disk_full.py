"""A real file system that fills up, where the system lets anybody mount one."""

import asyncio
import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
