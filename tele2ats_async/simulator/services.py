"""How each operation is served: by which answer, to which requests."""

from collections.abc import Awaitable, Callable, Mapping

import attrs

from . import answers, book_answers, routes
from .gateway import AUDIO_RANGES, JSON_RANGES
from .inquiries import Inquiry
from .listing import PARAMETERS
from .pbx import Pbx

# A JSON value, or an aiohttp response.
Answer = Callable[[Pbx, Inquiry], Awaitable[object]]


@attrs.frozen
class Service:
    """How one operation is served.

    Attributes:
        answer: Gives the answer, or raises a Refusal.
        parameters: The names its query may hold.
        media_ranges: What the Accept header must ask for, one of them.
    """

    answer: Answer
    parameters: frozenset[str] = frozenset()
    media_ranges: frozenset[str] = JSON_RANGES


_FILENAME = frozenset({"filename"})

SERVICES: Mapping[int, Service] = {
    routes.REFRESH: Service(answers.refresh),
    routes.LIST_CURRENT_CALLS: Service(answers.fetch_current_calls),
    routes.LIST_QUEUES: Service(answers.fetch_queues),
    routes.LIST_EMPLOYEES: Service(answers.fetch_employees),
    routes.PLACE_CALL: Service(answers.place_call, frozenset({"destination", "source"})),
    routes.SUM_UP: Service(answers.fetch_common, frozenset({"start", "end", "subscriberNumber"})),
    routes.FETCH_JOURNAL: Service(answers.fetch_journal, frozenset({"start", "end", "number"})),
    routes.LIST_CALL_RECORDS: Service(answers.list_call_records, PARAMETERS),
    routes.FETCH_RECORDING: Service(answers.fetch_recording, _FILENAME, AUDIO_RANGES),
    routes.FETCH_TRANSCRIPT: Service(answers.fetch_transcript, _FILENAME),
    routes.LIST_MANAGERS: Service(book_answers.list_managers),
    routes.FETCH_MANAGER: Service(book_answers.fetch_manager),
    routes.ADD_MANAGER: Service(book_answers.add_manager),
    routes.REPLACE_MANAGER: Service(book_answers.replace_manager),
    routes.REMOVE_MANAGER: Service(book_answers.remove_manager),
    routes.ADD_TO_BLACKLIST: Service(book_answers.add_to_blacklist),
    routes.REMOVE_FROM_BLACKLIST: Service(book_answers.remove_from_blacklist),
    routes.CLEAR_BLACKLIST: Service(book_answers.clear_blacklist),
    routes.LIST_BLACKLIST: Service(book_answers.list_blacklist),
}
