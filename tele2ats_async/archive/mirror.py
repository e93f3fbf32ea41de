"""One run of a mirror: what is new is listed into the index, and what the index lacks is fetched."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from .. import disk
from ..recordings import Progress, SaveOutcome, Saver, SavingMany
from ..requester import Requester
from . import moments
from .batches import in_batches
from .calls import find_gaps, store_listed
from .files import remove_parts
from .index import Index, open_index
from .listing import iter_listed
from .outcomes import note_outcomes
from .queue import iter_due
from .retention import finish_removals, remove_older
from .spans import Span

# Calls appear in the listing when they are over, or later still: the newest day is listed again.
_TAIL_S = 24 * 3600


@attrs.define(eq=False, kw_only=True)
class Mirror:
    """A run, from the listing to the last recording.

    Attributes:
        start: First moment, in the first second that is mirrored.
        end: Last moment, in the last second that is mirrored.
        keep: How old recordings may become; None for any age.
        ready_within_s: Seconds from the end of a call in which its recording may become ready.
    """

    requester: Requester
    saver: Saver
    directory: Path
    start: datetime
    end: datetime
    transcripts: bool
    concurrency: int
    keep: timedelta | None
    ready_within_s: float
    progress: Progress
    _saving: SavingMany | None = attrs.field(default=None, init=False)
    _is_cancelled: bool = attrs.field(default=False, init=False)

    async def run(self) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for every recording that is asked for, when the index knows of it."""
        now_s = moments.second_of(moments.now())
        start, stop = self._span
        async with open_index(self.directory) as index:
            await _tidy_up(index)
            if self.keep is not None:
                oldest_s = now_s - self.keep // timedelta(seconds=1)
                await remove_older(index, oldest_s)
                start = max(start, oldest_s)
            await self._list(index)
            async with aclosing(self._fetch(index, (start, stop), now_s - _TAIL_S)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    def cancel(self) -> None:
        """Cancel what is under way."""
        self._is_cancelled = True
        if self._saving is not None:
            self._saving.end()

    @property
    def _span(self) -> Span:
        return moments.second_of(self.start), moments.second_of(self.end) + 1

    async def _list(self, index: Index) -> None:
        # The clock is read before the question: what happens while it is answered is listed next time.
        asked_s = moments.second_of(moments.now())
        start, stop = self._span
        for gap in await index.run(find_gaps, (start, min(stop, asked_s + 1))):
            async with aclosing(iter_listed(self.requester, gap)) as pieces:
                async for span, records in pieces:
                    await index.run(store_listed, span, records, asked_s - _TAIL_S)

    async def _fetch(self, index: Index, span: Span, settled_s: int) -> AsyncGenerator[SaveOutcome, None]:
        if self._is_cancelled:
            raise RuntimeError("this AtsSession was closed while an archive was being mirrored")
        self._saving = SavingMany(
            self.saver,
            self.directory,
            concurrency=self.concurrency,
            transcripts=self.transcripts,
            progress=self.progress,
            ready_within_s=self.ready_within_s,
        )
        settled = moments.spell(moments.start_of(settled_s))
        due = iter_due(index, span, transcripts=self.transcripts)
        # One flight to a thread and one transaction for many small files, where they come fast.
        async with aclosing(in_batches(self._saving.run(due), self.concurrency)) as batches:
            async for batch in batches:
                for outcome in await disk.run(note_outcomes, index, batch, settled):
                    yield outcome


async def _tidy_up(index: Index) -> None:
    """Clear away what a killed run has left, where it was at work and nowhere else."""
    await finish_removals(index)
    directories = await index.run(_find_working)
    await disk.run(_remove_parts, [index.directory / one for one in directories])
    await index.run(_forget_working)


def _find_working(connection: sqlite3.Connection) -> list[str]:
    return [directory for (directory,) in connection.execute("SELECT directory FROM working")]


def _forget_working(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM working")


def _remove_parts(directories: list[Path]) -> None:
    for directory in directories:
        remove_parts(directory)
