"""Transcripts: words, joined into utterances, as text, subtitles and JSON, and searched."""

from .search import Match
from .transcript import Transcript
from .utterances import Utterance

__all__ = ["Match", "Transcript", "Utterance"]
