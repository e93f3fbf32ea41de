"""What types and statuses of calls mean: which way a call went, and what came of it."""

from enum import StrEnum


class CallDirection(StrEnum):
    """Which way a call went, by its type.

    Source: section 5.
    """

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class CallOutcome(StrEnum):
    """What came of a call, by its status.

    Attributes:
        ANSWERED: Somebody took it.
        UNANSWERED: Nobody took it: not answered, given up by the caller, busy, no free line, or after hours.
        REFUSED: A rule of the company's or the service's turned it away.
        OTHER: A colleague picked it up, which is a call of its own, or the status is not known to this version.

    Source: section 5.
    """

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    OTHER = "other"
