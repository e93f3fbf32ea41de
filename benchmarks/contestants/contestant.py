"""What a contestant is to whoever measures it."""

from pathlib import Path
from typing import Protocol

from ..rounds import DisqualifiedError
from .job import Job

_REASON_CHARACTERS = 100


class ContestantFailedError(DisqualifiedError):
    """It ended with a status that says so; the last line of what it wrote stands for the reason."""

    def __init__(self, status: int, written: str) -> None:
        *_, last = written.strip().splitlines() or [""]
        super().__init__(f"ended with status {status}: {last[:_REASON_CHARACTERS]}")


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
