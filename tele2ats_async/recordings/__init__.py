"""Recordings and transcripts: streamed, or saved to disk, one or many at once."""

from .directory import Directory
from .download import Progress
from .files import FileRequests
from .growing import make_room
from .many import SavingMany
from .mp3 import may_be_whole
from .names import RECORDING, TRANSCRIPT, check_name, path_below
from .outcome import SaveOutcome
from .partial import PARTIAL, partial_path
from .readiness import Names, iter_wanted, when_ready
from .saving import Saver, no_progress
from .stream import RecordingStream, open_stream

__all__ = [
    "PARTIAL",
    "RECORDING",
    "TRANSCRIPT",
    "Directory",
    "FileRequests",
    "Names",
    "Progress",
    "RecordingStream",
    "SaveOutcome",
    "Saver",
    "SavingMany",
    "check_name",
    "iter_wanted",
    "make_room",
    "may_be_whole",
    "no_progress",
    "open_stream",
    "partial_path",
    "path_below",
    "when_ready",
]
