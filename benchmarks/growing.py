"""The same work on more and more small recordings, each time in a fresh process."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import attrs

from .contestants import Job
from .contestants.coroutines import Coroutine, Done
from .corpus import bytes_with_copies, empty, make_corpus, workspace, write_corpus
from .nginx import serve
from .processes import serving

SMALL_BYTES = 4096
_CONCURRENCY = 32
SAVING = Coroutine(name="save_many", module="ours_many")
MIRRORING = Coroutine(name="mirror", module="ours_mirror")


@attrs.frozen
class Growing:
    """One kind of work, on any number of recordings of a service that runs."""

    contestant: Coroutine
    base_url: str
    space: Path

    def run(self, count: int) -> Done:
        """Do it once, and look at what came out."""
        directory = empty(self.space / "copies")
        corpus = make_corpus(count, SMALL_BYTES)
        job = Job(
            base_url=self.base_url,
            ca_file="",
            names=[],  # made by the contestant, so that they do not weigh
            directory=str(directory),
            concurrency=_CONCURRENCY,
        )
        contestant = attrs.evolve(self.contestant, settings={"count": count})
        done = contestant.run_weighed(job, self.space / "notes")
        corpus.verify(job.path)
        return done


def counts(*, quick: bool, long: bool) -> list[int]:
    """Give the numbers of recordings to measure with."""
    if quick:
        return [100, 400]
    return [1000, 10_000, 100_000] if long else [1000, 10_000]


@contextmanager
def saving(most: int) -> Generator[Growing, None, None]:
    """Let `save_many` work against nginx."""
    with workspace(bytes_in_memory=bytes_with_copies(most, SMALL_BYTES)) as space:
        write_corpus(space / "recordings", most, SMALL_BYTES)
        with serve(space / "recordings", space / "nginx") as nginx:
            yield Growing(SAVING, nginx.http_url, space)


@contextmanager
def mirroring(most: int) -> Generator[Growing, None, None]:
    """Let `mirror` work against an account of our own: nginx lists no calls."""
    needed = bytes_with_copies(most, SMALL_BYTES)
    with (
        workspace(bytes_in_memory=needed) as space,
        serving("account", most, "--recording-bytes", SMALL_BYTES) as origin,
    ):
        yield Growing(MIRRORING, f"{origin}/crm/openapi", space)
