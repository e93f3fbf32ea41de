"""Saving many recordings to disk, beside what people would use instead: files per second.

``python -m benchmarks.bulk``
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import attrs
import typer

from .contestants import ENTRANTS, OURS, REFERENCE, Contestant, Job
from .corpus import Corpus, bytes_with_copies, empty, workspace, write_corpus
from .nginx import Nginx, nginx_needed, serve
from .options import JsonFile, Quick, Rounds, SvgFile
from .report import Table, report
from .rounds import interleave

_KIB = 1024
_FILES_BY_SIZE = {64: 12_000, 300: 5_000}
_CONCURRENCY = 32
_QUICK_ROUNDS = 3
_QUICK_SHARE = 5
# For a machine where others work too: many short rounds, so that what disturbs one decides nothing.
_GUARD_ROUNDS = 15
_GUARD_FILES = 1200


class Scheme(StrEnum):
    """How the service is reached."""

    HTTP = "http"
    HTTPS = "https"


@attrs.frozen(kw_only=True)
class Course:
    """One cell of the matrix: the same files over the same scheme, for all contestants."""

    corpus: Corpus
    nginx: Nginx
    scheme: Scheme
    space: Path

    def measure(self, contestant: Contestant) -> float:
        """Let a contestant save everything, look at all that it saved, and only then give files per second."""
        directory = empty(self.space / "copies")
        job = Job(
            base_url=self.nginx.https_url if self.scheme is Scheme.HTTPS else self.nginx.http_url,
            ca_file=str(self.nginx.ca_file),
            names=self.corpus.names,
            directory=str(directory),
            concurrency=_CONCURRENCY,
        )
        duration_s = contestant.run(job, self.space / "notes")
        self.corpus.verify(lambda name: contestant.locate(job, name))
        return len(job.names) / duration_s

    def compete(self, contestants: Sequence[Contestant], rounds: int) -> Table:
        """Measure those who are installed, and name those who are not."""
        missing = {one.name: reason for one in contestants if (reason := one.missing())}
        present = {one.name: partial(self.measure, one) for one in contestants if one.name not in missing}
        return Table.of(
            interleave(present, rounds),
            missing,
            title=f"{self.corpus.size_bytes // _KIB} KiB over {self.scheme}",
            unit="files/s",
            reference=REFERENCE,
            target=f"{OURS} at least 0.95, and ahead of all others",
        )


def compete_in_all(
    sizes_kib: Sequence[int],
    schemes: Sequence[Scheme],
    contestants: Sequence[Contestant],
    *,
    rounds: int,
    share: int,
) -> list[Table]:
    """Measure each size over each scheme.

    Args:
        sizes_kib: Of the files.
        schemes: How they are fetched.
        contestants: Who fetches them.
        rounds: How often each does.
        share: By how much the number of files is divided.
    """
    tables = []
    for size_kib in sizes_kib:
        count, size_bytes = _FILES_BY_SIZE[size_kib] // share, size_kib * _KIB
        with workspace(bytes_in_memory=bytes_with_copies(count, size_bytes)) as space:
            corpus = write_corpus(space / "recordings", count, size_bytes)
            with serve(space / "recordings", space / "nginx") as nginx:
                for scheme in schemes:
                    course = Course(corpus=corpus, nginx=nginx, scheme=scheme, space=space)
                    tables.append(course.compete(contestants, rounds))
    return tables


def guard(at_least: float) -> Table:
    """Measure this package and the bare loop alone, in many short rounds."""
    with workspace(bytes_in_memory=bytes_with_copies(_GUARD_FILES, 64 * _KIB)) as space:
        corpus = write_corpus(space / "recordings", _GUARD_FILES, 64 * _KIB)
        with serve(space / "recordings", space / "nginx") as nginx:
            course = Course(corpus=corpus, nginx=nginx, scheme=Scheme.HTTP, space=space)
            table = course.compete([one for one in ENTRANTS if one.name in (REFERENCE, OURS)], _GUARD_ROUNDS)
    return attrs.evolve(table, target=f"{OURS} at least {at_least:g}")


def main(
    *,
    rounds: Rounds = 7,
    quick: Quick = False,
    size: Annotated[list[int] | None, typer.Option(help="64 or 300 (KiB); default: both.")] = None,
    scheme: Annotated[list[Scheme] | None, typer.Option(help="Default: both.")] = None,
    contestants: Annotated[str, typer.Option(help="Names, separated by ';' (default: all).")] = "",
    guard_ratio: Annotated[
        float | None,
        typer.Option(
            "--guard", help=f"Only {OURS} and the {REFERENCE}; exit 1 where the ratio is below this."
        ),
    ] = None,
    json: JsonFile = None,
    svg: SvgFile = None,
) -> None:
    """Save many recordings from nginx to a disk in memory, 32 at a time."""
    wrong = set(size or ()) - _FILES_BY_SIZE.keys()
    if wrong:
        raise typer.BadParameter(f"--size: expected 64 or 300, got {min(wrong)}")
    with nginx_needed():
        if guard_ratio is not None:
            tables = [guard(guard_ratio)]
        else:
            tables = compete_in_all(
                size or list(_FILES_BY_SIZE),
                scheme or list(Scheme),
                _chosen(contestants),
                rounds=min(rounds, _QUICK_ROUNDS) if quick else rounds,
                share=_QUICK_SHARE if quick else 1,
            )
    report("bulk", tables, json_path=json, svg_path=svg)
    if guard_ratio is not None:
        raise typer.Exit(int((_ratio_of_ours(tables[0]) or 0) < guard_ratio))


def _chosen(names: str) -> list[Contestant]:
    if not names:
        return list(ENTRANTS)
    known = {one.name: one for one in ENTRANTS}
    wanted = [name.strip() for name in names.split(";")]
    if unknown := [name for name in wanted if name not in known]:
        raise typer.BadParameter(f"--contestants: {unknown[0]!r} is none of: {'; '.join(known)}")
    return [known[name] for name in wanted]


def _ratio_of_ours(table: Table) -> float | None:
    """Give None where one of both was disqualified."""
    return next(table.ratio(row) for row in table.rows if row.name == OURS)


if __name__ == "__main__":
    typer.run(main)
