"""How utterances are written: text, SRT, WebVTT."""

import re
from collections.abc import Iterable

from .cues import Cue, make_cues
from .utterances import Utterance

# Between two times it would begin another cue.
_ARROW = re.compile("--+>")


def to_text(utterances: Iterable[Utterance]) -> str:
    """Write a line for each utterance."""
    return "".join(f"{spell_time(said.start_time)} {said.speaker}: {said.text}\n" for said in utterances)


def to_srt(utterances: Iterable[Utterance]) -> str:
    """Write SubRip subtitles; the format has no place for a speaker but the text."""
    cues = make_cues(utterances, lambda speaker: f"{speaker}:")
    return "".join(
        f"{number}\n{_span(cue, ',')}\n{_ARROW.sub('->', _text(cue))}\n\n"
        for number, cue in enumerate(cues, start=1)
    )


def to_webvtt(utterances: Iterable[Utterance]) -> str:
    """Write WebVTT subtitles, each cue with the voice that it belongs to."""
    cues = make_cues(utterances, lambda _: "")
    return "WEBVTT\n" + "".join(
        f"\n{_span(cue, '.')}\n<v {_voice(cue.speaker)}>{_escape(_text(cue))}</v>\n" for cue in cues
    )


def spell_time(seconds: float) -> str:
    """Spell a time in whole seconds, the part of one left out: ``00:03:20``."""
    return _clock(int(seconds) * 1000, ".").partition(".")[0]


def _span(cue: Cue, point: str) -> str:
    return f"{_clock(cue.start_ms, point)} --> {_clock(cue.end_ms, point)}"


def _clock(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _voice(speaker: str) -> str:
    # A blank at the end is no part of the name, and keeps it from becoming a --> with what follows.
    return f"{_escape(speaker)} " if speaker.endswith("-") else _escape(speaker)


def _escape(text: str) -> str:
    # Where no > is left there is no --> either, which would begin another cue.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
