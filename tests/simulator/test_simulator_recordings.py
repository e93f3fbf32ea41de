import itertools
from datetime import date

import attrs
import pytest

from tele2ats_async.models import Channel, TranscriptWord
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.simulator.voice import Sound, synthesize

from .conftest import Ask, Clock

FRAME_BYTES = 144
FRAME_S = 576 / 16_000
# Sync, MPEG-2, Layer III, no CRC; 32 kbit/s, 16 kHz, no padding; mono.
FRAME_HEADER = b"\xff\xf3\x48\xc0"
FRAME_HEADER_MASK = b"\xff\xff\xfe\xc0"

FILE = "/call-records/file?filename="
TRANSCRIPT = "/call-records/file/stt?filename="


def _company() -> Company:
    """Make sixty recordings, the same each time."""
    return Company.generate(seed=1, recordings=60, duration_s=(1, 90), last_day=date(2022, 8, 12))


def _split(recording: bytes) -> tuple[bytes, list[bytes]]:
    """Walk an MP3 file: its ID3v2 tag, and its frames to the last byte."""
    assert b"ID3" == recording[:3]
    assert all(digit < 0x80 for digit in recording[6:10])
    high, middle, low, lowest = recording[6:10]
    size = 10 + (high << 21 | middle << 14 | low << 7 | lowest)
    audio = recording[size:]
    assert 0 == len(audio) % FRAME_BYTES
    frames = [audio[start : start + FRAME_BYTES] for start in range(0, len(audio), FRAME_BYTES)]
    for frame in frames:
        header = bytes(byte & mask for byte, mask in zip(frame, FRAME_HEADER_MASK, strict=False))
        assert FRAME_HEADER == header
    return recording[:size], frames


def _is_voiced(frame: bytes) -> bool:
    """Tell by the length of its Huffman data (12 bits behind 8 + 1 bits of side information)."""
    return int.from_bytes(frame[4:8]) >> 11 & 0xFFF > 0


def _borrowed_bytes(frame: bytes) -> int:
    """Give main_data_begin: how far back in earlier frames its data begin."""
    return frame[4]


def _name(simulator: AtsSimulator) -> str:
    return simulator.company.records[0].record_file_name or ""


def test_duration_is_that_of_the_conversation() -> None:
    """Every frame valid, contiguous to the last byte, the sum of them right within 0.1 s."""
    simulator = AtsSimulator(company=_company())
    for record in simulator.company.records:
        _, frames = _split(simulator.recording(record.record_file_name or ""))

        assert record.conversation_duration == pytest.approx(len(frames) * FRAME_S, abs=0.1)


def test_size_is_the_contracts() -> None:
    """Section 4, note 9: about 0.25 MB a minute."""
    company = Company.generate(recordings=1, duration_s=(60, 60))
    recording = AtsSimulator(company=company).recording(company.records[0].record_file_name or "")

    assert 240_000 == pytest.approx(len(recording), abs=500)


def test_frames_never_borrow_across_a_join() -> None:
    """A decoder would click, or drop a frame, where data begin before the sound they belong to."""
    simulator = AtsSimulator(company=_company())
    for record in simulator.company.records[:20]:
        name = record.record_file_name or ""
        _, frames = _split(simulator.recording(name))
        starts = {round((word.start_time - 1_105 / 16_000) / FRAME_S) for word in simulator.transcript(name)}
        available = 0
        for place, frame in enumerate(frames):
            if place in starts:
                assert 0 == _borrowed_bytes(frame)
                available = 0
            assert _borrowed_bytes(frame) <= available
            available += FRAME_BYTES - 4 - 9


def test_words_fall_where_voices_sound() -> None:
    """Frames in the middle of a word carry sound; a pause between turns carries none."""
    simulator = AtsSimulator(company=_company())
    record = max(simulator.company.records, key=lambda record: record.conversation_duration or 0)
    name = record.record_file_name or ""
    _, frames = _split(simulator.recording(name))
    words = simulator.transcript(name)
    for word in words:
        middle_s = (word.start_time + word.end_time) / 2
        assert _is_voiced(frames[int(middle_s / FRAME_S)])
    for word, following in itertools.pairwise(words):
        if following.start_time - word.end_time > 0.3:
            middle_s = (word.end_time + following.start_time) / 2
            assert not _is_voiced(frames[int(middle_s / FRAME_S)])


