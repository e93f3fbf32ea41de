"""Many recordings at once: bounded, in any order, one failure being an outcome and not the end."""

import asyncio
import errno
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import attrs

from ..errors import (
    AtsError,
    CertificateError,
    ProxyRefused,
    ReauthorizationRequired,
    StorageError,
    TokenStoreError,
)
from ..models import CallRecord
from ..tasks import wait_out
from .saving import Progress, Saver

Names = Iterable[str | CallRecord] | AsyncIterable[str | CallRecord]

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
        self, saver: Saver, directory: Path, *, concurrency: int, transcripts: bool, progress: Progress
    ) -> None:
        self._saver = saver
        self._directory = directory
        self._transcripts = transcripts
        self._progress = progress
        self._concurrency = concurrency
        # A slot is a recording that is in flight or not yet looked at by the caller: a slow caller
        # slows the workers down, and nobody reads names ahead of them.
        self._slots = asyncio.Semaphore(concurrency)
        self._reading = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._stopped_reader: asyncio.Task[None] | None = None
        self._is_exhausted = False
        self._has_ended = False
        self._workers: list[asyncio.Task[None]] = []
        self._done: asyncio.Queue[SaveOutcome | asyncio.Task[None]] = asyncio.Queue()

    async def run(self, names: Names) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for every name, as they come."""
        failure: BaseException | None = None
        async with aclosing(_only_names(names)) as source:
            self._workers = [asyncio.create_task(self._work(source)) for _ in range(self._concurrency)]
            for worker in self._workers:
                worker.add_done_callback(self._done.put_nowait)
            try:
                working = len(self._workers)
                while working:
                    done = await self._done.get()
                    if isinstance(done, SaveOutcome):
                        yield done
                        self._slots.release()
                        continue
                    working -= 1
                    if error := self._failure_of(done):
                        failure = failure or error
                        self._stop_reading()
            finally:
                self.end()
                await wait_out(self._workers)
        if failure is not None:
            raise failure

    def end(self) -> None:
        """Cancel what is under way."""
        self._has_ended = True
        for worker in self._workers:
            worker.cancel()

    async def _work(self, source: AsyncIterator[str]) -> None:
        try:
            while (name := await self._next_name(source)) is not None:
                self._done.put_nowait(await self._save(name))
        finally:
            self._slots.release()

    async def _next_name(self, source: AsyncIterator[str]) -> str | None:
        await self._slots.acquire()
        async with self._reading:
            if self._is_exhausted:
                return None
            self._reader = asyncio.current_task()
            try:
                name = await anext(source, None)
            finally:
                self._reader = None
            self._is_exhausted = name is None
            return name

    def _failure_of(self, worker: asyncio.Task[None]) -> BaseException | None:
        if not worker.cancelled():
            return worker.exception()
        if worker is self._stopped_reader:
            return None
        # What was in flight, or the names that were still to come, would be missing in silence.
        if self._has_ended:
            return RuntimeError("this AtsSession was closed while recordings were being saved")
        return RuntimeError("the source of the names was cancelled")

    def _stop_reading(self) -> None:
        """Let the workers finish what they have, and take nothing new."""
        self._is_exhausted = True
        if self._reader is not None:
            self._stopped_reader = self._reader
            self._reader.cancel()

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


async def _only_names(names: Names) -> AsyncGenerator[str, None]:
    """Yield the names; records without a recording are passed over."""
    async with AsyncExitStack() as stack:
        if isinstance(names, AsyncIterable):
            if isinstance(names, AsyncGenerator):
                stack.push_async_callback(names.aclose)
            async for item in names:
                if (name := _name_of(item)) is not None:
                    yield name
        else:
            for item in names:
                if (name := _name_of(item)) is not None:
                    yield name


def _name_of(item: str | CallRecord) -> str | None:
    if isinstance(item, CallRecord):
        return item.record_file_name or None
    if not isinstance(item, str):
        raise TypeError(f"names_or_records: expected names or records, got {type(item).__name__}")
    return item
