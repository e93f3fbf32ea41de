"""Two synthetic voices that babble words of a given number of syllables."""

import math
import random
from array import array
from functools import cache

import attrs

from ..models import Channel

SAMPLE_RATE_HZ = 16_000
MOST_SYLLABLES = 5
VARIANTS = 3

# Seconds of a syllable, by variant: nobody speaks to a metronome.
_SYLLABLE_SAMPLES = (2_000, 2_304, 2_560)
_PITCH_HZ = {Channel.A: 112.0, Channel.B: 205.0}
# Two formants each of а, э, и, о, у: what lets a buzz be heard as a vowel.
_FORMANTS_HZ = ((700, 1_200), (500, 1_800), (300, 2_250), (450, 850), (320, 700))
_FORMANT_WIDTH_HZ = 140
_HIGHEST_HARMONIC_HZ = 3_600
_TABLE_SIZE = 512
_LOUDNESS = 9_000
_HISS_SAMPLES = 480
_HISS_LOUDNESS = 1_200


@attrs.frozen
class Sound:
    """How one word sounds.

    Attributes:
        syllables: 1 to ``MOST_SYLLABLES``.
        variant: 0 to ``VARIANTS - 1``: the tempo, the vowels and the melody.
    """

    channel: Channel
    syllables: int
    variant: int

    @property
    def sample_count(self) -> int:
        """How long it lasts."""
        return self.syllables * _SYLLABLE_SAMPLES[self.variant]


def synthesize(sound: Sound) -> "array[int]":
    """Speak a word: signed 16-bit samples, silent at both edges."""
    rng = random.Random(f"{sound.channel} {sound.syllables} {sound.variant}")  # noqa: S311  # dice, not secrets
    samples = array("h")
    for syllable in range(sound.syllables):
        # Intonation falls over a word, and no two syllables sit on the same note.
        lift = 1.08 - 0.16 * syllable / MOST_SYLLABLES + rng.uniform(-0.04, 0.04)
        pitch_hz = _PITCH_HZ[sound.channel] * lift
        vowel = rng.randrange(len(_FORMANTS_HZ))
        samples.extend(_syllable(sound, vowel, pitch_hz, rng))
    return samples


def _syllable(sound: Sound, vowel: int, pitch_hz: float, rng: random.Random) -> "array[int]":
    count = _SYLLABLE_SAMPLES[sound.variant]
    wave = _wave(sound.channel, vowel)
    step = pitch_hz * _TABLE_SIZE / SAMPLE_RATE_HZ
    glide = step * rng.uniform(-0.1, 0.06) / count
    envelope = _envelope(count)
    samples = array("h", bytes(2 * count))
    phase = 0.0
    for place in range(count):
        phase += step + glide * place
        samples[place] = int(wave[int(phase) % _TABLE_SIZE] * envelope[place])
    for place in range(_HISS_SAMPLES if rng.random() < 0.5 else 0):
        fade = math.sin(math.pi * place / _HISS_SAMPLES)
        samples[place] += int(rng.uniform(-_HISS_LOUDNESS, _HISS_LOUDNESS) * fade)
    return samples


@cache
def _envelope(count: int) -> list[float]:
    return [math.sin(math.pi * place / count) ** 0.7 for place in range(count)]


@cache
def _wave(channel: Channel, vowel: int) -> list[float]:
    pitch_hz = _PITCH_HZ[channel]
    harmonics = range(1, int(_HIGHEST_HARMONIC_HZ / pitch_hz))
    strengths = [_strength(number * pitch_hz, vowel) for number in harmonics]
    turn = 2 * math.pi / _TABLE_SIZE
    wave = [
        sum(
            strength * math.sin(turn * number * place)
            for number, strength in zip(harmonics, strengths, strict=True)
        )
        for place in range(_TABLE_SIZE)
    ]
    peak = max(map(abs, wave))
    return [_LOUDNESS * sample / peak for sample in wave]


def _strength(frequency_hz: float, vowel: int) -> float:
    resonance = sum(
        1 / (1 + ((frequency_hz - formant_hz) / _FORMANT_WIDTH_HZ) ** 2) for formant_hz in _FORMANTS_HZ[vowel]
    )
    return (0.05 + resonance) / math.sqrt(frequency_hz)
