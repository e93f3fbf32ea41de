"""One recording on its way, checked while it passes."""

from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

from ..errors import ConnectionFailed, NotAudio, ResponseError, Truncated
from ..transport import IDENTITY, Incoming, Room
from ..wire.operations import FETCH_RECORDING
from .files import FileRequests
from .mp3 import HEAD_BYTES, begins_as_mp3
from .ranges import validator_of, whole_length

_WHOLE = 200
_PARTIAL_CONTENT = 206
_BAD_REQUEST = 400
# What is held of a recording whose reader is slow.
_STREAM_BYTES = 128 * 1024


class RecordingStream:
    """The bytes of one recording, by ``async for``, once.

    Attributes:
        name: The recording's name, as listed.
        content_type: Its media type, such as ``audio/mpeg``.
        content_length: How many bytes come, from ``offset`` to the end; None where the service did not say.
        size_bytes: The size of the whole recording; None where the service did not say.

    Source: operation 9.
    """

    def __init__(
        self, name: str, incoming: Incoming[bytes], room: Room, *, offset: int = 0, passed_over_bytes: int = 0
    ) -> None:
        """Look at the headers.

        Args:
            name: The recording's name.
            incoming: The answer.
            room: Where its bytes come.
            offset: Where in the recording its bytes begin; anything but 0 was asked for.
            passed_over_bytes: How many of them are not given to who iterates.

        Raises:
            NotAudio: The answer is of another type than audio.
            Truncated: It is only a part of the recording.
        """
        self.name = name
        self.content_type = incoming.told("Content-Type")
        if not self.content_type.lower().startswith("audio/"):
            raise NotAudio(name, f"its type is {self.content_type or 'not given'!r}")
        if incoming.status != _WHOLE and not offset:
            raise Truncated(name, None, 0)
        length = _content_length(incoming)
        self.size_bytes = None if length is None else offset + length
        self.content_length = None if length is None else max(0, length - passed_over_bytes)
        self._offset = offset
        self._passed_over_bytes = passed_over_bytes
        self._incoming = incoming
        self._room = room
        self._received_bytes = 0
        self._is_known_as_mp3 = offset > 0
        self._is_read = self._is_left = False

    @property
    def offset(self) -> int:
        """Where in the recording the bytes begin."""
        return self._offset + self._passed_over_bytes

    @property
    def validator(self) -> str | None:
        """What tells this version of the recording from all others; None where nothing surely does."""
        validator = validator_of(self._incoming.headers)
        # One that holds a token must not be written down, and is none that a file would have.
        is_told = validator is not None and validator in (
            self._incoming.told("ETag"),
            self._incoming.told("Last-Modified"),
        )
        return validator if is_told else None

    @property
    def has_end_mark(self) -> bool:
        """Whether the end of the bytes is told, so that a cut cannot pass for it."""
        return self._incoming.has_end_mark

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_left:
            return
        self._is_left = True
        await self._incoming.__aexit__(exception_type, exception, traceback)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Yield the recording from ``offset`` on, in chunks of any size, none of them empty.

        Raises:
            NotAudio: The bytes do not begin as an MP3 file does.
            Truncated: The bytes ended before the announced length.
            AtsTimeout: The service was silent for too long.
            RuntimeError: It was read before.
        """
        if self._is_read:
            raise RuntimeError("a recording's stream can be read once; open it again")
        self._is_read = True
        if self._passed_over_bytes and self.content_length == 0:
            return  # all of it would be passed over
        left_bytes = self._passed_over_bytes
        while await self.receive(1):
            chunk = bytes(self._room.filled[left_bytes:])
            left_bytes = max(0, left_bytes - self._room.filled_bytes)
            self._room.clear()
            if chunk:
                yield chunk

    async def receive(self, wanted_bytes: int) -> int:
        """Receive so many bytes, or fewer if more are not soon there; give how many came, 0 at the end.

        Errors are those of iterating.
        """
        if self._is_left:
            raise RuntimeError("a recording's stream is read inside of its async with")
        total_bytes = 0
        while came_bytes := await self._receive(wanted_bytes):
            total_bytes += came_bytes
            if self._is_known_as_mp3 or self._room.filled_bytes >= HEAD_BYTES:
                break
        if not self._is_known_as_mp3:
            self._judge_head()
        return total_bytes

    async def _receive(self, wanted_bytes: int) -> int:
        try:
            came_bytes = await self._incoming.receive(self._room, wanted_bytes)
        except ConnectionFailed as failure:
            raise Truncated(self.name, self.content_length, self._received_bytes) from failure
        self._received_bytes += came_bytes
        return came_bytes

    def _judge_head(self) -> None:
        if self._received_bytes < HEAD_BYTES:
            raise NotAudio(self.name, f"it has {self._received_bytes} bytes")
        if not begins_as_mp3(bytes(self._room.filled[:HEAD_BYTES])):
            raise NotAudio(self.name, "it does not begin as MP3 does")
        self._is_known_as_mp3 = True


async def open_stream(files: FileRequests, name: str, offset: int = 0) -> RecordingStream:
    """Ask for a recording from an offset on; errors as `RecordingStream`, and of `FileRequests.open()`.

    Whoever knows no parts, or gives another one, is asked for the whole, and its beginning passed over.
    """
    room = Room(_STREAM_BYTES)

    async def read(name: str, incoming: Incoming[bytes]) -> RecordingStream:
        return RecordingStream(name, incoming, room, passed_over_bytes=offset)

    async def read_part(name: str, incoming: Incoming[bytes]) -> RecordingStream | None:
        if incoming.status == _WHOLE:
            return await read(name, incoming)
        is_asked = (
            incoming.status == _PARTIAL_CONTENT and whole_length(incoming.headers, offset, None) is not None
        )
        if is_asked:
            return RecordingStream(name, incoming, room, offset=offset)
        async with incoming:
            return None

    if offset:
        part = {"Range": f"bytes={offset}-"}
        try:
            stream = await files.open(FETCH_RECORDING, name, read_part, headers=part)
        except ResponseError as error:
            if error.status != _BAD_REQUEST:
                raise
        else:
            if stream is not None:
                return stream
    return await files.open(FETCH_RECORDING, name, read, room=room)


def _content_length(incoming: Incoming[bytes]) -> int | None:
    # A compressed body announces its compressed length.
    if incoming.headers.get("Content-Encoding", IDENTITY) != IDENTITY:
        return None
    length = incoming.headers.get("Content-Length")
    return None if length is None else int(length)
