"""How late other tasks of the loop wake while 64 recordings stream to disk and pages of calls are decoded.

``python -m benchmarks.loop_lag``
"""

import asyncio
import gc
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import typer

from .contestants import OURS, Job, bare_aiohttp, ours
from .corpus import Corpus, empty, workspace, write_corpus
from .heartbeat import State, compare_lateness, freeze, rest
from .nginx import nginx_needed, serve
from .options import JsonFile, Quick, Rounds, SvgFile
from .plain_decoding import decode_plainly
from .processes import serving
from .reading import PAGE_ROWS, fetch_pages, list_records
from .report import Table, report

_CONCURRENCY = 64
_RECORDING_BYTES = 300 * 1024
_RECORDINGS, _PAGES = 640, 10
_TIMES_A_ROUND = 10
_QUICK_RECORDINGS, _QUICK_PAGES = 128, 2
_QUICK_ROUNDS = 2


@attrs.frozen(kw_only=True)
class Work:
    """Streaming and decoding at the same time, in one loop."""

    corpus: Corpus
    job: Job
    listing_url: str
    pages: int

    async def do_ours(self, **settings: Any) -> None:
        """Do it with this package, with settings for `save_many`."""
        await asyncio.gather(ours.save(self.job, **settings), list_records(self.listing_url, self.pages))

    async def do_barely(self) -> None:
        """Do it with bare aiohttp, and whole pages decoded at once."""
        await asyncio.gather(bare_aiohttp.save(self.job), self._decode_pages())

    def begin(self) -> None:
        """Have nothing there."""
        empty(Path(self.job.directory))

    def begin_frozen(self) -> None:
        """Have nothing there, and nothing that the collecting of garbage goes through again and again."""
        self.begin()
        freeze()

    def check(self) -> None:
        """Look at what is there, while nobody waits for the loop."""
        gc.unfreeze()
        self.corpus.verify(self.job.path)

    async def _decode_pages(self) -> None:
        async with aiohttp.ClientSession() as client:
            async for page in fetch_pages(client, self.listing_url, self.pages):
                decode_plainly(page)


def measure(rounds: int, recordings: int, pages: int, times: int) -> Table:
    """Measure with this package and without it, in turns."""
    with workspace() as space, serving("account", pages * PAGE_ROWS) as account:
        corpus = write_corpus(space / "recordings", recordings, _RECORDING_BYTES)
        with serve(space / "recordings", space / "nginx") as nginx:
            job = Job(
                base_url=nginx.http_url,
                ca_file="",
                names=corpus.names,
                directory=str(space / "copies"),
                concurrency=_CONCURRENCY,
            )
            work = Work(corpus=corpus, job=job, listing_url=f"{account}/crm/openapi", pages=pages)
            states = {
                "idle": State(rest),
                "bare aiohttp": State(work.do_barely, work.begin, work.check),
                OURS: State(work.do_ours, work.begin, work.check),
                f"{OURS}, after gc.freeze()": State(work.do_ours, work.begin_frozen, work.check),
                f"{OURS} processes=2": State(partial(work.do_ours, processes=2), work.begin, work.check),
            }
            return Table.of(
                compare_lateness(states, rounds, times),
                title=f"lateness of another task beside {_CONCURRENCY} recordings and pages of {PAGE_ROWS}",
                unit="ms",
                target="p99 at most 5",
            )


def main(*, rounds: Rounds = 7, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """Stream 64 recordings at a time to disk and decode pages of 3000 calls, beside a task that wants to wake."""
    with nginx_needed():
        if quick:
            table = measure(min(rounds, _QUICK_ROUNDS), _QUICK_RECORDINGS, _QUICK_PAGES, times=1)
        else:
            table = measure(rounds, _RECORDINGS, _PAGES, _TIMES_A_ROUND)
    report("loop_lag", [table], json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
