"""Long arrays parsed piece by piece: the same rows as at once, and the same errors."""

from collections.abc import Callable

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tele2ats_async.wire.pieces import begins_as_array, iter_pieces

# Texts full of what stands between objects, so that places which are none are met all the time.
TEXTS = st.text(alphabet='{}[],:"\\ a\n', max_size=12)
VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=3) | VALUES, max_size=12)


def _spelled(rows: list[object], between: bytes) -> bytes:
    return b"[" + between.join(map(orjson.dumps, rows)) + b"]"


def _outcome(parse: Callable[[], object]) -> object:
    try:
        value = parse()
    except orjson.JSONDecodeError as error:
        return error.msg, error.pos
    return value


@given(ROWS, st.sampled_from([b",", b", ", b" ,\n\t"]), st.integers(0, 40))
def test_the_rows_are_the_same(rows: list[object], between: bytes, piece_bytes: int) -> None:
    """However long the pieces are, and whatever the rows hold."""
    pieces = [*iter_pieces(b" \n" + _spelled(rows, between) + b" ", piece_bytes)]

    assert rows == [row for piece in pieces for row in piece]


@given(ROWS, st.data())
def test_what_is_wrong_is_found(rows: list[object], data: st.DataObject) -> None:
    """One byte more, less or another one: where the whole is no JSON, the pieces are none, with the same words."""
    raw = _spelled(rows, b",")
    at = data.draw(st.integers(0, len(raw)))
    damaged = raw[:at] + data.draw(st.sampled_from([b"", b"{", b"}", b"[", b"]", b'"', b",", b"x"]))
    damaged += raw[at + data.draw(st.integers(0, 1)) :]
    assume(begins_as_array(damaged))

    assert _outcome(lambda: orjson.loads(damaged)) == _outcome(
        lambda: [row for piece in iter_pieces(damaged, 0) for row in piece]
    )


def test_there_are_pieces() -> None:
    """Rows come before all has been looked at, none of them split."""
    rows = [{"number": number, "text": "},{"} for number in range(1000)]
    pieces = [*iter_pieces(_spelled([*rows], b","), 2000)]

    assert 10 < len(pieces) < 30
    assert rows == [row for piece in pieces for row in piece]


@pytest.mark.parametrize(
    ("raw", "is_array"),
    [(b"[]", True), (b" \t\r\n[{", True), (b"{}", False), (b"", False), (b'"["', False), (b"\x0b[]", False)],
)
def test_what_begins_as_array(raw: bytes, is_array: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Anything else is not looked at in pieces."""
    assert is_array == begins_as_array(raw)


def test_many_false_places_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that looks like thousands of rows is parsed a few times, and not thousands of times."""
    looked: list[int] = []
    loads = orjson.loads

    def count(raw: bytes) -> object:
        looked.append(len(raw))
        return loads(raw)

    monkeypatch.setattr("tele2ats_async.wire.pieces.orjson.loads", count)
    assert [["},{" * 10_000]] == [*iter_pieces(b'["%b"]' % (b"},{" * 10_000), 0)]
    assert len(looked) <= 4
