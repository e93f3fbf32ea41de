"""Transcripts in JSON: written, and read back."""

import json
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from spoken import RECORD, WORDS, transcript_of

from tele2ats_async import AtsSession, PayloadError, Transcript, TranscriptWord
from tele2ats_async.simulator import AtsSimulator
from tele2ats_async.transcripts.document import read_document


def test_json_holds_the_times_of_words() -> None:
    """Utterances with their words, in the contract's names, and the call where it is known."""
    written = json.loads(transcript_of("A 2 добрый день", record=RECORD).to_json())

    assert ["name", "utterances", "record"] == list(written)
    assert ("2026-11-01/mo_1", "Анастасия Исаева") == (written["name"], written["record"]["callerName"])
    assert [
        {
            "channel": "A",
            "speaker": "Анастасия Исаева",
            "startTime": 2.0,
            "endTime": 2.9,
            "text": "добрый день",
            "words": [
                {"channel": "A", "startTime": 2.0, "endTime": 2.4, "word": "добрый"},
                {"channel": "A", "startTime": 2.5, "endTime": 2.9, "word": "день"},
            ],
        }
    ] == written["utterances"]
    assert {"name": "a", "utterances": []} == json.loads(Transcript("a", []).to_json())


@given(words=WORDS)
def test_json_says_the_same_when_it_is_read_back(words: list[TranscriptWord]) -> None:
    """Whatever came is JSON that every parser reads, and makes the same utterances."""
    transcript = Transcript("2026-11-01/mo_1", words, RECORD)
    written = transcript.to_json()
    json.loads(written, parse_constant=pytest.fail)
    again = Transcript(*read_document(written.encode(), Path("other.json")))

    assert (transcript.name, transcript.record) == (again.name, again.record)
    assert _by_speaker(transcript) == _by_speaker(again)


def _by_speaker(transcript: Transcript) -> dict[str, list[TranscriptWord]]:
    told: dict[str, list[TranscriptWord]] = {}
    for utterance in transcript.utterances():
        told.setdefault(utterance.channel, []).extend(utterance.words)
    return told


@pytest.mark.asyncio
async def test_a_saved_transcript_is_read_back(
    ats: AtsSession, simulator: AtsSimulator, names: list[str], tmp_path: Path
) -> None:
    """The file has the service's words, and its path the recording's name."""
    path = await ats.recordings.save_transcript(names[0], tmp_path)

    assert Transcript(names[0], simulator.transcript(names[0])) == Transcript.load(path)
    assert Transcript(names[0], simulator.transcript(names[0])) == Transcript.load(str(path))


def test_a_written_transcript_is_read_back_from_anywhere(tmp_path: Path) -> None:
    """Our own document bears its name and its call, which a call that is given replaces."""
    path = tmp_path / "talk.json"
    path.write_text(transcript_of("A 2 добрый день", record=RECORD).to_json(), encoding="utf-8")
    other = attrs.evolve(RECORD, caller_name="Юля", record_file_name="2026-11-01/mo_2")

    assert transcript_of("A 2 добрый день", record=RECORD) == Transcript.load(path)
    assert ("2026-11-01/mo_2", other) == (
        Transcript.load(path, record=other).name,
        Transcript.load(path, record=other).record,
    )


def test_what_is_no_transcript_is_told(tmp_path: Path) -> None:
    """A file of something else is a PayloadError that says where, and one that is missing an OSError."""
    path = tmp_path / "talk.json"
    for content in (b"", b"[{}]", b"{}", b"7", b'{"name": "a", "utterances": [{"words": 1}]}'):
        path.write_bytes(content)
        with pytest.raises(PayloadError):
            Transcript.load(path)
    with pytest.raises(FileNotFoundError):
        Transcript.load(tmp_path / "missing.json")
