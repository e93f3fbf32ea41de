"""Subtitles, read by parsers that are none of ours."""

import html
import re
from datetime import timedelta
from itertools import pairwise

import attrs
import pytest
import srt
import webvtt
from hypothesis import given
from spoken import RECORD, WORDS, transcript_of

from tele2ats_async import Channel, Transcript, TranscriptWord

LONG = " ".join(f"слово{number}" for number in range(100))


def said_by(transcript: Transcript) -> dict[str, list[str]]:
    """Give each speaker's words in order."""
    said: dict[str, list[str]] = {}
    for utterance in transcript.utterances():
        said.setdefault(utterance.speaker, []).extend(word.word for word in utterance.words)
    return {speaker: " ".join(words).split() for speaker, words in said.items()}


def read_srt(text: str, speakers: list[str]) -> list[tuple[str, float, float, list[str]]]:
    """Give speaker, start, end and lines of each cue, as the library `srt` reads them."""
    cues: list[tuple[str, float, float, list[str]]] = []
    for number, cue in enumerate(srt.parse(text), start=1):
        assert number == cue.index
        one_line = cue.content.replace("\n", " ")
        speaker = next(speaker for speaker in speakers if one_line.startswith(f"{speaker}: "))
        cues.append((speaker, cue.start.total_seconds(), cue.end.total_seconds(), cue.content.split("\n")))
    return cues


def read_webvtt(text: str) -> list[tuple[str, float, float, list[str]]]:
    """Give the same of each cue, as the library `webvtt-py` reads them."""
    return [
        (
            html.unescape(cue.voice or ""),
            cue.start_time.in_milliseconds() / 1000,
            cue.end_time.in_milliseconds() / 1000,
            html.unescape(cue.text).split("\n"),
        )
        for cue in webvtt.from_string(text, strict=True).captions
    ]


def words_of(cues: list[tuple[str, float, float, list[str]]], *, label: bool) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for speaker, _, _, lines in cues:
        text = " ".join(lines).removeprefix(f"{speaker}: " if label else "")
        said.setdefault(speaker, []).extend(text.split())
    return said


@given(words=WORDS)
def test_every_word_is_in_the_subtitles_in_order(words: list[TranscriptWord]) -> None:
    """Whatever was said, both formats hold each speaker's words, one after the other, with times that run on."""
    transcript = Transcript("a", words)
    said = said_by(transcript)
    from_srt = read_srt(transcript.to_srt(), list(said))
    from_webvtt = read_webvtt(transcript.to_webvtt())

    # SRT cannot escape what would begin another cue.
    assert {
        speaker: [re.sub("--+>", "->", word) for word in each] for speaker, each in said.items()
    } == words_of(from_srt, label=True)
    assert said == words_of(from_webvtt, label=False)
    for cues in (from_srt, from_webvtt):
        assert sorted(start for _, start, _, _ in cues) == [start for _, start, _, _ in cues]
        assert all(start < end <= start + 7.0005 for _, start, end, _ in cues)
        for speaker in said:
            spans = [(start, end) for each, start, end, _ in cues if each == speaker]
            # A cue lasts a millisecond at least, be its words as short as they may.
            assert all(end <= later + 0.0015 for (_, end), (later, _) in pairwise(spans))


@pytest.mark.parametrize("name", ["Anna --", "--", "-->", "a---> b", "00:00:00,000 --> 09:00:00,000"])
def test_no_text_is_taken_for_the_times_of_a_cue(name: str) -> None:
    """Neither of a party nor of a word, nor where the one meets what a format puts behind it."""
    words = [TranscriptWord(channel, 0, 1, name) for channel in (Channel.A, Channel.B)]
    transcript = Transcript("a", words, attrs.evolve(RECORD, caller_name=name))

    assert 2 == transcript.to_srt().count("-->") == transcript.to_webvtt().count("-->")
    assert name == read_webvtt(transcript.to_webvtt())[0][0].rstrip()  # as the format wants it


def test_no_name_turns_a_line_around() -> None:
    """What is written from right to left from there on would put its words into the other party's mouth."""
    transcript = transcript_of("A 0 да", record=attrs.evolve(RECORD, caller_name="Anna\u202e \u2066Ivanova"))

    assert "00:00:00 Anna Ivanova: да\n" == transcript.to_text()


