"""Many recordings at once, by processes of their own: names go out, outcomes come back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import attrs

from ...logs import package_logger
from ...observing import UNOBSERVED
from ...requester import Requester
from ...tasks import wait_out
from ..download import Progress
from ..outcome import SaveOutcome
from ..readiness import Wanted
from ..saving import no_progress
from .child import Child
from .messages import Ended, Report, Setup


class SavingInProcesses:
    """One run of `save_many` by several processes; what a run by tasks does, `SavingMany` says."""

    def __init__(self, requester: Requester, setup: Setup, processes: int, *, progress: Progress) -> None:
        self._requester = requester
        self._setup = setup
        self._processes = processes
        self._progress = progress
        self._children: list[Child] = []
        self._said: asyncio.Queue[tuple[Child | None, Report | Ended]] = asyncio.Queue()
        self._has_room = asyncio.Event()
        self._failure: BaseException | None = None
        self._has_ended = False

    async def run(self, source: AsyncGenerator[Wanted, None]) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for everything that is wanted, as they come."""
        feeding: asyncio.Task[None] | None = None
        async with aclosing(source):
            try:
                await self._start_children()
                feeding = asyncio.create_task(self._feed(source))
                feeding.add_done_callback(self._look_at_feeding)
                async with aclosing(self._iter_outcomes()) as outcomes:
                    async for outcome in outcomes:
                        yield outcome
            finally:
                self._has_ended = True
                tasks = [asyncio.create_task(child.end()) for child in self._children]
                if feeding is not None:
                    feeding.cancel()
                    tasks.append(feeding)
                await wait_out(tasks)
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """End what is under way."""
        if not self._has_ended:
            self._has_ended = True
            error = RuntimeError("this AtsSession was closed while recordings were being saved")
            self._said.put_nowait((None, Ended(error)))

    async def _start_children(self) -> None:
        for number in range(self._processes):
            setup = attrs.evolve(
                self._setup,
                concurrency=_share(self._setup.concurrency, number, self._processes),
                max_connections=_share(self._setup.max_connections, number, self._processes),
            )
            self._children.append(await Child.start(setup, self._requester, self._said))

    async def _feed(self, source: AsyncIterator[Wanted]) -> None:
        """Give each name to the child that has the fewest."""
        async for wanted in source:
            while (child := min(self._children, key=lambda child: child.load)).is_full:
                self._has_room.clear()
                await self._has_room.wait()
            child.want(wanted)
        for child in self._children:
            child.finish(at_once=False)

    def _look_at_feeding(self, feeding: "asyncio.Task[None]") -> None:
        error = (
            RuntimeError("the source of the names was cancelled")
            if feeding.cancelled()
            else feeding.exception()
        )
        if error is not None and self._failure is None and not self._has_ended:
            self._said.put_nowait((None, Ended(error)))

    async def _iter_outcomes(self) -> AsyncGenerator[SaveOutcome, None]:
        working = set[Child | None](self._children)
        while working:
            child, said = await self._said.get()
            if isinstance(said, Ended):
                if said.error is not None:
                    self._stop(said.error)
                if self._has_ended:
                    return
                working -= {child}
            elif child is not None:
                for name, size_bytes in said.progress:
                    self._progress(name, size_bytes)
                for outcome in said.outcomes:
                    yield outcome
                # Not before the caller has taken them: a slow one slows the children down.
                child.load -= len(said.outcomes)
                if child.is_hungry:
                    self._has_room.set()

    def _stop(self, failure: BaseException) -> None:
        """Let what is in flight come to its end, and begin nothing more."""
        self._failure = self._failure or failure
        for child in self._children:
            child.finish(at_once=True)


def save_in_processes(
    requester: Requester,
    directory: str,
    *,
    processes: int,
    concurrency: int,
    transcripts: bool,
    progress: Progress,
) -> SavingInProcesses:
    """Make a run of so many processes, which share the limits of a session.

    Raises:
        ValueError: Something of the session cannot be handed to another process.
    """
    setup = Setup(
        transport=requester.transport.arguments_for_child(processes),
        retry=requester.retry.policy,
        max_connections=requester.max_connections,
        directory=directory,
        concurrency=concurrency,
        transcripts=transcripts,
        tells_progress=progress is not no_progress,
        tells_requests=requester.transport.observer is not UNOBSERVED,
        log_level=package_logger.getEffectiveLevel(),
    )
    return SavingInProcesses(requester, setup, processes, progress=progress)


def _share(number: int, part: int, parts: int) -> int:
    """Divide a limit among processes, each of which has to have something of it."""
    return max(1, number // parts + (part < number % parts))
