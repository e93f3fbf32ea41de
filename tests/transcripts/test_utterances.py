"""Words become utterances, by speaker, pause and turn."""

import math
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given
from spoken import RECORD, WORDS, transcript_of

from tele2ats_async import AtsSession, Channel, Transcript, TranscriptWord
from tele2ats_async.simulator import AtsSimulator, Company


def told(transcript: Transcript, pause_s: float = 1.0) -> list[str]:
    return [f"{said.speaker}: {said.text}" for said in transcript.utterances(pause_s)]


def test_an_utterance_ends_at_a_pause_and_at_a_turn() -> None:
    """Silence of more than the pause, or a word of the other party in a shorter one, begin another."""
    transcript = transcript_of("A 0 алло да", "B 1 слушаю", "A 1.5 это я", "A 3.5 и ещё")

    assert ["A: алло да", "B: слушаю", "A: это я", "A: и ещё"] == told(transcript)
    assert ["A: алло да", "B: слушаю", "A: это я и ещё"] == told(transcript, pause_s=2)


def test_a_pause_as_long_as_allowed_ends_nothing() -> None:
    """The bound is the longest pause that belongs to an utterance."""
    words = [TranscriptWord(Channel.A, 0, 1, "раз"), TranscriptWord(Channel.A, 2, 3, "два")]

    assert ["A: раз два"] == told(Transcript("a", words), pause_s=1)
    assert ["A: раз", "A: два"] == told(Transcript("a", words), pause_s=0.99)


def test_a_turn_that_overlaps_a_little_is_one_all_the_same() -> None:
    """People answer before the other has quite ended; the answer still comes after the question."""
    transcript = transcript_of("A 0 готово", "B 0.35 да", "A 0.7 спасибо")

    assert ["A: готово", "B: да", "A: спасибо"] == told(transcript)


def test_who_speak_at_once_keep_their_sentences() -> None:
    """Two voices on top of each other stay two sentences, and do not become a salad of words."""
    transcript = transcript_of("A 0 раз два три четыре", "B 0.1 один и ещё один")

    assert ["A: раз два три четыре", "B: один и ещё один"] == told(transcript)


def test_words_come_in_any_order() -> None:
    """The service promises none: channel by channel, backwards, it is the same talk."""
    transcript = transcript_of("A 0 алло да", "B 1 слушаю вас", "A 2 это я")

    for words in (transcript.words[::-1], sorted(transcript.words, key=lambda word: word.channel)):
        assert transcript.utterances() == attrs.evolve(transcript, words=words).utterances()


def test_the_facts_of_an_utterance() -> None:
    """Channel, times from the first word to the last, and the words with times of their own."""
    transcript = transcript_of("B 2 добрый день")
    [utterance] = transcript.utterances()

    assert ("B", 2.0, 2.9, "добрый день") == (
        utterance.channel,
        utterance.start_time,
        utterance.end_time,
        utterance.text,
    )
    assert transcript.words == utterance.words


def test_no_words_are_no_utterances() -> None:
    """Silence is recorded too."""
    assert [] == Transcript("a", []).utterances()
    assert [] == Transcript("a", [TranscriptWord(Channel.A, 0, 1, " \n\0")]).utterances()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["Анастасия Исаева", "79104739472"]),
        ({"caller_name": None}, ["79000258890", "79104739472"]),
        ({"caller_name": " \n", "caller_number": ""}, ["A", "79104739472"]),
        ({"callee_number": None}, ["Анастасия Исаева", "74950000000"]),
        ({"callee_name": "Юля\n<Заплаткина>"}, ["Анастасия Исаева", "Юля <Заплаткина>"]),
    ],
)
def test_parties_bear_the_best_name_that_is_known(changes: dict[str, Any], expected: list[str]) -> None:
    """A the calling, B the called party: the name, else the number, else the channel."""
    transcript = transcript_of("A 0 да", "B 5 да", record=attrs.evolve(RECORD, **changes))

    assert expected == [utterance.speaker for utterance in transcript.utterances()]


