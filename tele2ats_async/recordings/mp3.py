"""What MP3 looks like, as far as it takes to tell a recording from something else."""

import os
from typing import BinaryIO

HEAD_BYTES = 4

# What was never flushed when the power failed is blocks of zeros, often at the end. Each frame begins with ones
# and has 1,441 bytes at the most, and a tag at the end 128: so many zeros are no audio.
_ZEROS_AT_MOST = 2048


def begins_as_mp3(head: bytes) -> bool:
    """Recognise a tag, or the first frame, by the first `HEAD_BYTES` bytes or more."""
    return head.startswith(b"ID3") or _is_frame_header(head)


def may_be_whole(file: BinaryIO) -> bool:
    """Tell whether a file begins as MP3 does and does not end in zeros; blocks.

    Raises:
        OSError: It cannot be read.
    """
    if not begins_as_mp3(file.read(HEAD_BYTES)):
        return False
    file.seek(max(0, file.seek(0, os.SEEK_END) - _ZEROS_AT_MOST))
    return any(file.read(_ZEROS_AT_MOST))


def _is_frame_header(head: bytes) -> bool:
    """Recognise an MPEG audio frame of layer III: sync, a version, the layer, a bit and a sample rate."""
    if len(head) < HEAD_BYTES or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate != 15 and sample_rate != 3
