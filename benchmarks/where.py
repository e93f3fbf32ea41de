"""Where the time of a recording goes, in one process: beside a bare aiohttp loop, and without threads that write.

``python -m benchmarks.where``
"""

import json as json_format
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import attrs
import typer

from .contestants import OURS, REFERENCE, Job
from .contestants.contestant import ContestantFailedError
from .corpus import Corpus, empty, workspace, write_corpus
from .kinds import KINDS
from .nginx import Nginx, nginx_needed, serve
from .options import JsonFile, Quick, Rounds, SvgFile
from .report import Row, Table, report
from .rounds import interleave
from .sampled import Spent

_KIB = 1024
_FILES_BY_SIZE = {64: 4_000, 300: 1_500}
_CONCURRENCY = 32
_QUICK_SHARE = 10
_QUICK_ROUNDS = 1
# What the rows above it add up to.
_PROCESSOR = "main thread, processor time"


@attrs.frozen(kw_only=True)
class Profiled:
    """A contestant, and how its process does the job.

    Attributes:
        name: As it stands in the tables.
        module: Of ``benchmarks.contestants``.
        writes_on_loop: Whether files are written on the loop and not in threads, as ``processes=2`` does.
    """

    name: str
    module: str
    writes_on_loop: bool = False

    def run(self, job: Job, notes: Path, *, is_sampled: bool) -> Spent:
        """Do the job in a fresh process.

        Raises:
            ContestantFailedError: It could not.
        """
        order = {
            "module": self.module,
            "writes_on_loop": self.writes_on_loop,
            "is_sampled": is_sampled,
            "job": attrs.asdict(job),
        }
        notes.write_text(json_format.dumps(order), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.sampled", str(notes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContestantFailedError(done.returncode, done.stderr)
        return Spent(**json_format.loads(done.stdout))


_PROFILED = (
    Profiled(name=REFERENCE, module="bare_aiohttp"),
    Profiled(name=OURS, module="ours"),
    Profiled(name=f"{OURS}, writing on the loop", module="ours", writes_on_loop=True),
)


@attrs.frozen(kw_only=True)
class Course:
    """The same files over the same scheme, for all of them.

    Attributes:
        spent: What each has taken, sampled and not, in the order of the rounds, the first of which warms up.
    """

    corpus: Corpus
    nginx: Nginx
    is_https: bool
    space: Path
    spent: dict[tuple[str, bool], list[Spent]] = attrs.field(factory=dict)

    def measure(self, profiled: Profiled, *, is_sampled: bool) -> float:
        """Save everything, look at it, and give microseconds for each recording."""
        job = Job(
            base_url=self.nginx.https_url if self.is_https else self.nginx.http_url,
            ca_file=str(self.nginx.ca_file),
            names=self.corpus.names,
            directory=str(empty(self.space / "copies")),
            concurrency=_CONCURRENCY,
        )
        spent = profiled.run(job, self.space / "notes", is_sampled=is_sampled)
        self.corpus.verify(job.path)
        self.spent.setdefault((profiled.name, is_sampled), []).append(spent)
        return self._us(spent.duration_s)

    def tables(self, rounds: int) -> list[Table]:
        """Measure all of them, in turns, and say where the time of each goes."""
        runs = {
            f"{profiled.name}{', sampled' if is_sampled else ''}": partial(
                self.measure, profiled, is_sampled=is_sampled
            )
            for profiled in _PROFILED
            for is_sampled in (False, True)
        }
        measured = interleave(runs, rounds)
        what = f"{self.corpus.size_bytes // _KIB} KiB over {'https' if self.is_https else 'http'}"
        in_all = Table.of(measured, title=f"{what}: a recording takes", unit="µs", reference=REFERENCE)
        names = [one.name for one in _PROFILED if one.name in measured.samples]
        return [in_all, *(self._where(what, name) for name in names)]

    def _where(self, what: str, name: str) -> Table:
        plain, sampled = (self.spent[name, is_sampled][1:] for is_sampled in (False, True))
        rows = [
            # The share that the samples give, of the processor time without the sampler.
            Row(
                name=kind,
                samples=[
                    self._us(bare.main_s) * noted.by_kind_s.get(kind, 0.0) / sum(noted.by_kind_s.values())
                    for bare, noted in zip(plain, sampled, strict=True)
                ],
            )
            for kind in KINDS
        ]
        rows = [row for row in rows if any(row.samples)]
        idle = [spent.duration_s - spent.main_s - spent.queue_s for spent in plain]
        rows += [
            Row(name=_PROCESSOR, samples=[self._us(spent.main_s) for spent in plain]),
            Row(name="waiting for a core", samples=[self._us(spent.queue_s) for spent in plain]),
            Row(name="waiting for bytes, or for the interpreter lock", samples=list(map(self._us, idle))),
            Row(name="in all", samples=[self._us(spent.duration_s) for spent in plain]),
            Row(name="beside it: other threads", samples=[self._us(spent.threads_s) for spent in plain]),
            Row(
                name="not in it: the sampler",
                samples=[
                    self._us(noted.main_s - bare.main_s) for bare, noted in zip(plain, sampled, strict=True)
                ],
            ),
        ]
        return Table(title=f"{what}: where it goes, {name}", unit="µs", rows=rows, reference=_PROCESSOR)

    def _us(self, seconds: float) -> float:
        return seconds / len(self.corpus.names) * 1e6


def profile(rounds: int, sizes_kib: Sequence[int], share: int) -> list[Table]:
    """Look at each size over http and https.

    Args:
        rounds: How often each contestant is measured, and how often it is sampled.
        sizes_kib: Of the files.
        share: By how much the number of files is divided.
    """
    tables = []
    for size_kib in sizes_kib:
        with workspace() as space:
            corpus = write_corpus(space / "recordings", _FILES_BY_SIZE[size_kib] // share, size_kib * _KIB)
            with serve(space / "recordings", space / "nginx") as nginx:
                for is_https in (False, True):
                    course = Course(corpus=corpus, nginx=nginx, is_https=is_https, space=space)
                    tables += course.tables(rounds)
    return tables


def main(*, rounds: Rounds = 7, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """Say where the time goes of recordings that are saved from nginx to a disk in memory, 32 at a time."""
    with nginx_needed():
        tables = profile(
            min(rounds, _QUICK_ROUNDS) if quick else rounds,
            list(_FILES_BY_SIZE),
            _QUICK_SHARE if quick else 1,
        )
    report("where", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
