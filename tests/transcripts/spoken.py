"""Words for tests: by hand, or of every kind."""

import math

from hypothesis import strategies as st

from tele2ats_async import CallRecord, Channel, Transcript, TranscriptWord
from tele2ats_async.wire.converter import decode

RECORD = decode(
    '{"date": "2026-11-01T09:30:15.348Z", "callType": "SINGLE_CHANNEL", "callStatus": "ANSWERED_COMMON",'
    ' "callerName": "Анастасия Исаева", "callerNumber": "79000258890", "calleeNumber": "79104739472",'
    ' "destinationNumber": "74950000000", "recordFileName": "2026-11-01/mo_1"}',
    CallRecord,
)


def transcript_of(*lines: str, record: CallRecord | None = None) -> Transcript:
    """Make a transcript of lines such as ``"A 0.5 да нет"``: each word lasts 0.4 s, with 0.1 s between two."""
    words: list[TranscriptWord] = []
    for line in lines:
        channel, start, *texts = line.split(" ")
        for number, text in enumerate(texts):
            begin = float(start) + number * 0.5
            words.append(TranscriptWord(Channel.of(channel), begin, begin + 0.4, text))
    return Transcript("2026-11-01/mo_1", words, record)


_TIMES = st.one_of(
    st.floats(min_value=0, max_value=200),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -1.0, 59.9996, 3599.9995, 1e300, math.nan]),
)
_TEXTS = st.one_of(
    st.sampled_from(
        ["да", "счёт", "-->", "<b>", "&", "&amp;", "a\n\nb", "</v>", "00:01", "1", "NOTE", "\x1b[2J", ""]
    ),
    st.text(st.characters(codec="utf-8"), max_size=60),
)
_CHANNELS = st.sampled_from(["A", "B", "C", "", "A\n>"]).map(Channel.of)
WORDS = st.lists(st.builds(TranscriptWord, _CHANNELS, _TIMES, _TIMES, _TEXTS), max_size=40)
