"""What a verification found."""

from enum import Enum, auto

import attrs


class Finding(Enum):
    """What became of a file that the index speaks of."""

    INTACT = auto()
    MISSING = auto()
    DAMAGED = auto()
    UNREADABLE = auto()


@attrs.define(kw_only=True)
class ArchiveReport:
    """What a verification of an archive found, all of it repaired but for what cannot be read.

    Attributes:
        intact: Recordings and transcripts that are as the index says.
        missing: Files that were gone; the next run fetches them again, transcripts if it is to have them.
        damaged: Files with another content than they were saved with, or that cannot be whole. Each has now
            ``.damaged`` at the end of its name, until the next run has fetched it again.
        adopted: Files that were there without the index knowing it; it does now.
        leftovers: Parts of files that killed runs had left, and damaged files that good ones have the
            place of; removed.
        unknown: Files that belong to no call of the index; left alone.
        unreadable: Files that the system does not let us read, rename or remove; left alone, and logged by
            name.

    Source: operations 8, 9 and 10.
    """

    intact: int = 0
    missing: int = 0
    damaged: int = 0
    adopted: int = 0
    leftovers: int = 0
    unknown: int = 0
    unreadable: int = 0

    def count(self, finding: Finding) -> None:
        """Count one more file."""
        match finding:
            case Finding.INTACT:
                self.intact += 1
            case Finding.MISSING:
                self.missing += 1
            case Finding.DAMAGED:
                self.damaged += 1
            case Finding.UNREADABLE:
                self.unreadable += 1

    @property
    def agreed(self) -> bool:
        """Whether index and files agreed, so that nothing had to be repaired, and nothing could not be."""
        return not (self.missing or self.damaged or self.adopted or self.leftovers or self.unreadable)