@given(words=WORDS)
def test_cues_can_be_read(words: list[TranscriptWord]) -> None:
    """Two lines of 42 characters; only a word or a name that is longer than that is longer."""
    transcript = Transcript("a", words)

    for _, _, _, lines in read_webvtt(transcript.to_webvtt()):
        longest = max(len(line) for line in lines)
        assert len(lines) <= 2
        assert longest <= 42 or longest in {len(word.word) for word in words_told(transcript)}


def words_told(transcript: Transcript) -> list[TranscriptWord]:
    return [word for utterance in transcript.utterances() for word in utterance.words]


def test_srt_as_it_is_written() -> None:
    """Numbers, a comma before the milliseconds, the speaker in the text, an empty line."""
    transcript = transcript_of("A 0 добрый день", "B 3600.25 да", record=RECORD)

    assert (
        "1\n00:00:00,000 --> 00:00:00,900\nАнастасия Исаева: добрый день\n\n"
        "2\n01:00:00,250 --> 01:00:00,650\n79104739472: да\n\n"
    ) == transcript.to_srt()


def test_webvtt_as_it_is_written() -> None:
    """The header, a point before the milliseconds, the speaker as a voice, what has a meaning escaped."""
    transcript = transcript_of("A 0 <b>добрый</b> --> R&D", "B 3600.25 да", record=RECORD)

    assert (
        "WEBVTT\n"
        "\n00:00:00.000 --> 00:00:01.400\n"
        "<v Анастасия Исаева>&lt;b&gt;добрый&lt;/b&gt; --&gt; R&amp;D</v>\n"
        "\n01:00:00.250 --> 01:00:00.650\n<v 79104739472>да</v>\n"
    ) == transcript.to_webvtt()


def test_text_as_it_is_written() -> None:
    """A line for each utterance, with the second in which it begins."""
    transcript = transcript_of("A 59.999 добрый день", "B 3600.25 да", record=RECORD)

    assert "00:00:59 Анастасия Исаева: добрый день\n01:00:00 79104739472: да\n" == transcript.to_text()


def test_nothing_said_is_a_file_all_the_same() -> None:
    """An empty transcript is no error in any format."""
    empty = Transcript("a", [])

    assert ("", "", "WEBVTT\n") == (empty.to_text(), empty.to_srt(), empty.to_webvtt())
    assert [] == webvtt.from_string(empty.to_webvtt(), strict=True).captions


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (59.9996, 60.2, "00:01:00,000 --> 00:01:00,200"),
        (59.9994, 59.9999, "00:00:59,999 --> 00:01:00,000"),
        (3599.9999, 3599.99991, "01:00:00,000 --> 01:00:00,001"),
        (1e300, 1e300, "99:00:00,000 --> 99:00:00,001"),
        (1, 100, "00:00:01,000 --> 00:00:08,000"),
    ],
)
def test_times_are_rounded_to_times(start: float, end: float, expected: str) -> None:
    """There is no second 60, no cue without a length, and none for minutes."""
    written = Transcript("a", [TranscriptWord(Channel.A, start, end, "да")]).to_srt()

    assert expected == written.splitlines()[1]


def test_a_long_utterance_is_cut_between_words() -> None:
    """A speech of a minute is shown piece by piece, each from its first word to its last."""
    transcript = transcript_of(f"A 10 {LONG}")
    times = {word.word: (word.start_time, word.end_time) for word in transcript.words}
    cues = read_webvtt(transcript.to_webvtt())

    assert len(cues) > 6
    for _, start, end, lines in cues:
        words = " ".join(lines).split()
        assert (times[words[0]][0], times[words[-1]][1]) == (start, end)
        assert len(words) > 5
        assert timedelta(seconds=end - start) <= timedelta(seconds=7)


def test_slow_speech_is_cut_by_time() -> None:
    """Where little is said in seven seconds, a cue ends before it stands there for longer."""
    words = [TranscriptWord(Channel.A, 3.0 * place, 3.0 * place + 2.5, "раз") for place in range(4)]
    cues = read_webvtt(Transcript("a", words).to_webvtt())

    assert [(0, 5.5), (6, 11.5)] == [(start, end) for _, start, end, _ in cues]
