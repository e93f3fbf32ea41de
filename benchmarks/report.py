"""What was measured, as a table to read and as JSON to keep."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import attrs
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as Grid

from .plot import PlottingMissing, plot
from .rounds import Measured, median_ratio

# Of whatever terminal: a figure that is cut off says nothing.
_WIDTH = 160


@attrs.frozen(kw_only=True)
class Row:
    """One contestant, or one size: what was measured of it in each round, or why nothing was."""

    name: str
    samples: Sequence[float] = ()
    missing: str = ""

    @property
    def median(self) -> float:
        """The median of all rounds."""
        return statistics.median(self.samples)


@attrs.frozen(kw_only=True)
class Table:
    """What was measured of several under the same conditions.

    Attributes:
        title: What, and under which conditions.
        unit: Of the figures, such as ``files/s``.
        rows: In the order to show them.
        reference: The name of the row that the others are divided by; empty where none is.
        target: What is aimed at, in words.
    """

    title: str
    unit: str
    rows: Sequence[Row]
    reference: str = ""
    target: str = ""

    @classmethod
    def of(cls, measured: Measured, missing: Mapping[str, str] | None = None, **settings: Any) -> Self:
        """Make a table of what rounds have given, and of those that could not take part."""
        rows = [Row(name=name, samples=values) for name, values in measured.samples.items()]
        absent = {**(missing or {}), **measured.disqualified}
        rows += [Row(name=name, missing=reason) for name, reason in absent.items()]
        return cls(rows=rows, **settings)

    def ratio(self, row: Row) -> float | None:
        """Divide a row by the reference: the median of the rounds' ratios, where both had the same rounds."""
        reference = next((other for other in self.rows if other.name == self.reference), None)
        if reference is None or not row.samples or not reference.samples:
            return None
        if len(row.samples) != len(reference.samples):
            return row.median / reference.median
        return median_ratio(row.samples, reference.samples)


def report(benchmark: str, tables: Sequence[Table], *, json_path: Path | None, svg_path: Path | None) -> None:
    """Print the tables, and write what was asked for.

    Args:
        benchmark: The script's name.
        tables: What was measured.
        json_path: Where to write it as JSON.
        svg_path: Where to draw it.
    """
    console = Console(highlight=False, width=_WIDTH)
    for table in tables:
        console.print(f"{table.title} ({table.target})" if table.target else table.title)
        console.print(_grid(table))
    if json_path is not None:
        document = {
            "benchmark": benchmark,
            "machine": machine(),
            "tables": [_plain(table) for table in tables],
        }
        json_path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if svg_path is not None:
        try:
            plot(tables, svg_path)
        except PlottingMissing as error:
            console.print(f"no plot: {error}")


def machine() -> dict[str, str | int | None]:
    """Give the facts that figures depend on, and nothing that tells whose machine it is."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "aiohttp": version("aiohttp"),
        "tele2ats_async": version("tele2ats_async"),
    }


def _grid(table: Table) -> Grid:
    grid = Grid(box=SIMPLE)
    headings = [table.unit, "min..max", *([f"beside {table.reference}"] if table.reference else [])]
    grid.add_column("", no_wrap=True)
    for heading in headings:
        grid.add_column(heading, justify="right", no_wrap=True)
    for row in table.rows:
        if row.missing:
            grid.add_row(row.name, "missing", row.missing)
            continue
        ratio = table.ratio(row)
        spread = f"{_spell(min(row.samples))}..{_spell(max(row.samples))}"
        grid.add_row(row.name, _spell(row.median), spread, *([] if ratio is None else [f"{ratio:.3f}"]))
    return grid


def _plain(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "unit": table.unit,
        "reference": table.reference,
        "target": table.target,
        "rows": [
            {
                "name": row.name,
                "median": row.median if row.samples else None,
                "ratio": table.ratio(row),
                "samples": list(row.samples),
                "missing": row.missing,
            }
            for row in table.rows
        ],
    }


def _spell(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 or figure == int(figure) else f"{figure:.3g}"
