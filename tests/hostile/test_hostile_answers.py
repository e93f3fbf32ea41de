"""Whatever bytes come as an answer: every call ends, and ends in an `AtsError` or a value."""

import gzip
import zlib

import pytest
from hostile_arena import (
    EAGER,
    SECRETS,
    Arena,
    arena_of_module,  # noqa: F401  # the fixture `arena`
    each_in_turn,
    examples,
)
from hypothesis import given
from hypothesis import strategies as st
from raw_service import ACCESS, Say, Then, answer, moved
from secrecy import assert_clean

from tele2ats_async import AtsSession, Conflict, PayloadError, RedirectRefused, ResponseError

MP3 = b"ID3" + bytes(range(256)) * 300
SHORT_MP3 = MP3[:1500]
PACKED = [gzip.compress(SHORT_MP3), gzip.compress(SHORT_MP3) * 2, zlib.compress(SHORT_MP3)]
ROWS = b'[{"date": "2022-07-15T07:27:06.348Z", "callType": "FAX", "callStatus": "ANSWERED_COMMON"}]'
VALID = [
    answer(ROWS).what,
    answer(b"SUCCESS").what,
    answer(b"").what,
    answer(b'{"accessToken": "a", "refreshToken": "r"}').what,
    answer(b'{"details": "The token is expired"}', "403 Forbidden").what,
    answer(MP3, kind="audio/mpeg", headers={"ETag": '"1"'}).what,
    b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nID3ab\r\n0\r\nX: y\r\n\r\n",
]
STATUSES = [
    *("HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 206 Partial", "HTTP/1.1 204 None"),
    *("HTTP/1.1 304 Same", "HTTP/1.1 100 Continue", "HTTP/1.1 101 Switching", "HTTP/1.1 103 Hints"),
    *(f"HTTP/1.1 {status} X" for status in (0, 50, 199, 299, 300, 301, 302, 303, 307, 308, 399)),
    *(f"HTTP/1.1 {status} {ACCESS}" for status in (400, 401, 403, 404, 406, 407, 416, 429, 500, 503, 999)),
    *("HTTP/1.1 1000 X", "HTTP/1.1 -200 X", f"HTTP/1.1 {'2' * 5000} X", "HTTP/9.9 200 X", "HTTP/1.1  200 X"),
    *("HTTP/2 200", "ICY 200 OK", "", "\xff\xfe", f"HTTP/1.1 200 {'x' * 9000}", "HTTP/1.1 200 \x00\x01"),
]
NUMBERS = ["0", "2", "5", "-1", "+5", "5, 5", "5,6", "0x5", "5.0", " ", "", "1" + "0" * 30, "9" * 5000, "٣"]
CHUNKINGS = ["chunked", "Chunked", "chunked, chunked", "gzip, chunked", "chunked, gzip", "identity", "x", ""]
CODINGS = ["gzip", "deflate", "br", "zstd", "identity", "gzip, br", "compress", "x" * 2000, "\xff", ""]
TYPES = [
    "audio/mpeg",
    "AUDIO/x",
    "application/json; charset=utf-16",
    "text/html; charset=nonsense",
    "/",
    ACCESS,
]
TAGS = ['"1"', 'W/"1"', "1", '"' + "x" * 7000 + '"', '"\xff"', f'"{ACCESS}"', '"', ""]
DATES = [
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 01 Jan 0000 00:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Mon, 01 Jan 2022 00:00:00 +99999999999999999999",
]
RANGES = ["bytes 0-1/2", "bytes 0-0/*", "bytes 5-1/2", f"bytes 1-{'9' * 400}/*", "bytes */5", "items 0-1/2"]
PLACES = [
    *("https://evil.example/", f"https://{ACCESS}/", f"/{ACCESS}", "/a b", "/\xff\xfe", "https:///", "http:"),
    *("//", "?", "#", "https://[", "https://[::1]:99999/", "/../../..", "/" + "x" * 7000, "\\\\evil\\", ":"),
    *(
        "http://127.0.0.1:99999999999/",
        "https://" + "a" * 300 + "/",
        "https://xn--\xff/",
        "data:,x",
        "http:x",
    ),
]
PAIRS: list[tuple[str, list[str]]] = [
    ("Content-Length", NUMBERS),
    ("Transfer-Encoding", CHUNKINGS),
    ("Content-Encoding", CODINGS),
    ("Content-Type", TYPES),
    ("ETag", TAGS),
    ("Last-Modified", DATES),
    ("Date", DATES),
    ("Content-Range", RANGES),
    ("Retry-After", [*NUMBERS, *DATES]),
    ("Location", PLACES),
    ("Set-Cookie", [f"a={ACCESS}; Max-Age={'9' * 400}", "\xff=;;", "=", "a=b; Expires=x"]),
    ("Connection", ["close", "keep-alive", "upgrade", "\xff"]),
    ("Upgrade", ["websocket", "h2c", ACCESS]),
    ("Trailer", ["X"]),
    ("", ["", "x", "\x00"]),
    ("X y", ["z"]),
    ("X\xff", ["\xff", "\x01", "x\ry"]),
]
BODIES = [
    *(b"", b"[]", b"SUCCESS", ROWS, MP3, b"ID3", b"\xff\xfb\x90\x00", b"<html>", b"\x00" * 20, b"\xff" * 20),
    *(gzip.compress(ROWS), gzip.compress(MP3)[:-9], zlib.compress(ROWS), gzip.compress(b" " * 10**6) * 2),
    *(
        b"2\r\n[]\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\n[]",
        b"-1\r\n",
        b"zz\r\n\r\n",
        b"2\r\n[]",
        b"0\r\n" * 9,
    ),
    *(b"2;" + b"x" * 9000 + b"\r\n[]\r\n0\r\n\r\n", b"2\r\n[]\r\n0\r\n" + b"X: y\r\n" * 3000 + b"\r\n"),
    *(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b'{"details": "' + ACCESS.encode() + b'"}'),
    *(
        b'{"details":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'{"message": {"a": "\\u0061ccess-that-nobody-may-see"}}',
    ),
    b"A" * 5000,
]
ENDS = st.sampled_from([Then.CLOSE, Then.CLOSE, Then.CLOSE, Then.RESET])


