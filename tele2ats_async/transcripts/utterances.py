"""From words to utterances."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import attrs

from ..models import CallRecord, Channel, TranscriptWord
from .speakers import name_speaker
from .words import by_speaker


@attrs.frozen
class Utterance:
    """What one party said without a longer pause, and without the other one speaking in between.

    Attributes:
        channel: Who speaks: ``A`` the calling, ``B`` the called party.
        speaker: The party's name or number where the call is known, else the channel.
        start_time: Seconds from the start of the recording.
        end_time: Seconds from the start of the recording.
        text: The words with blanks between them.
        words: The words in order, none beginning before the one before it has ended.

    Source: operation 10.
    """

    channel: Channel
    speaker: str
    start_time: float
    end_time: float
    text: str
    words: list[TranscriptWord]


def join(words: Iterable[TranscriptWord], record: CallRecord | None, pause_s: float) -> list[Utterance]:
    """Join words into utterances, ordered by their start.

    One ends at a pause of more than ``pause_s``, and at a shorter one in which another party says a word:
    one whose middle lies in the pause, for turns overlap a little. Where both speak at once, each
    goes on with its own utterance.
    """
    channels = by_speaker(words)
    middles = sorted((word.start_time + word.end_time) / 2 for spoken in channels.values() for word in spoken)
    utterances = [
        _utterance(name_speaker(channel, record), run)
        for channel, spoken in channels.items()
        for run in _runs(spoken, middles, pause_s)
    ]
    return sorted(utterances, key=lambda utterance: utterance.start_time)


def _runs(
    words: list[TranscriptWord], middles: list[float], pause_s: float
) -> Iterator[list[TranscriptWord]]:
    run = words[:1]
    for word in words[1:]:
        last = run[-1]
        # A speaker's own words do not lie between two of them that follow each other.
        following = bisect_right(middles, last.end_time)
        is_answered = following < len(middles) and middles[following] < word.start_time
        if is_answered or word.start_time - last.end_time > pause_s:
            yield run
            run = []
        run.append(word)
    yield run


def _utterance(speaker: str, words: list[TranscriptWord]) -> Utterance:
    text = " ".join(word.word for word in words)
    return Utterance(words[0].channel, speaker, words[0].start_time, words[-1].end_time, text, words)
