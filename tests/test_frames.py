from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async.recordings.frames import ends_with_whole_frame
from tele2ats_async.simulator import AtsSimulator, Company

SOUND = [
    AtsSimulator(company=company).recording(str(record.record_file_name))
    for company in [Company.generate(seed=3, recordings=3, duration_s=(1, 3))]
    for record in company.records
]
# A tag at the begin, MPEG 1, 2 and 2.5 with and without padding, a tag at the end.
TAG = b"ID3\x04\x00\x00\x00\x00\x01\x02" + bytes(130)
FRAMES = [
    b"\xff\xfb\x90\x00" + bytes(417 - 4),
    b"\xff\xfb\x92\x00" + bytes(418 - 4),
    b"\xff\xf3\x40\x00" + bytes(26 * 4 - 4),
    b"\xff\xe3\x18\x00" + bytes(72 - 4),
]
LAST = b"TAG" + bytes(125)


def pieces(content: bytes, size_bytes: int) -> list[bytes]:
    return [content[start : start + size_bytes] for start in range(0, len(content), size_bytes)]


@given(st.sampled_from(SOUND), st.integers(1, 5000))
def test_real_recordings_end_with_a_whole_frame(sound: bytes, size_bytes: int) -> None:
    """However they come."""
    assert ends_with_whole_frame(pieces(sound, size_bytes))


@given(st.sampled_from(SOUND), st.data(), st.integers(1, 5000))
def test_a_cut_is_seen(sound: bytes, data: st.DataObject, size_bytes: int) -> None:
    """Unless it falls between two frames, one byte in a hundred: what is left of the rest is seen."""
    cut = data.draw(st.integers(1, len(sound) - 1))
    is_between = ends_with_whole_frame([sound[:cut]])

    assert is_between == ends_with_whole_frame(pieces(sound[:cut], size_bytes))
    assert not is_between or ends_with_whole_frame([sound[cut:]])


@given(st.lists(st.sampled_from(FRAMES), min_size=1), st.booleans(), st.booleans(), st.integers(1, 300))
def test_frames_of_all_kinds(frames: list[bytes], tagged: bool, ended: bool, size_bytes: int) -> None:  # noqa: FBT001  # drawn
    """MPEG 1, 2 and 2.5, padding, and the tags at either end."""
    content = TAG * tagged + b"".join(frames) + LAST * ended

    assert ends_with_whole_frame(pieces(content, size_bytes))
    assert not ends_with_whole_frame(pieces(content[:-1], size_bytes))
    assert not ends_with_whole_frame(pieces(content + b"\xff", size_bytes))


@given(st.binary(min_size=1))
def test_anything_else_is_no_frame(content: bytes) -> None:
    """Whatever comes, the walk ends."""
    ends_with_whole_frame([content])
