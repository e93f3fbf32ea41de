"""A transcript, and what can be made of it."""

import os
from pathlib import Path
from typing import Self

import attrs

from ..models import CallRecord, TranscriptWord
from ..wire.query import require_seconds
from .search import Match, find
from .utterances import Utterance, join

_PAUSE_S = 1.0


@attrs.frozen
class Transcript:
    """What was said in one recording, by machine.

    Attributes:
        name: The recording's name, as listed.
        words: The words in the service's order; empty where none were recognised.
        record: The call, where it is known: utterances then bear the names of its parties.

    Source: operation 10.
    """

    name: str
    words: list[TranscriptWord]
    record: CallRecord | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, record: CallRecord | None = None) -> Self:
        """Read a transcript from a file, blocking meanwhile.

        Args:
            path: A file of the service's words, as `save_transcript()`, `save_many()` and `mirror()` save
                them, or one that holds what `to_json()` gave.
            record: The call, where it is known; else the one that the file holds.

        Returns:
            The transcript, under the name in ``record`` or in the file; a file of the service's words holds
            none, and gives its own and its directory's.

        Raises:
            OSError: The file cannot be read.
            PayloadError: It holds no transcript.
        """
        from .document import read_document  # noqa: PLC0415  # as `to_text()`

        path = Path(path)
        name, words, known = read_document(path.read_bytes(), path)
        record = record or known
        return cls((record and record.record_file_name) or name, words, record)

    def utterances(self, pause_s: float = _PAUSE_S) -> list[Utterance]:
        """Join the words into utterances.

        Args:
            pause_s: Seconds of silence that end an utterance; a shorter silence ends it where another
                party says a word in it.

        Returns:
            The utterances by their start; where parties speak at once, they overlap. Times before the
            start, impossible ones, and words that end after the next one has begun are put right; words
            without a letter or sign are left out.

        Raises:
            TypeError: ``pause_s`` is no number.
            ValueError: It is below 0, or no finite number.
        """
        require_seconds("pause_s", pause_s)
        return join(self.words, self.record, pause_s)

    def to_text(self) -> str:
        """Write a line for each utterance: ``00:00:03 Анастасия Исаева: добрый день``."""
        from . import spelling  # noqa: PLC0415  # most programs write none, and the package loads faster without

        return spelling.to_text(self.utterances())

    def to_srt(self) -> str:
        """Write SubRip subtitles, the speaker before the text.

        A cue has two lines of 42 characters and 7 seconds at the most. SRT cannot escape: players may
        take ``<b>`` for a tag.
        """
        from . import spelling  # noqa: PLC0415  # as `to_text()`

        return spelling.to_srt(self.utterances())

    def to_webvtt(self) -> str:
        """Write WebVTT subtitles, the speaker as the voice of the cue; cues as in `to_srt()`."""
        from . import spelling  # noqa: PLC0415  # as `to_text()`

        return spelling.to_webvtt(self.utterances())

    def to_json(self) -> str:
        """Write ``name``, ``utterances`` with their words and times, and ``record`` where it is known.

        Names are spelled as the contract's: ``startTime``. `load()` reads it.
        """
        from .document import Document, write_document  # noqa: PLC0415  # as `to_text()`

        return write_document(Document(self.name, self.utterances(), self.record))

    def search(self, text: str) -> list[Match]:
        """Find words that one party says one after the other, in one utterance.

        Args:
            text: The words, in the forms in which they were said. Case, ``ё`` for ``е``, and signs between
                them do not count.

        Returns:
            The places in the order of their utterances, none overlapping the one before it.

        Raises:
            TypeError: ``text`` is none.
            ValueError: It holds no word.
        """
        return find(self.utterances(), text)
