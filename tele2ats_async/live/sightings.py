"""Who is there, poll by poll: rows without an id, known again by what they look like."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")

# What a row has in common with the one it goes on from; None for a row that this way does not concern.
Likeness = Callable[[T], Hashable | None]


@attrs.frozen
class Moment:
    """When an answer came.

    Attributes:
        at: Aware, in UTC.
        monotonic_s: Seconds of a clock that nobody sets.
    """

    at: datetime
    monotonic_s: float


@attrs.define(eq=False)
class Sighting(Generic[T]):
    """One that has been seen, and is not known to be gone.

    Attributes:
        key: Counts all that have been seen, from 1.
        row: As it was listed last.
        first: When it was seen first.
        missing: The first of the polls in a row from which it is missing, if it is.
    """

    key: int
    row: T
    first: Moment
    missing: Moment | None = None

    def seen_s(self, until: Moment) -> float:
        """Tell how long it has been there."""
        return until.monotonic_s - self.first.monotonic_s


@attrs.frozen
class Gone(Generic[T]):
    """One that is missing for the second time in a row."""

    sighting: Sighting[T]
    since: Moment


@attrs.frozen
class Present(Generic[T]):
    """One that is listed.

    Attributes:
        before: As it was listed the last time, None where it is new.
    """

    sighting: Sighting[T]
    before: T | None


@attrs.define(eq=False)
class Sightings(Generic[T]):
    """Compares each poll with what was there before.

    Attributes:
        ways: In which ways a row may go on from one that was there: pairs of likenesses, of the row before and of the row now,
            that are equal where it does. Each way is tried on what the ways before it have left.
    """

    ways: Sequence[tuple[Likeness[T], Likeness[T]]]
    _known: list[Sighting[T]] = attrs.field(factory=list[Sighting[T]], init=False)
    _count: int = attrs.field(default=0, init=False)

    def observe(self, rows: Sequence[T], now: Moment) -> tuple[list[Gone[T]], list[Present[T]]]:
        """Take a poll in, and give who is gone, the oldest first, and who is there, in the order of the rows."""
        recognized = self._recognize(rows)
        present: list[Present[T]] = []
        for row, sighting in zip(rows, recognized, strict=True):
            if sighting is None:
                self._count += 1
                present.append(Present(Sighting(self._count, row, now), None))
            else:
                present.append(Present(sighting, sighting.row))
                sighting.row, sighting.missing = row, None
        gone = self._miss({one.sighting for one in present}, now)
        self._known += [one.sighting for one in present if one.before is None]
        return gone, present

    def _recognize(self, rows: Sequence[T]) -> list[Sighting[T] | None]:
        # Who was there the last time goes first, the oldest before the others.
        candidates = sorted(self._known, key=lambda sighting: sighting.missing is not None)
        recognized: list[Sighting[T] | None] = [None] * len(rows)
        for before, now in self.ways:
            taken = set(recognized)
            free: defaultdict[Hashable, deque[Sighting[T]]] = defaultdict(deque)
            for sighting in candidates:
                if sighting not in taken and (look := before(sighting.row)) is not None:
                    free[look].append(sighting)
            for place, row in enumerate(rows):
                if recognized[place] is None and free.get(now(row)):
                    recognized[place] = free[now(row)].popleft()
        return recognized

    def _miss(self, there: set[Sighting[T]], now: Moment) -> list[Gone[T]]:
        gone = [
            Gone(sighting, sighting.missing)
            for sighting in self._known
            if sighting not in there and sighting.missing is not None
        ]
        over = {one.sighting for one in gone}
        self._known = [sighting for sighting in self._known if sighting not in over]
        for sighting in self._known:
            if sighting not in there:
                sighting.missing = now
        return gone
