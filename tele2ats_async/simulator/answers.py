"""What the served operations answer; an operation that is missing here is refused with 501."""

from collections.abc import Awaitable, Callable, Mapping

import attrs
from aiohttp import web

from ..models import TranscriptWord
from . import listing, routes
from .gateway import AUDIO_RANGES, JSON_RANGES
from .pbx import Pbx
from .queries import Query
from .refusals import bad_request, json_response

_CHUNK_BYTES = 64 * 1024

Answer = Callable[[Pbx, web.Request, Query], Awaitable[web.StreamResponse]]


@attrs.frozen
class Service:
    """How one operation is served.

    Attributes:
        answer: Makes the response, or raises a Refusal.
        parameters: The names its query may hold.
        media_ranges: What the Accept header must ask for, one of them.
    """

    answer: Answer
    parameters: frozenset[str] = frozenset()
    media_ranges: frozenset[str] = JSON_RANGES


async def _refresh(pbx: Pbx, request: web.Request, _: Query) -> web.Response:
    if await request.read():
        raise bad_request("The body must be empty")
    # Judged once more: while the body was read, another refresh may have won.
    pair = pbx.office.refresh(request.headers["Authorization"])
    return json_response({"accessToken": pair.access, "refreshToken": pair.refresh})


async def _list_call_records(pbx: Pbx, _: web.Request, query: Query) -> web.Response:
    return json_response(listing.list_page(pbx.company.records, query))


async def _fetch_recording(pbx: Pbx, request: web.Request, query: Query) -> web.StreamResponse:
    recording = memoryview(pbx.recording(pbx.find_ready(routes.FETCH_RECORDING, query.raw("filename"))))
    response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
    response.content_length = len(recording)
    await response.prepare(request)
    for start in range(0, len(recording), _CHUNK_BYTES):
        await response.write(recording[start : start + _CHUNK_BYTES])
    return response


async def _fetch_transcript(pbx: Pbx, _: web.Request, query: Query) -> web.Response:
    name = pbx.find_ready(routes.FETCH_TRANSCRIPT, query.raw("filename"))
    return json_response([_spell(word) for word in pbx.transcript(name)])


def _spell(word: TranscriptWord) -> dict[str, object]:
    return {
        "channel": word.channel,
        "startTime": word.start_time,
        "endTime": word.end_time,
        "word": word.word,
    }


_FILENAME = frozenset({"filename"})

SERVICES: Mapping[int, Service] = {
    routes.REFRESH: Service(_refresh),
    routes.LIST_CALL_RECORDS: Service(_list_call_records, listing.PARAMETERS),
    routes.FETCH_RECORDING: Service(_fetch_recording, _FILENAME, AUDIO_RANGES),
    routes.FETCH_TRANSCRIPT: Service(_fetch_transcript, _FILENAME),
}
