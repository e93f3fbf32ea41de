"""Durations: seconds on the wire and in the fields, timedeltas beside them."""

from datetime import timedelta
from typing import Any, overload


class DurationOf:
    """A read-only attribute that gives a field of seconds as a timedelta, None where it is absent."""

    def __init__(self, field_name: str) -> None:
        self._field_name = field_name
        self.__doc__ = f"``{field_name}`` as a timedelta; None where it is absent."

    @overload
    def __get__(self, instance: None, owner: type) -> "DurationOf": ...

    @overload
    def __get__(self, instance: object, owner: type) -> timedelta | None: ...

    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        seconds = getattr(instance, self._field_name)
        if seconds is None:
            return None
        try:
            return timedelta(seconds=seconds)
        except OverflowError:  # a number that no call lasts must not break who only looks
            return timedelta.max if seconds > 0 else timedelta.min
