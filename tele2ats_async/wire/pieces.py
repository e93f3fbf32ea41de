"""A long JSON array of objects, parsed piece by piece: no step of it takes long."""

import re
from collections.abc import Iterator

import orjson

# Parsed in half a millisecond.
PIECE_BYTES = 128 * 1024
_BEGIN = re.compile(rb"[ \t\r\n]*\[")
_BETWEEN_OBJECTS = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
# Of places that look like the end of a row and are none, one after the other; what has more is parsed at once.
_MISTAKES_AT_MOST = 3


def begins_as_array(raw: bytes) -> bool:
    """Whether a text is the one of an array, if it is JSON."""
    return _BEGIN.match(raw) is not None


def iter_pieces(raw: bytes, piece_bytes: int = PIECE_BYTES) -> Iterator[list[object]]:
    """Parse the rows of an array, some at a time.

    A place between two objects can also lie inside of a text or of a row; but then what stands before it
    is not JSON, for a text or a bracket is open there. So a piece that can be parsed ends where a row does.

    Args:
        raw: The JSON text; it begins as an array.
        piece_bytes: How long a piece is, at least.

    Raises:
        orjson.JSONDecodeError: It is not JSON; not before the place where it is not.
    """
    begin = raw.index(b"[") + 1
    mistakes = 0
    search_from = begin + piece_bytes
    while mistakes < _MISTAKES_AT_MOST and (between := _BETWEEN_OBJECTS.search(raw, search_from)):
        search_from = between.start() + 1
        try:
            rows = orjson.loads(b"[%b]" % raw[begin:search_from])
        except orjson.JSONDecodeError:
            mistakes += 1
            continue
        yield rows
        mistakes = 0
        begin = between.end() - 1
        search_from = begin + piece_bytes
    try:
        yield orjson.loads(b"[%b" % raw[begin:])
    except orjson.JSONDecodeError:
        orjson.loads(raw)  # says where in the whole
        raise
