"""Listed calls into the index: each call one row, however often it is listed."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import itemgetter

import attrs

from ..models import CallRecord, RecordCallStatus, RecordCallType
from .moments import spell
from .spans import Span, merge, subtract
from .states import CallState

# The fields of a record as the columns of the same names hold them; the name comes last.
Row = tuple[str | int | None, ...]

_FIELDS = [field.name for field in attrs.fields(CallRecord)]
_NUMBERS = ("caller_number", "callee_number", "destination_number")
_DURATIONS = ("call_duration", "conversation_duration")
_REQUIRED = ("date", "call_type", "call_status")
_ALL_BUT_NAME = itemgetter(slice(-1 + len(_FIELDS)))
_MOMENT_AND_NUMBERS = itemgetter(0, *map(_FIELDS.index, _NUMBERS))
COLUMNS = ", ".join(_FIELDS)
_LARGEST_INTEGER = 2**63 - 1

_FIND = f"SELECT id, {COLUMNS} FROM calls WHERE date BETWEEN ? AND ?"  # noqa: S608  # names of columns, as below
_INSERT = f"INSERT INTO calls ({COLUMNS}, state) VALUES ({'?, ' * len(_FIELDS)}?)"  # noqa: S608
_SETTING = f"UPDATE calls SET {', '.join(f'{name} = ?' for name in _FIELDS)}"  # noqa: S608
_UPDATE = f"{_SETTING} WHERE record_file_name = ?"
_NAME = f"{_SETTING}, state = ? WHERE id = ?"


def store_listed(
    connection: sqlite3.Connection, span: Span, records: Iterable[CallRecord], settled_s: int
) -> None:
    """Store all calls of a span, and that it is listed for good as far as it lies before a second."""
    if rows := [_row_of(record) for record in records]:
        _store(connection, rows)
    start, stop = span
    spans = merge([*_listed(connection), (start, min(stop, settled_s))])
    connection.execute("DELETE FROM listed")
    connection.executemany("INSERT INTO listed VALUES (?, ?)", spans)


def find_gaps(connection: sqlite3.Connection, span: Span, settled_s: int) -> list[Span]:
    """Find what of a span is not listed for good.

    Nothing is beyond a second: what says so was written while the clock was wrong, and is forgotten.
    """
    connection.execute("DELETE FROM listed WHERE start >= ?", (settled_s,))
    connection.execute("UPDATE listed SET stop = :settled WHERE stop > :settled", {"settled": settled_s})
    return subtract(span, _listed(connection))


def record_of(row: Row) -> CallRecord:
    """Make the record that a row was made of.

    Raises:
        sqlite3.DataError: It was made of none: the file is damaged, or somebody else has written into it.
    """
    fields = dict(zip(_FIELDS, row, strict=True))
    for name, value in fields.items():
        expected = int if name in _DURATIONS else str
        if not isinstance(value, expected) and (value is not None or name in _REQUIRED):
            raise sqlite3.DataError(f"a call has no {name} that can be one")
    fields["date"] = _moment_of(str(fields["date"]))  # type: ignore[assignment]  # the column's text
    fields["call_type"] = RecordCallType.of(fields["call_type"])  # type: ignore[arg-type]
    fields["call_status"] = RecordCallStatus.of(fields["call_status"])  # type: ignore[arg-type]
    return CallRecord(**fields)  # type: ignore[arg-type]


def _moment_of(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise sqlite3.DataError("a call has no date that can be one")
    return moment


def _store(connection: sqlite3.Connection, rows: list[Row]) -> None:
    """Match listed calls with those of the index, and add what is new.

    A recording's name is the identity of its call. Calls without one that are alike in all else can
    only be counted: as many as are listed now, or were before, are that many calls. One that has no
    name in the index, and bears one now, is the same call; if none is alike in all else, one of the
    same moment and numbers is.
    """
    named = {row[-1]: row for row in rows if row[-1] is not None}
    bare = Counter(row[:-1] for row in rows if row[-1] is None)
    bare_ids: defaultdict[Row, list[int]] = defaultdict(list)
    unlisted: Counter[Row] = Counter()
    dates = [str(row[0]) for row in rows]
    for call_id, *columns in connection.execute(_FIND, (min(dates), max(dates))).fetchall():
        *members, name = columns
        if name is None:
            bare_ids[tuple(members)].append(call_id)
        elif name not in named:
            unlisted[tuple(members)] += 1  # its name has vanished: it may be one of the bare ones now
        elif named[name] == tuple(columns):
            del named[name]  # as it was
    for members, count in bare.items():
        missing = count - len(bare_ids[members]) - unlisted[members]
        connection.executemany(_INSERT, [(*members, None, CallState.NONE)] * missing)
        del bare_ids[members][:count]
    unknown = [row for name, row in named.items() if not connection.execute(_UPDATE, (*row, name)).rowcount]
    nameless = {call_id: members for members, call_ids in bare_ids.items() for call_id in call_ids}
    for identity in (_ALL_BUT_NAME, _MOMENT_AND_NUMBERS):
        unknown = _give_names(connection, unknown, nameless, identity)
    connection.executemany(_INSERT, [(*row, CallState.DUE) for row in unknown])


def _give_names(
    connection: sqlite3.Connection, rows: list[Row], nameless: dict[int, Row], identity: Callable[[Row], Row]
) -> list[Row]:
    """Make calls without a name those listed ones that are alike, and give back the rows that found none."""
    alike: defaultdict[Row, list[int]] = defaultdict(list)
    for call_id, members in nameless.items():
        alike[identity(members)].append(call_id)
    left: list[Row] = []
    for row in rows:
        if call_ids := alike[identity(row)]:
            call_id = call_ids.pop()
            del nameless[call_id]
            connection.execute(_NAME, (*row, CallState.DUE, call_id))
        else:
            left.append(row)
    return left


def _listed(connection: sqlite3.Connection) -> list[Span]:
    return connection.execute("SELECT start, stop FROM listed").fetchall()


def _row_of(record: CallRecord) -> Row:
    # By name: astuple() would copy deeply, a thousand times a page.
    row: list[str | int | None] = [spell(record.date), *(getattr(record, name) for name in _FIELDS[1:])]
    row[1:3] = str(record.call_type), str(record.call_status)
    row[-1] = record.record_file_name or None
    return tuple(min(value, _LARGEST_INTEGER) if isinstance(value, int) else value for value in row)
