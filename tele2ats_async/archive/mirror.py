"""One run of a mirror: what is new is listed into the index, and what the index lacks is fetched."""

import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from .. import disk
from ..recordings import Progress, SaveOutcome, Saver, SavingMany, iter_wanted
from ..requester import Requester
from . import moments
from .aside import finish_setting_aside
from .batches import in_batches
from .calls import find_gaps, store_listed
from .clock import Clock
from .company import require_own_company
from .files import remove_parts
from .index import Index, open_index
from .listing import ask_time, iter_listed
from .names import ArchiveSaver
from .outcomes import SETTLED_AFTER_S, note_outcomes
from .queue import iter_due
from .retention import finish_removals, remove_older
from .spans import Span


@attrs.define(eq=False, kw_only=True)
class Mirror:
    """A run, from the listing to the last recording.

    Attributes:
        period: First moment, in the first second that is mirrored, and last moment, in the last one.
        keep: How old recordings may become; None for any age.
        ready_within_s: Seconds from the end of a call in which its recording may become ready.
    """

    requester: Requester
    saver: Saver
    directory: Path
    period: tuple[datetime, datetime]
    transcripts: bool
    concurrency: int
    keep: timedelta | None
    ready_within_s: float
    progress: Progress
    _saving: SavingMany | None = attrs.field(default=None, init=False)
    _has_ended: bool = attrs.field(default=False, init=False)

    async def run(self) -> AsyncGenerator[SaveOutcome, None]:
        """Yield an outcome for every recording that is asked for, when the index knows of it."""
        clock = Clock(self.requester)
        start, stop = self._span
        async with open_index(self.directory) as index:
            await _tidy_up(index)
            await require_own_company(index, self.requester)
            if self.keep is not None:
                # Before the listing: the index may need the room.
                oldest_s = await ask_time(clock, (start, start + 1)) - self.keep // timedelta(seconds=1)
                await remove_older(index, oldest_s)
                start = max(start, oldest_s)
            await self._list(index, clock)
            async with aclosing(self._fetch(index, (start, stop), clock)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    def end(self) -> None:
        """Cancel what is under way."""
        self._has_ended = True
        if self._saving is not None:
            self._saving.end()

    @property
    def _span(self) -> Span:
        first, last = map(moments.second_of, self.period)
        return first, last + 1

    async def _list(self, index: Index, clock: Clock) -> None:
        # The clock is read before the question: what happens while it is answered is listed next time.
        asked_s = moments.second_of(moments.now())
        start, stop = self._span
        for gap in await index.run(find_gaps, (start, min(stop, asked_s + 1)), asked_s - SETTLED_AFTER_S):
            async with aclosing(iter_listed(clock, gap)) as pieces:
                async for span, records in pieces:
                    settled_s = min(asked_s, clock.now_s()) - SETTLED_AFTER_S
                    await index.run(store_listed, span, records, settled_s)

    async def _fetch(self, index: Index, span: Span, clock: Clock) -> AsyncGenerator[SaveOutcome, None]:
        if self._has_ended:
            raise RuntimeError("this AtsSession was closed while an archive was being mirrored")
        self._saving = SavingMany(
            ArchiveSaver(self.saver),
            os.fspath(self.directory),
            concurrency=self.concurrency,
            transcripts=self.transcripts,
            progress=self.progress,
        )
        due = iter_due(index, span, clock.now_s(), transcripts=self.transcripts)
        # One flight to a thread and one transaction for many small files, where they come fast.
        async with aclosing(
            in_batches(self._saving.run(iter_wanted(due, self.ready_within_s)), self.concurrency)
        ) as batches:
            async for batch in batches:
                for outcome in await index.do(note_outcomes, batch, clock.now_s()):
                    yield outcome


async def _tidy_up(index: Index) -> None:
    """Clear away what a killed run has left, where it was at work and nowhere else."""
    await finish_removals(index)
    await index.do(finish_setting_aside)
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
