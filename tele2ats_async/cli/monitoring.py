"""``tele2ats calls`` and ``tele2ats queues``: who is talking, and who waits."""

from ..models import CallQueue, CurrentCall
from .options import BaseUrl, TokenFile, open_session
from .output import AsCsv, AsJson, AsJsonLines, choose_output, print_fetched
from .rows import Sheet
from .running import run, wrong_use
from .watching import CALL_EVENTS, FAREWELL, QUEUE_EVENTS, Watch, flatten_call, flatten_queue
from .watching import watch as watch_events
from .zones import TimeZone

_CALLS = Sheet(
    CurrentCall,
    {
        "type": lambda call: call.call_type,
        "caller": lambda call: call.caller_number_full or call.caller_number_short,
        "called": lambda call: call.called_number_full or call.called_number_short or "(waiting)",
    },
)
_QUEUES = Sheet(
    CallQueue,
    {
        "queue": lambda queue: queue.queue_name,
        "waiting": lambda queue: len(queue.calls),
        "numbers": lambda queue: " ".join(queue.calls),
    },
)


def calls(
    *,
    watch: Watch = False,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show the calls in progress; with --watch, follow them.

    With --watch there is a line for each that starts, is connected, and ends, and a service that does
    not answer is asked again. Exit status: 0 shown, 1 the service did not answer, 2 wrong use, 3 the
    tokens are spent, 130 interrupted.

    Example: tele2ats calls --watch
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, zone=zone, is_endless=watch)
        session = open_session(token_file, base_url)
    if watch:
        events = session.monitoring.watch_calls()
        run(watch_events(session, events, flatten_call, CALL_EVENTS, output), farewell=FAREWELL)
    run(print_fetched(output, _CALLS, session, session.monitoring.fetch_current_calls))


def queues(
    *,
    watch: Watch = False,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    zone: TimeZone = None,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show the queues and the numbers that wait; or --watch them.

    With --watch there is a line for each number that comes and that goes, and a service that does not
    answer is asked again. Exit status: 0 shown, 1 the service did not answer, 2 wrong use, 3 the tokens
    are spent, 130 interrupted.

    Example: tele2ats queues --watch --jsonl
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, zone=zone, is_endless=watch)
        session = open_session(token_file, base_url)
    if watch:
        events = session.monitoring.watch_queues()
        run(watch_events(session, events, flatten_queue, QUEUE_EVENTS, output), farewell=FAREWELL)
    run(print_fetched(output, _QUEUES, session, session.monitoring.fetch_queues))
