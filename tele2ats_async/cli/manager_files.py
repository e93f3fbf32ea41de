"""A manager as a person writes it: JSON in a file, or on the standard input."""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

import attrs

from ..errors import PayloadError
from ..models import Customer, Manager
from ..wire import converter

_STANDARD_INPUT = "-"
_LARGEST_BYTES = 16 * 1024**2


def read_manager(file: str) -> Manager:
    """Read a manager, and refuse what the service could only misunderstand.

    Raises:
        ValueError: The file cannot be read, is no JSON, or what it holds is no manager.
    """
    try:
        manager = converter.decode(_read(file), Manager)
    except PayloadError as error:
        raise ValueError(
            f'{file}: no manager, at {error.where}: {error.reason}; type {{"name": "…", "employeeId": 440}}'
        ) from None
    if not manager.name:
        raise ValueError(f'{file}: no manager, at $.name: not given; type {{"name": "…"}}')
    _require_spelling(manager.as_received, Manager, f"{file}: $")
    for place, customer in enumerate(manager.customers):
        _require_spelling(customer.as_received, Customer, f"{file}: $.customers[{place}]")
    return manager


def _read(file: str) -> bytes:
    if not file:
        raise ValueError("FILE: is empty; is a variable of your shell not set?")
    try:
        if file != _STANDARD_INPUT:
            with Path(file).open("rb") as opened:
                return _read_bounded(opened, file)
        if sys.stdin is None:  # closed by whoever started the process
            raise ValueError("-: there is no standard input; type the name of a file")
        return _read_bounded(sys.stdin.buffer, file)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read: {error.strerror}; type another name, or -") from None


def _read_bounded(source: BinaryIO, file: str) -> bytes:
    """Read no more than any manager has: a device has no end."""
    content = source.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        raise ValueError(f"{file}: is larger than any manager is; type another name, or -")
    return content


def _require_spelling(members: Mapping[str, object], model: type[Manager | Customer], where: str) -> None:
    """Refuse a member that nobody knows and that is nearly one that is missing: it is mistyped.

    Others may be the service's own, of later than this version, and go back to it.
    """
    known = [converter.wire_name(field.name) for field in attrs.fields(model) if field.name != "as_received"]
    missing = [name for name in known if name not in members]
    for name in members:
        if name not in known and (near := get_close_matches(name, missing, 1)):
            raise ValueError(f"{where}.{name}: no such member; type {near[0]}")
