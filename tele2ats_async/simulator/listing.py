"""Operation 8: which call records, in which order, on which page, and how they are spelled."""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import attrs

from ..models import CallRecord
from ..wire.converter import wire_name
from .queries import Query
from .refusals import bad_request

PARAMETERS = frozenset({"start", "end", "caller", "callee", "is_recorded", "page", "size", "sort"})
LARGEST_SIZE = 3_000

_DEFAULT_SIZE = 10
_DEFAULT_SORT = "date,ASC"
_LAST_PAGE = 10**9 - 1
_FIELDS = {wire_name(field.name): attrgetter(field.name) for field in attrs.fields(CallRecord)}
_DESCENDING = {"ASC": False, "DESC": True}
_date = attrgetter("date")


@attrs.frozen(eq=False)
class Listing:
    """The rows that a query chooses, and the page that is wanted of them.

    Attributes:
        records: All of them, in order.
        page: 0-based.
        size: Rows of a page.
    """

    records: list[CallRecord]
    page: int
    size: int

    def list_rows(self, rows_too_early: int = 0) -> list[dict[str, object]]:
        """Spell the rows of the page for JSON.

        Args:
            rows_too_early: How many rows before its place the page begins, if there are so many.
        """
        first = max(0, self.page * self.size - rows_too_early)
        return [_spell(record) for record in self.records[first : first + self.size]]


def choose(records: list[CallRecord], query: Query) -> Listing:
    """Choose what operation 8 answers.

    Args:
        records: All calls, ordered by date, then by name of the recording.
        query: The parameters.

    Returns:
        All rows, and which page of them.

    Raises:
        Refusal: A parameter is missing or malformed.
    """
    start, end = query.period()
    caller, callee = query.phone_number("caller"), query.phone_number("callee")
    is_recorded = query.flag("is_recorded")
    page = query.number("page", 0, lowest=0, highest=_LAST_PAGE)
    size = query.number("size", _DEFAULT_SIZE, lowest=1, highest=LARGEST_SIZE)
    field, descending = _read_sort(query.text("sort", _DEFAULT_SORT))
    chosen = [
        record
        for record in between(records, start, end)
        if (not is_recorded or record.record_file_name) and _has_parties(record, caller, callee)
    ]
    return Listing(_order(chosen, field, descending=descending), page, size)


def between(records: list[CallRecord], start: datetime, end: datetime) -> list[CallRecord]:
    """Choose the calls that began from ``start`` to ``end``, both included."""
    return records[bisect_left(records, start, key=_date) : bisect_right(records, end, key=_date)]


def _has_parties(record: CallRecord, caller: str | None, callee: str | None) -> bool:
    parties = (record.caller_number, record.callee_number)
    if caller is not None and callee is not None:
        return parties in ((caller, callee), (callee, caller))
    return caller in (None, parties[0]) and callee in (None, parties[1])


def _read_sort(text: str) -> tuple[str, bool]:
    field, _, direction = text.partition(",")
    if field not in _FIELDS or direction not in _DESCENDING:
        raise bad_request("Parameter 'sort' must be a field of the answer, a comma, and ASC or DESC")
    return field, _DESCENDING[direction]


def _order(records: list[CallRecord], field: str, *, descending: bool) -> list[CallRecord]:
    """Sort stably, so that ties stay ordered by date, then by name; a missing value comes first."""
    if (field, descending) == ("date", False):
        return records
    value = _FIELDS[field]

    def key(record: CallRecord) -> tuple[bool, Any]:
        known = value(record)
        return known is not None, known

    return sorted(records, key=key, reverse=descending)


def _spell(record: CallRecord) -> dict[str, object]:
    """Spell a record; what it lacks is absent or null, as the millisecond of its date decides."""
    row: dict[str, object] = {name: value(record) for name, value in _FIELDS.items()}
    row["date"] = record.date.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if record.date.microsecond // 1000 % 2:
        return row
    return {name: value for name, value in row.items() if value is not None}
