"""What operations 1 to 10 answer: a JSON value, or a whole response."""

from aiohttp import web

from ..models import TranscriptWord
from . import routes
from .directory import list_employees
from .inquiries import Inquiry
from .listing import between, choose
from .monitoring import list_current_calls, list_queues
from .pbx import Pbx
from .ranges import WholeRecording
from .refusals import not_found
from .served import LISTING, RECORDING_NAME, WHOLE_RECORDING
from .statistics import involving, journal_of, journal_of_all, sum_up


async def refresh(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 1."""
    await inquiry.refuse_body()
    # Judged once more: while the body was read, another refresh may have won.
    pair = pbx.office.refresh(inquiry.request.headers["Authorization"])
    return {"accessToken": pair.access, "refreshToken": pair.refresh}


async def fetch_current_calls(pbx: Pbx, _: Inquiry) -> object:
    """Answer operation 2."""
    return list_current_calls(pbx.lines)


async def fetch_queues(pbx: Pbx, _: Inquiry) -> object:
    """Answer operation 3."""
    return list_queues(pbx.lines)


async def fetch_employees(pbx: Pbx, _: Inquiry) -> object:
    """Answer operation 4."""
    return list_employees(pbx.company)


async def place_call(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 5."""
    destination = inquiry.query.required_phone_number("destination")
    source = inquiry.query.required_phone_number("source")
    await inquiry.refuse_body()
    employee = pbx.company.find_employee(source)
    if employee is None:
        raise not_found("The employee is not found")
    pbx.lines.place(source, employee, destination)
    return web.Response()


async def fetch_common(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 6."""
    start, end = inquiry.query.period()
    number = inquiry.query.subscriber("subscriberNumber")
    return sum_up(involving(between(pbx.company.records, start, end), number), start, end)


async def fetch_journal(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 7: one entry for a number, else a list."""
    start, end = inquiry.query.period()
    number = inquiry.query.subscriber("number")
    records = between(pbx.company.records, start, end)
    if number is not None:
        return journal_of(number, records, start, end)
    return journal_of_all(pbx.company.employees, records, start, end)


async def list_call_records(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 8."""
    inquiry.request[LISTING] = listing = choose(pbx.list_records(), inquiry.query)
    return listing.list_rows()


async def fetch_recording(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 9."""
    name = pbx.find_ready(routes.FETCH_RECORDING, inquiry.query.raw("filename"))
    inquiry.request[RECORDING_NAME] = name
    inquiry.request[WHOLE_RECORDING] = recording = WholeRecording.of(pbx, name)
    return recording.serve(inquiry.request.headers)


async def fetch_transcript(pbx: Pbx, inquiry: Inquiry) -> object:
    """Answer operation 10."""
    name = pbx.find_ready(routes.FETCH_TRANSCRIPT, inquiry.query.raw("filename"))
    inquiry.request[RECORDING_NAME] = name
    return [_spell(word) for word in pbx.transcript(name)]


def _spell(word: TranscriptWord) -> dict[str, object]:
    return {
        "channel": word.channel,
        "startTime": word.start_time,
        "endTime": word.end_time,
        "word": word.word,
    }
