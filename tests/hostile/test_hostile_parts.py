"""Recordings in parts, by a service that cuts, forgets and mixes versions up: one whole version, or none."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from hostile_arena import (
    EAGER,
    Arena,
    arena_of_module,  # noqa: F401  # the fixture `arena`
    assert_tidy,
    examples,
)
from hypothesis import given
from hypothesis import strategies as st
from raw_service import NAME, Say, Then, answer, header

from tele2ats_async import AtsSession

_FRAME = b"\xff\xfb\x90\x00"
_FRAME_BYTES = 417
Headers = dict[str, str]
_LONG_AGO: Headers = {
    "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT",
    "Date": "Mon, 01 Jun 2026 10:05:00 GMT",
}
# What more than one version may bear.
_JUST_NOW: Headers = {
    "Last-Modified": "Mon, 01 Jun 2026 10:05:00 GMT",
    "Date": "Mon, 01 Jun 2026 10:05:10 GMT",
}
_WEAK: Headers = {"ETag": 'W/"same"'}


def _sound(seed: bytes, frames: int) -> bytes:
    noise = hashlib.shake_256(seed).digest(frames * _FRAME_BYTES)
    starts = range(0, len(noise), _FRAME_BYTES)
    return b"".join(_FRAME + noise[start + len(_FRAME) : start + _FRAME_BYTES] for start in starts)


@attrs.frozen
class Version:
    """A recording, and what the service says to tell it from others.

    Attributes:
        tags: Ways to say it; those that can be relied on are true of no other version.
    """

    content: bytes = attrs.field(repr=False)
    tags: list[Headers]


# Of one length, so that a mixture of the two has it as well, and of another.
VERSIONS = [
    Version(_sound(b"a", 400), [{"ETag": '"a"'}, {"ETag": '"a"', **_LONG_AGO}, _LONG_AGO, _WEAK, _JUST_NOW]),
    Version(_sound(b"b", 400), [{"ETag": '"b"'}, {"ETag": '"b"', **_JUST_NOW}, _WEAK, _JUST_NOW]),
    Version(_sound(b"c", 300), [{"ETag": '"c"'}, _WEAK, {}]),
]
Answer = Callable[[bytes], Say]


def _say(status: str, headers: Headers, body: bytes, then: Then) -> Say:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return Say(f"HTTP/1.1 {status}\r\nContent-Type: audio/mpeg\r\n{lines}\r\n".encode() + body, then)


def _framed(framing: str, body: bytes, cut: int | None) -> tuple[Headers, bytes]:
    """Announce a body by its length or in chunks, and give as much of it as shall come."""
    part = body[:cut]
    if framing == "length":
        return {"Content-Length": str(len(body))}, part
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (part[:1000], part[1000:]) if piece)
    return {"Transfer-Encoding": "chunked"}, chunks + b"0\r\n\r\n" * (cut is None)


_CUTS = st.one_of(st.integers(0, 299 * _FRAME_BYTES), st.just(200 * _FRAME_BYTES))
_SELDOM = st.one_of(st.none(), st.none(), _CUTS)
_FRAMINGS = st.sampled_from(["length", "chunked"])


@st.composite
def whole(draw: st.DrawFn) -> Answer:
    """Make an answer with all of a version, whatever is asked, or with the beginning of it."""
    version, framing, cut = (
        draw(st.sampled_from(VERSIONS)),
        draw(_FRAMINGS),
        draw(st.one_of(_CUTS, _CUTS, _SELDOM)),
    )
    headers, body = _framed(framing, version.content, cut)
    headers |= draw(st.sampled_from(version.tags))
    said = _say(
        "200 OK", headers, body, Then.KEEP if cut is None else draw(st.sampled_from([Then.CLOSE, Then.RESET]))
    )
    return lambda _: said


def _offset(request: bytes) -> int:
    return int((header(request, "Range") or "bytes=0-")[len("bytes=") : -1])


@st.composite
def part(draw: st.DrawFn) -> Answer:
    """Make an answer with the part that is asked, or near it, of a version that may be another one."""
    version, framing, cut = draw(st.sampled_from(VERSIONS)), draw(_FRAMINGS), draw(_SELDOM)
    tag = draw(st.sampled_from(version.tags))
    # A part that is told to be another one than it is would be a lie that nobody can see; a wrong end shows.
    shift, missing = draw(st.sampled_from([(0, 0), (0, 0), (0, 0), (-417, 417), (417, 0), (0, 417), (1, 0)]))
    told_more, total_more = draw(
        st.sampled_from([(0, "0"), (0, "0"), (missing, "0"), (-1, "0"), (0, "1"), (0, "*")])
    )

    def respond(request: bytes) -> Say:
        size = len(version.content)
        first, last = max(0, min(_offset(request) + shift, size - 1)), size - 1 - missing
        total = "*" if total_more == "*" else size + int(total_more)
        headers, body = _framed(framing, version.content[first : last + 1], cut)
        told = f"bytes {first}-{last + told_more}/{total}"
        return _say("206 Partial Content", headers | tag | {"Content-Range": told}, body, Then.CLOSE)

    return respond


@st.composite
def refusal(draw: st.DrawFn) -> Answer:
    """Make an answer without a recording."""
    size = len(draw(st.sampled_from(VERSIONS)).content)
    said = draw(
        st.sampled_from(
            [
                answer(b"", "416 X", kind="audio/mpeg", headers={"Content-Range": f"bytes */{size}"}),
                answer(b"", "416 X", kind="audio/mpeg"),
                answer(b"", "400 X"),
                answer(b"", "404 X"),
                answer(b"", "500 X"),
                answer(b"<html>", kind="text/html"),
                Say(then=Then.CLOSE),
            ]
        )
    )
    return lambda _: said


def _right(_: bytes) -> Say:
    return answer(VERSIONS[0].content, kind="audio/mpeg")


async def _save(ats: AtsSession, directory: str) -> None:
    async for outcome in ats.recordings.save_many([NAME], directory):
        assert (outcome.error is None) == (outcome.path is not None)


@examples(300)
@given(
    st.lists(st.one_of(whole(), whole(), whole(), refusal()), min_size=1, max_size=4),
    st.lists(st.one_of(part(), part(), part(), part(), whole(), refusal()), min_size=1, max_size=4),
)
def test_one_whole_version_or_none(arena: Arena, to_all: list[Answer], to_rest: list[Answer]) -> None:
    """Two runs, the second from what the first has kept: answers to those who ask for all, and for the rest."""
    _meet(arena, to_all, to_rest)


@pytest.mark.parametrize(
    ("known", "told"), [({"ETag": '"a"'}, {}), (_LONG_AGO, {"ETag": '"b"'})], ids=["tag", "date"]
)
def test_a_part_without_the_validator(arena: Arena, known: Headers, told: Headers) -> None:
    """It says nothing of the version that it belongs to, or says another thing."""
    content, other = VERSIONS[0].content, VERSIONS[1].content

    def rest(request: bytes) -> Say:
        offset = _offset(request)
        place = {"Content-Range": f"bytes {offset}-{len(other) - 1}/{len(other)}"}
        return _say(
            "206 X", {"Content-Length": str(len(other) - offset)} | place | told, other[offset:], Then.KEEP
        )

    begin = _say("200 OK", {"Content-Length": str(len(content))} | known, content[:100_000], Then.CLOSE)
    _meet(arena, [lambda _: begin], [rest])


def _meet(arena: Arena, to_all: list[Answer], to_rest: list[Answer]) -> None:
    def script(request: bytes) -> Say:
        left = to_rest if header(request, "Range") else to_all
        return (left.pop(0) if left else _right)(request)

    arena.script = script
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(2):
            arena.run(lambda ats: _save(ats, directory), retry=EAGER)
            assert_tidy(Path(directory))
        saved = [path.read_bytes() for path in Path(directory).rglob("*.mp3")]

    # Which of them: a comparison that failed would spell them all.
    assert {version.content for version in VERSIONS}.issuperset(saved)
