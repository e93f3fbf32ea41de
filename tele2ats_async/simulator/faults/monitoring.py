"""Faults of the calls in progress: some are missing from an answer, although they go on."""

from typing import Any, ClassVar

import attrs
import orjson
from aiohttp import web

from .. import routes
from .exchange import Exchange
from .fault import AnswerFault, body_of, is_good

_MONITORING = frozenset({routes.LIST_CURRENT_CALLS, routes.LIST_QUEUES})
_NOTHING = (b"", b"[]")


@attrs.frozen
class Flicker(AnswerFault):
    """An answer leaves out calls that are in progress, or numbers that wait in queues.

    Attributes:
        calls: How many, the first ones of the answer; None for all.
    """

    default_operations: ClassVar[frozenset[int]] = _MONITORING
    possible_operations: ClassVar[frozenset[int]] = _MONITORING

    calls: int | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.ge(1)))

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:  # noqa: ARG002  # only the answer counts
        """Tell whether there is anything to leave out."""
        return is_good(answer) and body_of(answer) not in _NOTHING

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Leave them out."""
        answer.body = orjson.dumps(self._leave_out(orjson.loads(body_of(answer))))
        return answer

    def _leave_out(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.calls is None:
            return []
        if "queueName" not in rows[0]:
            return rows[self.calls :]
        kept: list[dict[str, Any]] = []
        to_leave_out = self.calls
        for row in rows:
            if numbers := row["calls"][to_leave_out:]:
                kept.append({**row, "calls": numbers})
            to_leave_out = max(0, to_leave_out - len(row["calls"]))
        return kept
