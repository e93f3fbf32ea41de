"""Whatever JSON comes: a value, or a `PayloadError` that shows none of it; and memory in proportion."""

import copy
import json
import tracemalloc
from collections.abc import Generator
from typing import Any

import cattrs
import orjson
import pytest
from hostile_arena import (
    SECRETS,
    Arena,
    arena_of_module,  # noqa: F401  # the fixture `arena`
    examples,
)
from hypothesis import given
from hypothesis import strategies as st
from raw_service import answer
from secrecy import assert_clean

from tele2ats_async import AtsError, Conflict, PayloadError
from tele2ats_async.wire import converter, operations
from tele2ats_async.wire.decipher import decipher_answer

MARK = "a-value-that-nobody-may-see"
OPERATIONS = {
    operation.name: operation
    for operation in vars(operations).values()
    if isinstance(operation, operations.Operation) and operation.answer is not bytes
}
RECORD = {
    "date": "2022-07-15T07:27:06.348Z",
    "callType": "SINGLE_CHANNEL",
    "callStatus": "ANSWERED_COMMON",
    "callerNumber": "79000258890",
    "callDuration": 20,
    "recordFileName": "2022-08-12/mo_1",
}
CUSTOMER = {"id": 92, "realNumber": "79081581621", "isVip": False, "isVIP": None}
MANAGER = {"id": 26, "name": "r", "customers": [CUSTOMER, CUSTOMER], "handleAllCustomers": False}
JOURNAL = {"number": "7", "startTimestamp": 1486975130, "endTimestamp": 1487061531, "numberOfCalls": 5}
RIGHT: dict[str, Any] = {
    "authorization.refresh": {"accessToken": "a", "refreshToken": "r"},
    "monitoring.calls": [{"callType": "INTERNAL", "callerNumberShort": "0001"}],
    "monitoring.queues": [{"queueName": "1", "calls": ["79527648162", "79527648163"]}],
    "employees.list": [{"employeeId": 433, "name": "Артем"}],
    "statistics.common": {"allCallCount": 22, "callCountPerDay": 4.3},
    "statistics.journal": [JOURNAL, JOURNAL],
    "call_records.info": [RECORD, RECORD],
    "call_records.stt": [{"channel": "B", "startTime": 0.3, "endTime": 1.07998, "word": "да"}],
    "managers.list": [MANAGER],
    "managers.fetch": MANAGER,
    "blacklist.list": [{"id": 10622, "number": "79023581212", "sourceType": "MANUAL"}],
}
MOMENTS = [
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "0000-01-01", "10000-01-01T00:00:00Z"),
    *(
        "2022-W01-1",
        "20220715",
        "2022-02-30T00:00:00Z",
        "2022-07-15T24:00:00Z",
        "2022-07-15T07:27:60Z",
        "T",
        "Z",
    ),
    *(
        "2022-07-15T07:27:06+99:99",
        "2022-07-15T07:27:06,348Z",
        "２０２２-07-15",
        "2022-07-15\x0007:27",
        "-1-1-1",
    ),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.sampled_from([2**31, 2**63, 2**64 - 1, -(2**63), 0, -1, 10**18]),
    st.floats(),
    st.text(),
    st.sampled_from([MARK, "", *MOMENTS]),
)
JSON = st.recursive(ODD, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
NAMES = sorted({key for right in (RECORD, CUSTOMER, MANAGER, JOURNAL) for key in right})


def _decode(operation: operations.Operation[Any], body: bytes) -> object:
    steps: Generator[None, None, object] = decipher_answer(operation, body)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _try(name: str, body: bytes) -> None:
    try:
        _decode(OPERATIONS[name], body)
    except Conflict:
        return  # a result word, which is to be told
    except PayloadError as error:
        failure = error
    else:
        return
    assert_clean(failure, (MARK, *SECRETS), "orjson")
    assert len(str(failure)) < 300


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Find all places of a value: the container, and the key or index in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(value, key) for key, _ in items]
    return found + [place for container, key in found for place in _places(container[key])]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """Make a right answer with a few wrong values, members or types, and spell it; sometimes the spelling is wrong."""
    name = draw(st.sampled_from(sorted(RIGHT)))
    whole = [copy.deepcopy(RIGHT[name])]
    lengths = [0, 1, 2, 600]
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(_places(whole)))
        how = draw(st.sampled_from(["replace", "remove", "repeat", "add"]))
        if how == "remove" and container is not whole:
            del container[key]
        elif how == "repeat":
            length = draw(st.sampled_from(lengths))
            container[key] = [container[key]] * length
            lengths = [other for other in lengths if other != length]  # 600 of 600 of 600 fill any memory
        elif how == "add" and isinstance(container, dict):
            container[draw(st.one_of(st.text(), st.sampled_from(NAMES)))] = draw(JSON)
        else:
            container[key] = draw(JSON)
    # Infinity, half a surrogate pair and integers without end are things that only json spells.
    text = json.dumps(whole[0])
    cut = draw(st.one_of(st.none(), st.integers(0, len(text))))
    return name, text[:cut].encode()


@examples(250)
@given(st.sampled_from(sorted(OPERATIONS)), JSON)
def test_any_json(name: str, value: object) -> None:
    """Of whatever shape, to whatever operation."""
    _try(name, json.dumps(value).encode())


@examples(250)
@given(damaged())
def test_right_answers_that_were_damaged(answer_of: tuple[str, bytes]) -> None:
    """A null, another type or a date at the end of the calendar in one place; what is cut in the middle."""
    _try(*answer_of)


