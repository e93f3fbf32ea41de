"""Section 5 of the contract: the blacklist."""

import attrs

from .open_enum import OpenEnum


class BlacklistSource(OpenEnum):
    """How a number came onto the blacklist.

    Source: operation 19.
    """

    FILE = "FILE"
    MANUAL = "MANUAL"


class BlacklistResult(OpenEnum):
    """What came of a change of the blacklist.

    Source: operations 16 to 18.
    """

    SUCCESS = "SUCCESS"
    DUPLICATE_BLACK_LIST_NUMBER = "DUPLICATE_BLACK_LIST_NUMBER"


@attrs.frozen
class BlacklistEntry:
    """One number that may not call.

    Attributes:
        number: Digits only.

    Source: operation 19.
    """

    id: int
    number: str
    source_type: BlacklistSource | None = None
