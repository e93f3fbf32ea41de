"""From two polls of operation 2 to what has happened in between."""

from collections.abc import Hashable, Iterator

import attrs

from ..models import CurrentCall
from .events import CallConnected, CallEnded, CallStarted
from .sightings import Moment, Present, Sightings


def _called(call: CurrentCall) -> str | None:
    return call.called_number_full or call.called_number_short or None


def _caller(call: CurrentCall) -> Hashable:
    return call.call_type, call.caller_number_full or call.caller_number_short or None


def _whole(call: CurrentCall) -> Hashable:
    return _caller(call), _called(call)


def _caller_who_waits(call: CurrentCall) -> Hashable | None:
    return None if _called(call) else _caller(call)


def _caller_put_through(call: CurrentCall) -> Hashable | None:
    return _caller(call) if _called(call) else None


@attrs.define(eq=False)
class CallTracker:
    """Tells one call from another, although the service gives them no id.

    The type and the caller are a call's own, and there may be several calls of one caller. A row that looks as one did
    goes on from it. What is left may be a call that has been put through since, and then one that has been
    transferred. A call that was put through never goes back to having no called side: by the contract, that is
    another one.
    """

    _sightings: Sightings[CurrentCall] = attrs.field(
        factory=lambda: Sightings(
            (
                (_whole, _whole),
                (_caller_who_waits, _caller_put_through),
                (_caller_put_through, _caller_put_through),
            )
        ),
        init=False,
    )

    def observe(
        self, calls: list[CurrentCall], now: Moment
    ) -> Iterator[CallStarted | CallConnected | CallEnded]:
        """Yield what has happened since the last poll: first who hung up, then the others as listed."""
        gone, present = self._sightings.observe(calls, now)
        for one in gone:
            call = one.sighting
            yield CallEnded(call.row, one.since.at, call.seen_s(one.since), call.key)
        for there in present:
            yield from _news_of(there, now)


def _news_of(there: Present[CurrentCall], now: Moment) -> Iterator[CallStarted | CallConnected]:
    call, key = there.sighting.row, there.sighting.key
    if there.before is None:
        yield CallStarted(call, now.at, key)
    if _called(call) and (there.before is None or _called(call) != _called(there.before)):
        yield CallConnected(call, now.at, key)
