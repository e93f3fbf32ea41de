"""What a raw answer announces, read strictly, and by other code than the client's."""

import re
import zlib

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([0-9]{3})(?: [ -~]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~]*)")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})\r\n")
_BEGIN_OF_CHUNK = re.compile(rb"[0-9a-fA-F]{0,15}\r?")
_GZIP = 31


class UndecidedError(Exception):
    """By what was said, nobody can tell where the body ends."""


def whole_body(said: bytes) -> bytes | None:
    """Give the body of a 200 as far as it came whole, unpacked; None where it did not, or for another status.

    Raises:
        UndecidedError: The head is odd, or nothing in it tells the end of the body.
    """
    head, _, rest = said.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    fields = [_FIELD.fullmatch(line) for line in lines]
    if status is None or None in fields or len(head) == len(said) or status[1] in {b"101", b"206"}:
        raise UndecidedError
    if status[1].startswith(b"1"):
        return whole_body(rest)
    if status[1] != b"200":
        return None
    values = [(field[1].lower(), field[2].strip().lower()) for field in fields if field]
    framing = [pair for pair in values if pair[0] in {b"content-length", b"transfer-encoding"}]
    packing = [value for name, value in values if name == b"content-encoding"]
    if len(framing) != 1 or packing not in ([], [b"identity"], [b"gzip"]):
        raise UndecidedError
    body = _framed(*framing[0], rest)
    return _unpack(body) if body is not None and packing == [b"gzip"] else body


def _framed(name: bytes, value: bytes, rest: bytes) -> bytes | None:
    if name == b"content-length" and value.isdigit():
        return rest[: int(value)] if len(value) < 16 and int(value) <= len(rest) else None
    if (name, value) == (b"transfer-encoding", b"chunked"):
        return _joined(rest)
    raise UndecidedError


def _joined(rest: bytes) -> bytes | None:
    """Join chunks without extensions, up to the last one, which has no bytes."""
    joined = b""
    while size := _CHUNK.match(rest):
        content, length = rest[size.end() :], int(size[1], 16)
        chunk, end, rest = content[:length], content[length : length + 2], content[length + 2 :]
        if not b"\r\n".startswith(end):
            raise UndecidedError  # there may be trailers
        if not length and end == b"\r\n":
            return joined
        joined += chunk
    if _BEGIN_OF_CHUNK.fullmatch(rest):
        return None
    raise UndecidedError


def _unpack(body: bytes) -> bytes | None:
    unpacking = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacking.decompress(body)
    except zlib.error:
        return None
    if unpacking.unused_data:
        raise UndecidedError
    return unpacked if unpacking.eof else None
