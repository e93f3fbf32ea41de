"""The command line, ``tele2ats``: everything it does, the library does."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from .app import app  # noqa: PLC0415  # typer and rich belong to an extra
    except ModuleNotFoundError as error:
        if error.name not in ("rich", "typer"):
            raise
        sys.exit('The command line needs more packages: pip install "tele2ats_async[cli]"')
    app()
