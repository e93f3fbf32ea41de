"""Options that several commands have, and what the environment says instead."""

import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ..numbers import normalize_msisdn
from ..session import VARIABLES, AtsSession
from ..tokens import TokenStore
from ..tokens.environment import store_from
from .paths import read_file

TokenFile = Annotated[
    Path | None,
    typer.Option(parser=read_file, metavar="FILE", help="Token file; default: TELE2ATS_TOKEN_FILE."),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Address of the service; default: TELE2ATS_BASE_URL, else the real one."
    ),
]
Start = Annotated[
    str, typer.Option(metavar="TIME", help="First day or moment: 2026-11-01, 2026-11-01T09:30, today, -7d.")
]
End = Annotated[
    str | None, typer.Option(metavar="TIME", help="Last day (whole) or moment, like --start; default: now.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_NAMES = VARIABLES | {
    "access": "TELE2ATS_ACCESS_TOKEN",
    "refresh": "TELE2ATS_REFRESH_TOKEN",
    "url": "TELE2ATS_REDIS_URL",
}
_NO_TOKENS = "type --token-file tokens.json, which tele2ats tokens set --token-file tokens.json makes"
_NUMBER_OF_RUSSIA = re.compile(r"\s*\+\s*7")
_BESIDE_DIGITS = re.compile(r"[\s()+\-.\u2010-\u2015\u00a0]+")


def whole_number(least: int, most: int | None = None) -> Callable[[str | int], int]:
    """Make a reader of whole numbers.

    Args:
        least: The smallest.
        most: The largest; None where there is none.
    """
    span = f"from {least} on" if most is None else f"from {least} to {most}"

    def read(text: str | int) -> int:
        if isinstance(text, int):  # a default
            return text
        # More digits than any number that is meant has; Python would refuse very many.
        if re.fullmatch(r"[0-9]{1,18}", text) and least <= int(text) <= (most or int(text)):
            return int(text)
        raise typer.BadParameter(f"{text!r} is no whole number {span}; type {least}")

    return read


def read_subscriber(option: str, text: str) -> str:
    """Read a Russian number as people write it.

    Raises:
        ValueError: It is none; the text names the option.
    """
    try:
        return normalize_msisdn(text)
    except ValueError:
        raise ValueError(f"{option}: {text!r} is no Russian phone number; type 79998887766") from None


def read_number(option: str, text: str, *, or_short: str = ", or a short number: 0001") -> str:
    """Read a number of any country, or a short one, as people write it.

    Args:
        option: Its name.
        text: What was typed.
        or_short: What to say of short numbers, where others are missed.

    Raises:
        ValueError: It is none; the text names the option.
    """
    try:
        return normalize_msisdn(text)
    except ValueError:
        digits = _BESIDE_DIGITS.sub("", text)
    # One of Russia with a digit too few or too many would be somebody else's without its plus sign.
    if _NUMBER_OF_RUSSIA.match(text) or not (digits.isascii() and digits.isdecimal() and len(digits) <= 15):
        raise ValueError(f"{option}: {text!r} is no phone number; type 79998887766{or_short}")
    return digits


def read_full_number(option: str, text: str) -> str:
    """Read a number of any country, but no short one, as people write it.

    Raises:
        ValueError: It is none; the text names the option.
    """
    number = read_number(option, text, or_short="")
    if len(number) < 7 or number.startswith("0"):
        raise ValueError(f"{option}: {text!r} has no country code; type the whole number: 79998887766")
    return number


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


def open_session(token_file: Path | None, base_url: str | None, *, keep_alive: bool = False) -> AtsSession:
    """Make the session that the options and the environment describe.

    Raises:
        ValueError: One of them is wrong; the text names it as it was typed.
    """
    with _named_as_set(base_url):
        return AtsSession.from_env(environment(token_file, base_url), keep_alive=keep_alive)


def open_store(token_file: Path | None) -> TokenStore:
    """Make the token store that the options and the environment describe.

    Raises:
        ValueError: One of them is wrong; the text names it as it was typed.
    """
    with _named_as_set():
        return store_from(environment(token_file))


@contextmanager
def _named_as_set(base_url: str | None = None) -> Generator[None, None, None]:
    """Name what is wrong as it was typed or set: what the library calls an argument, who is at the keyboard does not."""
    try:
        yield
    except ValueError as error:
        argument, _, complaint = str(error).partition(": ")
        if argument == "TELE2ATS_TOKEN_FILE":
            raise ValueError(f"{error}; {_NO_TOKENS}") from None
        if argument not in _NAMES:
            raise
        name = "--base-url" if argument == "base_url" and base_url else _NAMES[argument]
        raise ValueError(f"{name}: {complaint}") from None
