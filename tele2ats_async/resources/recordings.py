"""Recordings and their transcripts."""

import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from ..models import CallRecord, TranscriptWord
from ..recordings import (
    Directory,
    FileRequests,
    Names,
    Progress,
    RecordingStream,
    SaveOutcome,
    Saver,
    SavingMany,
    check_name,
    iter_wanted,
    make_room,
    no_progress,
    open_stream,
    when_ready,
)
from ..requester import Requester
from ..transcripts import Transcript
from ..transport import Incoming
from ..wire.operations import FETCH_RECORDING, FETCH_TRANSCRIPT
from ..wire.query import require_at_least, require_period, require_positive, require_seconds

if TYPE_CHECKING:
    from ..archive.mirror import Mirror
    from ..recordings.processes import SavingInProcesses


class Recordings:
    """Recordings and transcripts by name: ``ats.recordings``.

    A recording's name is the ``record_file_name`` of its call, such as
    ``2022-08-12/mo_166030684915821522``.
    """

    def __init__(self, requester: Requester, files: FileRequests) -> None:
        self._requester = requester
        self._files = files
        self._saver = Saver(self._files)
        self._runs: WeakSet[SavingMany | SavingInProcesses | Mirror] = WeakSet()

    @asynccontextmanager
    async def open(
        self, name_or_record: str | CallRecord, *, offset: int = 0
    ) -> AsyncGenerator[RecordingStream, None]:
        """Open a recording to pass it on, chunk by chunk: into a web response, say.

        ``async with ats.recordings.open(name) as stream: async for chunk in stream: ...``

        Args:
            name_or_record: The recording's name, as listed, or its call.
            offset: How many bytes to pass over at its beginning, for a listener who seeks. Where the service gives
                no parts of recordings, they are received and dropped here.

        Yields:
            The stream, with ``content_type``, and ``content_length`` and ``size_bytes`` in bytes where they are
            known. There is nothing in it where the recording ends before ``offset``.

        Raises:
            ValueError: The call has no recording, the name is empty or hostile (`UnsafeName`), or ``offset``
                is below 0.
            NotReady: There is no such recording, or not yet.
            NotAudio: Something else came instead of an MP3 recording.
            Truncated: It ended before its announced length (while iterating).
            AtsError: Whatever else keeps it from coming.

        Source: operation 9.
        """
        name = _name_of(name_or_record)
        check_name(name)
        require_at_least("offset", offset, 0)
        opening = self._files.retry.run(FETCH_RECORDING, open_stream, self._files, name, offset)
        async with await opening as stream:
            yield stream

    async def save(
        self,
        name_or_record: str | CallRecord,
        directory: str | os.PathLike[str],
        *,
        ready_within_s: float = 0.0,
    ) -> Path:
        """Save a recording to ``directory/2022-08-12/mo_….mp3``, unless it is there already.

        The file appears under its name only when it is complete. What breaks off is taken up where it
        ended, if the service can tell that the recording is still the same, and else begun anew; where
        the attempts are spent, such a beginning is kept beside it, hidden, for the next time.

        Args:
            name_or_record: The recording's name, as listed, or its call.
            directory: Where to save; made where it is missing.
            ready_within_s: Seconds for which a recording that is not ready yet is asked for again, every
                5 seconds at first, every minute at last.

        Returns:
            The path of the file.

        Raises:
            StorageError: The file cannot be written.
            ValueError: ``ready_within_s`` is below 0, or as `open()`.
            AtsError: As `open()`.

        Source: operation 9.
        """
        name = _name_of(name_or_record)
        require_seconds("ready_within_s", ready_within_s)
        where = Directory(directory, for_many=False)
        save = partial(self._saver.save_recording, name, where, no_progress, make_room())
        saved = await when_ready(name, ready_within_s, save)
        return Path(saved.path)

    def save_many(
        self,
        names_or_records: Names,
        directory: str | os.PathLike[str],
        *,
        concurrency: int = 16,
        transcripts: bool = False,
        progress: Progress = no_progress,
        ready_within_s: float = 0.0,
        processes: int = 1,
    ) -> AsyncGenerator[SaveOutcome, None]:
        """Save many recordings at once.

        Names are read only as fast as recordings are saved, and recordings are saved only as fast as
        the caller takes the outcomes: memory does not grow with their number. Leaving the loop early
        cancels what is under way and leaves nothing half done.

        Args:
            names_or_records: Names, or records of calls (those without a recording are passed over):
                a list, a generator, or an async iterator such as ``ats.call_records.iter(...)``.
            directory: Where to save; made where it is missing.
            concurrency: How many at once, at the most.
            transcripts: Whether to save the transcripts too, as ``.json`` beside the recordings.
            progress: Called with a name and the number of its bytes that just came.
            ready_within_s: Seconds for which what is not ready yet is asked for again, from the end of the
                call for records, from now on for names. Others are saved in the meantime.
            processes: How many processes save. With more than one, they are started for this, share
                ``concurrency`` and the session's limits, have its access token and never the refresh
                token, and leave this process's loop to others; worth it for thousands of recordings.

        Yields:
            An outcome for each name, in the order in which they are done. A failure of one recording
            stands in its outcome's ``error``.

        Raises:
            TypeError: A name is no text.
            ValueError: ``concurrency`` or ``processes`` is below 1, ``processes`` above ``concurrency``,
                ``ready_within_s`` below 0, or the session has a borrowed client or an SSLContext, which no
                other process can have.
            StorageError: The disk is full or read-only, so that going on is pointless.
            ReauthorizationRequired: Both tokens are spent.
            TokenStoreError: The tokens cannot be read.
            CertificateError: The service's certificate does not verify.
            ProxyRefused: The proxy does not accept the user name and password.
            RateLimited: The service asks to stay away for more than half a minute.
            RuntimeError: The session was closed meanwhile, or a process was killed.

        Source: operations 9 and 10.
        """
        require_at_least("concurrency", concurrency, 1)
        require_at_least("processes", processes, 1)
        if processes > concurrency:
            raise ValueError(
                f"processes: expected at most {concurrency}, the concurrency that they share; got {processes}"
            )
        require_seconds("ready_within_s", ready_within_s)
        if isinstance(names_or_records, str) or not isinstance(names_or_records, Iterable | AsyncIterable):
            raise TypeError(
                f"names_or_records: expected many names, got one {type(names_or_records).__name__}"
            )
        if processes == 1:
            saving: SavingMany | SavingInProcesses = SavingMany(
                self._saver,
                os.fspath(directory),
                concurrency=concurrency,
                transcripts=transcripts,
                progress=progress,
            )
        else:
            # Loaded by who wants it: few programs do.
            from ..recordings.processes import save_in_processes  # noqa: PLC0415  # see above

            saving = save_in_processes(
                self._requester,
                os.fspath(directory),
                processes=processes,
                concurrency=concurrency,
                transcripts=transcripts,
                progress=progress,
            )
        self._runs.add(saving)
        return saving.run(iter_wanted(names_or_records, ready_within_s))

    def mirror(
        self,
        start: datetime,
        end: datetime,
        directory: str | os.PathLike[str],
        *,
        transcripts: bool = False,
        concurrency: int = 16,
        keep: timedelta | None = None,
        ready_within_s: float = 600.0,
        progress: Progress = no_progress,
    ) -> AsyncGenerator[SaveOutcome, None]:
        """Mirror the calls of a period into a directory: their recordings, and an index of all of them.

        The index is ``directory/archive.sqlite3``. What it says to be listed or to be there is neither
        listed nor fetched again, so that a run costs what is new. Killed at any moment, the next run goes on
        where this one was; recordings that failed are tried again. Leaving the loop early ends the
        run and leaves nothing half done.

        Args:
            start: First moment, aware datetime; in whole seconds, rounded down.
            end: Last moment, aware datetime, its whole second included; one that lies ahead stands for
                now.
            directory: Where to mirror, this account and nothing else; made where it is missing.
            transcripts: Whether to save the transcripts too, as ``.json`` beside the recordings.
            concurrency: How many recordings at once, at the most.
            keep: The age that recordings may reach, by this machine's clock or the service's, whichever is
                behind: older ones are removed, and not fetched. Their calls stay in the index. None to
                keep all.
            ready_within_s: Seconds from the end of a call for which its recording is asked for again while it
                is not ready; what becomes ready later still, the next run fetches.
            progress: Called with a name and the number of its bytes that just came.

        Yields:
            An outcome for each recording that was not there yet, the oldest first, in the order in which
            they are done. A failure of one recording stands in its outcome's ``error``.

        Raises:
            TypeError: An argument is of another type.
            ValueError: A time is naive, ``end`` lies before ``start``, ``concurrency`` is below 1,
                ``keep`` is not above 0, or ``ready_within_s`` is below 0.
            ArchiveError: Another mirror is at work in the directory, or the index cannot be used.
            StorageError: The disk is full, read-only or broken, or a recording cannot be removed.
            AtsError: The calls cannot be listed, or as `save_many()`.
            RuntimeError: The session was closed meanwhile.

        Source: operations 8, 9 and 10.
        """
        require_period(start, end)
        require_at_least("concurrency", concurrency, 1)
        require_seconds("ready_within_s", ready_within_s)
        if keep is not None:
            require_positive("keep", keep)
        # Loaded now, with SQLite and the rooms of the index: few programs mirror.
        from ..archive.mirror import Mirror  # noqa: PLC0415  # see above

        mirror = Mirror(
            requester=self._requester,
            saver=self._saver,
            directory=Path(directory),
            period=(start, end),
            transcripts=transcripts,
            concurrency=concurrency,
            keep=keep,
            ready_within_s=ready_within_s,
            progress=progress,
        )
        self._runs.add(mirror)
        return mirror.run()

    async def fetch_transcript(self, name_or_record: str | CallRecord) -> Transcript:
        """Fetch the transcript of a recording.

        Args:
            name_or_record: The recording's name, as listed; or the record of its call, for the parties'
                names.

        Returns:
            The words with their times in seconds from the start, in the service's order.

        Raises:
            TypeError: It is neither.
            ValueError: The call has no recording, or the name is empty or hostile (`UnsafeName`).
            NotReady: There is no such transcript, or not yet.
            PayloadError: The answer is no transcript.
            AtsError: Whatever else keeps it from coming.

        Source: operation 10.
        """
        record = name_or_record if isinstance(name_or_record, CallRecord) else None
        name = _name_of(name_or_record)
        check_name(name)
        fetching = self._files.retry.run(
            FETCH_TRANSCRIPT, self._files.open, FETCH_TRANSCRIPT, name, _decode_words
        )
        return Transcript(name, await fetching, record)

    async def save_transcript(
        self,
        name_or_record: str | CallRecord,
        directory: str | os.PathLike[str],
        *,
        ready_within_s: float = 0.0,
    ) -> Path:
        """Save a transcript to ``directory/2022-08-12/mo_….json``, unless it is there already.

        Args:
            name_or_record: The recording's name, as listed, or its call.
            directory: Where to save; made where it is missing.
            ready_within_s: As `save()`.

        Returns:
            The path of the file, which holds the service's JSON byte for byte.

        Raises:
            StorageError: The file cannot be written.
            ValueError: As `fetch_transcript()`.
            AtsError: As `fetch_transcript()`.

        Source: operation 10.
        """
        name = _name_of(name_or_record)
        require_seconds("ready_within_s", ready_within_s)
        save = partial(self._saver.save_transcript, name, Directory(directory, for_many=False))
        saved = await when_ready(name, ready_within_s, save)
        return Path(saved.path)

    def close(self) -> None:
        """End what `save_many` and `mirror` have under way; who still iterates is told so by a RuntimeError."""
        for run in self._runs:
            run.end()


async def _decode_words(_: str, incoming: Incoming[list[TranscriptWord]]) -> list[TranscriptWord]:
    async with incoming:
        return await incoming.decode()


def _name_of(name_or_record: str | CallRecord) -> str:
    if isinstance(name_or_record, str):
        return name_or_record
    if not isinstance(name_or_record, CallRecord):
        raise TypeError(
            f"name_or_record: expected a text or a CallRecord, got {type(name_or_record).__name__}"
        )
    if not name_or_record.record_file_name:
        raise ValueError("name_or_record: the call has no recording")
    return name_or_record.record_file_name
