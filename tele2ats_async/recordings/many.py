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
    ReauthorizationRequired,
    StorageError,
    TokenStoreError,
)
from ..models import CallRecord
from .saving import Progress, Saver

Names = Iterable[str | CallRecord] | AsyncIterable[str | CallRecord]

_POINTLESS_TO_GO_ON = (ReauthorizationRequired, TokenStoreError, CertificateError)
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
        self._stopping = False
        self._done: asyncio.Queue[SaveOutcome | asyncio.Task[None]] = asyncio.Queue()

    async def run(self, names: Names) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for every name, as they come."""
        failures: list[BaseException] = []
        async with aclosing(_only_names(names)) as source:
            workers = [asyncio.create_task(self._work(source)) for _ in range(self._concurrency)]
            for worker in workers:
                worker.add_done_callback(self._done.put_nowait)
            try:
                working = len(workers)
                while working:
                    done = await self._done.get()
                    if isinstance(done, SaveOutcome):
                        yield done
                        self._slots.release()
                        continue
                    working -= 1
                    if error := done.exception():
                        failures.append(error)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.wait(workers)
        if failures:
            raise failures[0]

    async def _work(self, source: AsyncIterator[str]) -> None:
        try:
            while (name := await self._next_name(source)) is not None:
                self._done.put_nowait(await self._save(name))
        except BaseException:
            self._stopping = True  # the other workers finish what they have
            raise
        finally:
            self._slots.release()

    async def _next_name(self, source: AsyncIterator[str]) -> str | None:
        await self._slots.acquire()
        async with self._reading:
            return None if self._stopping else await anext(source, None)

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
