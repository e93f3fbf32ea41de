"""Texts that others wrote, made fit for a terminal."""

import re

_SPACES = re.compile(r"\s+")
_FORMULA = re.compile(r"\s*[=+\-@]")
_NUMBER = re.compile(r"[+-]\d+")  # such as +79998887766
_SHOWN_CHARACTERS = 1000


def in_one_line(text: str) -> str:
    """Make a text one line that commands no terminal.

    Names come from a server, and so do its explanations: an escape sequence in them could hide, recolour or
    overwrite what else is shown. White space of any kind becomes a space, what cannot be printed ``�``.
    """
    if text.isprintable():
        return text
    spaced = _SPACES.sub(" ", text)
    return "".join(letter if letter.isprintable() else "�" for letter in spaced)


def in_short(text: str) -> str:
    """Leave out the middle of a text that fills the screen, such as what was pasted by mistake: its end tells what to do."""
    kept = _SHOWN_CHARACTERS // 2
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:kept]} … {text[-kept:]}"


def in_json(text: str) -> str:
    """Escape in a JSON text what cannot be printed; its meaning stays.

    JSON itself allows some controls, such as U+009B, which begins escape sequences, and line separators.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else _escape(letter) for letter in text)


def in_spreadsheet(text: str) -> str:
    """Make a text one cell that a spreadsheet takes for a text: what begins as a formula gets an apostrophe."""
    line = in_one_line(text)
    return f"'{line}" if _FORMULA.match(line) and not _NUMBER.fullmatch(line) else line


def _escape(letter: str) -> str:
    units = letter.encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
