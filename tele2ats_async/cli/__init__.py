"""The command line, ``tele2ats``: everything it does, the library does."""

import sys
from typing import NoReturn


def main() -> None:
    """Run the command line."""
    try:
        from .app import app  # noqa: PLC0415  # typer and rich belong to an extra

        app()
    except ModuleNotFoundError as error:
        if error.name not in ("rich", "typer"):
            raise
        _fail('the command line needs more packages: pip install "tele2ats_async[cli]"', 2)
    except KeyboardInterrupt:  # before there was anything to interrupt
        _fail("Interrupted; nothing was sent.", 130)


def _fail(text: str, status: int) -> NoReturn:
    """End as `running.fail()` does, although typer is not there, or half there."""
    print(f"tele2ats: {text}", file=sys.stderr)  # noqa: T201  # see above
    sys.exit(status)
