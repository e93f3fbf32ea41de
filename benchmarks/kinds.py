"""What a frame is about: a call of the system, of TLS, of the event loop, of a library, or of ours."""

import linecache
import re
from functools import cache
from itertools import islice
from types import CodeType, FrameType

# The call itself, as it stands in the source: asyncio's, ours and the bare loop's.
CALLS = {
    "system: sending": re.compile(r"_sock\.send(msg)?\("),
    "system: receiving": re.compile(r"sock\.recv(_into)?\("),
    "system: polling": re.compile(r"_selector\.poll\("),
    "system: writing files": re.compile(r"os\.writev?\(|file\.write\("),
    "system: opening, closing, renaming": re.compile(r"\bopen\(|os\.(close|replace|listdir|makedirs)\("),
    "TLS: OpenSSL": re.compile(r"_sslobj\.\w+\("),
    "TLS: copying between buffers": re.compile(r"_incoming\.write\(|_outgoing\.read\(|b''\.join\("),
    "handing over to threads": re.compile(r"_jobs\.put\("),
}
# Where the file is whose code runs; what is in none of these was called by one that is.
_ROOMS = {
    "TLS: asyncio's protocol": re.compile(r"/asyncio/sslproto\.py$|/ssl\.py$"),
    "event loop": re.compile(r"/asyncio/|/selectors\.py$"),
    "aiohttp and yarl": re.compile(r"/site-packages/(aiohttp|yarl|multidict)/"),
    "tele2ats_async.transport": re.compile(r"/tele2ats_async/transport/"),
    "tele2ats_async.recordings": re.compile(r"/tele2ats_async/recordings/"),
    "tele2ats_async.disk": re.compile(r"/tele2ats_async/disk/"),
    "tele2ats_async, the rest": re.compile(r"/tele2ats_async/"),
    "the loop's own lines": re.compile(r"/benchmarks/contestants/bare_"),
}
OTHER = "anything else"
KINDS = (*CALLS, *_ROOMS, OTHER)


def kind_of(frame: FrameType) -> str:
    """Say what the call is about that is under way, or the nearest caller of it that is known."""
    called = _kind_of_call(frame.f_code, frame.f_lasti)
    outer: FrameType | None = frame
    while called is None and outer is not None:
        called = _kind_of_file(outer.f_code.co_filename)
        outer = outer.f_back
    return called or OTHER


@cache
def _kind_of_call(code: CodeType, instruction: int) -> str | None:
    # A code unit has two bytes.
    line, end, first, last = next(islice(code.co_positions(), instruction // 2, None))
    if line is None:
        return None
    text = linecache.getline(code.co_filename, line)
    if line == end and first is not None:
        text = text.encode()[first:last].decode()
    return _first_match(CALLS, text)


@cache
def _kind_of_file(path: str) -> str | None:
    return _first_match(_ROOMS, path)


def _first_match(patterns: dict[str, re.Pattern[str]], text: str) -> str | None:
    return next((kind for kind, pattern in patterns.items() if pattern.search(text)), None)
