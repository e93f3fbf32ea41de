"""Faults that say so: errors, pleas to come back later, and pages meant for people."""

from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import ClassVar

import attrs
from aiohttp import web

from .. import routes
from ..refusals import GatewayRefusal, Refusal
from .dice import Dice
from .exchange import Exchange
from .fault import ALL_BUT_REFRESH, Aim, EachRequest, RequestFault

_PAGE = "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1></body></html>\n".format(
    title="Технические работы"
)
_SERVER_ERRORS = tuple(status for status in HTTPStatus if status >= HTTPStatus.INTERNAL_SERVER_ERROR)
_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@attrs.frozen
class ServerErrors(RequestFault):
    """An error with the contract's body, and nothing is carried out.

    Attributes:
        status: 500 to 511.
        burst: How many requests in a row get it, once one does.
    """

    status: int = attrs.field(default=500, validator=attrs.validators.in_(_SERVER_ERRORS))
    burst: int = attrs.field(default=1, validator=attrs.validators.ge(1))

    def aim(self, dice: Dice) -> Aim:
        """Hit also the followers of a request that is hit."""
        return EachRequest(dice, self.burst)

    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Refuse."""
        return exchange.refuse(Refusal(HTTPStatus(self.status), "The service has failed"))


@attrs.frozen
class ComeBackLater(RequestFault):
    """A 429 or a 503 with the contract's body, and nothing is carried out.

    Attributes:
        retry_after: Whole seconds, None for an answer that does not tell.
        as_date: Whether they are told as the date of their end, by the simulator's clock.
    """

    status: int = attrs.field(default=429, validator=attrs.validators.in_(_LATER))
    retry_after: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    as_date: bool = False

    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Refuse for now."""
        headers: dict[str, str] = {}
        if self.retry_after is not None and self.as_date:
            now = exchange.pbx.clock()
            # Both by one clock: a client may take the one from the other.
            headers["Date"] = _http_date(now)
            headers["Retry-After"] = _http_date(now + self.retry_after)
        elif self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return exchange.refuse(Refusal(HTTPStatus(self.status), "Come back later", headers))


@attrs.frozen
class RefuseByGateway(RequestFault):
    """A 406 with the gateway's HTML, and nothing is carried out."""

    async def befall(self, exchange: Exchange) -> web.StreamResponse:
        """Refuse for no reason."""
        return exchange.refuse(GatewayRefusal(HTTPStatus.NOT_ACCEPTABLE, "no reason"))


@attrs.frozen
class HtmlPage(RequestFault):
    """A page for people with status 200, and nothing is carried out.

    By default it hits only operations whose answer is read: to 5 and 15, which a 200 answers in
    whole, it would say that they were carried out.
    """

    default_operations: ClassVar[frozenset[int]] = ALL_BUT_REFRESH - {
        routes.PLACE_CALL,
        routes.REMOVE_MANAGER,
    }

    async def befall(self, exchange: Exchange) -> web.StreamResponse:  # noqa: ARG002  # it looks at nothing
        """Show the page."""
        return web.Response(text=_PAGE, content_type="text/html")


def _http_date(epoch_s: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(epoch_s), UTC), usegmt=True)
