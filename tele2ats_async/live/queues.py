"""From two polls of operation 3 to who has come and who has left."""

from collections.abc import Iterator

import attrs

from ..models import CallQueue
from .events import QueueEntered, QueueLeft
from .sightings import Moment, Sightings


@attrs.frozen
class _Place:
    queue_name: str
    caller_number: str


def _itself(place: _Place) -> _Place:
    return place


@attrs.define(eq=False)
class QueueTracker:
    """Knows who waits where; a number may wait in one queue twice."""

    _sightings: Sightings[_Place] = attrs.field(factory=lambda: Sightings([(_itself, _itself)]), init=False)

    def observe(self, queues: list[CallQueue], now: Moment) -> Iterator[QueueEntered | QueueLeft]:
        """Yield what has happened since the last poll: first who left, then who came, as listed."""
        places = [_Place(queue.queue_name, number) for queue in queues for number in queue.calls]
        gone, present = self._sightings.observe(places, now)
        for one in gone:
            place, waited_s = one.sighting.row, one.sighting.seen_s(one.since)
            yield QueueLeft(place.queue_name, place.caller_number, one.since.at, waited_s)
        for there in present:
            if there.before is None:
                place = there.sighting.row
                yield QueueEntered(place.queue_name, place.caller_number, now.at)
