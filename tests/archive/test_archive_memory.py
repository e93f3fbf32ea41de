"""Memory does not grow with the number of recordings.

For more of them::

    TELE2ATS_TEST_MEMORY=100000 pytest -s tests/archive/test_archive_memory.py
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import RECORDING, answer_with, body

from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc"),
]

FEW = 1_000
MANY = int(os.environ.get("TELE2ATS_TEST_MEMORY", "20000"))
PROGRAM = str(Path(__file__).with_name("weighed.py"))
# A page of a thousand records is there in both; what is allowed for the rest is a fifth.
_GROWTH_AT_MOST = 1.2


async def _peak_kib(count: int, directory: Path) -> int:
    """Mirror so many recordings in a process of its own, and give its peak."""
    company = Company.generate(seed=2, recordings=count, duration_s=(1, 2))
    small = answer_with(RECORDING, body(b"ID3" + bytes(997)))
    async with AtsSimulator(company=company, middlewares=[small]) as simulator:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            PROGRAM,
            str(directory),
            simulator.base_url,
            *simulator.tokens,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await process.communicate()
    saved, peak_kib = map(int, told.split())
    assert count == saved
    return peak_kib


async def test_memory_is_flat(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Twenty times as many recordings take as much memory."""
    few = await _peak_kib(FEW, tmp_path / "few")
    many = await _peak_kib(MANY, tmp_path / "many")
    figures = {f"peak KiB at {FEW}": few, f"peak KiB at {MANY}": many, "ratio": round(many / few, 3)}
    for name, figure in figures.items():
        record_property(name, figure)
    print(figures)  # noqa: T201  # the report

    assert many <= few * _GROWTH_AT_MOST
