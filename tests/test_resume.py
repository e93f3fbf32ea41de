"""Recordings that break off, and go on: exact bytes on the wire, and on the disk."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from raw_service import NAME, ONCE, RawService, Say, Then, header, open_session

from tele2ats_async import (
    AtsError,
    NotAudio,
    NotReady,
    RateLimited,
    RetryPolicy,
    SaveOutcome,
    ServerError,
    Truncated,
)
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

# Beyond what is kept in memory before it goes to the disk.
BODY = b"ID3" + hashlib.shake_256(b"recording").digest(1_200_000 - 3)
OTHER = b"ID3" + hashlib.shake_256(b"other").digest(1_000_000 - 3)
TAG = '"version-1"'
HALF = 700_000
QUICKLY = RetryPolicy(attempts=3, wait_initial_s=0.001, wait_max_s=0.01)


@attrs.frozen
class Answer:
    """An answer that may break off.

    Attributes:
        body: What it would bring.
        sent_bytes: How much of that comes before the connection ends.
        has_length: Whether it says how long it is.
    """

    body: bytes
    status: str = "200 OK"
    headers: dict[str, str] = attrs.field(factory=dict)
    sent_bytes: int | None = None
    has_length: bool = True

    @property
    def said(self) -> bytes:
        lines = {"Content-Type": "audio/mpeg"} | self.headers
        if self.has_length:
            lines.setdefault("Content-Length", str(len(self.body)))
        else:
            lines["Connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {self.status}\r\n{head}\r\n".encode() + self.body[: self.sent_bytes]

    @property
    def then(self) -> Then:
        return Then.KEEP if self.sent_bytes is None and self.has_length else Then.CLOSE


class BadLine:
    """A service whose answers break off, but never before the client has what was sent.

    Attributes:
        asked: Range and If-Range of each request.
    """

    def __init__(self, *answers: Answer | bytes) -> None:
        self._answers = list(answers)
        self._arrived_bytes = 0
        self.asked: list[tuple[str | None, str | None]] = []

    async def save(self, directory: Path, retry: RetryPolicy = QUICKLY) -> bytes:
        """Save the recording, and give what is on the disk then, where nothing else must be."""
        outcome = await self.try_to_save(directory, retry)
        assert outcome.error is None, outcome.error
        assert outcome.path is not None
        assert [outcome.path.name] == files_below(directory)
        return outcome.path.read_bytes()

    async def try_to_save(self, directory: Path, retry: RetryPolicy = QUICKLY) -> SaveOutcome:
        """Give what became of the recording."""
        async with RawService(self._answer) as service, open_session(service, retry=retry) as ats:
            saving = ats.recordings.save_many([NAME], directory, progress=self._progress)
            [outcome] = [outcome async for outcome in saving]
        return outcome

    def _progress(self, _: str, size_bytes: int) -> None:
        self._arrived_bytes += size_bytes

    def _answer(self, request: bytes) -> Say:
        self.asked.append((header(request, "Range"), header(request, "If-Range")))
        self._arrived_bytes = 0
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, bytes):
            return Say(answer)
        sent_bytes = len(answer.body[: answer.sent_bytes])
        is_whole = answer.then is Then.KEEP
        return Say(answer.said, answer.then, lambda: is_whole or self._arrived_bytes >= sent_bytes)


def whole(body: bytes = BODY, tag: str = TAG) -> Answer:
    return Answer(body, headers={"ETag": tag})


def broken(body: bytes = BODY, tag: str = TAG, sent_bytes: int = HALF) -> Answer:
    return Answer(body, headers={"ETag": tag}, sent_bytes=sent_bytes)


def rest(offset: int = HALF, *, tag: str = TAG, shown_range: str | None = None) -> Answer:
    if shown_range is None:
        shown_range = f"bytes {offset}-{len(BODY) - 1}/{len(BODY)}"
    return Answer(BODY[offset:], "206 Partial Content", {"Content-Range": shown_range, "ETag": tag})


def files_below(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


ASKED = (f"bytes={HALF}-", TAG)


async def test_what_broke_off_goes_on(tmp_path: Path) -> None:
    """The second request asks for the rest of the same version, and the halves make the whole."""
    line = BadLine(broken(), rest())
    assert BODY == await line.save(tmp_path)

    assert [(None, None), ASKED] == line.asked


async def test_it_goes_on_as_often_as_it_breaks(tmp_path: Path) -> None:
    """Each part begins where the last one ended."""
    cut = attrs.evolve(rest(), sent_bytes=100_000)
    line = BadLine(broken(), cut, rest(HALF + 100_000))
    assert BODY == await line.save(tmp_path)

    assert [(None, None), ASKED, (f"bytes={HALF + 100_000}-", TAG)] == line.asked


async def test_another_date_is_another_version(tmp_path: Path) -> None:
    """Also one that is too young to be a validator itself."""
    dates = {"Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT", "Date": "Mon, 01 Jun 2026 10:05:00 GMT"}
    changed = {"Last-Modified": "Mon, 01 Jun 2026 10:05:10 GMT", "Date": "Mon, 01 Jun 2026 10:05:20 GMT"}
    first = Answer(BODY, headers=dates, sent_bytes=HALF)
    other = attrs.evolve(rest(), headers={"Content-Range": rest().headers["Content-Range"]} | changed)
    line = BadLine(first, other, whole())
    assert BODY == await line.save(tmp_path)

    assert 3 == len(line.asked)


async def test_a_date_will_do_where_it_is_old_enough(tmp_path: Path) -> None:
    """Last-Modified is a validator once the recording cannot have changed within the same second."""
    modified = "Mon, 01 Jun 2026 10:00:00 GMT"
    dates = {"Last-Modified": modified, "Date": "Mon, 01 Jun 2026 10:05:00 GMT"}
    first = Answer(BODY, headers=dates, sent_bytes=HALF)
    second = attrs.evolve(rest(), headers={"Content-Range": rest().headers["Content-Range"]} | dates)
    line = BadLine(first, second)
    assert BODY == await line.save(tmp_path)

    assert [(None, None), (f"bytes={HALF}-", modified)] == line.asked


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ETag": 'W/"weak"'},
        {"ETag": "unquoted"},
        {"ETag": '"späßchen"'},
        {"Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT"},
        {"Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT", "Date": "Mon, 01 Jun 2026 10:00:30 GMT"},
        {"Last-Modified": "yesterday", "Date": "Mon, 01 Jun 2026 10:05:00 GMT"},
        {"Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT", "Date": "Mon, 99 Jun 2026 10:05:00 GMT"},
    ],
)
async def test_without_a_validator_it_begins_anew(headers: dict[str, str], tmp_path: Path) -> None:
    """Two halves of two versions would be a recording that never was."""
    line = BadLine(Answer(BODY, headers=headers, sent_bytes=HALF), whole())
    assert BODY == await line.save(tmp_path)

    assert [(None, None)] * 2 == line.asked


async def test_a_changed_recording_comes_whole(tmp_path: Path) -> None:
    """If-Range: the service sends the new version whole, and nothing of the old one is left."""
    line = BadLine(broken(), whole(OTHER, '"version-2"'))
    assert OTHER == await line.save(tmp_path)

    assert [(None, None), ASKED] == line.asked


async def test_a_service_without_ranges_is_no_trouble(tmp_path: Path) -> None:
    """200 to a request for a part: the whole, from the start; the next break asks by its validator."""
    second = broken(OTHER, '"version-2"', sent_bytes=300_000)
    line = BadLine(broken(), second, whole(OTHER, '"version-2"'))
    assert OTHER == await line.save(tmp_path)

    assert [(None, None), ASKED, ("bytes=300000-", '"version-2"')] == line.asked


@pytest.mark.parametrize(
    "misfit",
    [
        rest(shown_range=f"bytes {HALF - 1}-{len(BODY) - 1}/{len(BODY)}"),
        rest(shown_range=f"bytes {HALF}-{len(BODY) - 1}/{len(BODY) + 1}"),
        rest(shown_range=f"bytes {HALF}-{len(BODY)}/{len(BODY) + 1}"),
        rest(shown_range=f"bytes {HALF}-{len(BODY) - 2}/{len(BODY)}"),
        rest(shown_range=f"items {HALF}-{len(BODY) - 1}/{len(BODY)}"),
        rest(shown_range="bytes */*"),
        rest(shown_range="bytes ٧٠٠٠٠٠-1199999/1200000"),
        rest(shown_range=""),
        rest(tag='"version-2"'),
        rest(tag='W/"version-2"'),
        attrs.evolve(rest(), body=BODY[HALF - 5 :]),
        attrs.evolve(rest(), body=BODY[HALF + 5 :]),
        Answer(b"", "416 Range Not Satisfiable", {"Content-Range": "bytes */5"}),
        Answer(b"", "400 Bad Request"),
    ],
)
async def test_a_part_that_does_not_fit_is_asked_for_once(misfit: Answer, tmp_path: Path) -> None:
    """Wrong offset, wrong length, no range, another version: once more from zero, and never again in parts."""
    line = BadLine(broken(), misfit, broken(), whole())
    assert BODY == await line.save(tmp_path)

    assert [(None, None), ASKED, (None, None), (None, None)] == line.asked


async def test_a_chunked_part_that_is_too_long_does_not_fit(tmp_path: Path) -> None:
    """Where the part's own length is not announced, its end is checked."""
    body = BODY[HALF:] + b"more"
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = f"HTTP/1.1 206 X\r\nContent-Type: audio/mpeg\r\nETag: {TAG}\r\nTransfer-Encoding: chunked\r\n"
    head += f"Content-Range: bytes {HALF}-{len(BODY) - 1}/{len(BODY)}\r\n\r\n"
    line = BadLine(broken(), head.encode() + chunked, whole())
    assert BODY == await line.save(tmp_path)

    assert [(None, None), ASKED, (None, None)] == line.asked