@st.composite
def composed(draw: st.DrawFn) -> bytes:
    """Make an answer of parts that are odd each by itself."""
    lines = [draw(st.sampled_from(STATUSES))]
    for name, values in draw(st.lists(st.sampled_from(PAIRS), max_size=6)):
        lines.append(f"{name}: {draw(st.sampled_from(values))}")
    head = "\r\n".join(lines).encode("latin-1", "replace")
    return head + b"\r\n\r\n" + draw(st.one_of(st.sampled_from(BODIES), st.binary(max_size=50)))


def _chunked(body: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:999], body[999:], b"") if piece)


@st.composite
def sounding(draw: st.DrawFn) -> bytes:
    """Make a recording that is nearly right: how long it is can be told, and something beside it is odd."""
    whole = draw(st.sampled_from([SHORT_MP3, SHORT_MP3, *PACKED]))
    body = whole[: draw(st.sampled_from([None, None, -1, -9, len(whole) // 2, 3, 0]))]
    coding = draw(st.sampled_from(["identity", "gzip", "gzip", "deflate", "br"]))
    lines = ["HTTP/1.1 200 OK", "Content-Type: audio/mpeg"]
    lines += draw(st.sampled_from([[], [f"Content-Encoding: {coding}"]]))
    lines += draw(st.sampled_from([[], ['ETag: "1"']]))
    for name, values in draw(st.lists(st.sampled_from(PAIRS), max_size=2)):
        lines.append(f"{name}: {draw(st.sampled_from(values))}")
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body) + draw(st.sampled_from([0, 0, 0, 1, -1, 50_000]))}")
    else:
        lines.append("Transfer-Encoding: chunked")
        body = _chunked(body) + draw(st.sampled_from([b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\n", b"0", b""]))
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Make a right answer wrong in a few places."""
    said = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, min(len(said), 400)))
        end = draw(st.integers(begin, min(len(said), begin + 12)))
        odd = st.sampled_from(
            [b"", b"\r\n", b"\n", b"\x00", b"\xff", b":", b"9" * 30, b"-", said[:200], b" "]
        )
        said = said[:begin] + draw(st.one_of(odd, st.binary(max_size=8))) + said[end:]
    return said


@examples(60)
@given(st.binary(max_size=300), ENDS)
def test_any_bytes(arena: Arena, said: bytes, then: Then) -> None:
    """What is no HTTP at all, or hardly."""
    arena.face(Say(said, then))


@examples(60)
@given(mutated(), ENDS)
def test_right_answers_that_were_damaged(arena: Arena, said: bytes, then: Then) -> None:
    """Nearly right is where a parser is led astray."""
    arena.face(Say(said, then))


@examples(60)
@given(composed(), ENDS)
def test_answers_of_odd_parts(arena: Arena, said: bytes, then: Then) -> None:
    """Statuses, lengths, encodings, types, ranges, dates and places that contradict each other and themselves."""
    arena.face(Say(said, then))


@examples(8)
@given(st.one_of(composed(), mutated(), st.binary(max_size=50)), st.sampled_from([Then.KEEP, Then.SILENCE]))
def test_answers_after_which_nothing_comes(arena: Arena, said: bytes, then: Then) -> None:
    """A connection that stays open has the caller wait; the limits end that."""
    arena.face(Say(said, then))


@examples(100)
@given(sounding(), ENDS)
def test_recordings_that_sound_right(arena: Arena, said: bytes, then: Then) -> None:
    """Packed, cut, in chunks, and with headers that have another opinion: what is saved is what was announced."""
    arena.face(Say(said, then))


@pytest.mark.parametrize("cut_bytes", [1, 9, 200])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_cut_packed_recording(arena: Arena, cut_bytes: int, framing: str) -> None:
    """The framing is whole, what is in it is not."""
    body = gzip.compress(MP3)[:-cut_bytes]
    if framing == "length":
        said = answer(body, kind="audio/mpeg", headers={"Content-Encoding": "gzip"})
    else:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        said = Say(head + _chunked(body) + b"0\r\n\r\n")
    arena.face(said)


@examples(60)
@given(
    st.lists(
        st.builds(Say, st.one_of(composed(), mutated(), sounding(), st.sampled_from(VALID)), ENDS),
        min_size=2,
        max_size=3,
    )
)
def test_answers_in_turn(arena: Arena, answers: list[Say]) -> None:
    """What is tried again may be answered otherwise: a beginning by one answer, the rest by another."""
    arena.face(each_in_turn(*answers), retry=EAGER)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 2_000_000,
        b"HTTP/1.1 " + b"2" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 200_000,
        b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 20_000,
    ],
    ids=["100s", "headers", "header", "status", "chunks", "extension", "chunk size", "trailers", "error"],
)
@pytest.mark.parametrize("then", [Then.CLOSE, Then.SILENCE])
def test_much_of_one_kind(arena: Arena, said: bytes, then: Then) -> None:
    """Interim answers, headers, chunks and trailers without number."""
    arena.face(Say(said, then))


@pytest.mark.parametrize("status", ["000", "050", "101"])
def test_statuses_below_200_are_no_success(arena: Arena, status: str) -> None:
    """A manager is not removed, nor a call placed, because something answered 101."""
    errors = arena.face(Say(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode(), Then.CLOSE))

    assert all(len(met) == 1 for met in errors.values())
    assert isinstance(errors["empty"][0], ResponseError)


def test_details_deeper_than_python_can_spell(arena: Arena) -> None:
    """JSON of a thousand lists in each other is read by orjson, and breaks `str()`."""
    body = b'{"details":' + b"[" * 1000 + b"]" * 1000 + b"}"
    errors = arena.face(answer(body, "500 X"))

    assert {""} == {
        error.details for met in errors.values() for error in met if isinstance(error, ResponseError)
    }


def test_a_result_word_is_short(arena: Arena) -> None:
    """Megabytes of capitals are no word, and not the text of an error."""
    (error,) = arena.face(answer(b"A" * 100_000))["word"]

    assert isinstance(error, PayloadError)
    assert not isinstance(error, Conflict)


@pytest.mark.parametrize("place", ["/\xff\xfe", "/a b", "/a\tb", "https:///x", "http://:80/"])
def test_unreadable_places(arena: Arena, place: str) -> None:
    """They are never sent as the next request's first line."""
    said = f"HTTP/1.1 307 X\r\nContent-Length: 0\r\nLocation: {place}\r\n\r\n".encode("latin-1")
    (error,) = arena.face(Say(said))["list"]

    assert isinstance(error, RedirectRefused)
    assert "the service redirects to an unreadable address" == error.reason


@pytest.mark.parametrize(
    "place", ["/crm/openapi/call-records/info", "/x", "", "?a=b"], ids=["same", "other", "empty", "query"]
)
@pytest.mark.parametrize("status", ["307 X", "308 X"])
def test_circles(arena: Arena, place: str, status: str) -> None:
    """Redirects within the host that never end."""
    errors = arena.face(moved(place, status))

    assert all(isinstance(error, RedirectRefused) for met in errors.values() for error in met)


@pytest.mark.parametrize("length", ["18446744073709551615", "1" + "0" * 30, "9" * 4000])
def test_a_length_beyond_all_files(arena: Arena, length: str) -> None:
    """With a validator the beginning is worth keeping, but no JSON holds such a number."""
    head = f'HTTP/1.1 200 X\r\nContent-Type: audio/mpeg\r\nETag: "1"\r\nContent-Length: {length}\r\n\r\n'
    errors = arena.face(Say(head.encode() + MP3, Then.CLOSE))

    assert all(len(errors[kind]) == 1 for kind in ("open", "save", "save many"))


# Tokens.


def _echo_everywhere(token: bytes, status: bytes, place: bytes) -> bytes:
    spelled = b"".join(b"\\u%04x" % byte for byte in token)
    body = b'{"details": "%b %b", "message": ["%b"]}' % (token, spelled, token)
    names = (b"X", token, b"ETag", b"Content-Type", b"Server", b"WWW-Authenticate", b"Retry-After", b"Date")
    headers = b"".join(b"%b: %b\r\n" % (name, token) for name in names)
    headers += b"Location: %b\r\nContent-Length: %d\r\n" % (place, len(body))
    return b"HTTP/1.1 %b %b\r\n%b\r\n%b" % (status, token, headers, body)


@pytest.mark.parametrize("place", [b"https://%b/", b"https://%b.example/%b", b"%b://%b/", b"https://a:%b@x/"])
@pytest.mark.parametrize(
    "status",
    [b"200", b"206", b"101", b"301", b"307", b"308", b"400", b"401", b"403", b"404", b"416", b"429", b"500"],
)
def test_echoes(arena: Arena, status: bytes, place: bytes) -> None:
    """The token that came is in no error, in whatever part of the answer it goes back, and however spelled."""

    def echo(request: bytes) -> Say:
        token = request.split(b"Authorization: ")[1].split(b"\r\n")[0]
        return Say(_echo_everywhere(token, status, place.replace(b"%b", token)), Then.CLOSE)

    arena.face(echo)  # which looks for the tokens


def test_an_echo_of_an_earlier_token(arena: Arena) -> None:
    """A service that refuses to refresh may tell the token of the request before."""
    details = b'{"details": "neither %b nor %b"}' % tuple(secret.encode() for secret in SECRETS)
    said = {b"GET": answer(details, "403 X"), b"PUT": answer(details, "400 X")}
    arena.script = lambda request: said[request[:3]]

    async def refused(ats: AtsSession) -> ResponseError:
        with pytest.raises(ResponseError) as caught:
            await ats.employees.fetch_all()
        return caught.value

    error = arena.run(refused)

    assert_clean(error, SECRETS, "aiohttp")
    assert "neither [token] nor [token]" == error.details


def test_an_echo_of_a_token_that_was_not_sent_yet(arena: Arena) -> None:
    """The first request is a refresh, and its answer tells the access token, which no request has borne."""
    said = b'{"details": "not %b"}' % ACCESS.encode()
    arena.script = lambda _: answer(said, "400 X")

    async def refused(ats: AtsSession) -> ResponseError:
        with pytest.raises(ResponseError) as caught:
            await ats.tokens.refresh()
        return caught.value

    error = arena.run(refused)

    assert_clean(error, SECRETS, "aiohttp")
    assert "not [token]" == error.details


def test_a_media_type_is_told_without_the_token(arena: Arena) -> None:
    """Who passes a recording on passes on its media type as well."""
    arena.script = lambda _: answer(MP3, kind=f"audio/{ACCESS}")

    async def media_type(ats: AtsSession) -> str:
        async with ats.recordings.open("a") as stream:
            return stream.content_type

    assert "audio/[token]" == arena.run(media_type)
