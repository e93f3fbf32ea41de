"""``tele2ats transcript``: what was said in a recording, for people, players and programs."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import attrs
import typer

from .. import disk
from ..archive.reading import find_record
from ..errors import PayloadError, UnsafeName
from ..recordings.names import RECORDING, TRANSCRIPT, path_below
from ..session import AtsSession
from ..transcripts import Transcript
from ..transcripts.spelling import spell_time
from .options import BaseUrl, TokenFile, open_session, require_texts
from .paths import output_file
from .running import OK, SOMETHING_FAILED, run, wrong_use
from .views import make_console, say

Write = Callable[[Transcript], str]


class Format(StrEnum):
    """How a transcript is written."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


_WRITE: dict[Format, Write] = {
    Format.TEXT: Transcript.to_text,
    Format.SRT: Transcript.to_srt,
    Format.VTT: Transcript.to_webvtt,
    Format.JSON: lambda transcript: f"{transcript.to_json()}\n",
}


def transcript(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Name of a recording, as listed, or a saved transcript: a .json file."
        ),
    ],
    *,
    format_: Annotated[
        Format, typer.Option("--format", help="Text with times, subtitles (SRT, WebVTT), or JSON.")
    ] = Format.TEXT,
    search: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Show only where these words are said, one line for each place."),
    ] = None,
    directory: Annotated[
        str | None,
        typer.Option(
            metavar="DIRECTORY", help="An archive: its transcript is taken, and its names of the parties."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=output_file("call.srt"), metavar="FILE", help="Write to this file, not to the screen."
        ),
    ] = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show what was said in a recording, when and by whom.

    It comes from the service; or from the disk, where NAME is a file, or --directory holds it, and no
    tokens are needed then. Without --directory the parties are A, who called, and B. --search takes
    whole words in the forms in which they are said. Exit status: 0 shown, 1 nothing found, or the
    service did not give it, 2 wrong use, 3 the tokens are spent, 130 interrupted.

    Example: tele2ats transcript 2026-11-01/mo_176198040012345678 --format srt --output call.srt
    """
    with wrong_use():
        require_texts(search=search, directory=directory)
        write = _WRITE[format_] if search is None else _searching(search, format_)
        archive = None if directory is None else _archive(directory)
        saved = _saved(name, archive)
        if saved is None:
            get = partial(_fetch, open_session(token_file, base_url), name)
        else:
            get = partial(_give, _load(saved))
    run(_show(get, archive, write, output, must_find=search is not None))


def _searching(search: str, format_: Format) -> Write:
    if format_ is not Format.TEXT:
        raise ValueError(f"--search: shows lines of text; leave out --format {format_}")
    try:
        Transcript("", []).search(search)
    except ValueError:
        raise ValueError(f"--search: {search!r} holds no word; type one that is said") from None
    return lambda transcript: "".join(
        f"{spell_time(match.start_time)} {match.speaker}: {match.utterance.text}\n"
        for match in transcript.search(search)
    )


def _archive(directory: str) -> Path:
    if not Path(directory).is_dir():
        raise ValueError(f"--directory: there is no directory {directory!r}; type that of an archive")
    return Path(directory)


def _saved(name: str, archive: Path | None) -> Path | None:
    """Find the file of a transcript; None where the service has to be asked."""
    if name.endswith(TRANSCRIPT):
        return Path(name)
    if name.endswith(RECORDING):
        raise ValueError(f"NAME: {name!r} is a file of a recording; type {name.removesuffix(RECORDING)}")
    try:
        held = path_below(archive or Path(), name, TRANSCRIPT)
    except UnsafeName as error:
        raise ValueError(f"{error}; type one that tele2ats records shows") from None
    return held if archive and held.exists() else None


def _load(path: Path) -> Transcript:
    try:
        return Transcript.load(path)
    except PayloadError as error:
        raise ValueError(
            f"{path} holds no transcript: {error.reason}, at {error.where}; type the name of a recording, or"
            " of a file that was saved with its transcript"
        ) from None


async def _fetch(session: AtsSession, name: str) -> Transcript:
    async with session:
        return await session.recordings.fetch_transcript(name)


async def _give(transcript: Transcript) -> Transcript:
    return transcript


async def _show(
    get: Callable[[], Awaitable[Transcript]],
    archive: Path | None,
    write: Write,
    target: Path | None,
    *,
    must_find: bool,
) -> int:
    """Get a transcript, name its parties where the archive knows them, write it, and give the exit status."""
    transcript = await get()
    if archive and (record := await disk.run(find_record, archive, transcript.name)):
        transcript = attrs.evolve(transcript, record=record)
    text = write(transcript)
    if target:
        await disk.run(disk.write_whole, target, text.encode())
    elif (console := make_console()).is_terminal:
        for line in text.removesuffix("\n").split("\n"):
            say(console, line)
    else:
        typer.echo(text.encode(), nl=False)  # subtitles are UTF-8, whatever the pipe is taken for
    return SOMETHING_FAILED if must_find and not text else OK
