"""The frames of an MP3 file: whether the last one is whole, where nothing else tells that the file is."""

from collections.abc import Iterable

_HEADER_BYTES = 4
_ID3_HEADER_BYTES = 10
_ID3V1_BYTES = 128
_KBPS = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2
    0: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2.5
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_LAYER_III = 1


def ends_with_whole_frame(pieces: Iterable[bytes | memoryview]) -> bool:
    """Walk from frame to frame, through the pieces of a file, and see whether the last one is all there."""
    rest, skipped = b"", 0
    for piece in pieces:
        content, rest = rest + bytes(piece), b""
        place = skipped
        while len(begin := content[place : place + _ID3_HEADER_BYTES]) >= _header_bytes(begin):
            size_bytes = _size_bytes(begin)
            if not size_bytes:
                return False
            place += size_bytes
        skipped = max(0, place - len(content))
        rest = content[place:]
    return not (rest or skipped)


def _header_bytes(begin: bytes) -> int:
    return _ID3_HEADER_BYTES if begin.startswith(b"ID3") else _HEADER_BYTES


def _size_bytes(begin: bytes) -> int:
    """Give the size of the frame, or of the tag, that begins so; 0 where neither does."""
    if begin.startswith(b"ID3"):
        size = 0
        for digit in begin[6:_ID3_HEADER_BYTES]:
            size = size << 7 | digit & 0x7F
        return _ID3_HEADER_BYTES + size
    if begin.startswith(b"TAG"):
        return _ID3V1_BYTES
    sync = begin[0] == 0xFF and begin[1] & 0xE0 == 0xE0
    version, layer = begin[1] >> 3 & 3, begin[1] >> 1 & 3
    kbps_index, rate_index, padding = begin[2] >> 4, begin[2] >> 2 & 3, begin[2] >> 1 & 1
    if not sync or version not in _KBPS or layer != _LAYER_III or not 0 < kbps_index < 15 or rate_index == 3:
        return 0
    samples = 144 if version == 3 else 72
    return samples * _KBPS[version][kbps_index - 1] * 1000 // _RATES_HZ[version][rate_index] + padding
