"""What became of one of many recordings, and whether that is the end of all."""

import errno
from pathlib import Path

import attrs

from ..errors import (
    AtsError,
    CertificateError,
    ProxyRefused,
    RateLimited,
    ReauthorizationRequired,
    StorageError,
    TokenStoreError,
)
from ..transport import Room
from .directory import Directory
from .download import Progress
from .saving import Saver

_POINTLESS_TO_GO_ON = (ReauthorizationRequired, TokenStoreError, CertificateError, ProxyRefused)
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
# Who is sent away for longer than that is not to come back at once for the next recording.
_LONG_PAUSE_S = 30.0


@attrs.frozen(kw_only=True, repr=False)
class SaveOutcome:
    """What became of one recording.

    Attributes:
        name: Its name, as listed.
        path: The file; None where it could not be saved.
        transcript_path: The transcript's file; None where none was asked for, or could not be saved.
        size_bytes: Size of the recording.
        skipped: Whether everything was there already, so that nothing was fetched.
        error: Why something is missing; None where all is well.

    Source: operations 9 and 10.
    """

    name: str
    _path: str | None = attrs.field(default=None, alias="path")
    _transcript_path: str | None = attrs.field(default=None, alias="transcript_path")
    size_bytes: int = 0
    skipped: bool = False
    error: AtsError | None = None

    def __repr__(self) -> str:
        # By the names under which they are given and asked for, and not by those of the fields.
        told = (f"{field.alias}={getattr(self, field.name)!r}" for field in attrs.fields(SaveOutcome))
        return f"SaveOutcome({', '.join(told)})"

    @property
    def path(self) -> Path | None:
        """The recording's file."""
        return None if self._path is None else Path(self._path)

    @property
    def transcript_path(self) -> Path | None:
        """The transcript's file."""
        return None if self._transcript_path is None else Path(self._transcript_path)


async def save_one_of_many(
    saver: Saver,
    name: str,
    directory: Directory,
    *,
    transcripts: bool,
    progress: Progress,
    room: Room,
) -> SaveOutcome:
    """Save a recording, and its transcript where that is wanted; a failure of its own is its outcome.

    Raises:
        AtsError: What makes it pointless to go on with any other.
    """
    recording = transcript = error = None
    try:
        recording = await saver.save_recording(name, directory, progress, room)
        if transcripts:
            transcript = await saver.save_transcript(name, directory)
    except AtsError as failure:
        if _ends_all(failure):
            raise
        error = failure
    return SaveOutcome(
        name=name,
        path=None if recording is None else recording.path,
        transcript_path=None if transcript is None else transcript.path,
        size_bytes=0 if recording is None else recording.size_bytes,
        skipped=error is None and all(file is None or file.skipped for file in (recording, transcript)),
        error=error,
    )


def _ends_all(error: AtsError) -> bool:
    if isinstance(error, StorageError):
        return error.errno in _DISK_IS_FULL
    if isinstance(error, RateLimited):
        return (error.retry_after_s or 0.0) > _LONG_PAUSE_S
    return isinstance(error, _POINTLESS_TO_GO_ON)
