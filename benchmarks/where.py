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
from .corpus import Corpus, bytes_with_copies, empty, workspace, write_corpus
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


@attrs.frozen
class Pair:
    """The same job twice: as it is, and sampled."""

    plain: Spent
    sampled: Spent

    def main_s(self, kind: str) -> float:
        """Give the share that the samples tell, of the processor time without the sampler."""
        by_kind_s = self.sampled.by_kind_s
        return self.plain.main_s * by_kind_s.get(kind, 0.0) / sum(by_kind_s.values())

    @property
    def idle_s(self) -> float:
        """How long the main thread neither ran nor waited for a core."""
        return self.plain.duration_s - self.plain.main_s - self.plain.queue_s


@attrs.frozen(kw_only=True)
class Course:
    """The same files over the same scheme, for all of them.

    Attributes:
        pairs: What each contestant has taken, in the order of the rounds.
    """

    corpus: Corpus
    nginx: Nginx
    is_https: bool
    space: Path
    pairs: dict[str, list[Pair]] = attrs.field(factory=dict)

    def measure(self, profiled: Profiled) -> float:
        """Save everything twice, and give the microseconds that a recording takes without the sampler."""
        pair = Pair(*(self._spend(profiled, is_sampled=is_sampled) for is_sampled in (False, True)))
        self.pairs.setdefault(profiled.name, []).append(pair)
        return self._us(pair.plain.duration_s)

    def tables(self, rounds: int) -> list[Table]:
        """Measure all of them, in turns, and say where the time of each goes."""
        # Without a round to warm up: each process does so by itself.
        measured = interleave({one.name: partial(self.measure, one) for one in _PROFILED}, rounds, warm_up=0)
        what = f"{self.corpus.size_bytes // _KIB} KiB over {'https' if self.is_https else 'http'}"
        in_all = Table.of(measured, title=f"{what}: a recording takes", unit="µs", reference=REFERENCE)
        return [in_all, *(self._where(what, name) for name in measured.samples)]

    def _where(self, what: str, name: str) -> Table:
        pairs = self.pairs[name]
        spent_s = {
            **{kind: [pair.main_s(kind) for pair in pairs] for kind in KINDS},
            _PROCESSOR: [pair.plain.main_s for pair in pairs],
            "waiting for a core": [pair.plain.queue_s for pair in pairs],
            "waiting for bytes, or for the interpreter lock": [pair.idle_s for pair in pairs],
            "in all": [pair.plain.duration_s for pair in pairs],
            "beside it: other threads": [pair.plain.threads_s for pair in pairs],
            "not in it: the sampler": [pair.sampled.main_s - pair.plain.main_s for pair in pairs],
        }
        rows = [
            Row(name=row, samples=list(map(self._us, of_it))) for row, of_it in spent_s.items() if any(of_it)
        ]
        return Table(title=f"{what}: where it goes, {name}", unit="µs", rows=rows, reference=_PROCESSOR)

    def _spend(self, profiled: Profiled, *, is_sampled: bool) -> Spent:
        job = Job(
            base_url=self.nginx.https_url if self.is_https else self.nginx.http_url,
            ca_file=str(self.nginx.ca_file),
            names=self.corpus.names,
            directory=str(empty(self.space / "copies")),
            concurrency=_CONCURRENCY,
        )
        spent = profiled.run(job, self.space / "notes", is_sampled=is_sampled)
        self.corpus.verify(job.path)
        return spent

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
        count, size_bytes = _FILES_BY_SIZE[size_kib] // share, size_kib * _KIB
        with workspace(bytes_in_memory=bytes_with_copies(count, size_bytes)) as space:
            corpus = write_corpus(space / "recordings", count, size_bytes)
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
            list(_FILES_BY_SIZE)[:1] if quick else list(_FILES_BY_SIZE),
            _QUICK_SHARE if quick else 1,
        )
    report("where", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
