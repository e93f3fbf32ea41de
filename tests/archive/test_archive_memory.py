"""Memory does not grow with the number of recordings.

For more of them::

    TELE2ATS_TEST_MEMORY=100000 pytest -s tests/archive/test_archive_memory.py
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from faults import RECORDING, answer_with, body

from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc"),
]

FEW = 5_000
MANY = int(os.environ.get("TELE2ATS_TEST_MEMORY", "20000"))
PROGRAM = str(Path(__file__).with_name("weighed.py"))
# Whoever kept a name, or anything else, of each recording would hold a block more for each. The peak also sees what
# is no Python object; caches may still fill up.
_BLOCKS_A_RECORDING_AT_MOST = 0.1
_PEAK_GROWTH_AT_MOST = 1.1


@attrs.frozen
class Weight:
    """The memory of a process when so many recordings were saved."""

    recordings: int
    blocks: int
    peak_kib: int


async def _weigh(count: int, directory: Path) -> dict[int, Weight]:
    """Mirror so many recordings in a process of its own, and give its weights on the way."""
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
    weights = [Weight(*map(int, line.split())) for line in told.splitlines()]
    return {weight.recordings: weight for weight in weights}


async def test_memory_is_flat(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Between the 5,000th recording and the last but a few, nothing is kept of any."""
    weights = await _weigh(MANY, tmp_path)
    few, many = weights[FEW], weights[MANY - 1000]  # the run still goes on
    blocks = (many.blocks - few.blocks) / (many.recordings - few.recordings)
    growth = many.peak_kib / few.peak_kib
    figures = {"blocks a recording": round(blocks, 4), "peak KiB": many.peak_kib, "growth": round(growth, 3)}
    for name, figure in figures.items():
        record_property(name, figure)
    print(figures)  # noqa: T201  # the report

    assert MANY in weights
    assert blocks <= _BLOCKS_A_RECORDING_AT_MOST
    assert growth <= _PEAK_GROWTH_AT_MOST
