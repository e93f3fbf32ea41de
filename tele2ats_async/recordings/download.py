"""One recording on its way to its file, through as many answers as that takes."""

import os
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

from .. import disk
from ..errors import AtsError, RecordingError, ResponseError, Truncated
from ..retry import may_repeat
from ..transport import Incoming
from ..wire.operations import FETCH_RECORDING
from .files import FileRequests
from .partial import Beginning, forget, keep, partial_path, take_up
from .ranges import ask_for_rest, validator_of, whole_length
from .storage import on_disk
from .stream import RecordingStream, open_stream

Progress = Callable[[str, int], None]

# What one download holds in memory before it goes to the disk, in one piece.
_BATCH_BYTES = 512 * 1024
# Attempts that brought so much are worth as many again: a long recording over a bad line comes in the end.
_WORTH_GOING_ON_BYTES = 64 * 1024
# Answers without a length and without an end mark may have been cut: the second one tells.
_SILENT_ENDS = 3
_LONGEST_FILE_BYTES = 2**63 - 1
_PARTIAL_CONTENT = 206
_BEYOND_THE_END = 416


class _Misfit(Exception):
    """A part does not continue what is there."""


class Download:
    """Fetches a recording into a file that appears when it is complete.

    What breaks off is taken up where the service can tell that the recording is still the same, and
    begun anew where it cannot.
    """

    def __init__(self, files: FileRequests, name: str, path: Path, progress: Progress) -> None:
        self._files = files
        self._name = name
        self._path = path
        self._progress = progress
        self._file = disk.AtomicFile(path)
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._written_bytes = 0
        self._validator: str | None = None
        self._length: int | None = None
        self._silent_end: int | None = None
        self._reached_bytes = 0
        self._is_resumed = False
        self._parts_fit = True

    @property
    def _received_bytes(self) -> int:
        return self._written_bytes + self._batch_bytes

    async def run(self) -> int:
        """Fetch it, and give its size in bytes."""
        try:
            await self._take_up()
            await self._fetch()
            await on_disk(self._name, self._path, self._commit)
        except BaseException as error:
            if isinstance(error, AtsError) and (
                isinstance(error, Truncated) or not isinstance(error, RecordingError)
            ):
                with suppress(OSError):  # the failure that led here is the one to tell
                    await disk.run(self._keep)
            await disk.run(self._file.discard)
            raise
        return self._received_bytes

    async def _fetch(self) -> None:
        while True:
            reached = self._reached_bytes
            try:
                return await self._files.retrying(FETCH_RECORDING, self._attempt)
            except AtsError as error:
                gained = self._reached_bytes - reached
                if gained < _WORTH_GOING_ON_BYTES or not self._files.tries_again:
                    raise
                if not may_repeat(FETCH_RECORDING, error):
                    raise

    async def _attempt(self) -> None:
        for _ in range(_SILENT_ENDS):
            if await self._receive_more():
                return
        raise Truncated(self._name, None, self._received_bytes)

    async def _receive_more(self) -> bool:
        """Send one request, or two where the first answer does not fit; say whether all has come."""
        if self._validator is not None and self._received_bytes and self._parts_fit:
            rest = ask_for_rest(self._received_bytes, self._validator)
            try:
                async with self._files.open(FETCH_RECORDING, self._name, self._open_rest, rest) as stream:
                    return await self._receive(stream)
            except ResponseError as error:
                if error.status == _BEYOND_THE_END and self._silent_end == self._received_bytes:
                    return True
                if error.status not in (400, _BEYOND_THE_END):
                    raise
            except _Misfit:
                pass
            self._parts_fit = False
        await self._begin_anew()
        async with self._files.open(FETCH_RECORDING, self._name, open_stream) as stream:
            return await self._receive(stream)

    async def _open_rest(self, name: str, incoming: Incoming[bytes]) -> RecordingStream:
        if incoming.status != _PARTIAL_CONTENT:
            stream = RecordingStream(name, incoming)
            await self._begin_anew()
            return stream
        length = whole_length(incoming.headers, self._received_bytes)
        is_the_same = validator_of(incoming.headers) in (None, self._validator)
        if length is None or self._length not in (None, length) or not is_the_same:
            raise _Misfit
        self._length = length
        return RecordingStream(name, incoming, offset=self._received_bytes)

    async def _receive(self, stream: RecordingStream) -> bool:
        if not stream.offset:
            self._validator = stream.validator
            self._length = stream.content_length
        async with aclosing(aiter(stream)) as chunks:
            async for chunk in chunks:
                self._batch.append(chunk)
                self._batch_bytes += len(chunk)
                self._reached_bytes = max(self._reached_bytes, self._received_bytes)
                self._progress(self._name, len(chunk))
                if self._batch_bytes >= _BATCH_BYTES:
                    await self._write()
        return self._is_complete(stream)

    def _is_complete(self, stream: RecordingStream) -> bool:
        if self._length is not None:
            if stream.offset and self._received_bytes > self._length:
                raise _Misfit
            if self._received_bytes != self._length:
                raise Truncated(self._name, self._length, self._received_bytes)
            return True
        if stream.has_end_mark or self._silent_end == self._received_bytes:
            return True
        self._silent_end = self._received_bytes
        return False

    async def _write(self) -> None:
        await on_disk(self._name, self._path, self._file.write, self._batch)
        self._written_bytes += self._batch_bytes
        self._batch, self._batch_bytes = [], 0

    async def _begin_anew(self) -> None:
        if self._written_bytes:
            await disk.run(self._file.discard)
        self._written_bytes = self._batch_bytes = 0
        self._batch = []
        self._validator = self._length = None

    async def _take_up(self) -> None:
        # On the loop: asking takes microseconds. Not Path.exists(), which raises where the name is too long.
        if not os.path.exists(partial_path(self._path)):  # noqa: ASYNC240, PTH110  # see above
            return
        beginning = await on_disk(self._name, self._path, take_up, self._path, self._file)
        self._is_resumed = True
        if beginning is not None:
            self._written_bytes = self._reached_bytes = beginning.size_bytes
            self._validator, self._length = beginning.validator, beginning.length

    def _commit(self) -> None:
        self._file.commit(self._batch)
        if self._is_resumed:
            forget(self._path)

    def _keep(self) -> None:
        if self._validator is None or self._received_bytes < _WORTH_GOING_ON_BYTES:
            return
        if self._length is not None and self._length > _LONGEST_FILE_BYTES:
            return  # it will never be reached, and is beyond what the header can hold
        beginning = Beginning(self._received_bytes, self._validator, self._length)
        keep(self._path, self._file, self._batch, beginning)
