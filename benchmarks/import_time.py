"""What it costs to have the package at all: the time of its import, and the memory of a session.

``python -m benchmarks.import_time``
"""

import asyncio
import gc
import subprocess
import sys
import time
import tracemalloc
from functools import partial

import typer

from tele2ats_async import AtsSession, TokenPair

from .options import JsonFile, Quick, Rounds, SvgFile
from .report import Row, Table, report
from .rounds import Measured, interleave

_NOTHING, _AIOHTTP, _OURS = "pass", "import aiohttp", "import tele2ats_async"
_STARTS_A_ROUND = 3
_SESSIONS = 100


def compare_imports(rounds: int) -> list[Table]:
    """Start interpreters that import nothing, aiohttp, or this package."""
    starts = interleave({code: partial(_start_ms, code) for code in (_NOTHING, _AIOHTTP, _OURS)}, rounds)
    alone = starts.samples[_NOTHING]
    imports = {
        code: [whole - nothing for whole, nothing in zip(starts.samples[code], alone, strict=True)]
        for code in (_AIOHTTP, _OURS)
    }
    return [
        Table.of(starts, title="an interpreter, from its start to its end", unit="ms"),
        Table.of(
            Measured(imports),
            title="the import alone, beside an interpreter that imports nothing",
            unit="ms",
            reference=_AIOHTTP,
            target="at most 1.25",
        ),
    ]


def weigh_session() -> Table:
    """Count what the interpreter allocates for a session, as the mean of many."""
    size_kb = asyncio.run(_session_bytes()) / 1000
    return Table(
        title="an AtsSession that has not sent anything",
        unit="KB",
        rows=[Row(name="tele2ats_async", samples=[size_kb])],
        target="at most 20",
    )


def _start_ms(code: str) -> float:
    started = time.perf_counter()
    for _ in range(_STARTS_A_ROUND):
        subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - started) / _STARTS_A_ROUND * 1000


async def _session_bytes() -> float:
    def make() -> AtsSession:
        return AtsSession(TokenPair("access", "refresh"))

    sessions = [make()]  # the first one pays for what all share
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    sessions += [make() for _ in range(_SESSIONS)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for session in sessions:
        await session.close()
    return (after - before) / _SESSIONS


def main(*, rounds: Rounds = 15, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """Compare the import with that of aiohttp, and weigh a session."""
    tables = [*compare_imports(1 if quick else rounds), weigh_session()]
    report("import_time", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
