"""Time zones as people name them."""

from datetime import tzinfo
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import typer

_SUGGESTIONS = 3


def read_zone(text: str | tzinfo) -> tzinfo:
    """Read the name of a time zone.

    Raises:
        typer.BadParameter: There is none of this name; the text has some of similar names.
    """
    if isinstance(text, tzinfo):
        return text
    try:
        return ZoneInfo(text)
    # Not a key, no file of a zone, or a directory of some, as `Europe` is.
    except (KeyError, ValueError, OSError):
        near = " or ".join(_near(text)) or "a name such as Europe/Moscow"
    raise typer.BadParameter(f"{text!r} is no time zone; type {near}")


def _near(text: str) -> list[str]:
    """Give names that may be meant: of a city without its continent, or mistyped."""
    names = {name.lower(): name for name in available_timezones()}
    wanted = text.strip().lower().replace(" ", "_")
    if wanted == "msk":  # the one abbreviation that people here type, and no name is like it
        return ["Europe/Moscow"]
    if any(
        letter.isdigit() for letter in wanted
    ):  # an offset: Etc/GMT+3, which looks like it, is its opposite
        return []
    exact = [name for key, name in names.items() if wanted and wanted in (key, key.rpartition("/")[2])]
    if exact:
        return sorted(exact)[:_SUGGESTIONS]
    cities = {key.rpartition("/")[2]: name for key, name in names.items()}
    near = [names[key] for key in get_close_matches(wanted, names, _SUGGESTIONS)]
    near += [cities[key] for key in get_close_matches(wanted, cities, _SUGGESTIONS)]
    return [*dict.fromkeys(near)][:_SUGGESTIONS]


def _complete(incomplete: str) -> list[str]:
    return sorted(name for name in available_timezones() if name.startswith(incomplete))


TimeZone = Annotated[
    tzinfo | None,
    typer.Option(
        "--tz",
        parser=read_zone,
        metavar="ZONE",
        autocompletion=_complete,
        help="Zone of the times typed and shown, such as Europe/Moscow; default: the local one.",
    ),
]
