"""One listing of call records: what is asked, page by page."""

import re
from datetime import datetime
from typing import Any, cast

import attrs

from ..models import CallRecord
from ..numbers import require_dialable
from .decipher import Undeciphered
from .operations import LIST_CALL_RECORDS, Operation, Request
from .query import encode_query, require_at_least, require_period, spell_flag, spell_moment

_LIST_UNDECIPHERED: Operation[Undeciphered] = attrs.evolve(
    cast("Operation[Any]", LIST_CALL_RECORDS), answer=Undeciphered
)
_SORT = re.compile(r"[A-Za-z]+,(ASC|DESC)")


@attrs.frozen(kw_only=True)
class CallRecordListing:
    """The filters, the page size and the order of a listing, checked when it is made.

    Source: operation 8.
    """

    start: datetime
    end: datetime
    caller: str | None
    callee: str | None
    is_recorded: bool | None
    size: int
    sort: str

    def __attrs_post_init__(self) -> None:
        require_period(self.start, self.end)
        require_at_least("size", self.size, 1)
        for argument, number in (("caller", self.caller), ("callee", self.callee)):
            if number is not None:
                require_dialable(argument, number)
        if self.is_recorded not in (None, True, False):
            raise TypeError(f"is_recorded: expected a boolean, got {type(self.is_recorded).__name__}")
        if not isinstance(self.sort, str):
            raise TypeError(f"sort: expected a text, got {type(self.sort).__name__}")
        if not _SORT.fullmatch(self.sort):
            raise ValueError(f"sort: expected 'field,ASC' or 'field,DESC', got {self.sort!r}")

    def page(self, page: int) -> Request[list[CallRecord]]:
        """Make the request of one page (0-based)."""
        return Request(LIST_CALL_RECORDS, query=self._query(page))

    def undeciphered_page(self, page: int) -> Request[Undeciphered]:
        """Make the request of one page (0-based) that is to be deciphered later."""
        return Request(_LIST_UNDECIPHERED, query=self._query(page))

    def _query(self, page: int) -> str:
        require_at_least("page", page, 0)
        query = {
            "start": spell_moment(self.start),
            "end": spell_moment(self.end, round_up=True),
            "caller": self.caller,
            "callee": self.callee,
            "is_recorded": spell_flag(self.is_recorded),
            "page": str(page),
            "size": str(self.size),
            "sort": self.sort,
        }
        return encode_query(query)
