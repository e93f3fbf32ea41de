"""A manager as a person writes it: JSON in a file, or on the standard input."""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import attrs

from ..errors import PayloadError
from ..models import Customer, Manager
from ..wire import converter

_STANDARD_INPUT = "-"


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
            return Path(file).read_bytes()
        if sys.stdin is None:  # closed by whoever started the process
            raise ValueError("-: there is no standard input; type the name of a file")
        return sys.stdin.buffer.read()
    except OSError as error:
        raise ValueError(f"{file}: cannot be read: {error.strerror}; type another name, or -") from None


def _require_spelling(members: Mapping[str, object], model: type[Manager | Customer], where: str) -> None:
    """Refuse a member that nobody knows and that is nearly one that is missing: it is mistyped.

    Others may be the service's own, of later than this version, and go back to it.
    """
    known = [converter.wire_name(field.name) for field in attrs.fields(model) if field.name != "as_received"]
    missing = [name for name in known if name not in members]
    for name in members:
        if name not in known and (near := get_close_matches(name, missing, 1)):
            raise ValueError(f"{where}.{name}: no such member; type {near[0]}")
