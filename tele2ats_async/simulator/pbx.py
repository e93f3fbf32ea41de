"""The state of a simulated ATS, without the web around it."""

from collections.abc import Callable

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
from .speech import write_script
from .tokens import TokenOffice


@attrs.frozen(eq=False, kw_only=True)
class Pbx:
    """A company, its tokens, lines, recordings and books.

    Attributes:
        clock: Epoch seconds.
        ready_after_s: Seconds from the end of a call until its recording can be had.
        filename_encodings: What operations 9 and 10 accept, by number.
        quoted_results: Whether a result word is a JSON string.
        surprises: Whether answers hold what the contract does not know.
    """

    office: TokenOffice
    lines: Lines
    managers: ManagerRegister
    clock: Callable[[], float]
    ready_after_s: float
    filename_encodings: dict[int, frozenset[str]]
    quoted_results: bool
    surprises: bool
    blacklist: Blacklist = attrs.field(factory=Blacklist, init=False)

    @property
    def company(self) -> Company:
        """The company, with the calls that are over by now."""
        self.lines.catch_up()
        return self.lines.company

    def recording(self, name: str) -> bytes:
        """Make the bytes of a recording, the same each time.

        Raises:
            KeyError: There is no such recording.
        """
        duration_s = self._duration_s(name)
        return assemble(name, duration_s, write_script(name, duration_s))

    def transcript(self, name: str) -> list[TranscriptWord]:
        """List the words of a recording, in order.

        Raises:
            KeyError: There is no such recording.
        """
        return [spoken.transcribed for spoken in write_script(name, self._duration_s(name))]

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

    def _duration_s(self, name: str) -> int:
        record = self.company.find_recorded(name)
        if record is None:
            raise KeyError(name)
        return record.conversation_duration or 0
