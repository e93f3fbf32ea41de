"""Times as people type them, in all the ways that ISO 8601 has for a day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tele2ats_async.cli.times import parse_end, parse_period, parse_start

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


MOSCOW, KAMCHATKA = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Kamchatka")


@pytest.mark.parametrize(
    ("text", "days"), [("today", 0), ("yesterday", 1), ("-0d", 0), ("-7d", 7), ("-400d", 400)]
)
def test_a_day_by_how_long_ago_it_was(text: str, days: int) -> None:
    """It is that day of the zone's calendar, whole, and not so many times 24 hours."""
    for zone in (MOSCOW, KAMCHATKA):
        before = datetime.now(zone).date()
        start, end = parse_start(text, zone), parse_end(text, zone)
        after = datetime.now(zone).date()

        assert start.date() in (before - days * DAY, after - days * DAY)
        assert (0, 0, 0) == start.timetuple()[3:6]
        assert (23, 59, 59) == end.timetuple()[3:6]


def test_times_are_of_the_zone_unless_they_say_otherwise() -> None:
    """Nine in the morning is another moment in Kamchatka; an offset that is typed counts."""
    assert datetime(2026, 10, 31, 21, tzinfo=UTC) == parse_start("2026-11-01", MOSCOW)
    assert datetime(2026, 11, 1, 6, 30, tzinfo=UTC) == parse_start("2026-11-01T09:30", MOSCOW)
    assert datetime(2026, 10, 31, 21, 30, tzinfo=UTC) == parse_start("2026-11-01T09:30", KAMCHATKA)
    assert datetime(2026, 11, 1, 9, 30, tzinfo=UTC) == parse_start("2026-11-01T09:30Z", KAMCHATKA)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-03-29", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),  # its last hour comes twice
        ("America/Sao_Paulo", "2018-11-04", 23),  # it has no midnight
    ],
)
def test_days_on_which_clocks_change_are_whole(zone: str, day: str, hours: int) -> None:
    """From the first moment to the last: an hour that comes twice is not lost."""
    start, end = parse_start(day, ZoneInfo(zone)), parse_end(day, ZoneInfo(zone))

    assert hours * 3600 - 1 == end.timestamp() - start.timestamp()


@pytest.mark.parametrize(
    "text", ["-d", "-7", "-7h", "--7d", "-1.5d", "-999999999d", "-" + "9" * 5000 + "d", "Today "]
)
def test_what_is_no_day_ago_is_refused(text: str) -> None:
    """Neither guessed at nor a traceback, however many days it is."""
    for parse in (parse_start, parse_end):
        with pytest.raises(ValueError, match="is no date or time; type 2026-11-01"):
            parse(text, MOSCOW)


def test_a_period_goes_on_until_now_and_not_backwards() -> None:
    """Nobody types the moment at which it is typed."""
    before = datetime.now(UTC)
    start, end = parse_period("yesterday", None, MOSCOW)

    assert start < before <= end <= datetime.now(UTC)
    with pytest.raises(ValueError, match="'-3d' lies before start, 'today'; type a later --end"):
        parse_period("today", "-3d", MOSCOW)
