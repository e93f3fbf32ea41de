"""Tables for people: with lines on a terminal, with spaces on a pipe."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .views import say

# Narrower columns are not read but guessed.
_READABLE_LETTERS = 8
_BETWEEN = 3  # a line, and a space on either side of it


def print_table(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, one row on a line where nobody's terminal has an end of the line."""
    if not console.is_terminal:
        _print_aligned(console, [titles, *rows])
    elif console.width < _least_width(titles, rows):
        _print_below_each_other(console, titles, rows)
    else:
        table = Table()
        for title in titles:
            table.add_column(Text(title), overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _least_width(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    return sum(min(width, _READABLE_LETTERS) + _BETWEEN for width in _widths([titles, *rows])) + 1


def _print_aligned(console: Console, rows: Sequence[Sequence[str]]) -> None:
    widths = _widths(rows)
    for row in rows:
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        say(console, "  ".join(cells).rstrip())


def _print_below_each_other(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print each row as lines, for terminals that are too narrow for columns."""
    for row in rows:
        for title, cell in zip(titles, row, strict=True):
            if cell:
                say(console, f"{title}: {cell}")
        say(console, "")
