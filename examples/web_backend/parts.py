"""A recording, or the part of it that a player asks for when somebody seeks (RFC 9110, section 14)."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import attrs
from answers import PRIVATE

from tele2ats_async import AtsSession, RecordingStream

_ONE_RANGE = re.compile(r"bytes= *(\d{0,18})-(\d{0,18}) *", re.ASCII | re.IGNORECASE)


@attrs.frozen
class ByteRange:
    """One range as a header spells it: ``first-last``, ``first-``, or ``-last`` for the last so many bytes."""

    first: int | None
    last: int | None

    def within(self, size: int) -> range:
        """Give the places of the bytes in a recording of that size; none where it ends before."""
        if self.first is None:
            return range(max(0, size - (self.last or 0)), size)
        return range(self.first, size if self.last is None else min(size, self.last + 1))


def read_range(method: str, headers: Mapping[str, str]) -> ByteRange | None:
    """Read which part a request asks for.

    Returns:
        None where the answer is the whole: nothing is asked for, several parts are, or it makes no sense.
        ``If-Range`` asks for a part of a version that it names, and we name none.
    """
    match = _ONE_RANGE.fullmatch(headers.get("Range", ""))
    if method != "GET" or "If-Range" in headers or match is None:
        return None
    first, last = (int(digits) if digits else None for digits in match.groups())
    if last is None:
        return None if first is None else ByteRange(first, None)
    return None if first is not None and last < first else ByteRange(first, last)


@attrs.frozen
class Part:
    """What to answer to who wants to hear a recording.

    Attributes:
        status: 200, 206 or 416.
        headers: All that the answer needs.
    """

    status: int
    headers: dict[str, str]
    _stream: RecordingStream
    _length: int | None

    @classmethod
    def of(cls, stream: RecordingStream, places: range | None, *, has_body: bool) -> "Part":
        """Describe the bytes at some places of an open recording, or all of them."""
        headers = {"Content-Type": stream.content_type, "Accept-Ranges": "bytes"} | PRIVATE
        status, length = 200, stream.content_length
        if places is not None:
            status, length = (206, len(places)) if places else (416, 0)
            which = f"{places.start}-{places.stop - 1}" if places else "*"
            headers["Content-Range"] = f"bytes {which}/{stream.size_bytes}"
        if length is not None:
            headers["Content-Length"] = str(length)
        return cls(status, headers, stream, length if has_body else 0)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes; errors as those of a `RecordingStream`."""
        left = self._length
        if left == 0:
            return
        async with aclosing(aiter(self._stream)) as chunks:
            async for chunk in chunks:
                yield chunk[:left]
                left = None if left is None else left - len(chunk)
                if left is not None and left <= 0:
                    return


@asynccontextmanager
async def open_part(
    ats: AtsSession, name: str, method: str, headers: Mapping[str, str]
) -> AsyncGenerator[Part, None]:
    """Open a recording where a request wants it; errors as those of ``ats.recordings.open()``.

    Only an open recording tells its size. Where that shows that the bytes wanted begin elsewhere (the last so many
    of them), or that no part can be named (the service does not know the size), it is left and opened again.
    """
    wanted = read_range(method, headers)
    async with AsyncExitStack() as opened:
        offset = (wanted and wanted.first) or 0
        stream = await opened.enter_async_context(ats.recordings.open(name, offset=offset))
        places = None if wanted is None or stream.size_bytes is None else wanted.within(stream.size_bytes)
        begins_at = 0 if places is None else places.start
        lies_behind_the_end = places is not None and not places
        if begins_at != offset and not lies_behind_the_end:
            await opened.aclose()
            stream = await opened.enter_async_context(ats.recordings.open(name, offset=begins_at))
        yield Part.of(stream, places, has_body=method != "HEAD")