def test_channels_that_nobody_knows_are_speakers_too() -> None:
    """A conference may have a third party some day, and its words are not lost."""
    transcript = transcript_of("C 0 да", "A 5 да", record=RECORD)
    nameless = Transcript("a", [TranscriptWord(Channel.of(""), 0, 1, "да")])

    assert ["C: да", "Анастасия Исаева: да"] == told(transcript)
    assert ["?: да"] == told(nameless)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (-5, 1, (0, 1)),
        (-5, -4, (0, 0)),
        (3, 1, (3, 3)),
        (3, math.inf, (3, 3)),
        (math.nan, math.nan, (2, 2)),
        (math.nan, 2.5, (2, 2.5)),
        (1e300, 1e301, (356400, 356400)),
    ],
)
def test_impossible_times_are_put_right(start: float, end: float, expected: tuple[float, float]) -> None:
    """A word without a time that can be follows the word before it, and none ends before it begins."""
    words = [TranscriptWord(Channel.A, 1, 2, "раз"), TranscriptWord(Channel.A, start, end, "два")]
    put = next(
        word for said in Transcript("a", words).utterances() for word in said.words if word.word == "два"
    )

    assert expected == (put.start_time, put.end_time)


def test_a_word_ends_where_the_next_one_begins() -> None:
    """One end that is far off neither swallows the pauses of the whole call nor covers other words."""
    words = [TranscriptWord(Channel.A, 0, 500, "раз"), TranscriptWord(Channel.A, 3, 4, "два")]
    [utterance] = Transcript("a", words).utterances()

    assert [(0, 3), (3, 4)] == [(word.start_time, word.end_time) for word in utterance.words]


@pytest.mark.parametrize("pause_s", [-1, math.nan, math.inf])
def test_a_pause_is_a_length_of_time(pause_s: float) -> None:
    """A wrong one is told, and does not silently join or part everything."""
    with pytest.raises(ValueError, match="pause_s"):
        Transcript("a", []).utterances(pause_s)
    with pytest.raises(TypeError, match="pause_s"):
        Transcript("a", []).utterances("1")  # type: ignore[arg-type]


@given(words=WORDS)
def test_no_word_is_lost_and_no_time_runs_backwards(words: list[TranscriptWord]) -> None:
    """Whatever comes: each word that says something is there once, each speaker's one after the other."""
    utterances = Transcript("a", words).utterances()
    spoken = [word for utterance in utterances for word in utterance.words]

    assert sorted(text for word in words if (text := _one_line(word.word))) == sorted(
        word.word for word in spoken
    )
    for channel in {word.channel for word in spoken}:
        times = [
            time for word in spoken if word.channel == channel for time in (word.start_time, word.end_time)
        ]
        assert sorted(times) == times
        assert all(0 <= time < 100 * 3600 for time in times)
    assert all(first.start_time <= second.start_time for first, second in pairwise(utterances))


def _one_line(text: str) -> str:
    """Say in another way than the code what a word says: no control characters, one blank for many."""
    return " ".join(
        "".join(" " if ord(each) < 32 or 127 <= ord(each) < 160 else each for each in text).split()
    )


@pytest.mark.asyncio
async def test_the_parties_of_a_listed_call_are_named(
    ats: AtsSession, simulator: AtsSimulator, company: Company
) -> None:
    """Given the record, the transcript has its name and its parties, and the service's words."""
    record = company.records[0]
    transcript = await ats.recordings.fetch_transcript(record)

    assert (
        Transcript(record.record_file_name or "", simulator.transcript(record.record_file_name or ""), record)
        == transcript
    )
    names = {"A": record.caller_name or record.caller_number, "B": record.callee_name or record.callee_number}
    assert {names[said.channel] for said in transcript.utterances()} == {
        said.speaker for said in transcript.utterances()
    }


@pytest.mark.asyncio
async def test_a_call_without_a_recording_is_refused_unasked(
    ats: AtsSession, simulator: AtsSimulator
) -> None:
    """It has no transcript, nor has what is neither a name nor a call; the service need not hear of it."""
    with pytest.raises(ValueError, match="no recording"):
        await ats.recordings.fetch_transcript(attrs.evolve(RECORD, record_file_name=None))
    with pytest.raises(TypeError, match="CallRecord"):
        await ats.recordings.fetch_transcript(17)  # type: ignore[arg-type]

    assert [] == list(simulator.requests)
