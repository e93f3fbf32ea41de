"""Spans of time, as sets of seconds."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async.archive.spans import Span, cut, merge, subtract

seconds = st.integers(-50, 50)
spans = st.tuples(seconds, seconds)


def within(many: list[Span]) -> set[int]:
    return {second for start, stop in many for second in range(start, stop)}


@given(st.lists(spans))
def test_merging_keeps_every_second(many: list[Span]) -> None:
    """The same seconds, in order, in as few spans as can be."""
    merged = merge(many)

    assert within(many) == within(merged)
    assert all(start < stop for start, stop in merged)
    assert all(one[1] < other[0] for one, other in pairwise(merged))


@given(spans, st.lists(spans))
def test_subtracting_leaves_what_is_missing(whole: Span, known: list[Span]) -> None:
    """Exactly the seconds that no known span has, each once."""
    gaps = subtract(whole, known)

    assert within([whole]) - within(known) == within(gaps)
    assert merge(gaps) == gaps


@given(spans, st.integers(1, 20))
def test_cutting_loses_nothing(whole: Span, length_s: int) -> None:
    """The pieces are the whole, none longer than asked for, one after the other."""
    pieces = list(cut(whole, length_s))

    assert within([whole]) == within(pieces)
    assert all(0 < stop - start <= length_s for start, stop in pieces)
    assert all(one[1] == other[0] for one, other in pairwise(pieces))
