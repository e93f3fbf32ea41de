"""What runs in the process of a contestant: ``python -m benchmarks.contestants <file with the order>``."""

import asyncio
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from ..memory_use import peak_memory_bytes
from .job import Job


async def _do(order: dict[str, Any]) -> dict[str, float]:
    save = importlib.import_module(f"benchmarks.contestants.{order['module']}").save
    job = Job(**order["job"])
    started = time.perf_counter()
    await save(job, **order["settings"])
    return {"duration_s": time.perf_counter() - started, "peak_bytes": peak_memory_bytes()}


def main() -> None:
    """Read the order, do it, and print what it took."""
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if order["loop"] == "uvloop":
        import uvloop  # noqa: PLC0415  # a peer that may be missing

        done = uvloop.run(_do(order))
    else:
        done = asyncio.run(_do(order))
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main()
