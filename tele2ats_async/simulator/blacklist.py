"""Operations 16 to 19: the numbers that may not call."""

from itertools import count

import attrs

from ..models import BlacklistResult, BlacklistSource

_FIRST_ID = 10_622
_FROM_FILE = ("79023581212", "74957770001", "79585550199")


@attrs.frozen
class _Entry:
    id: int
    source: BlacklistSource


@attrs.define(eq=False)
class Blacklist:
    """The blacklist of a company: at first, what somebody uploaded as a file."""

    _entries: dict[str, _Entry] = attrs.field(factory=dict[str, _Entry], init=False)
    _ids: "count[int]" = attrs.field(factory=lambda: count(_FIRST_ID), init=False)

    def __attrs_post_init__(self) -> None:
        for number in _FROM_FILE:
            self._entries[number] = _Entry(next(self._ids), BlacklistSource.FILE)

    def add(self, number: str) -> BlacklistResult:
        """Answer operation 16."""
        if number in self._entries:
            return BlacklistResult.DUPLICATE_BLACK_LIST_NUMBER
        self._entries[number] = _Entry(next(self._ids), BlacklistSource.MANUAL)
        return BlacklistResult.SUCCESS

    def remove(self, number: str) -> BlacklistResult:
        """Answer operation 17, which succeeds also where there is nothing to remove."""
        self._entries.pop(number, None)
        return BlacklistResult.SUCCESS

    def clear(self) -> BlacklistResult:
        """Answer operation 18."""
        self._entries.clear()
        return BlacklistResult.SUCCESS

    def list_all(self) -> list[dict[str, object]]:
        """Answer operation 19: every other number is an integer, for the manual knows both."""
        return [
            {
                "id": entry.id,
                # A number that begins with zeros would lose them.
                "number": number if entry.id % 2 or number.startswith("0") else int(number),
                "sourceType": entry.source,
            }
            for number, entry in self._entries.items()
        ]
