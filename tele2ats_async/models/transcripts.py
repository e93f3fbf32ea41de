"""Section 5 of the contract: the words of a transcript."""

import attrs

from .open_enum import OpenEnum


class Channel(OpenEnum):
    """Who speaks: ``A`` the calling, ``B`` the called party.

    Source: operation 10.
    """

    A = "A"
    B = "B"


@attrs.frozen
class TranscriptWord:
    """One recognised word.

    Attributes:
        start_time: Seconds from the start of the recording.
        end_time: Seconds from the start of the recording.

    Source: operation 10.
    """

    channel: Channel
    start_time: float
    end_time: float
    word: str
