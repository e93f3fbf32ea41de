"""``tele2ats demo`` and ``tele2ats simulator``: the commands, whose work needs the extra "simulator"."""

from pathlib import Path
from typing import Annotated

import typer

from .download import CONCURRENCY, Concurrency, Directory
from .options import require_texts, whole_number
from .running import run, wrong_use


def demo(directory: Directory = Path("tele2ats-demo"), concurrency: Concurrency = CONCURRENCY) -> None:
    """Save a week of a simulated ATS on this machine.

    Its calls are listed, their recordings and transcripts saved; a second run finds them there.

    Example: tele2ats demo
    """
    with wrong_use():
        from .demonstration import demonstrate  # noqa: PLC0415  # needs the extra "simulator"
    run(demonstrate(directory, concurrency=concurrency))


def simulator(
    port: Annotated[
        int,
        typer.Option(
            parser=whole_number(0, 65535), metavar="NUMBER", help="Port to listen on; 0 for a free one."
        ),
    ] = 8093,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[
        int,
        typer.Option(parser=whole_number(0), metavar="NUMBER", help="Another seed makes another company."),
    ] = 1,
) -> None:
    """Serve a simulated ATS until interrupted.

    What another terminal needs to use it is printed.

    Example: tele2ats simulator --port 8093
    """
    with wrong_use():
        require_texts(host=host)
        from .demonstration import serve  # noqa: PLC0415  # needs the extra "simulator"
    run(serve(host, port, seed=seed), farewell="Stopped.")
