"""The memory of a process that saves or mirrors more and more recordings: it does not grow with them.

``python -m benchmarks.memory``
"""

from functools import partial

import typer

from .growing import Growing, counts, mirroring, saving
from .nginx import nginx_needed
from .options import JsonFile, Long, Quick, Rounds, SvgFile
from .report import Table, report
from .rounds import interleave

_MB = 1_000_000


def weigh(growing: Growing, numbers: list[int], rounds: int) -> Table:
    """Measure the peak of a fresh process for each number of recordings."""
    jobs = {f"{count:,} recordings": partial(_peak_mb, growing, count) for count in numbers}
    return Table.of(
        # Nothing is warm in a fresh process: what it weighs does not depend on those before.
        interleave(jobs, rounds, warm_up=0),
        title=f"peak memory of a process with {growing.contestant.name}",
        unit="MB",
        reference=f"{numbers[0]:,} recordings",
        target="flat, and at most 80",
    )


def _peak_mb(growing: Growing, count: int) -> float:
    return growing.run(count).peak_bytes / _MB


def main(
    *,
    rounds: Rounds = 7,
    quick: Quick = False,
    long: Long = False,
    json: JsonFile = None,
    svg: SvgFile = None,
) -> None:
    """Save and mirror small recordings, 32 at a time, and look at the memory of the process."""
    numbers = counts(quick=quick, long=long)
    rounds = 1 if quick else rounds
    with nginx_needed(), saving(numbers[-1]) as growing:
        tables = [weigh(growing, numbers, rounds)]
    with mirroring(numbers[-1]) as growing:
        tables.append(weigh(growing, numbers, rounds))
    report("memory", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
