"""Options that all scripts have."""

from pathlib import Path
from typing import Annotated

import typer

Rounds = Annotated[int, typer.Option(min=1, help="How often each contestant is measured.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Few and small rounds: to see that it runs, not to quote figures.")
]
Long = Annotated[bool, typer.Option("--long", help="Also with 100,000 recordings, which takes minutes.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Where to write the figures as JSON.")]
SvgFile = Annotated[Path | None, typer.Option("--svg", help="Where to draw them.")]
