"""Asking for a pair: of a person, who sees nothing of what is typed, or of the standard input."""

import getpass
import sys
from collections.abc import Generator
from contextlib import contextmanager

import typer

from ..errors import PayloadError
from ..models import IssuedTokens
from ..tokens import TokenPair
from ..tokens.pair import require_order
from ..wire import converter

_EXPECTED = (
    'expected {"accessToken": "…", "refreshToken": "…"} on the standard input,'
    " or the access token and the refresh token with white space between them"
)
_PROMPTS = ("Access token: ", "Refresh token: ")
# What is longer, with its line break, a terminal in line mode cuts without a word.
_LONGEST_LINE = 4095
# More than any pair has: a device has no end.
_LARGEST_BYTES = 1024**2


def ask_pair() -> TokenPair:
    """Ask for a pair: on a terminal line by line, else for the whole standard input.

    Raises:
        ValueError: What came is no pair; the text shows nothing of it.
    """
    try:
        if sys.stdin is None:  # closed by whoever started the process
            raise ValueError(_EXPECTED)
        if not sys.stdin.isatty():
            return _parse(sys.stdin.buffer.read(_LARGEST_BYTES).decode("utf-8-sig", errors="replace"))
        return _ask_on_terminal()
    except OSError as error:
        raise ValueError(f"cannot read the tokens: {error.strerror or error}") from None


def _parse(content: str) -> TokenPair:
    if content.lstrip().startswith("{"):
        try:
            tokens = converter.decode(content, IssuedTokens)
        except PayloadError as error:
            raise ValueError(f"no pair, at {error.where}: {error.reason}; {_EXPECTED}") from None
        return require_order(TokenPair(tokens.access_token, tokens.refresh_token))
    words = content.split()
    if len(words) != len(_PROMPTS):
        raise ValueError(f"no pair; {_EXPECTED}")
    return require_order(TokenPair(*words))


def _ask_on_terminal() -> TokenPair:
    if sys.platform == "win32":  # pragma: no cover  # nothing is echoed there unless it is read
        return require_order(TokenPair(*(getpass.getpass(prompt).strip() for prompt in _PROMPTS)))
    with _silence(sys.stdin.fileno()):
        return require_order(TokenPair(*(_ask_line(prompt) for prompt in _PROMPTS)))


@contextmanager
def _silence(terminal: int) -> Generator[None, None, None]:
    """Keep a terminal from showing what is typed.

    For both prompts in one, unlike `getpass`: that shows what is pasted between two prompts, and throws
    it away. Only what is left at the end is thrown away here, or it would go to the shell.
    """
    import termios  # noqa: PLC0415  # not on Windows

    before = termios.tcgetattr(terminal)
    silent = before.copy()
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _ask_line(prompt: str) -> str:
    """Prompt until there is something in the line."""
    answer = ""
    while not answer:
        try:
            typer.echo(prompt, nl=False, err=True)
            line = sys.stdin.buffer.readline()
        finally:
            typer.echo(err=True)  # the line break was not shown either
        if not line.endswith(b"\n"):
            raise ValueError("the input ended before both tokens were there")
        if len(line) > _LONGEST_LINE:
            raise ValueError("too long a line for a terminal, which has cut it; use the standard input")
        answer = line.decode(errors="replace").strip()
    return answer
