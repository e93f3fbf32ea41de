"""What somebody writes who decodes pages with orjson and cattrs as they come: the reference of listing."""

import re
from datetime import datetime
from typing import Any

import attrs
import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, override

from tele2ats_async import RecordCallStatus, RecordCallType


@attrs.define
class PlainCallRecord:
    """A finished call, without anything that this package's own has."""

    date: datetime
    call_type: RecordCallType
    call_status: RecordCallStatus
    destination_number: str | None = None
    caller_number: str | None = None
    caller_name: str | None = None
    callee_number: str | None = None
    callee_name: str | None = None
    call_duration: int | None = None
    conversation_duration: int | None = None
    record_file_name: str | None = None


def decode_plainly(raw: bytes) -> list[PlainCallRecord]:
    """Decode a page."""
    return _converter.structure(orjson.loads(raw), list[PlainCallRecord])


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    names: dict[str, Any] = {
        field.name: override(rename=re.sub(r"_([a-z])", lambda letter: letter[1].upper(), field.name))
        for field in attrs.fields(PlainCallRecord)
    }
    structure = make_dict_structure_fn(PlainCallRecord, converter, **names)
    converter.register_structure_hook(PlainCallRecord, structure)
    return converter


_converter = _make_converter()
