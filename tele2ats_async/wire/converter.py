"""JSON to models and back: the only module that knows how the contract spells an object.

Decoding is fast and gives no details; only a value that fails is decoded once more, to say where.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_origin

import orjson

from ..errors import PayloadError
from .hooks import WrongValueError, kind_of
from .pieces import PIECE_BYTES, begins_as_array, iter_pieces
from .spelling import wire_name

if TYPE_CHECKING:
    import cattrs

__all__ = ["decode", "decode_in_steps", "encode", "load", "wire_name"]

T = TypeVar("T")

_STEP_ROWS = 250


def load() -> None:
    """Load what decoding needs, which takes longer than an answer may keep other tasks waiting."""
    _converter()


def decode(raw: bytes | str, answer: type[T]) -> T:
    """Decode one JSON value.

    Raises:
        PayloadError: The text is not JSON, or not of that shape.
    """
    return _structure(_parse(raw), answer)


def decode_in_steps(
    raw: bytes | str, answer: type[T], *, one_or_many: bool = False
) -> Generator[None, None, T]:
    """Decode one JSON value; a list a few hundred rows at a time, pausing at each ``yield``.

    A page of thousands of records takes milliseconds that other tasks should not have to wait for.

    Args:
        raw: The JSON text.
        answer: The type to make; ``object`` for the plain value.
        one_or_many: Whether a single object may stand for a list of one.

    Raises:
        PayloadError: The text is not JSON, or not of that shape.
    """
    if get_origin(answer) is not list:
        return _structure(_parse(raw), answer)
    made: list[object] = []
    for rows in _parse_rows(raw, one_or_many=one_or_many):
        for start in range(0, len(rows), _STEP_ROWS):
            yield  # at first after the parsing, which is a step of its own
            step = slice(start, start + _STEP_ROWS)
            # In the place of what they were made from, so that not all of both is in memory at once.
            rows[step] = cast("list[object]", _structure(rows[step], answer, len(made) + start))
        made += rows
    return cast("T", made)


def encode(value: object, *, leave_out: str | None = None) -> bytes:
    """Encode a model, or a list of models, as JSON.

    Members that are None are left out, but for those that the service itself sent as null.

    Args:
        value: The model.
        leave_out: A member of it, by its JSON name, that is not to be sent.
    """
    members = _converter().unstructure(value)
    if leave_out is not None:
        members.pop(leave_out, None)
    return orjson.dumps(members)


# The errors below are raised outside their `except` blocks: the foreign ones hold the whole document,
# tokens and all, and would travel along as the context.


def _parse(raw: bytes | str) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        reason = _not_json(error)
    raise PayloadError("$", reason)


def _parse_rows(raw: bytes | str, *, one_or_many: bool) -> Iterator[list[object]]:
    """Parse a list, some rows at a time where it is long."""
    if isinstance(raw, str) or len(raw) <= PIECE_BYTES or not begins_as_array(raw):
        value = _parse(raw)
        if one_or_many and isinstance(value, dict):
            value = [cast("object", value)]
        _require_list(value)
        yield cast("list[object]", value)
        return
    try:
        yield from iter_pieces(raw)
    except orjson.JSONDecodeError as error:
        reason = _not_json(error)
    else:
        return
    raise PayloadError("$", reason)


def _not_json(error: orjson.JSONDecodeError) -> str:
    return f"not JSON ({error.msg} at {error.lineno}:{error.colno})"


def _structure(value: object, answer: type[T], first_row: int = 0) -> T:
    if answer is object:
        return cast("T", value)
    if get_origin(answer) is list:
        _require_rows(value, first_row)
    # Whatever the hooks stumble over is one thing: a wrong payload.
    with suppress(Exception):
        return _converter().structure(value, answer)
    raise _explain(value, answer, first_row)


def _require_list(value: object) -> None:
    kind = kind_of(value)
    if kind != "a list":
        raise PayloadError("$", f"expected a list, got {kind}")


def _require_rows(value: object, first_row: int) -> None:
    """Refuse an answer that is no list, or lacks a row: one that were passed over would shorten its page."""
    _require_list(value)
    rows = cast("list[object]", value)
    if None in rows:
        raise PayloadError(f"$[{first_row + rows.index(None)}]", "expected an object, got null")


def _explain(value: object, answer: type[Any], first_row: int) -> PayloadError:
    import cattrs  # noqa: PLC0415  # see _converter()

    try:
        _converter(detailed_validation=True).structure(value, cast("Any", answer))
    except Exception as error:  # noqa: BLE001  # see _structure()
        story = cattrs.transform_error(error, format_exception=_reason)[0]
        reason, _, path = story.rpartition(" @ ")
        where = re.sub(r"^\$\[(\d+)\]", lambda row: f"$[{int(row[1]) + first_row}]", path)
        return PayloadError(wire_name(where), reason)
    raise AssertionError("the two converters disagree")  # pragma: no cover


def _reason(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "required member missing"
    return str(error) if isinstance(error, WrongValueError) else "unreadable value"


@cache
def _converter(*, detailed_validation: bool = False) -> "cattrs.Converter":
    # Loaded with the first session: the package loads faster without.
    from .structuring import make_converter  # noqa: PLC0415  # see above

    return make_converter(detailed_validation=detailed_validation)