@examples(250)
@given(damaged())
def test_the_quick_way_and_the_one_that_explains_agree(answer_of: tuple[str, bytes]) -> None:
    """Down the columns or row by row as cattrs does it: the same values, and the same ones refused."""
    name, body = answer_of
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return

    def outcome(way: cattrs.Converter) -> object:
        try:
            return way.structure(copy.deepcopy(value), OPERATIONS[name].answer)
        except Exception:  # noqa: BLE001  # whatever it is, it is a refusal
            return "refused"

    assert outcome(converter._converter(detailed_validation=True)) == outcome(converter._converter())


@examples(200)
@given(st.sampled_from(sorted(OPERATIONS)), st.binary())
def test_any_bytes(name: str, body: bytes) -> None:
    """What is no JSON, or no UTF-8."""
    _try(name, body)


DEEP = 100_000
SHAPES: dict[str, bytes] = {
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "lists without an end": b"[" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "as deep as is read": b"[" * 1000 + b"]" * 1000,
    "deep in a member": b'[{"customers": ' + b"[" * 1000 + b"]" * 1000 + b"}]",
    "deep in an unknown member": b'[{"x": ' + b"[" * 1000 + b"]" * 1000 + b"}]",
    "a long integer": b"[" + b"9" * DEEP + b"]",
    "a long fraction": b"[0." + b"9" * DEEP + b"]",
    "a large exponent": b"[1e999999999, -1e999999999]",
    "no numbers": b"[NaN, Infinity, -Infinity]",
    "a name twice": b'[{"date": 1, "date": "2022-07-15T07:27:06Z", "callType": "FAX", "callStatus": "X"}]',
    "half a pair": b'["\\ud800"]',
    "half a pair as bytes": b'["\xed\xa0\x80"]',
    "a long text": b'["' + b"x" * 10**6 + b'"]',
    "a long name": b'[{"' + b"x" * 10**6 + b'": 1}]',
    "a long word": b"S" * 10**6,
    "a mark of the byte order": b"\xef\xbb\xbf[]",
    "another encoding": "[]".encode("utf-16"),
    "nothing": b"",
    "blanks": b" " * DEEP,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_shapes(name: str, shape: str) -> None:
    """What parsers have stumbled over before."""
    _try(name, SHAPES[shape])


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_over_the_wire(arena: Arena, shape: str) -> None:
    """As above through the whole client, as an answer and as the story of an error."""
    arena.face(answer(SHAPES[shape]))
    arena.face(answer(b'{"details": ' + SHAPES[shape] + b"}", "500 X"))


@examples(60)
@given(damaged(), st.sampled_from(["200 OK", "400 X", "403 X", "500 X"]))
def test_damaged_answers_over_the_wire(arena: Arena, answer_of: tuple[str, bytes], status: str) -> None:
    """As above for values: each operation meets the answers of all others."""
    arena.face(answer(answer_of[1], status))


@examples(100)
@given(JSON, JSON)
def test_any_story_of_an_error(arena: Arena, details: object, message: object) -> None:
    """Members of an error are of any type."""
    body = json.dumps({"details": details, "message": message, "error": [details]}).encode()
    arena.script = lambda _: answer(body, "400 X")

    async def refused(ats: Any) -> str:
        with pytest.raises(AtsError) as caught:
            await ats.employees.fetch_all()
        return str(caught.value)

    assert len(arena.run(refused)) < 400


# Memory, in multiples of the body's size. The parser alone makes 30 of nothing but empty lists or objects; those of
# the models that need no member come to 90. So the usual limit, 16 MB, is one of 1.5 GB at the very worst.

_BODY_BYTES = 100_000
_ROW: dict[str, tuple[bytes, int]] = {
    "empty lists": (b"[],", 40),
    "empty objects": (b"{},", 110),
    "nulls": (b"null,", 20),
    "digits": (b"0,", 20),
    "fractions": (b".5,".replace(b".", b"0."), 30),
    "short texts": (b'"ab",', 30),
    "small objects": (b'{"a":0},', 60),
    "managers": (b'{"customers":[{}]},', 60),
    "customers": (b'{"customers":[' + b"{}," * 999 + b"{}]},", 120),
    "numbers of a queue": (b'{"queueName":"","calls":[' + b'"a",' * 999 + b'"a"]},', 30),
    "journal": (b'{"number":""},', 60),
    "words": (b'{"channel":"A","startTime":0,"endTime":0,"word":"a"},', 20),
    "records": (b'{"date":"20220101","callType":"","callStatus":""},', 40),
}
LISTS = [name for name, right in RIGHT.items() if isinstance(right, list)]


def factor(name: str, row: bytes) -> float:
    """Say how many bytes of memory one byte of a body costs at the most."""
    body = b"[" + row * (_BODY_BYTES // len(row)) + row[:-1] + b"]"
    tracemalloc.start()
    try:
        _decode(OPERATIONS[name], body)
    except AtsError:
        pass
    finally:
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak_bytes / len(body)


@pytest.mark.parametrize("rows", _ROW)
@pytest.mark.parametrize(
    "name", ["managers.list", "statistics.journal", "call_records.info", "call_records.stt"]
)
def test_memory_is_in_proportion(name: str, rows: str) -> None:
    """The limit of a body is one of memory: so many times it, and no more."""
    row, most = _ROW[rows]

    assert factor(name, row) < most
