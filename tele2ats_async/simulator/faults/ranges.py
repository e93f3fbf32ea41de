"""Faults of partial answers to operation 9."""

from typing import ClassVar, Literal, get_args

import attrs
from aiohttp import web

from ..ranges import WholeRecording, read_range
from ..served import WHOLE_RECORDING
from .exchange import Exchange
from .fault import RECORDING, AnswerFault

WrongRangeKind = Literal[
    "other-offset", "no-content-range", "other-total", "other-unit", "garbage", "unasked", "unsatisfiable"
]


@attrs.frozen
class RangeFault(AnswerFault):
    """A fault that hits requests which carry a Range of bytes."""

    default_operations: ClassVar[frozenset[int]] = RECORDING
    possible_operations: ClassVar[frozenset[int]] = RECORDING

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:  # noqa: ARG002  # also a 416 is one
        """Tell whether a part was asked for."""
        return _find_part(exchange) is not None


@attrs.frozen
class IgnoreRange(RangeFault):
    """The whole recording with status 200, although a part was asked for."""

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Give all."""
        return exchange.request[WHOLE_RECORDING].respond()


@attrs.frozen
class WrongRange(RangeFault):
    """A part that is not the one that was asked for.

    Attributes:
        kind: 206 with the bytes from another offset on, to the end, and a ``Content-Range`` that
            says so (``other-offset``), none (``no-content-range``), or one that tells the offset
            asked for and another total length (``other-total``), a unit that is not bytes
            (``other-unit``) or nothing of sense (``garbage``); the first half as an honest 206 to
            a request without a Range (``unasked``); or 416 always (``unsatisfiable``).
    """

    kind: WrongRangeKind = attrs.field(
        default="other-offset", validator=attrs.validators.in_(get_args(WrongRangeKind))
    )

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:
        """Tell whether a part was asked for, or the whole where that is the fault."""
        if self.kind == "unasked":
            return WHOLE_RECORDING in exchange.request and "Range" not in exchange.request.headers
        return super().is_for(exchange, answer)

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Give another part."""
        whole = exchange.request[WHOLE_RECORDING]
        if self.kind == "unsatisfiable":
            return exchange.refuse(whole.refuse_range())
        size = len(whole.body)
        if self.kind == "unasked":
            return whole.respond_in_part(range(size // 2), f"bytes 0-{size // 2 - 1}/{size}")
        asked = _find_part(exchange) or range(size)
        return whole.respond_in_part(_misplaced(asked, whole), self._describe(asked, whole))

    def _describe(self, asked: range, whole: WholeRecording) -> str | None:
        size = len(whole.body)
        return {
            "other-offset": f"bytes {_misplaced(asked, whole).start}-{size - 1}/{size}",
            "other-total": f"bytes {asked.start}-{size - 1}/{size + 1000}",
            "other-unit": f"seconds {asked.start}-{size - 1}/{size}",
            "garbage": "bytes, most of them",
        }.get(self.kind)


def _find_part(exchange: Exchange) -> range | None:
    whole = exchange.request.get(WHOLE_RECORDING)
    return whole and read_range(exchange.request.headers.get("Range"), len(whole.body))


def _misplaced(asked: range, whole: WholeRecording) -> range:
    """Begin earlier than asked, or in the middle where the beginning was."""
    size = len(whole.body)
    return range(min(asked.start, size) // 2 or size // 2, size)
