"""One row in all its forms: a JSON object, a line of CSV, some cells of a table."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from typing import Any, Generic, TypeVar, cast

import attrs

from ..wire.converter import wire_name
from .texts import in_json, in_one_line, in_spreadsheet
from .times import in_zone

T = TypeVar("T")

_RECEIVED = "as_received"


@attrs.frozen
class Sheet(Generic[T]):
    """How rows of one kind look.

    Programs get all members of the model, by the contract's names, so that what is printed here and what
    the service documents is the same; people get the columns that they read.

    Attributes:
        model: The class of the rows, of attrs.
        columns: The headings of the table, and what stands below each.
    """

    model: type[T]
    columns: Mapping[str, Callable[[T], object]]

    @property
    def names(self) -> list[str]:
        """The names of the members, in order."""
        return [wire_name(field) for field in _fields(self.model)]

    def line(self, row: T, zone: tzinfo | None) -> list[str]:
        """Make the cells of a line of CSV."""
        values = members(row, zone)
        return [_csv_cell(values[name]) for name in self.names]

    def cells(self, row: T, zone: tzinfo | None) -> list[str]:
        """Make the cells of a table."""
        return [show(value(row), zone) for value in self.columns.values()]


def members(row: object, zone: tzinfo | None) -> dict[str, object]:
    """Give the members of a model by the contract's names, and after them those that this version does not know."""
    known = {wire_name(field): _plain(getattr(row, field), zone) for field in _fields(type(row))}
    received: Mapping[str, object] = getattr(row, _RECEIVED, {})
    return known | {name: value for name, value in received.items() if name not in known}


def to_json(row: object, zone: tzinfo | None, *, indent: int | None = None) -> str:
    """Spell a row as JSON that commands no terminal."""
    return in_json(json.dumps(members(row, zone), ensure_ascii=False, indent=indent))


def show(value: object, zone: tzinfo | None = None) -> str:
    """Spell a value for people, in one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{in_zone(value, zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds())))
    if isinstance(value, Enum):  # by words, between which a narrow column breaks it
        value = str(value.value).lower().replace("_", " ")
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return in_one_line(str(value))


def _fields(model: type) -> list[str]:
    return [field.name for field in attrs.fields(cast("Any", model)) if field.name != _RECEIVED]


def _plain(value: Any, zone: tzinfo | None) -> object:
    if isinstance(value, datetime):
        return in_zone(value, zone).isoformat(timespec="milliseconds")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [_plain(item, zone) for item in cast("list[object]", value)]
    return members(value, zone) if _is_model(value) else value


def _is_model(value: object) -> bool:
    return attrs.has(type(value))


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return in_spreadsheet(value)
    if not isinstance(value, list):
        return str(value)
    items = cast("list[object]", value)
    if all(isinstance(item, str) for item in items):
        return in_spreadsheet(" ".join(map(str, items)))
    return in_json(json.dumps(items, ensure_ascii=False))
