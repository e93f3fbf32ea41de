"""What a run of downloads shows: bars for people, lines for files and pipes."""

import os
import sys
import time
from contextlib import suppress
from io import StringIO
from types import TracebackType
from typing import Any, Protocol, Self, TextIO, cast

import attrs
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ..recordings import SaveOutcome
from .texts import in_one_line


class View(Protocol):
    """Something that is told how a run goes."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def listed(self, recordings: int) -> None:
        """Take note of how many recordings there are in all."""

    def received(self, name: str, size_bytes: int) -> None:
        """Take note of bytes that came."""

    def finished(self, outcome: SaveOutcome) -> None:
        """Take note of one recording."""


class _Console(Console):
    """A console whose reader may leave: how the command ends then is not for rich to say."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def make_console() -> Console:
    """Make the console of the standard output.

    What is no terminal gets plain text, whatever the environment says of colours.
    """
    stdout: TextIO | None = sys.stdout
    if stdout is None:  # closed before we began: there is nobody to tell
        return _Console(file=StringIO())
    with suppress(AttributeError):  # what a test puts in its place need not know how
        cast("Any", stdout).reconfigure(errors="replace")  # a pipe may not hold the letters of a name
    is_plain = bool(os.environ.get("NO_COLOR"))  # rich would leave bold letters
    return _Console(force_terminal=stdout.isatty(), color_system=None if is_plain else "auto")


def make_view(console: Console) -> View:
    """Make the view that suits the standard output."""
    return Bars(console) if console.is_terminal else Lines(console)


def say(console: Console, line: str) -> None:
    """Print a line as it is, but for what would command the terminal."""
    console.print(in_one_line(line), markup=False, highlight=False, emoji=False, soft_wrap=True)


def describe_failure(outcome: SaveOutcome) -> str:
    """Say in a line which recording failed, and why."""
    story = str(outcome.error)
    return f"failed: {story}" if outcome.name in story else f"failed: recording {outcome.name!r}: {story}"


class Lines:
    """A line for each recording that was fetched or failed."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def listed(self, recordings: int) -> None:
        """Print the number."""
        say(self._console, f"listed {recordings} recordings")

    def received(self, name: str, size_bytes: int) -> None:
        """Say nothing: lines are for whole files."""

    def finished(self, outcome: SaveOutcome) -> None:
        """Print a line, unless nothing was to be done."""
        if outcome.error is not None:
            say(self._console, describe_failure(outcome))
        elif not outcome.skipped:
            say(self._console, f"saved {outcome.path} {outcome.size_bytes}")


@attrs.define
class _Received(ProgressColumn):
    """Bytes so far, and bytes per second over the whole run."""

    size_bytes: int = 0
    started_at: float = attrs.field(factory=time.monotonic)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def render(self, task: Task) -> Text:  # noqa: ARG002  # the column counts for itself
        seconds = max(time.monotonic() - self.started_at, 0.001)
        return Text(f"{decimal(self.size_bytes)}  {decimal(int(self.size_bytes / seconds))}/s")


class Bars:
    """One bar: files, bytes, speed, time left; failures stand above it."""

    def __init__(self, console: Console) -> None:
        self._received = _Received()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files"),
            self._received,
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task("listing calls", total=None)
        self._is_saving = False

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def listed(self, recordings: int) -> None:
        """Set the length of the bar."""
        self._begin_saving(recordings)

    def received(self, name: str, size_bytes: int) -> None:  # noqa: ARG002  # one bar for all names
        """Count bytes; the first ones tell that nothing is listed any more, where nobody knows the number."""
        if not self._is_saving:
            self._begin_saving(None)
        self._received.size_bytes += size_bytes

    def finished(self, outcome: SaveOutcome) -> None:
        """Move the bar on."""
        if outcome.error is not None:
            say(self._progress.console, describe_failure(outcome))
        self._progress.advance(self._task)

    def _begin_saving(self, recordings: int | None) -> None:
        self._is_saving = True
        self._received.started_at = time.monotonic()
        self._progress.update(self._task, description="saving", total=recordings)
