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


def read_directory(text: str | Path) -> Path:
    """Read the path of a directory, which may still be to be made.

    Raises:
        typer.BadParameter: It is empty, or there is a file.
    """
    if not str(text):
        raise typer.BadParameter("is empty; is a variable of your shell not set?")
    if Path(text).is_file():
        raise typer.BadParameter(f"{str(text)!r} is a file.")
    return Path(text)


def require_texts(**given: str | None) -> None:
    """Refuse options that were given without a text, as by a variable of the shell that is not set.

    Raises:
        ValueError: One is empty; the text names it.
    """
    for name, text in given.items():
        if text is not None and not text:
            option = name.replace("_", "-")
            raise ValueError(f"--{option}: is empty; is a variable of your shell not set?")


def environment(token_file: Path | None, base_url: str | None = None) -> dict[str, str]:
    """Give the variables of the process, the options going first.

    Raises:
        ValueError: The address is empty.
    """
    require_texts(base_url=base_url)
    options = {"TELE2ATS_TOKEN_FILE": token_file and str(token_file), "TELE2ATS_BASE_URL": base_url}
    variables = {**os.environ, **{name: value for name, value in options.items() if value}}
    if token_file:
        variables.pop("TELE2ATS_REDIS_URL", None)
    return variables
