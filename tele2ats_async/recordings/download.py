"""One recording on its way to its file, through as many answers as that takes."""

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from ..errors import AtsError, RecordingError, ResponseError, Truncated
from ..retry import may_repeat
from ..transport import Incoming
from ..wire.operations import FETCH_RECORDING
from .files import FileRequests
from .growing import GrowingFile
from .ranges import ask_for_rest, validator_of, whole_length
from .stream import RecordingStream, open_stream

Progress = Callable[[str, int], None]

# Attempts that brought so much are worth as many again: a long recording over a bad line comes in the end.
_WORTH_GOING_ON_BYTES = 64 * 1024
# An answer with neither length nor end mark may have been cut; the next one tells, or the one after it.
_SILENT_ENDS = 3
_PARTIAL_CONTENT = 206
_NO_SUCH_PART = (400, 416)


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
        self._progress = progress
        self._file = GrowingFile(name, path)
        self._parts_fit = True
        # Where the last answer ended that did not say whether that was the end.
        self._silent_end: int | None = None

    async def run(self) -> int:
        """Fetch it, and give its size in bytes."""
        try:
            await self._file.take_up()
            await self._fetch()
            await self._file.commit()
        except BaseException as error:
            if _may_come_later(error):
                await self._file.keep()
            await self._file.discard()
            raise
        return self._file.size_bytes

    async def _fetch(self) -> None:
        while True:
            reached_bytes = self._file.reached_bytes
            try:
                return await self._files.retrying(FETCH_RECORDING, self._attempt)
            except AtsError as error:
                has_gained = self._file.reached_bytes - reached_bytes >= _WORTH_GOING_ON_BYTES
                may_go_on = self._files.tries_again and may_repeat(FETCH_RECORDING, error)
                if not (has_gained and may_go_on):
                    raise

    async def _attempt(self) -> None:
        for _ in range(_SILENT_ENDS):
            if await self._receive_rest() or await self._receive_whole():
                return
        raise Truncated(self._name, None, self._file.size_bytes)

    async def _receive_rest(self) -> bool:
        """Ask for what is missing, if the recording is still the same; say whether all has come."""
        if self._file.validator is None or not self._file.size_bytes or not self._parts_fit:
            return False
        rest = ask_for_rest(self._file.size_bytes, self._file.validator)
        try:
            async with self._files.open(FETCH_RECORDING, self._name, self._open_rest, rest) as stream:
                return await self._receive(stream)
        except ResponseError as error:
            if error.status not in _NO_SUCH_PART:
                raise
            self._parts_fit = False
            return self._silent_end == self._file.size_bytes  # there is nothing beyond it
        except _Misfit:
            self._parts_fit = False
            return False

    async def _receive_whole(self) -> bool:
        await self._file.begin_anew()
        async with self._files.open(FETCH_RECORDING, self._name, open_stream) as stream:
            return await self._receive(stream)

    async def _open_rest(self, name: str, incoming: Incoming[bytes]) -> RecordingStream:
        if incoming.status != _PARTIAL_CONTENT:
            stream = RecordingStream(name, incoming)
            await self._file.begin_anew()
            return stream
        length = whole_length(incoming.headers, self._file.size_bytes)
        is_the_same = validator_of(incoming.headers) in (None, self._file.validator)
        if length is None or self._file.length not in (None, length) or not is_the_same:
            raise _Misfit
        self._file.length = length
        return RecordingStream(name, incoming, offset=self._file.size_bytes)

    async def _receive(self, stream: RecordingStream) -> bool:
        file = self._file
        if not stream.offset:
            file.validator, file.length = stream.validator, stream.content_length
        async with aclosing(aiter(stream)) as chunks:
            async for chunk in chunks:
                file.add(chunk)
                self._progress(self._name, len(chunk))
                if file.is_full_batch:
                    await file.write()
        return self._is_complete(stream)

    def _is_complete(self, stream: RecordingStream) -> bool:
        size_bytes, length = self._file.size_bytes, self._file.length
        if length is None:
            is_confirmed = stream.has_end_mark or self._silent_end == size_bytes
            self._silent_end = size_bytes
            return is_confirmed
        if stream.offset and size_bytes > length:
            raise _Misfit
        if size_bytes != length:
            raise Truncated(self._name, length, size_bytes)
        return True


def _may_come_later(error: BaseException) -> bool:
    """Whether the failure was the way's, and not the recording's or the disk's."""
    return isinstance(error, Truncated) or (
        isinstance(error, AtsError) and not isinstance(error, RecordingError)
    )
