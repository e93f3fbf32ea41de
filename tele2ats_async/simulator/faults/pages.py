"""Faults of the listing: what calls that finish while pages are read do to the pages behind them."""

from typing import ClassVar

import attrs
from aiohttp import web

from .. import routes
from ..reception import spell, split_target
from ..served import LISTING
from .dice import Dice
from .exchange import Exchange
from .fault import Aim, AnswerFault

_LISTING_ONLY = frozenset({routes.LIST_CALL_RECORDS})


@attrs.frozen
class PageFault(AnswerFault):
    """A fault of the pages behind the first, which stays with a listing once a page of it is hit.

    Whatever is moved back on one page is moved on all that follow, so that rows come twice and none
    is lost; the first page, asked for anew, ends it.
    """

    default_operations: ClassVar[frozenset[int]] = _LISTING_ONLY
    possible_operations: ClassVar[frozenset[int]] = _LISTING_ONLY

    def aim(self, dice: Dice) -> Aim:
        """Choose listings."""
        return _EachListing(dice)

    def is_for(self, exchange: Exchange, answer: web.Response) -> bool:  # noqa: ARG002
        """Tell whether there is a page."""
        return LISTING in exchange.request


@attrs.frozen
class ShiftPages(PageFault):
    """Pages begin so many rows too early.

    Attributes:
        rows: How many.
    """

    rows: int = attrs.field(default=1, validator=attrs.validators.ge(1))

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Give other rows."""
        return spell(exchange.pbx, exchange.request[LISTING].list_rows(self.rows))


@attrs.frozen
class RepeatPage(PageFault):
    """A page comes once more, and the ones behind it one later."""

    async def spoil(self, exchange: Exchange, answer: web.Response) -> web.StreamResponse:  # noqa: ARG002
        """Give the page before."""
        listing = exchange.request[LISTING]
        return spell(exchange.pbx, listing.list_rows(listing.size))


@attrs.define(eq=False)
class _EachListing:
    """Chooses pages behind the first, and with one all that follow it."""

    _dice: Dice
    _hit: set[str] = attrs.field(factory=set[str], init=False)

    def hits(self, exchange: Exchange) -> bool:
        listing = _name_listing(exchange.request)
        if exchange.request[LISTING].page == 0:
            self._hit.discard(listing)
            return False
        if self._dice.throw():
            self._hit.add(listing)
        return listing in self._hit


def _name_listing(request: web.Request) -> str:
    """Give the query, but for the page."""
    parameters = split_target(request)[1].split("&")
    return "&".join(sorted(parameter for parameter in parameters if not parameter.startswith("page=")))
