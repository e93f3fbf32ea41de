"""One recording on its way to its file, through as many answers as that takes."""

import logging
from collections.abc import Callable

from ..errors import AtsError, RateLimited, RecordingError, ResponseError, Truncated
from ..logs import log
from ..retry import may_repeat
from ..transport import Incoming, Room
from ..wire.operations import FETCH_RECORDING
from .files import FileRequests
from .growing import GrowingFile
from .mp3 import HEAD_BYTES
from .ranges import ask_for_rest, ends_at, is_same_version, whole_length
from .stream import RecordingStream

logger = logging.getLogger(__name__)

Progress = Callable[[str, int], None]

# Attempts that brought so much are worth as many again: a long recording over a bad line comes in the end.
_WORTH_GOING_ON_BYTES = 64 * 1024
# An answer with neither length nor end mark may have been cut; the next one tells, or the one after it.
_SILENT_ENDS = 3
_PARTIAL_CONTENT = 206
_BAD_REQUEST = 400
_NO_SUCH_PART = 416


class _MisfitError(Exception):
    """A part does not continue what is there."""


class Download:
    """Fetches a recording into a file that appears when it is complete.

    What breaks off is taken up where the service can tell that the recording is still the same, and
    begun anew where it cannot.
    """

    def __init__(self, files: FileRequests, name: str, path: str, progress: Progress, room: Room) -> None:
        self._files = files
        self._name = name
        self._progress = progress
        self._file = GrowingFile(name, path, room)
        self._parts_fit = True
        # Where the last answer ended that did not say whether that was the end.
        self._silent_end: int | None = None

    async def run(self, *, takes_up: bool) -> int:
        """Fetch it, and give its size in bytes.

        Args:
            takes_up: Whether an earlier run may have left a beginning of it.
        """
        try:
            if takes_up:
                await self._file.take_up()
            await self._fetch()
            await self._file.commit()
        except BaseException as error:
            try:
                if _may_come_later(error):
                    await self._file.keep()
            finally:
                await self._file.discard()
            raise
        return self._file.size_bytes

    async def _fetch(self) -> None:
        retry = self._files.retry
        run = retry.run
        while True:
            reached_bytes = self._file.reached_bytes
            try:
                return await run(FETCH_RECORDING, self._attempt)
            except AtsError as error:
                has_gained = self._file.reached_bytes - reached_bytes >= _WORTH_GOING_ON_BYTES
                may_go_on = retry.policy.attempts > 1 and may_repeat(FETCH_RECORDING, error)
                # Who asks to come back later than the budget lasts is not asked again at once.
                if not (has_gained and may_go_on) or isinstance(error, RateLimited):
                    raise
                log(
                    logger,
                    logging.INFO,
                    "download_goes_on",
                    "%(operation)s is tried again, as it has got on: %(reason)s",
                    operation=FETCH_RECORDING.name,
                    error=error,
                )
                retry.observer.retrying(FETCH_RECORDING.name, type(error))
                run = retry.go_on

    @property
    def _may_go_on(self) -> bool:
        return self._file.size_bytes >= HEAD_BYTES and self._file.validator is not None and self._parts_fit

    async def _attempt(self) -> None:
        for _ in range(_SILENT_ENDS):
            if (self._may_go_on and await self._receive_rest()) or await self._receive_whole():
                return
        raise Truncated(self._name, None, self._file.size_bytes)

    async def _receive_rest(self) -> bool:
        """Ask for what is missing, if the recording is still the same; say whether all has come."""
        rest = ask_for_rest(self._file.size_bytes, self._file.validator or "")
        try:
            stream = await self._files.open(FETCH_RECORDING, self._name, self._open_rest, headers=rest)
            if stream is None:
                return True
            async with stream:
                return await self._receive(stream)
        except ResponseError as error:
            if error.status != _BAD_REQUEST:
                raise
            _log_misfit("the service does not understand the question")
        except _MisfitError as error:
            _log_misfit(str(error))
        self._parts_fit = False
        return False

    async def _receive_whole(self) -> bool:
        await self._file.begin_anew()
        opening = self._files.open(FETCH_RECORDING, self._name, self._open_whole, room=self._file.room)
        async with await opening as stream:
            return await self._receive(stream)

    async def _open_whole(self, name: str, incoming: Incoming[bytes]) -> RecordingStream:
        return RecordingStream(name, incoming, self._file.room)

    async def _open_rest(self, name: str, incoming: Incoming[bytes]) -> RecordingStream | None:
        """Look at the answer to a request for the rest; None where there is none, for all had come."""
        file, headers = self._file, incoming.headers
        if incoming.status == _NO_SUCH_PART:
            if self._silent_end == file.size_bytes and ends_at(headers, file.size_bytes):
                async with incoming:
                    return None
            raise _MisfitError("there is no such part")
        if incoming.status != _PARTIAL_CONTENT:
            stream = RecordingStream(name, incoming, file.room)
            await file.begin_anew()
            return stream
        length = whole_length(headers, file.size_bytes, file.length)
        if length is None or not is_same_version(headers, file.validator or ""):
            raise _MisfitError("the part belongs elsewhere")
        file.length = length
        return RecordingStream(name, incoming, file.room, offset=file.size_bytes)

    async def _receive(self, stream: RecordingStream) -> bool:
        file = self._file
        if not stream.offset:
            file.length = stream.content_length
        is_complete = False
        if stream.offset and not file.room.free_bytes:
            await file.write()  # what came last before the first answer broke off
        try:
            while came_bytes := await stream.receive(file.room.free_bytes):
                file.note()
                self._progress(self._name, came_bytes)
                if not file.room.free_bytes:
                    await file.write()
            is_complete = await self._is_complete(stream)
        finally:
            if not (is_complete or stream.offset):
                file.validator = stream.validator  # of what is there: the rest is yet to come
        return is_complete

    async def _is_complete(self, stream: RecordingStream) -> bool:
        size_bytes, length = self._file.size_bytes, self._file.length
        if length is None and stream.has_end_mark:
            return True
        if length is None:
            ends_as_before, self._silent_end = self._silent_end == size_bytes, size_bytes
            # What cuts at a certain size does so again: the sound has to be whole, too.
            return ends_as_before and await self._file.is_whole_sound()
        if stream.offset and size_bytes > length:
            raise _MisfitError("the part is too long")
        if size_bytes != length:
            raise Truncated(self._name, length, size_bytes)
        return True


def _log_misfit(reason: str) -> None:
    log(
        logger,
        logging.INFO,
        "part_does_not_fit",
        "%(operation)s is begun anew: %(reason)s",
        operation=FETCH_RECORDING.name,
        reason=reason,
    )


def _may_come_later(error: BaseException) -> bool:
    """Whether the failure was the way's, and not the recording's or the disk's."""
    return isinstance(error, Truncated) or (
        isinstance(error, AtsError) and not isinstance(error, RecordingError)
    )
