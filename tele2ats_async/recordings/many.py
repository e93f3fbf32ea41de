"""Many recordings at once: bounded, in any order, one failure being an outcome and not the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any

from ..errors import NotReady
from ..tasks import wait_out
from ..transport import Room
from .directory import Directory
from .download import Progress
from .growing import make_room
from .outcome import SaveOutcome, save_one_of_many
from .readiness import Wanted, patiently
from .saving import Saver

# What waits to become ready at the same time; the workers wait with any more of it.
_PATIENT_AT_MOST = 1000


class SavingMany:
    """One run of `save_many`: workers that share one source of names, and those that ask again.

    A slot is a recording that is in flight or not yet looked at by the caller: a slow caller slows the
    workers down. It is taken before a recording is asked for, and goes to the caller with the outcome.
    There are twice as many as may be in flight, so that workers need not wait for a caller who is quick.
    """

    def __init__(
        self,
        saver: Saver,
        directory: str,
        *,
        concurrency: int,
        transcripts: bool,
        progress: Progress,
    ) -> None:
        self._saver = saver
        self._directory = Directory(directory, for_many=True)
        self._transcripts = transcripts
        self._progress = progress
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(2 * concurrency)
        self._flights = asyncio.Semaphore(concurrency)
        self._patience = asyncio.Semaphore(_PATIENT_AT_MOST)
        self._reading = asyncio.Lock()
        # Of those in flight, and of none else: as long as the run lasts.
        self._rooms: list[Room] = []
        self._is_exhausted = False
        self._is_stopped = False
        self._has_ended = False
        self._tasks: set[asyncio.Task[None]] = set()
        # Those that wait, for a name or for a recording to become ready, and have nothing to finish.
        self._idle: set[asyncio.Task[None]] = set()
        self._sent_home: set[asyncio.Task[None]] = set()
        self._done: asyncio.Queue[SaveOutcome | asyncio.Task[None]] = asyncio.Queue()

    async def run(self, source: AsyncGenerator[Wanted, None]) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for everything that is wanted, as they come."""
        failure: BaseException | None = None
        async with aclosing(source):
            for _ in range(self._concurrency):
                self._start(self._work(source))
            try:
                while self._tasks:
                    done = await self._done.get()
                    if isinstance(done, SaveOutcome):
                        yield done
                        self._slots.release()
                        continue
                    self._tasks.discard(done)
                    if error := self._failure_of(done):
                        failure = failure or error
                        self.stop()
            finally:
                self.end()
                await wait_out(self._tasks)
        if failure is not None:
            raise failure

    def end(self) -> None:
        """Cancel what is under way."""
        self._has_ended = True
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done.put_nowait)

    async def _work(self, source: AsyncIterator[Wanted]) -> None:
        idling = _Idling(self)
        while (wanted := await self._next(source, idling)) is not None:
            outcome = await self._save(wanted)
            if isinstance(outcome.error, NotReady) and wanted.left_s > 0 and not self._is_stopped:
                self._slots.release()
                with idling:
                    await self._patience.acquire()
                self._start(self._ask_again(wanted, outcome, outcome.error))
            else:
                self._done.put_nowait(outcome)

    async def _ask_again(self, wanted: Wanted, outcome: SaveOutcome, not_ready: NotReady) -> None:
        async def ask() -> None:
            nonlocal outcome
            await self._slots.acquire()
            outcome = await self._save(wanted)
            if isinstance(outcome.error, NotReady):
                self._slots.release()
                raise outcome.error

        with _Idling(self):
            try:
                await patiently(wanted, not_ready, ask)
            except NotReady:
                await self._slots.acquire()
            finally:
                self._patience.release()
        self._done.put_nowait(outcome)

    async def _next(self, source: AsyncIterator[Wanted], idling: "_Idling") -> Wanted | None:
        """Read a name, and take a slot for it."""
        with idling:
            async with self._reading:
                if self._is_exhausted or self._is_stopped:
                    return None
                wanted = await anext(source, None)
                if wanted is None:
                    self._is_exhausted = True
                    return None
            # After the name: a source that is slow keeps no slot from what is asked for again.
            await self._slots.acquire()
            return wanted

    async def _save(self, wanted: Wanted) -> SaveOutcome:
        """Save with a slot, which goes on with the outcome; where there is none, it is given back."""
        try:
            async with self._flights:
                room = self._rooms.pop() if self._rooms else make_room()
                outcome = await save_one_of_many(
                    self._saver,
                    wanted.name,
                    self._directory,
                    transcripts=self._transcripts,
                    progress=self._progress,
                    room=room,
                )
                self._rooms.append(room)
                return outcome
        except BaseException:
            self._slots.release()
            raise

    def begin_idling(self, task: "asyncio.Task[None]") -> None:
        """Mark what need not be waited for when no more is begun."""
        if self._is_stopped:
            task.cancel()
            self._sent_home.add(task)
        self._idle.add(task)

    def end_idling(self, task: "asyncio.Task[None]") -> None:
        """Mark what has something to finish again."""
        self._idle.discard(task)

    def stop(self) -> None:
        """Let those finish that have something to finish, and begin nothing more."""
        self._is_stopped = True
        self._sent_home |= self._idle
        for task in self._idle:
            task.cancel()

    def _failure_of(self, task: asyncio.Task[None]) -> BaseException | None:
        if not task.cancelled():
            return task.exception()
        if task in self._sent_home:
            return None
        # What was in flight, or the names that were still to come, would be missing in silence.
        if self._has_ended:
            return RuntimeError("this AtsSession was closed while recordings were being saved")
        return RuntimeError("the source of the names was cancelled")


class _Idling:
    """The times in which a task of a run waits, and has nothing to finish."""

    def __init__(self, run: SavingMany) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # only tasks of the run come here
        self._run = run
        self._task = task

    def __enter__(self) -> None:
        self._run.begin_idling(self._task)

    def __exit__(self, *_: object) -> None:
        self._run.end_idling(self._task)
