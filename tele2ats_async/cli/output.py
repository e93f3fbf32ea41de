"""The forms of output, chosen by `--json`, `--jsonl` and `--csv`, and the writers of each."""

import csv
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import tzinfo
from typing import Annotated, Any, BinaryIO, Generic, Protocol, TextIO, TypeVar

import attrs
import typer
from rich.console import Console

from ..session import AtsSession
from .rows import Sheet, to_json
from .running import OK
from .tables import print_table
from .views import make_console, say

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: one array, or one object.")]
AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="Print JSON lines: one object per line.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV with a heading.")]

T = TypeVar("T")
_Row_contra = TypeVar("_Row_contra", contravariant=True)


class Writer(Protocol[_Row_contra]):
    """Something that rows go to, one after the other."""

    def add(self, row: _Row_contra) -> None:
        """Take a row."""

    def end(self) -> None:
        """Take note that this was all."""


@attrs.frozen
class Output:
    """Where rows go, and in which form.

    Attributes:
        form: The name of the option; empty for a table, or `lines` for one that has no end.
        zone: Of the times in it; None for the local one.
    """

    form: str
    zone: tzinfo | None = None

    @property
    def is_for_people(self) -> bool:
        """Whether it is no form for programs."""
        return self.form in ("", "lines")

    def writer(self, sheet: Sheet[T]) -> Writer[T]:
        """Make what writes rows of one kind."""
        makers: dict[str, type[Any]] = {
            "": _Table,
            "lines": _Lines,
            "json": _Json,
            "jsonl": _JsonLines,
            "csv": _Csv,
        }
        writer: Writer[T] = makers[self.form](sheet, self.zone)
        return writer

    def print_all(self, sheet: Sheet[T], rows: Iterable[T]) -> None:
        """Print rows."""
        writer = self.writer(sheet)
        for row in rows:
            writer.add(row)
        writer.end()

    def flush(self) -> None:
        """Let whoever reads have what there is."""
        if (stdout := _stdout()) is not None:
            stdout.flush()

    def print_one(self, sheet: Sheet[T], row: T) -> None:
        """Print the only row that there is, for programs: as JSON it is no array."""
        if self.form == "json":
            _write(to_json(row, self.zone, indent=2) + "\n")
        else:
            self.print_all(sheet, [row])


def choose_output(
    *, as_json: bool, as_jsonl: bool, as_csv: bool, zone: tzinfo | None = None, is_endless: bool = False
) -> Output:
    """Choose the form of output from the options.

    Raises:
        ValueError: There are two, or one that has an end for what has none.
    """
    given = [form for form, wanted in (("json", as_json), ("jsonl", as_jsonl), ("csv", as_csv)) if wanted]
    if len(given) > 1:
        raise ValueError(f"--{given[0]} and --{given[1]}: are two forms of output; type one of them")
    if is_endless and as_json:
        raise ValueError("--json: is an array with an end, which --watch has not; type --jsonl")
    return Output("".join(given) or "lines" * is_endless, zone)


async def print_fetched(
    output: Output, sheet: Sheet[T], session: AtsSession, fetch: Callable[[], Awaitable[Iterable[T]]]
) -> int:
    """Fetch rows from the service, print them, and give the exit status."""
    async with session:
        output.print_all(sheet, await fetch())
    return OK


@attrs.define
class _Table(Generic[T]):
    """Keeps the cells: a column is as wide as its widest."""

    sheet: Sheet[T]
    zone: tzinfo | None
    rows: list[list[str]] = attrs.field(factory=list[list[str]], init=False)

    def add(self, row: T) -> None:
        self.rows.append(self.sheet.cells(row, self.zone))

    def end(self) -> None:
        print_table(make_console(), [*self.sheet.columns], self.rows)


@attrs.define
class _Lines(Generic[T]):
    """Prints cells at once: nobody knows how wide those to come are."""

    sheet: Sheet[T]
    zone: tzinfo | None
    console: Console = attrs.field(factory=make_console, init=False)

    def add(self, row: T) -> None:
        say(self.console, "  ".join(filter(None, self.sheet.cells(row, self.zone))))

    def end(self) -> None:
        pass


@attrs.define
class _Json(Generic[T]):
    """Writes an array as it comes, a row on each line; one that breaks off is no JSON, and is told apart by that."""

    sheet: Sheet[T]
    zone: tzinfo | None
    before: str = attrs.field(default="[\n", init=False)

    def add(self, row: T) -> None:
        _write(self.before + to_json(row, self.zone))
        self.before = ",\n"

    def end(self) -> None:
        _write("\n]\n" if self.before == ",\n" else "[]\n")


@attrs.define
class _JsonLines(Generic[T]):
    sheet: Sheet[T]
    zone: tzinfo | None

    def add(self, row: T) -> None:
        _write(to_json(row, self.zone) + "\n")

    def end(self) -> None:
        pass


@attrs.define
class _Csv(Generic[T]):
    sheet: Sheet[T]
    zone: tzinfo | None

    def __attrs_post_init__(self) -> None:
        self._write_line(self.sheet.names)

    def add(self, row: T) -> None:
        self._write_line(self.sheet.line(row, self.zone))

    def end(self) -> None:
        pass

    def _write_line(self, cells: list[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        _write(line.getvalue())


def _write(text: str) -> None:
    """Write in UTF-8, which is what programs expect, whatever letters the terminal has."""
    if (stdout := _stdout()) is not None:
        binary: BinaryIO = stdout.buffer
        binary.write(text.encode())


def _stdout() -> TextIO | None:
    return sys.stdout  # None where it was closed before we began: there is nobody to tell
