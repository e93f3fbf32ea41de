"""What runs in the process of a contestant: ``python -m benchmarks.contestants <file with the order>``."""

import asyncio
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from .job import Job


async def _timed(order: dict[str, Any]) -> float:
    save = importlib.import_module(f"benchmarks.contestants.{order['module']}").save
    job = Job(**order["job"])
    started = time.perf_counter()
    await save(job, **order["settings"])
    return time.perf_counter() - started


def main() -> None:
    """Read the order, do it, and print the seconds."""
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if order["loop"] == "uvloop":
        import uvloop  # noqa: PLC0415  # a peer that may be missing

        duration_s = uvloop.run(_timed(order))
    else:
        duration_s = asyncio.run(_timed(order))
    sys.stdout.write(f"{duration_s}\n")


if __name__ == "__main__":
    main()
