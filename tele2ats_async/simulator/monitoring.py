"""Operations 2 and 3: what can be seen of the calls in progress."""

from datetime import datetime

from .company import Company
from .lines import Lines
from .live import LiveCall


def list_current_calls(lines: Lines) -> list[dict[str, object]]:
    """Answer operation 2: the oldest call first; one that nobody has answered yet calls nobody."""
    now = lines.catch_up()
    return [_spell(call, lines.company, now) for call in lines.in_progress(now)]


def list_queues(lines: Lines) -> list[dict[str, object]]:
    """Answer operation 3: the queues that somebody waits in, the longest wait first.

    Who waits in a queue is a call in progress too, which operation 2 lists without the called party.
    """
    now = lines.catch_up()
    waiting: dict[str, list[str]] = {}
    for call in lines.in_progress(now):
        if call.queue_name and not call.is_put_through(now):
            waiting.setdefault(call.queue_name, []).append(call.caller)
    return [{"queueName": name, "calls": numbers} for name, numbers in sorted(waiting.items())]


def _spell(call: LiveCall, company: Company, now: datetime) -> dict[str, object]:
    row: dict[str, object] = {"callType": call.call_type}
    row |= _party("callerNumber", call.caller, company)
    if call.is_put_through(now):
        row |= _party("calledNumber", call.callee, company)
    return row


def _party(member: str, number: str, company: Company) -> dict[str, object]:
    """Spell a party; only who works here has a short number."""
    employee = company.find_employee(number)
    short = {f"{member}Short": employee.short_number} if employee else {}
    return {**short, f"{member}Full": number}