async def test_a_long_recording_over_a_bad_line_comes_in_the_end(tmp_path: Path) -> None:
    """Attempts are counted anew where they brought something: six breaks with two attempts."""
    step = 150_000
    offsets = range(step, len(BODY), step)
    parts = [attrs.evolve(rest(offset), sent_bytes=step) for offset in offsets[:-1]]
    two = RetryPolicy(attempts=2, wait_initial_s=0.001, wait_max_s=0.01)
    line = BadLine(broken(sent_bytes=step), *parts, rest(offsets[-1]))
    assert BODY == await line.save(tmp_path, two)

    assert [(None, None), *((f"bytes={offset}-", TAG) for offset in offsets)] == line.asked


async def test_breaks_without_progress_come_to_an_end(tmp_path: Path) -> None:
    """A line that brings nothing is given up."""
    nothing = attrs.evolve(rest(), sent_bytes=0)
    line = BadLine(broken(), nothing)
    outcome = await line.try_to_save(tmp_path)

    # The first round brought half, so there is another one.
    assert 2 * QUICKLY.attempts == len(line.asked)
    assert isinstance(outcome.error, Truncated)


# From one run to the next.


async def _break_off(directory: Path, answer: Answer) -> Path:
    outcome = await BadLine(answer).try_to_save(directory, ONCE)
    assert isinstance(outcome.error, Truncated)
    return directory / f"{NAME}.mp3"


