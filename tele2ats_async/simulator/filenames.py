"""The parameter ``filename`` of operations 9 and 10, which the service decodes once or twice."""

from collections.abc import Callable, Collection, Mapping
from typing import cast

from .queries import ENCODED, decode_once
from .routes import FETCH_RECORDING, FETCH_TRANSCRIPT

ONCE = "once"
TWICE = "twice"

Encodings = Collection[str] | Mapping[int, Collection[str]]

_OPERATIONS = (FETCH_RECORDING, FETCH_TRANSCRIPT)
_BOTH = frozenset({ONCE, TWICE})


def per_operation(encodings: Encodings) -> dict[int, frozenset[str]]:
    """Give each operation its accepted encodings.

    Args:
        encodings: Some of ``once`` and ``twice`` for both operations, or a mapping from the
            operation's number; an operation it lacks accepts both.

    Raises:
        ValueError: Another word, or another operation.
    """
    if isinstance(encodings, Mapping):
        given = cast("Mapping[int, Collection[str]]", encodings)
    else:
        given = dict.fromkeys(_OPERATIONS, encodings)
    accepted = {number: frozenset(given.get(number, _BOTH)) for number in _OPERATIONS}
    if not set(given) <= set(_OPERATIONS) or not all(words <= _BOTH for words in accepted.values()):
        raise ValueError(
            f"filename_encodings: of 'once' and 'twice', for operations 9 and 10; got {encodings!r}"
        )
    return accepted


def find_name(raw: str, accepted: frozenset[str], is_known: Callable[[str], bool]) -> str | None:
    """Decode a raw ``filename`` as the accepted encodings would, until a known name comes of it."""
    once = decode_once(raw)
    if once is None:
        return None
    if ONCE in accepted and is_known(once):
        return once
    # What was encoded twice is, decoded once, still encoded: a slash would not stand there openly.
    twice = decode_once(once) if TWICE in accepted and ENCODED.fullmatch(once) else None
    return twice if twice is not None and is_known(twice) else None
