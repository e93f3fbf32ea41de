"""A contestant under the sampler: ``python -m benchmarks.sampled <file with the order>``."""

import asyncio
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import attrs

from .contestants import Job
from .kinds import kind_of
from .sampler import sampling


@attrs.frozen(kw_only=True)
class Spent:
    """What a job took, in seconds.

    Attributes:
        duration_s: From the call to its end.
        main_s: Processor time of the main thread.
        threads_s: Of all others.
        queue_s: How long the main thread waited for a core, where the system tells that.
        by_kind_s: Processor time of the main thread by what it was spent on; empty where it was not sampled.
    """

    duration_s: float
    main_s: float
    threads_s: float
    queue_s: float
    by_kind_s: dict[str, float]


async def _do(order: dict[str, Any]) -> Spent:
    job = Job(**order["job"])
    save = importlib.import_module(f"benchmarks.contestants.{order['module']}").save
    if order["writes_on_loop"]:
        from tele2ats_async import disk  # noqa: PLC0415  # not loaded beside a contestant without it

        disk.work_inline()
    with tempfile.TemporaryDirectory(dir=Path(job.directory).parent) as aside:
        # Once before, so that no module is loaded while it is measured.
        await save(attrs.evolve(job, names=job.names[: job.concurrency], directory=aside))
    clocks: tuple[Callable[[], float], ...] = (
        time.perf_counter,
        time.thread_time,
        time.process_time,
        _queue_s,
    )
    began = [clock() for clock in clocks]
    by_kind_s: dict[str, float] = {}
    with sampling(kind_of, by_kind_s) if order["is_sampled"] else nullcontext():
        await save(job)
    wall_s, main_s, all_s, queue_s = (clock() - at for clock, at in zip(clocks, began, strict=True))
    return Spent(
        duration_s=wall_s, main_s=main_s, threads_s=all_s - main_s, queue_s=queue_s, by_kind_s=by_kind_s
    )


def _queue_s() -> float:
    """Give how long this thread has waited for a core so far."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:  # not Linux: it is among what was waited for otherwise
        return 0.0


def main() -> None:
    """Read the order, do it, and print what it took."""
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump(attrs.asdict(asyncio.run(_do(order))), sys.stdout)


if __name__ == "__main__":
    main()
