"""Many recordings at once: bounded, in any order, one failure being an outcome and not the end."""

import asyncio
import errno
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import attrs

from ..errors import (
    AtsError,
    CertificateError,
    NotReady,
    ProxyRefused,
    ReauthorizationRequired,
    StorageError,
    TokenStoreError,
)
from ..tasks import wait_out
from .download import Progress
from .readiness import Names, Wanted, iter_wanted, patiently
from .saving import Saver

# What waits to become ready at the same time; further workers wait with it.
_PATIENT_AT_MOST = 1000

_POINTLESS_TO_GO_ON = (ReauthorizationRequired, TokenStoreError, CertificateError, ProxyRefused)
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@attrs.frozen(kw_only=True)
class SaveOutcome:
    """What became of one recording.

    Attributes:
        name: Its name, as listed.
        path: The file; None where it could not be saved.
        transcript_path: The transcript's file; None where none was asked for, or could not be saved.
        size_bytes: Size of the recording.
        skipped: Whether everything was there already, so that nothing was fetched.
        error: Why something is missing; None where all is well.

    Source: operations 9 and 10.
    """

    name: str
    path: Path | None = None
    transcript_path: Path | None = None
    size_bytes: int = 0
    skipped: bool = False
    error: AtsError | None = None


class SavingMany:
    """One run of `save_many`: a few workers that share one source of names."""

    def __init__(
        self,
        saver: Saver,
        directory: Path,
        *,
        concurrency: int,
        transcripts: bool,
        progress: Progress,
        ready_within_s: float = 0.0,
    ) -> None:
        self._saver = saver
        self._directory = directory
        self._transcripts = transcripts
        self._progress = progress
        self._concurrency = concurrency
        self._ready_within_s = ready_within_s
        # A slot is a recording that is in flight or not yet looked at by the caller: a slow caller
        # slows the workers down, and nobody reads names ahead of them.
        self._slots = asyncio.Semaphore(concurrency)
        self._reading = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._is_exhausted = False
        self._has_ended = False
        self._tasks: set[asyncio.Task[None]] = set()
        # Those that ask again for what was not ready.
        self._patient: set[asyncio.Task[None]] = set()
        self._stopped: set[asyncio.Task[None]] = set()
        self._done: asyncio.Queue[SaveOutcome | asyncio.Task[None]] = asyncio.Queue()

    async def run(self, names: Names) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for every name, as they come."""
        failure: BaseException | None = None
        async with aclosing(iter_wanted(names, self._ready_within_s)) as source:
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
                    self._patient.discard(done)
                    if error := self._failure_of(done):
                        failure = failure or error
                        self._stop()
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

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done.put_nowait)
        return task

    async def _work(self, source: AsyncIterator[Wanted]) -> None:
        while (wanted := await self._next(source)) is not None:
            outcome = await self._save(wanted.name)
            if isinstance(outcome.error, NotReady) and wanted.left_s > 0:
                self._slots.release()
                while len(self._patient) >= _PATIENT_AT_MOST:
                    await asyncio.wait(self._patient, return_when=asyncio.FIRST_COMPLETED)
                self._patient.add(self._start(self._ask_again(wanted, outcome, outcome.error)))
            else:
                self._done.put_nowait(outcome)

    async def _ask_again(self, wanted: Wanted, outcome: SaveOutcome, not_ready: NotReady) -> None:
        async def ask() -> None:
            nonlocal outcome
            await self._slots.acquire()
            outcome = await self._save(wanted.name)
            if isinstance(outcome.error, NotReady):
                self._slots.release()
                raise outcome.error

        try:
            await patiently(wanted, not_ready, ask)
        except NotReady:
            await self._slots.acquire()
        self._done.put_nowait(outcome)

    async def _next(self, source: AsyncIterator[Wanted]) -> Wanted | None:
        # The slot comes second: who waits to read keeps none from what is asked for again.
        async with self._reading:
            await self._slots.acquire()
            wanted = None
            if not self._is_exhausted:
                self._reader = asyncio.current_task()
                try:
                    wanted = await anext(source, None)
                finally:
                    self._reader = None
            if wanted is None:
                self._is_exhausted = True
                self._slots.release()
            return wanted

    def _failure_of(self, task: asyncio.Task[None]) -> BaseException | None:
        if not task.cancelled():
            return task.exception()
        if task in self._stopped:
            return None
        # What was in flight, or the names that were still to come, would be missing in silence.
        if self._has_ended:
            return RuntimeError("this AtsSession was closed while recordings were being saved")
        return RuntimeError("the source of the names was cancelled")

    def _stop(self) -> None:
        """Let the workers finish what they have, take nothing new, and wait for nothing."""
        self._is_exhausted = True
        self._stopped = self._patient | ({self._reader} if self._reader else set())
        for task in self._stopped:
            task.cancel()

    async def _save(self, name: str) -> SaveOutcome:
        recording = transcript = error = None
        try:
            recording = await self._saver.save_recording(name, self._directory, self._progress)
            if self._transcripts:
                transcript = await self._saver.save_transcript(name, self._directory)
        except AtsError as failure:
            if _ends_all(failure):
                raise
            error = failure
        return SaveOutcome(
            name=name,
            path=None if recording is None else recording.path,
            transcript_path=None if transcript is None else transcript.path,
            size_bytes=0 if recording is None else recording.size_bytes,
            skipped=error is None and all(file is None or file.skipped for file in (recording, transcript)),
            error=error,
        )


def _ends_all(error: AtsError) -> bool:
    if isinstance(error, StorageError):
        return error.errno in _DISK_IS_FULL
    return isinstance(error, _POINTLESS_TO_GO_ON)
