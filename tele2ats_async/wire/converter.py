"""JSON to models and back: the only module that knows how the contract spells a value.

Decoding is fast and gives no details; only a value that fails is decoded once more, to say where.
"""

import re
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from operator import eq
from typing import Any, TypeVar, cast, get_origin

import attrs
import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from ..errors import PayloadError
from ..models import OpenEnum

T = TypeVar("T")

_STEP_ROWS = 250


def wire_name(field_name: str) -> str:
    """Give the contract's spelling of a field: ``record_file_name`` becomes ``recordFileName``."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), field_name)


def decode(raw: bytes | str, answer: type[T]) -> T:
    """Decode one JSON value.

    Raises:
        PayloadError: The text is not JSON, or not of that shape.
    """
    return _structure(_parse(raw), answer)


def decode_in_steps(raw: bytes | str, answer: type[T]) -> Generator[None, None, T]:
    """Decode one JSON value; a list a few hundred rows at a time, pausing at each ``yield``.

    A page of thousands of records takes milliseconds that other tasks should not have to wait for.

    Raises:
        PayloadError: The text is not JSON, or not of that shape.
    """
    value = _parse(raw)
    if type(value) is not list:
        return _structure(value, answer)
    rows: list[object] = []
    for start in range(0, len(value), _STEP_ROWS):
        rows += cast("list[object]", _structure(value[start : start + _STEP_ROWS], answer, start))
        yield
    return cast("T", rows)


def encode(value: object) -> bytes:
    """Encode a model, or a list of models, as JSON; members that are None are left out."""
    return orjson.dumps(_fast.unstructure(value))


# The errors below are raised outside their `except` blocks: the foreign ones hold the whole document,
# tokens and all, and would travel along as the context.


def _parse(raw: bytes | str) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        reason = f"not JSON ({error.msg} at {error.lineno}:{error.colno})"
    raise PayloadError("$", reason)


def _structure(value: object, answer: type[T], first_row: int = 0) -> T:
    if get_origin(answer) is list and type(value) is not list:
        # Said here, for cattrs takes whatever can be iterated over: the keys of an object, say.
        raise PayloadError("$", f"expected a list, got {_kind(value)}")
    # Whatever the hooks stumble over is one thing: a wrong payload.
    with suppress(Exception):
        return _fast.structure(value, answer)
    raise _explain(value, answer, first_row)


def _explain(value: object, answer: type, first_row: int) -> PayloadError:
    try:
        _detailed.structure(value, answer)
    except Exception as error:  # noqa: BLE001  # see _structure()
        story = cattrs.transform_error(error, format_exception=_reason)[0]
        reason, _, path = story.rpartition(" @ ")
        where = re.sub(r"\[(\d+)\]", lambda row: f"[{int(row[1]) + first_row}]", path, count=1)
        return PayloadError(wire_name(where), reason)
    raise AssertionError("the two converters disagree")  # pragma: no cover


def _reason(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "required member missing"
    if isinstance(error, _WrongValueError):
        return str(error)
    return "expected a list" if isinstance(error, TypeError) else "unreadable value"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")


class _WrongValueError(ValueError):
    """A value of another JSON type than the contract's."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(f"expected {expected}, got {_kind(value)}")


def _text(value: object, _: object) -> str:
    if type(value) is str:
        return value
    raise _WrongValueError("a text", value)


def _integer(value: object, _: object) -> int:
    if type(value) is int:
        return value
    raise _WrongValueError("an integer", value)


def _number(value: object, _: object) -> float:
    if type(value) is float or type(value) is int:
        return float(value)
    raise _WrongValueError("a number", value)


def _moment(value: object, _: object) -> datetime:
    if type(value) is not str:
        raise _WrongValueError("an ISO 8601 time", value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _WrongValueError("an ISO 8601 time", value) from None
    # The contract's times end in Z; one that lost its offset can only have meant the same.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _optional_text(value: object, _: object) -> str | None:
    return None if value is None else _text(value, _)


def _optional_integer(value: object, _: object) -> int | None:
    return None if value is None or value == "" else _integer(value, _)


def _open_enum(value: object, enum: type[OpenEnum]) -> OpenEnum:
    if type(value) is str:
        return enum.of(value)
    if value is None:
        return enum.of("")
    raise _WrongValueError("a text", value)


def _object_first(structure: Callable[[Any, Any], object]) -> Callable[[Any, Any], object]:
    """Tell that a list or a text is no object, where cattrs would miss each member of it."""

    def hook(value: object, model: object) -> object:
        if type(value) is not dict:
            raise _WrongValueError("an object", value)
        return structure(value, model)

    return hook


_PLAIN_HOOKS: dict[type, Callable[[Any, Any], object]] = {
    str: _text,
    int: _integer,
    float: _number,
    datetime: _moment,
    OpenEnum: _open_enum,
}
_UNION_HOOKS: dict[object, Callable[[Any, Any], object]] = {
    str | None: _optional_text,
    int | None: _optional_integer,
}


def _make_converter(*, detailed_validation: bool) -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=detailed_validation)
    for kind, hook in _PLAIN_HOOKS.items():
        converter.register_structure_hook(kind, hook)
    for union, hook in _UNION_HOOKS.items():
        converter.register_structure_hook_func(partial(eq, union), hook)

    def spelling(model: type) -> dict[str, Any]:
        return {field.name: override(rename=wire_name(field.name)) for field in attrs.fields(model)}

    def make_structure_hook(model: type) -> Callable[[Any, Any], object]:
        structure: Callable[[Any, Any], object] = make_dict_structure_fn(model, converter, **spelling(model))
        return _object_first(structure) if detailed_validation else structure

    converter.register_structure_hook_factory(attrs.has, make_structure_hook)
    converter.register_unstructure_hook_factory(
        attrs.has,
        lambda model: make_dict_unstructure_fn(
            model,
            converter,
            _cattrs_omit_if_default=True,
            **spelling(model),
        ),
    )
    converter.register_unstructure_hook(datetime, _spell_moment)
    return converter


def _spell_moment(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


_fast = _make_converter(detailed_validation=False)
_detailed = _make_converter(detailed_validation=True)
