"""Spans of time: whole epoch seconds, the first one belonging to a span, the last one not."""

from collections.abc import Iterable, Iterator

Span = tuple[int, int]


def merge(spans: Iterable[Span]) -> list[Span]:
    """Give the same seconds as few spans, in order."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if start >= stop:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


def subtract(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """Give what is left of a span without others, in order."""
    gaps: list[Span] = []
    start, end = whole
    for known_start, known_stop in merge(spans):
        if known_start >= end:
            break
        if start < known_start:
            gaps.append((start, known_start))
        start = max(start, known_stop)
    if start < end:
        gaps.append((start, end))
    return gaps


def cut(span: Span, length_s: int) -> Iterator[Span]:
    """Cut a span into pieces of a length at the most, in order."""
    start, stop = span
    for begin in range(start, stop, length_s):
        yield begin, min(begin + length_s, stop)
