"""Rows of one model read member by member, not row by row.

What reading costs is calls: a record has eleven members, a page three thousand records. Down a column,
looking members up, telling the types of their values and filling the instances are loops in C; only
where a value is not what it should be do the hooks see its column, value by value.
"""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import repeat
from operator import itemgetter
from types import NoneType
from typing import Any, get_args

from ..models import OpenEnum
from .hooks import Hook

# Of a list, what is to be read, to the list of what was read, in the same order.
Reader = Callable[[list[Any]], list[Any]]

_PLAIN = (str, int, float, bool)
# The JSON types of the values that go into a field as they are.
_AS_THEY_ARE: Mapping[object, frozenset[type]] = {
    **{kind: frozenset({kind}) for kind in _PLAIN},
    **{kind | None: frozenset({kind, NoneType}) for kind in _PLAIN},
}


def enum_of(kind: object) -> type[OpenEnum] | None:
    """Give the enum that a type is, None left aside."""
    kinds = [member for member in get_args(kind) or (kind,) if isinstance(member, type)]
    return next((member for member in kinds if issubclass(member, OpenEnum)), None)


def make_column_reader(kind: object, hook: Hook) -> Reader:
    """Make the reader of values of one type: what the hook gives of each, and sooner."""
    if enum := enum_of(kind):
        return _make_enum_reader(enum, kind, hook)
    as_they_are = _AS_THEY_ARE.get(kind, frozenset[type]())

    def read_column(values: list[Any]) -> list[Any]:
        if as_they_are.issuperset(map(type, values)):
            return values
        return [hook(value, kind) for value in values]

    return read_column


def _make_enum_reader(enum: type[OpenEnum], kind: object, hook: Hook) -> Reader:
    member_of = {member.value: member for member in enum}.get

    def read_enum(values: list[Any]) -> list[Any]:
        members = [*map(member_of, values)]
        return [hook(value, kind) for value in values] if None in members else members

    return read_enum


def make_member_reader(name: str, read_column: Reader, *, is_required: bool) -> Reader:
    """Make the reader of one member of objects; one that may be absent is as good as null."""
    if is_required:
        return lambda rows: read_column([*map(itemgetter(name), rows)])
    return lambda rows: read_column([*map(dict[str, Any].get, rows, repeat(name))])


def make_rows_reader(model: type[Any], readers: Mapping[str, Reader]) -> Reader:
    """Make the reader of a list of objects out of one reader for each field.

    The instances are filled through their slots, in two thirds of the time that the ``__init__`` of a
    frozen class takes: models are plain values, in which it does nothing else (a test sees to it).
    """
    members = [(getattr(model, field).__set__, read) for field, read in readers.items()]

    def read_rows(rows: list[Any]) -> list[Any]:
        instances: list[Any] = [*map(object.__new__, repeat(model, len(rows)))]
        for fill, read in members:
            deque[None](map(fill, instances, read(rows)), maxlen=0)
        return instances

    return read_rows
