"""Asking before something is lost."""

import sys

import typer

from .running import SOMETHING_FAILED, fail


def require_consent(command: str, question: str, *, yes: bool) -> None:
    """Ask a person, unless `--yes` was the answer already; end the process where the answer is no.

    Args:
        command: The words to type, for whoever is no person.
        question: What to ask, on standard error.
        yes: Whether `--yes` was typed.

    Raises:
        ValueError: There is no terminal to ask on.
    """
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise ValueError(f"asks first, and here is nobody to ask; type {command} --yes")
    if not typer.confirm(question, err=True):
        fail("nothing was sent", SOMETHING_FAILED)
