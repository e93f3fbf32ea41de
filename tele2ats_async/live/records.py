"""Which rows of a listing are new, although late ones stand among the old ones."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import attrs

from ..models import CallRecord

# All members but the name, the date first; quicker than a copy of the row, of which each poll would make thousands.
_but_for_the_name = attrgetter(
    "date",
    *(field.name for field in attrs.fields(CallRecord) if field.name not in ("date", "record_file_name")),
)


@attrs.frozen
class News:
    """What a page holds that none before it did, in the order of the page.

    Attributes:
        record: A row.
        is_added: Whether the call is new; else it was listed before, and only the name of its recording is.
    """

    record: CallRecord
    is_added: bool


@attrs.define(eq=False)
class RecordMemory:
    """Remembers the rows that the next listing may hold again, and no others.

    A recording is known by its name, any other row by all its members, and two equal rows are two calls. The
    name may come later: a row that is equal but for the name goes on from one that had none.

    The next listing begins so far before the youngest call that was listed. That is a time of the service's, so
    that nothing is overlooked where this machine's clock is wrong, or stopped for a night.

    Attributes:
        start: When the calls of the next listing began, at the earliest; aware.
        look_back: How much later than younger calls a call may be listed.
    """

    start: datetime
    look_back: timedelta
    _listed_from: datetime = attrs.field(
        init=False, default=attrs.Factory(lambda self: self.start, takes_self=True)
    )
    _names: dict[str, datetime] = attrs.field(factory=dict[str, datetime], init=False)
    _nameless: Counter[tuple[Any, ...]] = attrs.field(factory=Counter[tuple[Any, ...]], init=False)
    _nameless_of_listing: Counter[tuple[Any, ...]] = attrs.field(factory=Counter[tuple[Any, ...]], init=False)

    def begin_listing(self) -> datetime:
        """Begin a listing, and give its first moment."""
        self._nameless_of_listing.clear()
        self._listed_from = self.start
        return self.start

    def take(self, page: Iterable[CallRecord], now: datetime) -> list[News]:
        """Take a page in."""
        rows = [row for row in page if row.date >= self._listed_from]
        # Those without a name first: what they leave of those that had none before, has got a name since.
        added = {place for place, row in enumerate(rows) if not row.record_file_name and self._is_new(row)}
        news: list[News] = []
        for place, row in enumerate(rows):
            name = row.record_file_name
            if not name:
                news += [News(row, is_added=True)] if place in added else []
            elif name not in self._names:
                self._names[name] = row.date
                news.append(News(row, is_added=not self._has_got_a_name(row)))
        self._forget(rows, now)
        return news

    def _is_new(self, row: CallRecord) -> bool:
        key = _but_for_the_name(row)
        self._nameless_of_listing[key] += 1
        is_new = self._nameless_of_listing[key] > self._nameless[key]
        self._nameless[key] += is_new
        return is_new

    def _has_got_a_name(self, row: CallRecord) -> bool:
        key = _but_for_the_name(row)
        was_listed = self._nameless[key] > self._nameless_of_listing[key]
        self._nameless[key] -= was_listed
        return was_listed

    def _forget(self, rows: list[CallRecord], now: datetime) -> None:
        # Not beyond now: one row from the future must not hide what is still to come.
        youngest = min(now, max((row.date for row in rows), default=self.start))
        if youngest - self.start <= self.look_back:
            return
        self.start = start = youngest - self.look_back
        self._names = {name: date for name, date in self._names.items() if date >= start}
        for kept in (self._nameless, self._nameless_of_listing):
            for key in [key for key in kept if key[0] < start]:
                del kept[key]
