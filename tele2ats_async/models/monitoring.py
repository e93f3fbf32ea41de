"""Section 5 of the contract: calls in progress and queues."""

import attrs

from .open_enum import OpenEnum


class CurrentCallType(OpenEnum):
    """The kind of a call in progress.

    Source: operation 2.
    """

    MULTI_CHANNEL = "MULTI_CHANNEL"
    INTERNAL = "INTERNAL"
    SINGLE_CHANNEL = "SINGLE_CHANNEL"
    CONFERENCE = "CONFERENCE"


@attrs.frozen
class CurrentCall:
    """One call in progress.

    Attributes:
        call_type: To a multi-channel number, to a person's number, internal, or a conference.
        called_number_short: Absent, as ``called_number_full`` is, until the caller is put through.

    Source: operation 2.
    """

    call_type: CurrentCallType
    caller_number_short: str | None = None
    caller_number_full: str | None = None
    called_number_short: str | None = None
    called_number_full: str | None = None


@attrs.frozen
class CallQueue:
    """One queue and who waits in it.

    Attributes:
        calls: The numbers that wait, in the service's order.

    Source: operation 3.
    """

    queue_name: str
    calls: list[str]
