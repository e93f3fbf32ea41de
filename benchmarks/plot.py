"""What was measured, as bars in an SVG file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .report import Table

_WIDTH_IN = 8.0
_BAR_IN = 0.32
_FRAME_IN = 0.9


class PlottingMissing(Exception):
    """There is nothing to draw with."""


def plot(tables: Sequence[Table], path: Path) -> None:
    """Draw a panel for each table: medians as bars, the spread as whiskers.

    Raises:
        PlottingMissing: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415  # needed by whoever wants a plot
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise PlottingMissing("matplotlib is not installed") from None
    heights_in = [_FRAME_IN + _BAR_IN * len(table.rows) for table in tables]
    figure = Figure(figsize=(_WIDTH_IN, sum(heights_in)), layout="constrained")
    panels = figure.subplots(len(tables), 1, squeeze=False, height_ratios=heights_in)[:, 0]
    for panel, table in zip(panels, tables, strict=True):
        _draw(panel, table)
    # The same figures give the same file: no random ids, no date.
    with mpl.rc_context({"svg.hashsalt": "tele2ats_async", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def _draw(panel: Any, table: Table) -> None:
    rows = list(reversed(table.rows))
    medians = [row.median if row.samples else 0 for row in rows]
    below = [row.median - min(row.samples) if row.samples else 0 for row in rows]
    above = [max(row.samples) - row.median if row.samples else 0 for row in rows]
    colors = ["#1f77b4" if row.name.startswith("tele2ats_async") else "#b0b0b0" for row in rows]
    labels = [f"{row.name} (missing)" if row.missing else row.name for row in rows]
    panel.barh(labels, medians, xerr=[below, above], color=colors, ecolor="#404040", capsize=2)
    panel.set_title(table.title, loc="left", fontsize="medium")
    panel.set_xlabel(table.unit)
    panel.spines[["top", "right"]].set_visible(False)
