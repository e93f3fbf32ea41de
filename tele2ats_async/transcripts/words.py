"""Words as they can be told: with something to say, in order, at times that can be.

A recogniser's times are nobody's promise, and a word's text may be anything that JSON can hold.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from ..models import Channel, TranscriptWord

# What two digits of hours can tell, as SRT has them, with room for the end of a cue.
LATEST_S = 99 * 3600.0
# Control characters, which a terminal would obey, halves of characters, and what turns the direction of a line around.
# Compiled with its first use: loading the package has no time for it.
_UNFIT = r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]"


def clean(text: str) -> str:
    """Put a text into one line that reads as it stands, of single blanks."""
    return " ".join(re.sub(_UNFIT, " ", text).split())


def by_speaker(words: Iterable[TranscriptWord]) -> dict[Channel, list[TranscriptWord]]:
    """Give each channel's words in the order of their times.

    A word that says nothing is left out. One without a time begins where the one before it in its channel
    ends; times before the start or beyond four days are brought back; and as nobody says two words at
    once, a word ends where the next one of its channel begins, at the latest.
    """
    channels: defaultdict[Channel, list[TranscriptWord]] = defaultdict(list)
    for word in words:
        if text := clean(word.word):
            before = channels[word.channel]
            start = _within(word.start_time, before[-1].end_time if before else 0.0)
            end = max(start, _within(word.end_time, start))
            before.append(TranscriptWord(word.channel, start, end, text))
    return {channel: _one_after_the_other(spoken) for channel, spoken in channels.items()}


def _within(time: float, otherwise: float) -> float:
    return min(max(0.0, time), LATEST_S) if math.isfinite(time) else otherwise


def _one_after_the_other(words: list[TranscriptWord]) -> list[TranscriptWord]:
    words = sorted(words, key=lambda word: word.start_time)
    parted = [
        TranscriptWord(word.channel, word.start_time, min(word.end_time, following.start_time), word.word)
        for word, following in pairwise(words)
    ]
    return parted + words[-1:]
