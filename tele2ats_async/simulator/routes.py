"""The 19 operations of the contract: number, method, path."""

import re
from http import HTTPStatus

import attrs

from .refusals import Refusal, not_found

BASE_PATH = "/crm/openapi"

REFRESH = 1
LIST_CALL_RECORDS = 8
FETCH_RECORDING = 9
FETCH_TRANSCRIPT = 10


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
    pattern: re.Pattern[str] = attrs.field(init=False, repr=False)

    @pattern.default
    def _compile(self) -> re.Pattern[str]:
        return _to_pattern(self.template)


OPERATIONS = (
    Operation(REFRESH, "PUT", "/authorization/refresh/token"),
    Operation(2, "GET", "/monitoring/calls"),
    Operation(3, "GET", "/monitoring/calls/pending"),
    Operation(4, "GET", "/employees"),
    Operation(5, "POST", "/call/outgoing"),
    Operation(6, "GET", "/statistics/common"),
    Operation(7, "GET", "/statistics/journal"),
    Operation(LIST_CALL_RECORDS, "GET", "/call-records/info"),
    Operation(FETCH_RECORDING, "GET", "/call-records/file"),
    Operation(FETCH_TRANSCRIPT, "GET", "/call-records/file/stt"),
    Operation(11, "GET", "/managers"),
    Operation(12, "GET", "/managers/{id}"),
    Operation(13, "POST", "/managers"),
    Operation(14, "PUT", "/managers"),
    Operation(15, "DELETE", "/managers/{id}"),
    Operation(16, "POST", "/blacklist"),
    Operation(17, "DELETE", "/blacklist/by-msisdn/{msisdn}"),
    Operation(18, "DELETE", "/blacklist/all"),
    Operation(19, "GET", "/blacklist"),
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
