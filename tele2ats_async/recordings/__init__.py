"""Recordings and transcripts: streamed, or saved to disk, one or many at once."""

from .files import FileRequests
from .many import Names, SaveOutcome, SavingMany
from .names import check_name, path_below
from .saving import Progress, Saver, no_progress
from .stream import RecordingStream, open_stream

__all__ = [
    "FileRequests",
    "Names",
    "Progress",
    "RecordingStream",
    "SaveOutcome",
    "Saver",
    "SavingMany",
    "check_name",
    "no_progress",
    "open_stream",
    "path_below",
]
