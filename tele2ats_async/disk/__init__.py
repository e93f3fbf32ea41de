"""File work beside the event loop, and files that appear only when they are complete."""

from .files import AtomicFile, remove_leftovers, write_whole
from .threads import Crew, run, work_inline

__all__ = ["AtomicFile", "Crew", "remove_leftovers", "run", "work_inline", "write_whole"]