def test_voices_differ() -> None:
    """The same word is not the same sound from the other party."""
    caller, called = (synthesize(Sound(channel, 3, 1)) for channel in (Channel.A, Channel.B))

    assert caller != called
    assert 5_000 < max(caller) < 16_000
    assert (0, 0) == (caller[0], abs(caller[-1]) // 500)


def test_transcripts_fit_inside() -> None:
    """Section 5: words in order, within the conversation, none of no length, both parties heard."""
    simulator = AtsSimulator(company=_company())
    for record in simulator.company.records:
        words = simulator.transcript(record.record_file_name or "")
        times = [moment for word in words for moment in (word.start_time, word.end_time)]

        assert words
        assert sorted(times) == times
        assert all(word.start_time < word.end_time and word.word.islower() for word in words)
        assert times[0] >= 0
        assert times[-1] <= (record.conversation_duration or 0)
    longest = max(simulator.company.records, key=lambda record: record.conversation_duration or 0)
    long_words = simulator.transcript(longest.record_file_name or "")
    assert {Channel.A, Channel.B} == {word.channel for word in long_words}
    assert long_words[-1].end_time > (longest.conversation_duration or 0) - 15


def test_recordings_are_deterministic_and_unique() -> None:
    """A downloaded file can be compared byte for byte, and is never taken for another one."""
    first, second = (AtsSimulator(company=_company()) for _ in range(2))
    names = [record.record_file_name or "" for record in first.company.records]
    recordings = [first.recording(name) for name in names]

    assert len(names) == len(set(recordings))
    assert recordings == [second.recording(name) for name in names]
    assert [first.transcript(name) for name in names] == [second.transcript(name) for name in names]
    assert names[0].encode() in _split(recordings[0])[0]


def test_odd_recordings() -> None:
    """A name that is not ASCII and a conversation of no length still make a file."""
    company = Company.generate(recordings=1)
    odd = attrs.evolve(company.records[0], record_file_name="2022-08-12/запись", conversation_duration=None)
    company.add_record(odd)
    tag, frames = _split(AtsSimulator(company=company).recording("2022-08-12/запись"))

    assert "2022-08-12/запись".encode("utf-16") in tag
    assert [] == frames
    with pytest.raises(KeyError):
        AtsSimulator(company=company).recording("2022-08-12/mo_0")


@pytest.mark.asyncio
async def test_recording_is_served(simulator: AtsSimulator, ask: Ask) -> None:
    """Operation 9: the bytes, their length announced, as audio."""
    record = max(simulator.company.records, key=lambda record: record.conversation_duration or 0)
    name = record.record_file_name or ""
    reply = await ask(simulator, FILE + name.replace("/", "%2F"), accept="*/*")

    assert (200, "audio/mpeg") == (reply.status, reply.headers["Content-Type"])
    assert str(len(reply.body)) == reply.headers["Content-Length"]
    assert simulator.recording(name) == reply.body
    assert (9, 200) == (simulator.requests[-1].operation, simulator.requests[-1].status)


@pytest.mark.asyncio
async def test_transcript_is_served(ask: Ask) -> None:
    """Operation 10: a list of objects with the four members of section 5."""
    async with AtsSimulator(company=_company()) as simulator:
        reply = await ask(simulator, TRANSCRIPT + _name(simulator).replace("/", "%252F"))

    assert (200, "application/json;charset=UTF-8") == (reply.status, reply.headers["Content-Type"])
    words = [
        TranscriptWord(Channel(row["channel"]), row["startTime"], row["endTime"], row["word"])
        for row in reply.json
    ]
    assert simulator.transcript(_name(simulator)) == words
    assert all({"channel", "startTime", "endTime", "word"} == set(row) for row in reply.json)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("accepted", "slash", "statuses"),
    [
        ({"once", "twice"}, "%2F", (200, 200)),
        ({"once", "twice"}, "%252F", (200, 200)),
        ({"once"}, "%2F", (200, 200)),
        ({"once"}, "%252F", (404, 404)),
        ({"twice"}, "%2f", (404, 404)),
        ({"twice"}, "%252f", (200, 200)),
        ({9: {"once"}, 10: {"twice"}}, "%2F", (200, 404)),
        ({9: {"once"}, 10: {"twice"}}, "%252F", (404, 200)),
        ({10: {"twice"}}, "%2F", (200, 404)),
        ({"once", "twice"}, "%25252F", (404, 404)),
        ({"once", "twice"}, "/", (400, 400)),
        ({"once", "twice"}, "%FF", (404, 404)),
        ({"once", "twice"}, "%25FF", (404, 404)),
    ],
)
async def test_encodings_of_file_names(
    ask: Ask, accepted: set[str] | dict[int, set[str]], slash: str, statuses: tuple[int, int]
) -> None:
    """Section 4, note 9: each operation accepts its own encodings; an open slash is a bad request."""
    async with AtsSimulator(company=_company(), filename_encodings=accepted) as simulator:
        filename = _name(simulator).replace("/", slash)
        file = await ask(simulator, FILE + filename, accept="*/*")
        transcript = await ask(simulator, TRANSCRIPT + filename)

    assert statuses == (file.status, transcript.status)


@pytest.mark.asyncio
@pytest.mark.parametrize("target", ["/call-records/file", "/call-records/file/stt"])
async def test_unknown_recordings(simulator: AtsSimulator, ask: Ask, target: str) -> None:
    """Operations 9 and 10: an unknown name is 404, none at all is 400, both with details."""
    accept = "*/*, application/json"
    unknown = await ask(simulator, f"{target}?filename=2022-08-12%2Fmo_1", accept=accept)
    missing = await ask(simulator, target, accept=accept)
    empty = await ask(simulator, f"{target}?filename=", accept=accept)

    assert (404, "The file is not found") == (unknown.status, unknown.json["details"])
    assert "application/json;charset=UTF-8" == unknown.headers["Content-Type"]
    assert (400, "Required parameter 'filename' is not present") == (missing.status, missing.json["details"])
    assert 400 == empty.status


@pytest.mark.asyncio
async def test_recordings_become_ready(ask: Ask) -> None:
    """Section 3: minutes after the call a recording does not exist yet, nor does its transcript."""
    clock = Clock()
    async with AtsSimulator(clock=clock, ready_after_s=120) as simulator:
        record = next(record for record in simulator.company.records if record.record_file_name)
        filename = (record.record_file_name or "").replace("/", "%2F")
        ended_at = record.date.timestamp() + (record.call_duration or 0)
        clock.now = ended_at + 119
        simulator.regenerate_tokens()
        early = await ask(simulator, FILE + filename, accept="*/*")
        early_words = await ask(simulator, TRANSCRIPT + filename)
        clock.now = ended_at + 121
        ready = await ask(simulator, FILE + filename, accept="*/*")

    assert (404, "The file is not ready yet") == (early.status, early.json["details"])
    assert (404, 200) == (early_words.status, ready.status)
