"""The command line, ``tele2ats``: everything it does, the library does."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from .app import app  # noqa: PLC0415  # typer and rich belong to an extra

        app()
    except ModuleNotFoundError as error:
        if error.name not in ("rich", "typer"):
            raise
        sys.exit('The command line needs more packages: pip install "tele2ats_async[cli]"')
    except KeyboardInterrupt:  # before there was anything to interrupt
        print("tele2ats: Interrupted; nothing was sent.", file=sys.stderr)  # noqa: T201  # typer may be half there
        sys.exit(130)