async def test_the_beginning_is_kept_for_the_next_run(tmp_path: Path) -> None:
    """Hidden, and gone once the recording is there."""
    path = await _break_off(tmp_path, broken())
    assert [f".{path.name}.partial"] == files_below(tmp_path)

    line = BadLine(rest())
    assert BODY == await line.save(tmp_path)
    assert [ASKED] == line.asked


async def test_the_beginning_grows_from_run_to_run(tmp_path: Path) -> None:
    """Each run adds what it got; a run that gets nothing takes nothing away."""
    await _break_off(tmp_path, broken())
    await _break_off(tmp_path, attrs.evolve(rest(), sent_bytes=100_000))
    await _break_off(tmp_path, attrs.evolve(rest(HALF + 100_000), sent_bytes=0))

    line = BadLine(rest(HALF + 100_000))
    assert BODY == await line.save(tmp_path)
    assert [(f"bytes={HALF + 100_000}-", TAG)] == line.asked


async def test_the_beginning_of_a_changed_recording_is_dropped(tmp_path: Path) -> None:
    """The service says that it has changed: it comes whole."""
    await _break_off(tmp_path, broken())

    line = BadLine(whole(OTHER, '"version-2"'))
    assert OTHER == await line.save(tmp_path)
    assert [ASKED] == line.asked


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept[:-1],
        lambda kept: kept + b"x",
        lambda kept: kept[:500_000] + b"\0" + kept[500_001:],
        lambda kept: kept.replace(b"version-1", b"version-2", 1),
        lambda kept: kept.partition(b"\n")[2],
        lambda kept: b"{}\n" + kept,
        lambda _: b"",
        lambda _: bytes(100_000),
    ],
)
async def test_a_damaged_beginning_is_not_trusted(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A power failure may leave anything: what does not bear its own digest is removed."""
    path = await _break_off(tmp_path, broken())
    kept = path.with_name(f".{path.name}.partial")
    kept.write_bytes(damage(kept.read_bytes()))

    line = BadLine(whole())
    assert BODY == await line.save(tmp_path)
    assert [(None, None)] == line.asked


@pytest.mark.parametrize("answer", [Answer(BODY, sent_bytes=HALF), broken(sent_bytes=60_000)])
async def test_what_is_not_worth_it_is_not_kept(answer: Answer, tmp_path: Path) -> None:
    """Without a validator it could not be trusted; a few bytes are fetched again."""
    await _break_off(tmp_path, answer)

    assert [] == files_below(tmp_path)


async def test_a_failure_that_is_no_break_keeps_it_too(tmp_path: Path) -> None:
    """The service fails for good in the middle: the beginning is as good as after a break."""
    outcome = await BadLine(broken(), Answer(b"", "500 X")).try_to_save(tmp_path)

    assert isinstance(outcome.error, ServerError)
    assert 1 == len(files_below(tmp_path))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"", "404 X"), NotReady),
        (Answer(b"<html>", headers={"Content-Type": "text/html"}), NotAudio),
    ],
)
async def test_what_is_gone_is_not_kept(answer: Answer, error: type[AtsError], tmp_path: Path) -> None:
    """A recording that does not exist any more, or is something else, has no beginning."""
    outcome = await BadLine(broken(), answer).try_to_save(tmp_path)

    assert error is type(outcome.error)
    assert [] == files_below(tmp_path)


# Ends that nobody announced.


def silent(body: bytes = BODY, tag: str | None = TAG, sent_bytes: int | None = None) -> Answer:
    headers = {} if tag is None else {"ETag": tag}
    return Answer(body, headers=headers, sent_bytes=sent_bytes, has_length=False)


async def test_a_silent_end_is_asked_about(tmp_path: Path) -> None:
    """Neither length nor chunks: a cut looks like the end; beyond the end there is nothing (416)."""
    beyond = Answer(b"", "416 Range Not Satisfiable", {"Content-Range": f"bytes */{len(BODY)}"})
    line = BadLine(silent(), beyond)
    assert BODY == await line.save(tmp_path, ONCE)

    assert [(None, None), (f"bytes={len(BODY)}-", TAG)] == line.asked


async def test_a_silent_cut_is_no_end(tmp_path: Path) -> None:
    """There is more: it is fetched."""
    line = BadLine(silent(sent_bytes=HALF), rest())
    assert BODY == await line.save(tmp_path, ONCE)

    assert [(None, None), ASKED] == line.asked


@pytest.fixture
def sound(company: Company, names: list[str]) -> bytes:
    """Give a real recording."""
    return AtsSimulator(company=company).recording(names[0])


async def test_without_a_validator_two_answers_have_to_agree(sound: bytes, tmp_path: Path) -> None:
    """The second copy tells whether the first one was whole."""
    cut = silent(sound, tag=None, sent_bytes=len(sound) // 2)
    whole_one = silent(sound, tag=None)
    line = BadLine(cut, whole_one, whole_one)
    assert sound == await line.save(tmp_path, ONCE)

    assert [(None, None)] * 3 == line.asked


async def test_what_cuts_at_one_place_is_not_believed(sound: bytes, tmp_path: Path) -> None:
    """A proxy with a limit cuts all copies alike: they agree, and end in the middle of a frame."""
    line = BadLine(silent(sound, tag=None, sent_bytes=len(sound) // 2 + 1))
    outcome = await line.try_to_save(tmp_path, ONCE)

    assert isinstance(outcome.error, Truncated)
    assert [] == files_below(tmp_path)


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(b"", "416 Range Not Satisfiable"),
        Answer(b"", "416 Range Not Satisfiable", {"Content-Range": "bytes */*"}),
        Answer(b"", "416 Range Not Satisfiable", {"Content-Range": f"bytes */{len(BODY)}"}),
        Answer(b"", "400 Bad Request"),
    ],
)
async def test_not_every_refusal_proves_the_end(refusal: Answer, tmp_path: Path) -> None:
    """Only one that says that the recording ends just here; after any other it comes anew."""
    line = BadLine(silent(sent_bytes=HALF), refusal, whole())
    assert BODY == await line.save(tmp_path, ONCE)

    assert [(None, None), ASKED, (None, None)] == line.asked


async def test_a_part_of_an_unknown_whole_is_no_rest(tmp_path: Path) -> None:
    """Chunks that break off have not said how much there is, and neither does this part."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nETag: {TAG}\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = head.encode() + b"%x\r\n%b\r\n" % (HALF, BODY[:HALF]) + b"no size\r\n"
    part = attrs.evolve(rest(shown_range=f"bytes {HALF}-{HALF + 99_999}/*"), body=BODY[HALF : HALF + 100_000])
    line = BadLine(chunked, part, whole())
    assert BODY == await line.save(tmp_path)

    assert (None, None) == line.asked[-1]


async def test_who_asks_for_a_pause_is_not_asked_again_at_once(tmp_path: Path) -> None:
    """What came so far is no reason to come back before the time; it is kept for the next run."""
    pause = Answer(b"", "429 X", {"Retry-After": "20"})
    line = BadLine(broken(), pause)
    policy = RetryPolicy(attempts=5, total_s=10, wait_initial_s=0.001)
    outcome = await line.try_to_save(tmp_path, policy)

    assert isinstance(outcome.error, RateLimited)
    assert [(None, None), ASKED] == line.asked
    assert 1 == len(files_below(tmp_path))


async def test_answers_that_never_agree_are_truncated(tmp_path: Path) -> None:
    """Every copy of another length: there is no telling which is whole."""
    lengths = (100_000, 200_000, 300_000)
    copies = [silent(tag=None, sent_bytes=length) for length in lengths]
    outcome = await BadLine(*copies).try_to_save(tmp_path, ONCE)

    assert isinstance(outcome.error, Truncated)
    assert (None, lengths[-1]) == (outcome.error.expected_bytes, outcome.error.actual_bytes)
    assert [] == files_below(tmp_path)
