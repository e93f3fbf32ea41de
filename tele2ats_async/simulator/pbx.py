"""The state of a simulated ATS, without the web around it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, get_args

import attrs

from ..models import CallRecord, TranscriptWord
from .audio import assemble
from .blacklist import Blacklist
from .calls import end_of
from .company import Company
from .filenames import find_name
from .lines import Lines
from .managers import ManagerRegister
from .refusals import not_found
from .speech import SpokenWord, write_script
from .tokens import TokenOffice

Validators = Literal["etag", "last-modified", "none"]


@attrs.frozen(eq=False, kw_only=True)
class Pbx:
    """A company, its tokens, lines, recordings and books.

    Attributes:
        clock: Epoch seconds.
        ready_after_s: Seconds from the end of a call until its recording can be had.
        named_after_s: Seconds from the end of a call until its record tells the name of the recording.
        filename_encodings: What operations 9 and 10 accept, by number.
        quoted_results: Whether a result word is a JSON string.
        surprises: Whether answers hold what the contract does not know.
        validators: What operation 9 sends to tell versions of a recording apart.
        ranges: Whether operation 9 serves parts of a recording.
    """

    office: TokenOffice
    lines: Lines
    managers: ManagerRegister
    clock: Callable[[], float]
    ready_after_s: float
    named_after_s: float
    filename_encodings: dict[int, frozenset[str]]
    quoted_results: bool
    surprises: bool
    validators: Validators = attrs.field(validator=attrs.validators.in_(get_args(Validators)))
    ranges: bool
    blacklist: Blacklist = attrs.field(factory=Blacklist, init=False)
    _changes: Counter[str] = attrs.field(factory=Counter[str], init=False)

    @property
    def company(self) -> Company:
        """The company, with the calls that are over by now."""
        self.lines.catch_up()
        return self.lines.company

    def list_records(self) -> list[CallRecord]:
        """List the calls that are over as they are shown now, ordered as the company's."""
        records = self.company.records
        if not self.named_after_s:
            return records
        now = self.clock()
        return [
            record
            if now - end_of(record).timestamp() >= self.named_after_s
            else attrs.evolve(record, record_file_name=None)
            for record in records
        ]

    def recording(self, name: str) -> bytes:
        """Make the bytes of a recording, the same each time until it is changed.

        Raises:
            KeyError: There is no such recording.
        """
        # Another title too: the bytes of two versions differ, and nowhere stand at the same place.
        return assemble(self._title(name), self._duration_s(name), self._script(name))

    def transcript(self, name: str) -> list[TranscriptWord]:
        """List the words of a recording, in order.

        Raises:
            KeyError: There is no such recording.
        """
        return [spoken.transcribed for spoken in self._script(name)]

    def change_recording(self, name: str) -> None:
        """Put another recording, a second longer, in the place of one."""
        self._changes[name] += 1

    def modified_at(self, name: str) -> datetime:
        """Tell since when a recording is as it is.

        Raises:
            KeyError: There is no such recording.
        """
        # A change lies a second after the one before, which is what an HTTP date can tell apart.
        return end_of(self._record(name)) + timedelta(seconds=self._changes[name])

    def find_ready(self, operation_number: int, raw_filename: str) -> str:
        """Find the name of a recording that can be had now.

        Raises:
            Refusal: There is none, not yet, or not by this encoding.
        """
        accepted = self.filename_encodings[operation_number]
        name = find_name(raw_filename, accepted, lambda text: self.company.find_recorded(text) is not None)
        record = self.company.find_recorded(name) if name else None
        if name is None or record is None:
            raise not_found("The file is not found")
        if not self._is_ready(record):
            raise not_found("The file is not ready yet")
        return name

    def _is_ready(self, record: CallRecord) -> bool:
        # Without a delay all are ready, also those of a company that lives in another time than the clock.
        if not self.ready_after_s:
            return True
        return self.clock() - end_of(record).timestamp() >= self.ready_after_s

    def _title(self, name: str) -> str:
        return f"{name} ({self._changes[name]})" if self._changes[name] else name

    def _script(self, name: str) -> list[SpokenWord]:
        return write_script(self._title(name), self._duration_s(name))

    def _duration_s(self, name: str) -> int:
        return (self._record(name).conversation_duration or 0) + self._changes[name]

    def _record(self, name: str) -> CallRecord:
        record = self.company.find_recorded(name)
        if record is None:
            raise KeyError(name)
        return record
