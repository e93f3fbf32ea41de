"""Enums that a newer service cannot break."""

from enum import StrEnum
from typing import Self, cast


class OpenEnum(StrEnum):
    """A text enum in which an unknown value arrives as a member-like value that keeps its text.

    ``CallType("SOMETHING_NEW") == "SOMETHING_NEW"`` holds, its ``is_known`` is False, and nothing
    raises: the service may add values before this package learns of them.

    Source: section 5.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        stranger = str.__new__(cls, value)
        stranger._name_ = value
        stranger._value_ = value
        return stranger

    @classmethod
    def of(cls, text: str) -> Self:
        """Give the member for a text: the quick way, as pages of records need it."""
        member = cls._value2member_map_.get(text)
        return cls(text) if member is None else cast("Self", member)

    @property
    def is_known(self) -> bool:
        """Whether the contract names this value."""
        return self._name_ in type(self).__members__
