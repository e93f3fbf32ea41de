"""What a verification found."""

from enum import StrEnum

import attrs

# Of each kind: enough to see what happened; a disk that lost everything must not fill the memory.
_EXAMPLES_AT_MOST = 100


class Finding(StrEnum):
    """What is to be said of a file, by the names of the report's counts."""

    INTACT = "intact"
    MISSING = "missing"
    DAMAGED = "damaged"
    ADOPTED = "adopted"
    LEFTOVER = "leftovers"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@attrs.define(kw_only=True)
class ArchiveReport:
    """What a verification of an archive found, all of it repaired but for what cannot be read.

    Attributes:
        intact: Recordings and transcripts that are as the index says.
        missing: Files that were gone; the next run fetches them again, transcripts if it is to have them.
        damaged: Files with another content than they were saved with, or that are not sound. Each has now
            ``.damaged`` at the end of its name, until the next run has fetched it again.
        adopted: Files that were there, and sound, without the index knowing it; it does now.
        leftovers: Parts of files that killed runs had left, and damaged files that good ones have the
            place of; removed.
        unknown: Files that belong to no call of the index; left alone.
        unreadable: Files that the system does not let us read, rename or remove, and directories; left alone.
        examples: Paths below the directory, by the names of these counts, up to a hundred of each but ``intact``.

    Source: operations 8, 9 and 10.
    """

    intact: int = 0
    missing: int = 0
    damaged: int = 0
    adopted: int = 0
    leftovers: int = 0
    unknown: int = 0
    unreadable: int = 0
    examples: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]], eq=False, repr=False)

    def count(self, finding: Finding, file: str) -> None:
        """Count one more file, given by its path below the directory."""
        setattr(self, finding, getattr(self, finding) + 1)
        if finding != Finding.INTACT:
            examples = self.examples.setdefault(finding.value, [])
            if len(examples) < _EXAMPLES_AT_MOST:
                examples.append(file)

    @property
    def agreed(self) -> bool:
        """Whether index and files agreed: what the index speaks of was there, unchanged, and all could be read.

        What a killed run leaves is no disagreement: sound recordings that the index had not heard of yet, and parts
        of others.
        """
        return not (self.missing or self.damaged or self.unreadable)
