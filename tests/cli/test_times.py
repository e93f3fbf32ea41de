"""Times as people type them, in all the ways that ISO 8601 has for a day."""

from datetime import timedelta

import pytest

from tele2ats_async.cli.times import parse_end, parse_start

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("text", ["2026-11-25", "20261125", "2026-W48-3", "2026W483"])
def test_a_day_is_whole_however_it_is_typed(text: str) -> None:
    """As an end it is its last second; its first one would leave all its calls out, in silence."""
    assert (2026, 11, 25, 0) == parse_start(text).timetuple()[:4]
    assert (2026, 11, 25, 23, 59, 59) == parse_end(text).timetuple()[:6]


@pytest.mark.parametrize("text", ["2026-11-25T00:00", "20261125T0000", "2026-W48-3 00:00"])
def test_a_moment_is_no_day(text: str) -> None:
    """Midnight, typed as a moment, stays midnight."""
    assert parse_end(text) == parse_start(text) == parse_end("2026-11-25") + SECOND - DAY


@pytest.mark.parametrize("text", ["2026-W48", "2026W48", "2026-11", "2026", "", "٢٠٢٦-١١-٢٥"])
def test_what_is_less_than_a_day_is_refused(text: str) -> None:
    """Of a week, Python would take the Monday."""
    for parse in (parse_start, parse_end):
        with pytest.raises(ValueError, match=r"is no date or time; type 2026-11-01"):
            parse(text)
