"""What operations 11 to 19 answer, from the two books a caller can write in: managers and blacklist."""

from aiohttp import web

from ..models import OpenEnum
from .inquiries import Inquiry
from .pbx import Pbx
from .refusals import JSON_TYPE


async def list_managers(pbx: Pbx, _: Inquiry) -> object:
    """Answer operation 11."""
    return pbx.managers.list_all()


async def fetch_manager(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 12."""
    return pbx.managers.find(inquiry.id)


async def add_manager(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 13."""
    return _say(pbx, pbx.managers.add(await inquiry.read_object()))


async def replace_manager(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 14."""
    return _say(pbx, pbx.managers.replace(await inquiry.read_object()))


async def remove_manager(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 15."""
    await inquiry.refuse_body()
    pbx.managers.remove(inquiry.id)
    return web.Response()


async def add_to_blacklist(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 16."""
    return _say(pbx, pbx.blacklist.add(await inquiry.read_bare_number()))


async def remove_from_blacklist(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 17."""
    await inquiry.refuse_body()
    return _say(pbx, pbx.blacklist.remove(inquiry.msisdn))


async def clear_blacklist(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 18."""
    await inquiry.refuse_body()
    return _say(pbx, pbx.blacklist.clear())


async def list_blacklist(pbx: Pbx, _: Inquiry) -> object:
    """Answer operation 19."""
    return pbx.blacklist.list_all()


def _say(pbx: Pbx, word: OpenEnum) -> web.Response:
    """Answer with a result word: a JSON string, or bare, which its type belies."""
    text = f'"{word}"' if pbx.quoted_results else str(word)
    return web.Response(body=text.encode(), headers={"Content-Type": JSON_TYPE})
