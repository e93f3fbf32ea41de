"""MP3 recordings, put together from a small bank of sounds that are encoded once.

A frame is 144 bytes and 36 ms: MPEG-2 Layer III at 32 kbit/s and 16 kHz needs no padding. Each sound
is encoded by itself, so its first frame borrows nothing from the frames before it
(``main_data_begin`` is 0), and a cut between sounds is as good as the start of a file.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from .speech import FRAME_SAMPLES, SpokenWord, count_frames, sound_frames
from .voice import SAMPLE_RATE_HZ, Sound, synthesize

try:
    import lameenc
except ImportError as error:
    raise ImportError('the simulator makes MP3 audio: pip install "tele2ats_async[simulator]"') from error

BIT_RATE_KBPS = 32
FRAME_BYTES = BIT_RATE_KBPS * 1000 // 8 * FRAME_SAMPLES // SAMPLE_RATE_HZ

_ENCODER_QUALITY = 5
_LATIN_1 = b"\0"
_UTF_16 = b"\1"


def assemble(name: str, duration_s: float, script: list[SpokenWord]) -> bytes:
    """Make the bytes of a recording.

    Args:
        name: The recording's name; the ID3 tag holds it, which tells every two recordings apart.
        duration_s: Seconds, met to the nearest frame.
        script: The words, in order.
    """
    return _id3_tag(name) + b"".join(_pieces(count_frames(duration_s), script))


def _pieces(total_frames: int, script: list[SpokenWord]) -> Iterator[bytes]:
    frame = 0
    for spoken in script:
        yield _silent_frame() * (spoken.start_frame - frame)
        yield _encoded(spoken.sound)
        frame = spoken.start_frame + sound_frames(spoken.sound)
    yield _silent_frame() * (total_frames - frame)


@cache
def _encoded(sound: Sound) -> bytes:
    return _encode(synthesize(sound).tobytes())[: sound_frames(sound) * FRAME_BYTES]


@cache
def _silent_frame() -> bytes:
    return _encode(bytes(2 * FRAME_SAMPLES))[:FRAME_BYTES]


def _encode(samples: bytes) -> bytes:
    encoder = cast("Any", lameenc).Encoder()  # lameenc ships no annotations
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_out_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_bit_rate(BIT_RATE_KBPS)
    encoder.set_quality(_ENCODER_QUALITY)
    return bytes(encoder.encode(samples)) + bytes(encoder.flush())


def _id3_tag(title: str) -> bytes:
    text = _LATIN_1 + title.encode("latin-1") if title.isascii() else _UTF_16 + title.encode("utf-16")
    frame = b"TIT2" + len(text).to_bytes(4) + b"\0\0" + text
    return b"ID3\3\0\0" + _synchsafe(len(frame)) + frame


def _synchsafe(size: int) -> bytes:
    """Spell a size without the high bit, which a player would take for the start of a frame."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
