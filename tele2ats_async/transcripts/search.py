"""Finding words that follow each other."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import attrs

from ..models import TranscriptWord
from .utterances import Utterance

_WORD = re.compile(r"\w+")


@attrs.frozen
class Match:
    """A place where the words searched for were said.

    Attributes:
        text: The words that were found, as they stand in the transcript.
        start_time: Seconds from the start of the recording to the first of them.
        end_time: Seconds from the start of the recording to the end of the last.
        speaker: As in the utterance.
        utterance: The utterance that they stand in.

    Source: operation 10.
    """

    text: str
    start_time: float
    end_time: float
    speaker: str
    utterance: Utterance


def find(utterances: Iterable[Utterance], text: str) -> list[Match]:
    """Find all places, in the order of the utterances, none overlapping the one before it.

    Raises:
        TypeError: ``text`` is none.
        ValueError: It holds no word.
    """
    if not isinstance(text, str):
        raise TypeError(f"text: expected a text, got {type(text).__name__}")
    wanted = _fold(text)
    if not wanted:
        raise ValueError(f"text: expected words to search for, got {text!r}")
    return [
        _match(utterance, words) for utterance in utterances for words in _places(utterance.words, wanted)
    ]


def _places(words: list[TranscriptWord], wanted: list[str]) -> Iterator[list[TranscriptWord]]:
    """Give the words of each place; what is one word to the recogniser may be several here, as with a hyphen."""
    pieces = [(piece, number) for number, word in enumerate(words) for piece in _fold(word.word)]
    texts = [piece for piece, _ in pieces]
    place = 0
    while place + len(wanted) <= len(pieces):
        stop = place + len(wanted)
        if texts[place:stop] == wanted:
            yield words[pieces[place][1] : pieces[stop - 1][1] + 1]
            place = stop
        else:
            place += 1


def _fold(text: str) -> list[str]:
    """Split a text into words without case, stress marks and dots over ё."""
    composed = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return _WORD.findall("".join(letter for letter in composed if not unicodedata.combining(letter)))


def _match(utterance: Utterance, words: list[TranscriptWord]) -> Match:
    text = " ".join(word.word for word in words)
    return Match(text, words[0].start_time, words[-1].end_time, utterance.speaker, utterance)
