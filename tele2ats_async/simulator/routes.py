"""The 19 operations of the contract: number, method, path."""

import re
from http import HTTPStatus

import attrs

from .refusals import Refusal, not_found

BASE_PATH = "/crm/openapi"

REFRESH = 1
LIST_CURRENT_CALLS = 2
LIST_QUEUES = 3
LIST_EMPLOYEES = 4
PLACE_CALL = 5
SUM_UP = 6
FETCH_JOURNAL = 7
LIST_CALL_RECORDS = 8
FETCH_RECORDING = 9
FETCH_TRANSCRIPT = 10
LIST_MANAGERS = 11
FETCH_MANAGER = 12
ADD_MANAGER = 13
REPLACE_MANAGER = 14
REMOVE_MANAGER = 15
ADD_TO_BLACKLIST = 16
REMOVE_FROM_BLACKLIST = 17
CLEAR_BLACKLIST = 18
LIST_BLACKLIST = 19


def _to_pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


@attrs.frozen
class Operation:
    """One operation of the contract.

    Attributes:
        number: Its number in section 4.
        template: Its path below the base URL, variables in braces.
    """

    number: int
    method: str
    template: str
    pattern: re.Pattern[str] = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: _to_pattern(self.template), takes_self=True),
    )

    def read_variables(self, path: str) -> dict[str, str]:
        """Give the variables of its path, empty for another path."""
        match = self.pattern.fullmatch(path)
        return match.groupdict() if match else {}


OPERATIONS = (
    Operation(REFRESH, "PUT", "/authorization/refresh/token"),
    Operation(LIST_CURRENT_CALLS, "GET", "/monitoring/calls"),
    Operation(LIST_QUEUES, "GET", "/monitoring/calls/pending"),
    Operation(LIST_EMPLOYEES, "GET", "/employees"),
    Operation(PLACE_CALL, "POST", "/call/outgoing"),
    Operation(SUM_UP, "GET", "/statistics/common"),
    Operation(FETCH_JOURNAL, "GET", "/statistics/journal"),
    Operation(LIST_CALL_RECORDS, "GET", "/call-records/info"),
    Operation(FETCH_RECORDING, "GET", "/call-records/file"),
    Operation(FETCH_TRANSCRIPT, "GET", "/call-records/file/stt"),
    Operation(LIST_MANAGERS, "GET", "/managers"),
    Operation(FETCH_MANAGER, "GET", "/managers/{id}"),
    Operation(ADD_MANAGER, "POST", "/managers"),
    Operation(REPLACE_MANAGER, "PUT", "/managers"),
    Operation(REMOVE_MANAGER, "DELETE", "/managers/{id}"),
    Operation(ADD_TO_BLACKLIST, "POST", "/blacklist"),
    Operation(REMOVE_FROM_BLACKLIST, "DELETE", "/blacklist/by-msisdn/{msisdn}"),
    Operation(CLEAR_BLACKLIST, "DELETE", "/blacklist/all"),
    Operation(LIST_BLACKLIST, "GET", "/blacklist"),
)


def find_operation(method: str, path: str) -> Operation | None:
    """Find the operation of a path below the base URL."""
    return next((known for known in _on_path(path) if known.method == method), None)


def refuse_route(method: str, path: str) -> Refusal:
    """Tell why there is no such operation: the path is unknown, or only its method is."""
    methods = [known.method for known in _on_path(path)]
    if not methods:
        return not_found("There is no such resource")
    return Refusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"Request method '{method}' is not supported",
        {"Allow": ", ".join(methods)},
    )


def _on_path(path: str) -> list[Operation]:
    return [known for known in OPERATIONS if known.pattern.fullmatch(path)]
