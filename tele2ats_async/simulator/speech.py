"""The script of a recording: which word is said when, by whom, and how it sounds."""

import random
from collections.abc import Iterator

import attrs

from ..models import Channel, TranscriptWord
from .dialogues import FAREWELLS, GREETINGS, TOPICS, Exchange
from .voice import MOST_SYLLABLES, SAMPLE_RATE_HZ, VARIANTS, Sound

FRAME_SAMPLES = 576
# What an encoder and a decoder of MP3 put before the first sample between them.
CODEC_DELAY_SAMPLES = 1_105

_VOWELS = frozenset("аеёиоуыэюя")
_CALLER_FIRST = (Channel.A, Channel.B)
_CALLED_FIRST = (Channel.B, Channel.A)
_FAREWELL_FRAMES = 170
_TURN_PAUSE_FRAMES = (6, 22)
_WORD_PAUSE_FRAMES = (0, 0, 0, 0, 1, 2, 5)


@attrs.frozen
class SpokenWord:
    """A word at its place in a recording.

    Attributes:
        start_frame: The MP3 frame with which its sound begins.
    """

    word: str
    sound: Sound
    start_frame: int

    @property
    def transcribed(self) -> TranscriptWord:
        """The word as operation 10 lists it."""
        start = self.start_frame * FRAME_SAMPLES + CODEC_DELAY_SAMPLES
        return TranscriptWord(
            channel=self.sound.channel,
            start_time=round(start / SAMPLE_RATE_HZ, 5),
            end_time=round((start + self.sound.sample_count) / SAMPLE_RATE_HZ, 5),
            word=self.word,
        )


def count_frames(duration_s: float) -> int:
    """Tell how many MP3 frames come nearest to a duration."""
    return round(duration_s * SAMPLE_RATE_HZ / FRAME_SAMPLES)


def sound_frames(sound: Sound) -> int:
    """Tell how many MP3 frames hold a sound to its end."""
    return -(-(CODEC_DELAY_SAMPLES + sound.sample_count) // FRAME_SAMPLES)


def write_script(name: str, duration_s: int) -> list[SpokenWord]:
    """Write what is said in a recording of that name, in order, ending inside its duration."""
    rng = random.Random(name)  # noqa: S311  # dice, not secrets
    # The last frame may reach a little beyond the duration: no word may.
    total_frames = min(count_frames(duration_s), duration_s * SAMPLE_RATE_HZ // FRAME_SAMPLES)
    scribe = _Scribe(rng, total_frames, frame=rng.randrange(1 + min(12, total_frames // 20)))
    scribe.take_down(_CALLED_FIRST, rng.choice(GREETINGS))
    for exchange in _exchanges(rng):
        if scribe.frames_left < _FAREWELL_FRAMES:
            break
        scribe.take_down(_CALLER_FIRST, exchange)
    scribe.take_down(_CALLER_FIRST, rng.choice(FAREWELLS))
    return scribe.script


def _exchanges(rng: random.Random) -> Iterator[Exchange]:
    while True:
        for topic in rng.sample(TOPICS, len(TOPICS)):
            yield from topic


@attrs.define
class _Scribe:
    """Puts words on the frames of a recording until one no longer fits."""

    rng: random.Random
    total_frames: int
    frame: int
    script: list[SpokenWord] = attrs.field(factory=list[SpokenWord])

    @property
    def frames_left(self) -> int:
        return self.total_frames - self.frame

    def take_down(self, speakers: tuple[Channel, Channel], exchange: Exchange) -> None:
        for channel, line in zip(speakers, exchange, strict=True):
            for word in line.split():
                self._place(word, self._pronounce(channel, word))
            self.frame += self.rng.randint(*_TURN_PAUSE_FRAMES)

    def _place(self, word: str, sound: Sound) -> None:
        if sound_frames(sound) > self.frames_left:
            # The line is cut here; a shorter word further on must not slip in.
            self.frame = self.total_frames
            return
        self.script.append(SpokenWord(word, sound, self.frame))
        self.frame += sound_frames(sound) + self.rng.choice(_WORD_PAUSE_FRAMES)

    def _pronounce(self, channel: Channel, word: str) -> Sound:
        syllables = sum(letter in _VOWELS for letter in word)
        return Sound(channel, min(max(syllables, 1), MOST_SYLLABLES), self.rng.randrange(VARIANTS))
