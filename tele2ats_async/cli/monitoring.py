"""``tele2ats calls`` and ``tele2ats queues``: who is talking, and who waits."""

from ..models import CallQueue, CurrentCall
from ..session import AtsSession
from .options import BaseUrl, TokenFile, environment
from .output import AsCsv, AsJson, AsJsonLines, Output, choose_output
from .rows import Sheet
from .running import OK, run, wrong_use

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
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show the calls in progress.

    Exit status: 0 shown, 1 the service did not answer, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats calls
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
        session = AtsSession.from_env(environment(token_file, base_url))
    run(_show_calls(session, output))


def queues(
    *,
    as_json: AsJson = False,
    as_jsonl: AsJsonLines = False,
    as_csv: AsCsv = False,
    token_file: TokenFile = None,
    base_url: BaseUrl = None,
) -> None:
    """Show the queues, and the numbers that wait in them.

    Exit status: 0 shown, 1 the service did not answer, 2 wrong use, 3 the tokens are spent.

    Example: tele2ats queues --json
    """
    with wrong_use():
        output = choose_output(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
        session = AtsSession.from_env(environment(token_file, base_url))
    run(_show_queues(session, output))


async def _show_calls(session: AtsSession, output: Output) -> int:
    async with session:
        output.print_all(_CALLS, await session.monitoring.fetch_current_calls())
    return OK


async def _show_queues(session: AtsSession, output: Output) -> int:
    async with session:
        output.print_all(_QUEUES, await session.monitoring.fetch_queues())
    return OK
