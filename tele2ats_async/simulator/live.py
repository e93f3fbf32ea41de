"""One call in progress: its whole life is settled when it begins, and shows as the clock goes on."""

from datetime import datetime, timedelta

import attrs

from ..models import CallRecord, CurrentCallType
from .calls import end_of


@attrs.frozen
class LiveCall:
    """A call that is under way, or will be.

    Attributes:
        record: What it leaves behind when it is over.
        call_type: What operation 2 calls it.
        queue_name: Where the caller waits until somebody is free, None where nobody has to.
    """

    record: CallRecord
    call_type: CurrentCallType
    queue_name: str | None = None

    @property
    def caller(self) -> str:
        """The caller's full number."""
        return self.record.caller_number or ""

    @property
    def callee(self) -> str:
        """The full number of who is called, or is going to be put through to."""
        return self.record.callee_number or ""

    def is_in_progress(self, now: datetime) -> bool:
        """Tell whether it has begun and is not over."""
        return self.record.date <= now < end_of(self.record)

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has left its record behind."""
        return end_of(self.record) <= now

    def is_put_through(self, now: datetime) -> bool:
        """Tell whether the parties talk; a call that nobody answers is never put through."""
        talk = timedelta(seconds=self.record.conversation_duration or 0)
        return bool(talk) and end_of(self.record) - talk <= now
