"""Transcripts: the words of one recording."""

import attrs

from .models import TranscriptWord


@attrs.frozen
class Transcript:
    """What was said in one recording, by machine.

    Attributes:
        name: The recording's name, as listed.
        words: The words in the service's order; empty where none were recognised.

    Source: operation 10.
    """

    name: str
    words: list[TranscriptWord]
