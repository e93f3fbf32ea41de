"""One recording on its way, checked while it passes."""

from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

from ..errors import ConnectionFailed, NotAudio, Truncated
from ..transport import IDENTITY, Incoming, Piece
from .mp3 import HEAD_BYTES, begins_as_mp3
from .ranges import validator_of

_WHOLE = 200


class RecordingStream:
    """The bytes of one recording, by ``async for``, once.

    Attributes:
        name: The recording's name, as listed.
        content_type: Its media type, such as ``audio/mpeg``.
        content_length: Its size in bytes; None where the service did not say.

    Source: operation 9.
    """

    def __init__(self, name: str, incoming: Incoming[bytes], *, offset: int = 0) -> None:
        """Look at the headers.

        Args:
            name: The recording's name.
            incoming: The answer.
            offset: Where in the recording its bytes begin; anything but 0 was asked for.

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
        self.content_length = _content_length(incoming)
        self._offset = offset
        self._incoming = incoming
        self._received_bytes = 0
        # The first bytes, until they are enough to be judged.
        self._head: list[Piece] | None = None if offset else []
        self._is_read = False

    @property
    def offset(self) -> int:
        """Where in the recording the bytes begin."""
        return self._offset

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
        await self._incoming.__aexit__(exception_type, exception, traceback)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Yield the recording in chunks of any size, none of them empty.

        Raises:
            NotAudio: The bytes do not begin as an MP3 file does.
            Truncated: The bytes ended before the announced length.
            AtsTimeout: The service was silent for too long.
            RuntimeError: It was read before.
        """
        if self._is_read:
            raise RuntimeError("a recording's stream can be read once; open it again")
        self._is_read = True
        while pieces := await self.read(1):
            for piece in pieces:
                yield bytes(piece)

    async def read(self, wanted_bytes: int) -> Sequence[Piece]:
        """Read pieces, so much together if that is soon; empty at the end. Errors as those of iterating."""
        while True:
            try:
                pieces = await self._incoming.read_pieces(wanted_bytes)
            except ConnectionFailed as failure:
                raise Truncated(self.name, self.content_length, self._received_bytes) from failure
            self._received_bytes += sum(map(len, pieces))
            if self._head is None:
                return pieces
            self._head += pieces
            if self._received_bytes >= HEAD_BYTES:
                return self._checked_head(self._head)
            if not pieces:
                raise NotAudio(self.name, f"it has {self._received_bytes} bytes")

    def _checked_head(self, head: list[Piece]) -> Sequence[Piece]:
        begin = b"".join(bytes(piece[:HEAD_BYTES]) for piece in head)
        if not begins_as_mp3(begin):
            raise NotAudio(self.name, "it does not begin as MP3 does")
        self._head = None
        return head


async def open_stream(name: str, incoming: Incoming[bytes]) -> RecordingStream:
    """Make a stream of an answer; errors as `RecordingStream`."""
    return RecordingStream(name, incoming)


def _content_length(incoming: Incoming[bytes]) -> int | None:
    # A compressed body announces its compressed length.
    if incoming.headers.get("Content-Encoding", IDENTITY) != IDENTITY:
        return None
    length = incoming.headers.get("Content-Length")
    return None if length is None else int(length)
