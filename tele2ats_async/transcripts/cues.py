"""From utterances to cues: as much text as can be read at once, while it is said."""

from collections.abc import Callable, Iterable, Iterator

import attrs

from ..models import TranscriptWord
from .utterances import Utterance

# What subtitles keep to, so that people can read along.
_LINE_CHARACTERS = 42
_LINES = 2
_LONGEST_MS = 7000


@attrs.define
class Cue:
    """A piece of an utterance, for as long as it is shown.

    Attributes:
        start_ms: Milliseconds from the start of the recording.
        end_ms: Likewise; later than the start.
        lines: The text; a word that is longer than a line is one all the same.
    """

    speaker: str
    start_ms: int
    end_ms: int
    lines: list[str]

    @classmethod
    def begin(cls, speaker: str, label: str, word: TranscriptWord) -> "Cue":
        """Make a cue of one word, behind a label that may be empty."""
        start_ms = round(word.start_time * 1000)
        cue = cls(speaker, start_ms, start_ms, [label] if label else [])
        cue._put(word)
        return cue

    def take(self, word: TranscriptWord) -> bool:
        """Take one more word, unless it would have to be shown for too long, or in too many lines."""
        is_full = len(self.lines) == _LINES and not self._fits(word)
        if is_full or word.end_time * 1000 - self.start_ms > _LONGEST_MS:
            return False
        self._put(word)
        return True

    def _fits(self, word: TranscriptWord) -> bool:
        return len(self.lines[-1]) + 1 + len(word.word) <= _LINE_CHARACTERS

    def _put(self, word: TranscriptWord) -> None:
        if self.lines and self._fits(word):
            self.lines[-1] += f" {word.word}"
        else:
            self.lines.append(word.word)
        end_ms = max(round(word.end_time * 1000), self.start_ms + 1)
        self.end_ms = min(end_ms, self.start_ms + _LONGEST_MS)


def make_cues(utterances: Iterable[Utterance], label: Callable[[str], str]) -> list[Cue]:
    """Cut utterances into cues, ordered by their start.

    Args:
        utterances: The utterances.
        label: Gives what stands before the text of a speaker, and takes room there.
    """
    cues = [cue for utterance in utterances for cue in _cut(utterance, label(utterance.speaker))]
    return sorted(cues, key=lambda cue: cue.start_ms)


def _cut(utterance: Utterance, label: str) -> Iterator[Cue]:
    first, *others = utterance.words
    cue = Cue.begin(utterance.speaker, label, first)
    for word in others:
        if not cue.take(word):
            yield cue
            cue = Cue.begin(utterance.speaker, label, word)
    yield cue
