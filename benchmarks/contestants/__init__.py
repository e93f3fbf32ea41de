"""Who saves many recordings to disk: this package, and what people would use instead."""

from .contestant import Contestant
from .entrants import ENTRANTS, OURS, REFERENCE
from .job import Job

__all__ = ["ENTRANTS", "OURS", "REFERENCE", "Contestant", "Job"]
