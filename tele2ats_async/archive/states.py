"""What the index says of a recording."""

from enum import StrEnum


class CallState(StrEnum):
    """The state of a call's recording, as it stands in the index.

    Attributes:
        NONE: The call has no recording.
        DUE: It is to be fetched.
        DONE: It is there.
        FAILED: It could not be had; the next run tries again.
        UNAVAILABLE: The service has refused it so often that it is not asked any more.
        REMOVED: It was there until it was too old to be kept.
    """

    NONE = "none"
    DUE = "due"
    DONE = "done"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    REMOVED = "removed"


# Refusals of a recording, or of its transcript, on so many days are the last word.
REFUSALS_AT_MOST = 10
