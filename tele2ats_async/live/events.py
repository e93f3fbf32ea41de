"""What happens, as values."""

from datetime import datetime

import attrs

from ..models import CallRecord, CurrentCall


@attrs.frozen
class CallStarted:
    """A call is seen for the first time: one that begins, or one that is in progress when the watch begins.

    Attributes:
        call: As it was listed.
        at: When the answer came that showed it, aware and in UTC: at most one gap between two polls after it
            began, unless the watch began later still.
        key: The call's key within this watch, counted from 1, the same in all its events. The service gives calls no
            id, and two calls of one caller may look the same.

    Source: operation 2.
    """

    call: CurrentCall
    at: datetime
    key: int


@attrs.frozen
class CallConnected:
    """The called side has appeared, or is another one than before: the call was transferred.

    Attributes:
        call: As it is listed now, with the called side.
        at: When the answer came that showed it, aware and in UTC.
        key: As in the call's `CallStarted`.

    Source: operation 2.
    """

    call: CurrentCall
    at: datetime
    key: int


@attrs.frozen
class CallEnded:
    """A call is missing from two polls in a row.

    Attributes:
        call: As it was listed last.
        at: When the first answer came from which it was missing, aware and in UTC: at most one gap between two polls
            after its end.
        duration_s: Seconds from the answer that showed it first to the first one from which it was missing, by a
            clock that nobody sets. Both ends are seen late, by a gap between two polls at most, so the call
            lasted that much longer or shorter; and longer still if it was in progress when the watch began.
            What was billed stands in its `CallRecord`.
        key: As in the call's `CallStarted`.

    Source: operation 2.
    """

    call: CurrentCall
    at: datetime
    duration_s: float
    key: int


@attrs.frozen
class QueueEntered:
    """A caller is seen in a queue for the first time.

    Attributes:
        queue_name: The queue.
        caller_number: Who waits, as listed.
        at: When the answer came that showed it, aware and in UTC.

    Source: operation 3.
    """

    queue_name: str
    caller_number: str
    at: datetime


@attrs.frozen
class QueueLeft:
    """A caller is missing from a queue in two polls in a row: put through, or gone.

    Attributes:
        queue_name: The queue.
        caller_number: Who waited.
        at: When the first answer came from which the caller was missing, aware and in UTC.
        waited_s: Seconds from the answer that showed the caller first to the first one that did not; as exact as
            the ``duration_s`` of `CallEnded`.

    Source: operation 3.
    """

    queue_name: str
    caller_number: str
    at: datetime
    waited_s: float


@attrs.frozen
class RecordAdded:
    """A finished call is listed for the first time.

    Attributes:
        record: As it was listed. The name of its recording may be missing, and be told later.

    Source: operation 8.
    """

    record: CallRecord


@attrs.frozen
class RecordingReady:
    """The recording of a call that was added can be fetched.

    Attributes:
        record: As it is listed, with ``record_file_name``.

    Source: operations 8 and 9.
    """

    record: CallRecord
