"""Saving over a long line, where waiting is all: how near to what arithmetic allows, over how many connections.

``python -m benchmarks.long_line``
"""

import json as json_module
import math
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs
import typer

from .certificates import write_certificates
from .contestants import OURS, REFERENCE, Job
from .contestants.coroutines import Coroutine
from .corpus import Corpus, bytes_with_copies, empty, make_corpus, workspace
from .options import JsonFile, Quick, Rounds, SvgFile
from .processes import free_port, serving
from .report import Table, report
from .rounds import Measured, interleave

_FIRST_BYTE_S = 0.08
_BYTES_PER_S = 1_000_000
_RECORDING_BYTES = 300_000
_RECORDINGS = 500
_QUICK_RECORDINGS = 32
_CONCURRENCY = 32
_CONTESTANTS = (
    Coroutine(name=REFERENCE, module="bare_aiohttp"),
    Coroutine(name=OURS, module="ours"),
)


@attrs.frozen(kw_only=True)
class LongLine:
    """A service that is far away, by both schemes.

    Attributes:
        origins: Its address, by scheme.
        connections: How many each round took, by the name of the row.
    """

    origins: dict[str, str]
    ca_file: Path
    space: Path
    corpus: Corpus
    connections: dict[str, list[float]] = attrs.field(factory=dict)

    @property
    def limit_s(self) -> float:
        """The duration that nobody can do better than: as many waves as there are, each waiting and receiving."""
        waves = math.ceil(len(self.corpus.names) / _CONCURRENCY)
        return waves * (_FIRST_BYTE_S + self.corpus.size_bytes / _BYTES_PER_S)

    def measure(self, contestant: Coroutine, scheme: str) -> float:
        """Save everything, and give the speed as a share of the limit."""
        self._count_connections()
        job = Job(
            base_url=f"{self.origins[scheme]}/crm/openapi",
            ca_file=str(self.ca_file),
            names=self.corpus.names,
            directory=str(empty(self.space / "copies")),
            concurrency=_CONCURRENCY,
        )
        duration_s = contestant.run(job, self.space / "notes")
        self.corpus.verify(job.path)
        self.connections.setdefault(_label(contestant, scheme), []).append(self._count_connections()[scheme])
        return self.limit_s / duration_s

    def _count_connections(self) -> dict[str, int]:
        """Give the number since the last time."""
        address = f"{self.origins['http']}/connections"
        with urllib.request.urlopen(address) as answer:  # noqa: S310  # our own server
            return {"http": 0, "https": 0, **json_module.load(answer)}


@contextmanager
def line_of(count: int) -> Generator[LongLine, None, None]:
    """Run the service."""
    with workspace(bytes_in_memory=bytes_with_copies(count, _RECORDING_BYTES)) as space:
        files = write_certificates(space)
        port = free_port()
        line = (
            "--first-byte-s",
            _FIRST_BYTE_S,
            "--bytes-per-s",
            _BYTES_PER_S,
            "--recording-bytes",
            _RECORDING_BYTES,
        )
        with serving("line", port, files.chain_file, files.key_file, *line) as origin:
            yield LongLine(
                origins={"http": origin, "https": f"https://127.0.0.1:{port}"},
                ca_file=files.ca_file,
                space=space,
                corpus=make_corpus(count, _RECORDING_BYTES),
            )


def measure(rounds: int, count: int) -> list[Table]:
    """Save over both schemes, in turns."""
    entries = [(contestant, scheme) for scheme in ("http", "https") for contestant in _CONTESTANTS]
    with line_of(count) as line:
        # No round to warm up: nearly all of the time is the line's.
        shares = interleave(
            {_label(*entry): partial(line.measure, *entry) for entry in entries}, rounds, warm_up=0
        )
    what = f"{count} recordings of {_RECORDING_BYTES // 1000} KB, {_CONCURRENCY} at a time, over a long line"
    return [
        Table.of(
            shares,
            title=f"{what}, beside the limit of {line.limit_s:.2f} s",
            unit="of the limit",
            target="at least 0.97",
        ),
        Table.of(
            Measured(line.connections),
            title=f"TCP connections, over https each with a TLS handshake: {what}",
            unit="connections",
            target=f"at most {_CONCURRENCY}",
        ),
    ]


def _label(contestant: Coroutine, scheme: str) -> str:
    return f"{contestant.name}, {scheme}"


def main(*, rounds: Rounds = 7, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """Save from a service that takes 80 ms to the first byte and gives 1 MB/s on each connection."""
    tables = measure(1, _QUICK_RECORDINGS) if quick else measure(rounds, _RECORDINGS)
    report("long_line", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
