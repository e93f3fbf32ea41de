"""Phone numbers in the forms that the contract gives."""

import re

_SEPARATORS = re.compile(r"[\s()\-.\u2010-\u2015\u00a0]+")
# Ten digits alone may begin neither with 7 nor with 89: those are eleven of which one is missing.
_RUSSIAN = re.compile(r"(?:\+?7|8)(\d{10})|((?!7|89)\d{10})")
_SUBSCRIBER = re.compile(r"7\d{10}")
_INTERNATIONAL = re.compile(r"[1-9]\d{6,14}")
_DIALABLE = re.compile(r"\d{1,15}")


def normalize_msisdn(text: str) -> str:
    """Bring a Russian number as people write it into the form that the service takes.

    ``normalize_msisdn("8 (953) 393-35-57") == "79533933557"``

    Args:
        text: Ten digits, with or without ``8``, ``7`` or ``+7`` before them, and any separators.

    Returns:
        Eleven digits, ``7XXXXXXXXXX``.

    Raises:
        ValueError: It is no such number.

    Source: operations 6, 7 and 16.
    """
    match = _RUSSIAN.fullmatch(_SEPARATORS.sub("", text))
    digits = "" if match is None else match[1] or match[2]
    if not digits or not digits.isascii():
        raise ValueError(f"text: {text!r} is no Russian phone number of 10 or 11 digits")
    return f"7{digits}"


def require_subscriber(argument: str, number: str) -> None:
    """Refuse what is not of the form ``7XXXXXXXXXX``."""
    _require(argument, number, _SUBSCRIBER, "11 digits that begin with 7; normalize_msisdn() makes them")


def require_international(argument: str, number: str) -> None:
    """Refuse what is no number with its country code, digits only."""
    _require(argument, number, _INTERNATIONAL, "7 to 15 digits, country code first; normalize_msisdn() helps")


def require_dialable(argument: str, number: str) -> None:
    """Refuse what is neither a full nor a short number."""
    _require(argument, number, _DIALABLE, "digits only, a full number or a short one")


def _require(argument: str, number: str, form: re.Pattern[str], description: str) -> None:
    if not isinstance(number, str):
        raise TypeError(f"{argument}: expected a text, got {type(number).__name__}")
    if not (number.isascii() and form.fullmatch(number)):
        raise ValueError(f"{argument}: expected {description}; got {number!r}")
