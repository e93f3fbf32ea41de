"""Options that several commands have, and what the environment says instead."""

import os
from pathlib import Path
from typing import Annotated

import typer

TokenFile = Annotated[Path | None, typer.Option(help="Token file; default: TELE2ATS_TOKEN_FILE.")]
BaseUrl = Annotated[
    str | None,
    typer.Option(help="Address of the service; default: TELE2ATS_BASE_URL, else the real one."),
]


def environment(token_file: Path | None, base_url: str | None = None) -> dict[str, str]:
    """Give the variables of the process, the options going first."""
    options = {"TELE2ATS_TOKEN_FILE": token_file and str(token_file), "TELE2ATS_BASE_URL": base_url}
    variables = {**os.environ, **{name: value for name, value in options.items() if value}}
    if token_file:
        variables.pop("TELE2ATS_REDIS_URL", None)
    return variables
