"""Tables for people: with lines on a terminal, with spaces on a pipe."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .views import say

# Of a word that is longer, such as the name of a recording, so many letters stand on a line.
_WHOLE_LETTERS = 11
_BETWEEN = 3  # a line, and a space on either side of it


def print_table(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, one row on a line where nobody's terminal has an end of the line."""
    if not console.is_terminal:
        _print_aligned(console, [titles, *rows])
        return
    least = [_least_width(column) for column in zip(titles, *rows, strict=True)]
    spare = console.width - 1 - sum(width + _BETWEEN for width in least)
    if spare < 0:
        _print_below_each_other(console, titles, rows)
        return
    table = Table()
    # Rich, left to itself, takes the same from all columns, whatever words it breaks.
    for title, width in zip(titles, _fit(least, _widths([titles, *rows]), spare), strict=True):
        table.add_column(Text(title), overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _least_width(column: Iterable[str]) -> int:
    """Give the width at which a column breaks between words, but for the longest ones."""
    return max(min(cell_len(word), _WHOLE_LETTERS) for cell in column for word in cell.split() or [""])


def _fit(least: Sequence[int], wanted: Sequence[int], spare: int) -> list[int]:
    """Widen columns: who wants little gets all of it, and the others get the same."""
    widths = [*least]
    by_want = sorted(range(len(least)), key=lambda place: wanted[place] - least[place])
    for rank, place in enumerate(by_want):
        more = min(wanted[place] - least[place], spare // (len(by_want) - rank))
        widths[place] += more
        spare -= more
    return widths


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


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
