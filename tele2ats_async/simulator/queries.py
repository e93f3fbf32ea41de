"""Queries, read as the contract wants them written: every reserved character percent-encoded."""

import re
from collections.abc import Collection
from datetime import datetime
from urllib.parse import unquote_to_bytes

import attrs

from .refusals import bad_request

# Only unreserved characters of RFC 3986 stand for themselves: a bare "+" would even be a space.
ENCODED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+")
PHONE_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_SUBSCRIBER = re.compile(r"7\d{10}", re.ASCII)
_TRUTH = {"true": True, "false": False}


@attrs.frozen
class Query:
    """The parameters of one request, each once, still percent-encoded.

    Every reader refuses a malformed value, naming the parameter.
    """

    raw_values: dict[str, str]

    @classmethod
    def read(cls, raw_query: str, known: Collection[str]) -> "Query":
        """Split a raw query.

        Raises:
            Refusal: A parameter is unknown, repeated, or not percent-encoded.
        """
        raw_values: dict[str, str] = {}
        for pair in raw_query.split("&") if raw_query else ():
            name, _, raw_value = pair.partition("=")
            if name not in known:
                raise bad_request(f"Unknown parameter '{name}'")
            if name in raw_values:
                raise bad_request(f"Parameter '{name}' is given twice")
            if not ENCODED.fullmatch(raw_value):
                raise bad_request(f"Parameter '{name}' is empty or not percent-encoded")
            raw_values[name] = raw_value
        return cls(raw_values)

    def raw(self, name: str) -> str:
        """Give a required parameter as it came."""
        if name not in self.raw_values:
            raise bad_request(f"Required parameter '{name}' is not present")
        return self.raw_values[name]

    def text(self, name: str, default: str) -> str:
        """Give an optional parameter, decoded."""
        return self._decoded(name) if name in self.raw_values else default

    def moment(self, name: str) -> datetime:
        """Give a required time: ``2022-07-24T10:15:30+03:00`` in whole."""
        self.raw(name)
        text = self._decoded(name)
        if _MOMENT.fullmatch(text):
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        raise bad_request(f"Parameter '{name}' must be an ISO 8601 time with an offset")

    def period(self) -> tuple[datetime, datetime]:
        """Give the required times ``start`` and ``end``."""
        start, end = self.moment("start"), self.moment("end")
        if end < start:
            raise bad_request("Parameter 'end' is before 'start'")
        return start, end

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        """Give an optional whole number within bounds."""
        text = self.text(name, str(default))
        if not _WHOLE_NUMBER.fullmatch(text) or not lowest <= int(text) <= highest:
            raise bad_request(f"Parameter '{name}' must be a whole number from {lowest} to {highest}")
        return int(text)

    def phone_number(self, name: str) -> str | None:
        """Give an optional phone number, None where it is absent."""
        if name not in self.raw_values:
            return None
        text = self._decoded(name)
        if not PHONE_NUMBER.fullmatch(text):
            raise bad_request(f"Parameter '{name}' must consist of digits")
        return text

    def required_phone_number(self, name: str) -> str:
        """Give a required phone number."""
        self.raw(name)
        return self.phone_number(name) or ""

    def subscriber(self, name: str) -> str | None:
        """Give an optional full number, None where it is absent."""
        text = self.phone_number(name)
        if text is not None and not _SUBSCRIBER.fullmatch(text):
            raise bad_request(f"Parameter '{name}' must be a number of the form 7XXXXXXXXXX")
        return text

    def flag(self, name: str) -> bool:
        """Give an optional ``true`` or ``false``, False where it is absent."""
        text = self.text(name, "false")
        if text not in _TRUTH:
            raise bad_request(f"Parameter '{name}' must be true or false")
        return _TRUTH[text]

    def _decoded(self, name: str) -> str:
        text = decode_once(self.raw_values[name])
        if text is None:
            raise bad_request(f"Parameter '{name}' is not UTF-8")
        return text


def decode_once(raw: str) -> str | None:
    """Undo one percent-encoding; None where no text comes of it."""
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return None
