"""Measuring in rounds: A B C, A B C, so that a machine that slows down slows everybody down."""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence

import attrs


class DisqualifiedError(Exception):
    """A contestant did not do what was asked for: its time counts for nothing."""


@attrs.frozen
class Measured:
    """What came of some rounds.

    Attributes:
        samples: What was measured of each contestant, in the order of the rounds.
        disqualified: Why others take part no more.
    """

    samples: dict[str, list[float]]
    disqualified: dict[str, str] = attrs.field(factory=dict)


def interleave(contestants: Mapping[str, Callable[[], float]], rounds: int, *, warm_up: int = 1) -> Measured:
    """Measure each contestant once a round.

    Args:
        contestants: What measures one of them once, by name; raises `DisqualifiedError` to leave.
        rounds: How often.
        warm_up: Rounds before, that do not count.
    """
    measured = Measured({name: [] for name in contestants})
    for number in range(-warm_up, rounds):
        for name in list(measured.samples):
            _say(f"{'warming up' if number < 0 else f'round {number + 1} of {rounds}'}: {name}")
            try:
                value = contestants[name]()
            except DisqualifiedError as error:
                del measured.samples[name]
                measured.disqualified[name] = str(error)
                continue
            if number >= 0:
                measured.samples[name].append(value)
    _say("")
    return measured


def median_ratio(values: Sequence[float], reference: Sequence[float]) -> float:
    """Give the median of the ratios of the rounds, which what disturbs a round, and both in it, leaves alone."""
    return statistics.median(value / beside for value, beside in zip(values, reference, strict=True))


def _say(what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}")
        sys.stderr.flush()
