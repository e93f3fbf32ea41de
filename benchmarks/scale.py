"""What one recording costs when there are more and more of them: time, and memory that stays.

``python -m benchmarks.scale``
"""

from functools import partial

import attrs
import typer

from .contestants.coroutines import Done
from .growing import SMALL_BYTES, Growing, counts, saving
from .nginx import nginx_needed
from .options import JsonFile, Long, Quick, Rounds, SvgFile
from .report import Table, report
from .rounds import Measured, interleave


@attrs.frozen
class Run:
    """Jobs of each size, whose memory is kept aside while rounds look at the time."""

    growing: Growing
    done: dict[int, list[Done]] = attrs.field(factory=dict)

    def duration_us(self, count: int) -> float:
        """Save so many, and give microseconds for each."""
        done = self.growing.run(count)
        self.done.setdefault(count, []).append(done)
        return done.duration_s / count * 1e6

    def growth(self) -> Measured:
        """Give how many bytes more each recording more has taken, beside the smallest number."""
        fewest, *others = self.done
        least = [done.peak_bytes for done in self.done[fewest]]
        return Measured(
            {
                _label(count): [
                    (done.peak_bytes - before) / (count - fewest)
                    for done, before in zip(self.done[count], least, strict=True)
                ]
                for count in others
            }
        )


def measure(growing: Growing, numbers: list[int], rounds: int) -> list[Table]:
    """Save each number of recordings, in turns."""
    run = Run(growing)
    jobs = {_label(count): partial(run.duration_us, count) for count in numbers}
    times = interleave(jobs, rounds, warm_up=0)
    what = f"{growing.contestant.name}, recordings of {SMALL_BYTES // 1024} KiB"
    return [
        Table.of(
            times,
            title=f"time per recording, {what}",
            unit="µs",
            reference=_label(numbers[0]),
            target="within 10 %",
        ),
        Table.of(
            run.growth(), title=f"memory per recording beyond {_label(numbers[0])}, {what}", unit="bytes"
        ),
    ]


def _label(count: int) -> str:
    return f"{count:,} recordings"


def main(
    *,
    rounds: Rounds = 7,
    quick: Quick = False,
    long: Long = False,
    json: JsonFile = None,
    svg: SvgFile = None,
) -> None:
    """Save more and more small recordings from nginx, 32 at a time."""
    numbers = counts(quick=quick, long=long)
    with nginx_needed(), saving(numbers[-1]) as growing:
        tables = measure(growing, numbers, 1 if quick else rounds)
    report("scale", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
