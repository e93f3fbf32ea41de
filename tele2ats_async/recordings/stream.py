"""One recording on its way, checked while it passes."""

from collections.abc import AsyncGenerator

from ..errors import ConnectionFailed, NotAudio, Truncated
from ..transport import Incoming
from .mp3 import HEAD_BYTES, begins_as_mp3
from .ranges import IDENTITY, validator_of

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
        self.content_type = incoming.headers.get("Content-Type", "")
        if not self.content_type.lower().startswith("audio/"):
            raise NotAudio(name, f"its type is {self.content_type or 'not given'!r}")
        if incoming.status != _WHOLE and not offset:
            raise Truncated(name, None, 0)
        self.content_length = _content_length(incoming)
        self._offset = offset
        self._incoming = incoming
        self._is_read = False

    @property
    def offset(self) -> int:
        """Where in the recording the bytes begin."""
        return self._offset

    @property
    def validator(self) -> str | None:
        """What tells this version of the recording from all others; None where nothing surely does."""
        return validator_of(self._incoming.headers)

    @property
    def has_end_mark(self) -> bool:
        """Whether the end of the bytes is told, so that a cut cannot pass for it."""
        headers = self._incoming.headers
        return "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()

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
        received = 0
        head = b""
        try:
            while chunk := await self._incoming.read_chunk():
                received += len(chunk)
                if not self._offset and received - len(chunk) < HEAD_BYTES:
                    head += chunk
                    if received < HEAD_BYTES:
                        continue
                    self._check_start(head)
                    yield head
                else:
                    yield chunk
        except ConnectionFailed as failure:
            raise Truncated(self.name, self.content_length, received) from failure
        if not self._offset and received < HEAD_BYTES:
            raise NotAudio(self.name, f"it has {received} bytes")

    def _check_start(self, head: bytes) -> None:
        if not begins_as_mp3(head):
            raise NotAudio(self.name, "it does not begin as MP3 does")


async def open_stream(name: str, incoming: Incoming[bytes]) -> RecordingStream:
    """Make a stream of an answer; errors as `RecordingStream`."""
    return RecordingStream(name, incoming)


def _content_length(incoming: Incoming[bytes]) -> int | None:
    # A compressed body announces its compressed length.
    if incoming.headers.get("Content-Encoding", IDENTITY) != IDENTITY:
        return None
    length = incoming.headers.get("Content-Length")
    return None if length is None else int(length)
