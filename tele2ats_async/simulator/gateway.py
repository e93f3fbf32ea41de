"""The gateway in front of the service: it dislikes libraries and vague wishes."""

import re
from http import HTTPStatus

from multidict import CIMultiDictProxy

from .refusals import GatewayRefusal

AUDIO_RANGES = frozenset({"*/*", "audio/mpeg"})
JSON_RANGES = frozenset({"application/json"})

_LIBRARIES = re.compile(
    r"python|aiohttp|httpx|requests|urllib|curl|wget|libwww|lwp|okhttp|java/|apache-httpclient|go-http-client"
    r"|axios|node-fetch|undici|guzzle|postman|insomnia|restsharp|ruby|faraday|scrapy|perl|php",
    re.IGNORECASE,
)
_NOT_WANTED = re.compile(r"q=0(\.0*)?")


def check_user_agent(headers: CIMultiDictProxy[str]) -> None:
    """Let pass what does not look like a library.

    Raises:
        GatewayRefusal: It does, or says nothing.
    """
    agent = headers.get("User-Agent", "").strip()
    if not agent or _LIBRARIES.search(agent):
        raise GatewayRefusal(HTTPStatus.NOT_ACCEPTABLE, "User-Agent")


def check_accept(headers: CIMultiDictProxy[str], ranges: frozenset[str]) -> None:
    """Let pass who asks for one of these media ranges in so many words.

    Raises:
        GatewayRefusal: None of them is asked for.
    """
    if ranges.isdisjoint(_accepted(",".join(headers.getall("Accept", ())))):
        raise GatewayRefusal(HTTPStatus.NOT_ACCEPTABLE, "Accept")


def _accepted(accept: str) -> set[str]:
    accepted: set[str] = set()
    for wish in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in wish.split(";"))
        if not any(_NOT_WANTED.fullmatch(parameter) for parameter in parameters):
            accepted.add(media_range)
    return accepted
