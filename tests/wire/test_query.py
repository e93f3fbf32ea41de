from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async.wire.query import (
    encode_filename,
    encode_query,
    require_at_least,
    require_aware,
    require_period,
    spell_flag,
    spell_moment,
)

MOSCOW = timezone(timedelta(hours=3))
BERLIN = ZoneInfo("Europe/Berlin")
NAME = "2022-08-12/mo_166030706109315379"


def test_reserved_characters_are_encoded() -> None:
    """Section 1 and pitfall 13: URL libraries leave ``/``, ``:`` and ``,`` and turn a space into ``+``."""
    query = encode_query({"a": "x/y:z,w+v u", "b": "&=?#%", "c": "~._-"})

    assert "a=x%2Fy%3Az%2Cw%2Bv%20u&b=%26%3D%3F%23%25&c=~._-" == query


def test_none_is_left_out_and_empty_is_kept() -> None:
    """A filter that was not given must not be sent as the text "None"."""
    assert "b=&c=0" == encode_query({"a": None, "b": "", "c": "0"})


def test_text_is_sent_as_utf8() -> None:
    """Section 1: UTF-8."""
    assert "name=%D0%AE%D0%BB%D1%8F" == encode_query({"name": "Юля"})


@given(st.dictionaries(st.text("abc", min_size=1), st.text(st.characters(exclude_categories=["Cs"]))))
def test_query_reads_back(parameters: dict[str, str]) -> None:
    """Whatever text a caller gives arrives as that text, and nothing reserved is bare on the way."""
    query = encode_query(parameters)

    assert parameters == dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    assert not set(query) & set("/:,+ ?#[]@!$'()*;\"<>")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (1, "filename=2022-08-12%2Fmo_166030706109315379"),
        (2, "filename=2022-08-12%252Fmo_166030706109315379"),
    ],
)
def test_filename_is_encoded_once_and_twice(times: int, expected: str) -> None:
    """Notes 9 and 10: the manual's own two examples differ."""
    assert expected == encode_filename(NAME, times=times)


def test_flags_are_spelled_as_json_does() -> None:
    """Pitfall 13: ``True`` is not what the service reads."""
    assert ["true", "false", None] == [spell_flag(flag) for flag in (True, False, None)]


@pytest.mark.parametrize(
    ("moment", "round_up", "expected"),
    [
        (datetime(2022, 7, 24, 10, 15, 30, tzinfo=MOSCOW), False, "2022-07-24T10:15:30+03:00"),
        (datetime(2022, 7, 24, 10, 15, 30, tzinfo=UTC), True, "2022-07-24T10:15:30+00:00"),
        (datetime(2022, 7, 24, 10, 15, 30, 1, tzinfo=MOSCOW), False, "2022-07-24T10:15:30+03:00"),
        (datetime(2022, 7, 24, 23, 59, 59, 1, tzinfo=MOSCOW), True, "2022-07-25T00:00:00+03:00"),
        (
            datetime(2022, 7, 24, 0, 0, tzinfo=timezone(timedelta(hours=-3.5))),
            False,
            "2022-07-24T00:00:00-03:30",
        ),
        # Moscow's local mean time: 2 h 30 min 17 s, which ISO 8601 cannot spell.
        (datetime(1900, 1, 1, tzinfo=timezone(timedelta(seconds=9017))), False, "1899-12-31T21:29:43+00:00"),
    ],
)
def test_moments(moment: datetime, round_up: bool, expected: str) -> None:  # noqa: FBT001  # a table's column
    """Section 4: ISO 8601 with an offset; the end of a period is never moved to before itself."""
    assert expected == spell_moment(moment, round_up=round_up)


@pytest.mark.parametrize("fold", [0, 1])
def test_rounding_up_moves_by_a_second_when_clocks_are_set_back(fold: int) -> None:
    """In the hour that comes twice, rounding by the wall clock would cut an hour of calls off."""
    moment = datetime(2024, 10, 27, 2, 30, 0, 500_000, tzinfo=BERLIN, fold=fold)

    sent = datetime.fromisoformat(spell_moment(moment, round_up=True))

    assert timedelta(milliseconds=500) == sent - moment.astimezone(UTC)


def test_naive_times_are_refused_by_name() -> None:
    """A time without an offset could mean two moments: told before anything is sent."""
    with pytest.raises(ValueError, match=r"^since: 2022-07-24T00:00:00 has no time zone"):
        require_aware("since", datetime(2022, 7, 24))  # noqa: DTZ001  # the mistake


@pytest.mark.parametrize("value", [date(2022, 7, 24), "2022-07-24T00:00:00+03:00", None, 0])
def test_what_is_no_datetime_is_refused(value: Any) -> None:
    """Another type is a TypeError that names the argument, not an AttributeError from within."""
    with pytest.raises(TypeError, match=rf"^start: expected a datetime, got {type(value).__name__}"):
        require_aware("start", value)


def test_period_must_not_end_before_it_starts() -> None:
    """Compared as moments, not as texts: 10:00+03:00 lies before 08:00+00:00."""
    early, late = datetime(2022, 7, 24, 10, tzinfo=MOSCOW), datetime(2022, 7, 24, 8, tzinfo=UTC)
    require_period(early, late)
    require_period(early, early)
    with pytest.raises(ValueError, match=r"^end: .* lies before start"):
        require_period(late, early)


def test_period_is_compared_by_moments_when_clocks_are_set_back() -> None:
    """02:50 in summer time lies before 02:10 in winter time of the same night, whatever the wall shows."""
    summer = datetime(2024, 10, 27, 2, 50, tzinfo=BERLIN, fold=0)
    winter = datetime(2024, 10, 27, 2, 10, tzinfo=BERLIN, fold=1)
    require_period(summer, winter)
    with pytest.raises(ValueError, match="lies before"):
        require_period(winter, summer)


def test_the_whole_calendar_is_a_period() -> None:
    """The ends of Python's calendar are no traps."""
    require_period(datetime.min.replace(tzinfo=MOSCOW), datetime.max.replace(tzinfo=MOSCOW))


def test_least_numbers() -> None:
    """0 is a page, and a number; True and 1.0 are not."""
    require_at_least("page", 0, 0)
    with pytest.raises(ValueError, match=r"^page: expected at least 0, got -1"):
        require_at_least("page", -1, 0)
    for wrong in (True, 1.0, "1", None):
        with pytest.raises(TypeError, match=r"^size: expected an integer"):
            require_at_least("size", wrong, 1)
