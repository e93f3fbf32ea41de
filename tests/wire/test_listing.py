from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tele2ats_async.wire.listing import CallRecordListing

MOSCOW = timezone(timedelta(hours=3))
ALL: dict[str, Any] = {
    "start": datetime(2022, 7, 24, 10, 15, 30, tzinfo=MOSCOW),
    "end": datetime(2022, 7, 25, 10, 15, 30, tzinfo=MOSCOW),
    "caller": None,
    "callee": None,
    "is_recorded": None,
    "size": 1000,
    "sort": "date,ASC",
}


def test_query_of_a_page() -> None:
    """Operation 8: the exact text of the query, in the contract's order, page 0 included."""
    request = CallRecordListing(**ALL).page(0)

    assert (
        "start=2022-07-24T10%3A15%3A30%2B03%3A00&end=2022-07-25T10%3A15%3A30%2B03%3A00"
        "&page=0&size=1000&sort=date%2CASC"
    ) == request.query


def test_query_with_all_filters() -> None:
    """Operation 8: every filter under its own name."""
    filters = {
        "caller": "79000258890",
        "callee": "79104739472",
        "is_recorded": True,
        "sort": "callDuration,DESC",
    }
    request = CallRecordListing(**(ALL | filters)).page(7)

    assert request.query.endswith(
        "&caller=79000258890&callee=79104739472&is_recorded=true&page=7&size=1000&sort=callDuration%2CDESC"
    )


def test_is_recorded_false_is_sent() -> None:
    """False is an answer, not an absence."""
    assert "&is_recorded=false&" in CallRecordListing(**(ALL | {"is_recorded": False})).page(0).query


def test_end_is_rounded_up_and_start_down() -> None:
    """The service counts whole seconds: no call at the edge is lost."""
    fraction = timedelta(milliseconds=1)
    listing = CallRecordListing(**(ALL | {"start": ALL["start"] + fraction, "end": ALL["end"] + fraction}))

    assert (
        "start=2022-07-24T10%3A15%3A30%2B03%3A00&end=2022-07-25T10%3A15%3A31%2B03%3A00"
        in listing.page(0).query
    )


def test_query_stays_out_of_the_repr() -> None:
    """Phone numbers must not reach logs and traces by way of a repr."""
    request = CallRecordListing(**(ALL | {"caller": "79000258890"})).page(0)

    assert "79000258890" not in repr(request)


@pytest.mark.parametrize(
    ("mistake", "error", "text"),
    [
        ({"start": datetime(2022, 7, 24)}, ValueError, "^start: .* time zone"),  # noqa: DTZ001  # the mistake
        ({"end": datetime(2022, 7, 26)}, ValueError, "^end: .* time zone"),  # noqa: DTZ001  # the mistake
        ({"end": datetime(2022, 7, 23, tzinfo=MOSCOW)}, ValueError, "^end: .* before start"),
        ({"start": "2022-07-24"}, TypeError, "^start: "),
        ({"size": 0}, ValueError, "^size: "),
        ({"size": "10"}, TypeError, "^size: "),
        ({"caller": ""}, ValueError, "^caller: "),
        ({"callee": ""}, ValueError, "^callee: "),
        ({"sort": "date"}, ValueError, "^sort: "),
        ({"sort": "date,asc"}, ValueError, "^sort: "),
        ({"sort": "date,ASC\n"}, ValueError, "^sort: "),
        ({"sort": "date,ASC,size,DESC"}, ValueError, "^sort: "),
        ({"sort": ""}, ValueError, "^sort: "),
    ],
)
def test_mistakes_are_told_by_name(mistake: dict[str, Any], error: type[Exception], text: str) -> None:
    """The caller's mistake is theirs before anything is sent, and names the argument."""
    with pytest.raises(error, match=text):
        CallRecordListing(**(ALL | mistake))


@pytest.mark.parametrize(("page", "error"), [(-1, ValueError), ("0", TypeError), (True, TypeError)])
def test_wrong_pages(page: Any, error: type[Exception]) -> None:
    """Pages count from 0."""
    with pytest.raises(error, match=r"^page: "):
        CallRecordListing(**ALL).page(page)
