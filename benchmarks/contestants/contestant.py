"""What a contestant is to whoever measures it."""

from pathlib import Path
from typing import Protocol

from ..rounds import DisqualifiedError
from .job import Job


class ContestantFailedError(DisqualifiedError):
    """It said itself that it could not do the job."""


class Contestant(Protocol):
    """Somebody who saves many recordings."""

    @property
    def name(self) -> str:
        """As it stands in the table."""

    def missing(self) -> str:
        """Say what is not installed; empty where all is there."""

    def run(self, job: Job, notes: Path) -> float:
        """Do the job.

        Args:
            job: What to do.
            notes: A file that it may write for itself.

        Returns:
            Seconds that it took.

        Raises:
            ContestantFailedError: It could not.
        """

    def locate(self, job: Job, name: str) -> Path:
        """Give the path that it has saved a recording at."""
