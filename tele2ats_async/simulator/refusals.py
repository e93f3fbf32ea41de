"""The ways the service says no: the error body of section 3, and a gateway's HTML."""

from http import HTTPStatus

import orjson
from aiohttp import web

JSON_TYPE = "application/json;charset=UTF-8"

_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class Refusal(Exception):
    """A request that gets an error instead of an answer.

    Attributes:
        status: HTTP status.
        details: What the error body says.
        headers: Headers that belong to the status, such as ``Allow``.
    """

    def __init__(self, status: HTTPStatus, details: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, details, headers)
        self.status = status
        self.details = details
        self.headers = headers or {}

    def respond(self, path: str, now: float) -> web.Response:
        """Make the response.

        Args:
            path: Path of the request, as it came.
            now: Epoch seconds.
        """
        body = {
            "timestamp": int(now * 1000),
            "status": int(self.status),
            "error": self.status.phrase,
            "message": self.status.phrase,
            "details": self.details,
            "path": path,
        }
        return json_response(body, status=self.status, headers=self.headers)


class GatewayRefusal(Refusal):
    """A refusal by the gateway, which knows nothing of the service's error bodies."""

    def respond(self, path: str, now: float) -> web.Response:  # noqa: ARG002  # a gateway tells neither
        """Make the response."""
        page = _GATEWAY_PAGE.format(title=f"{self.status.value} {self.status.phrase}")
        return web.Response(status=self.status, text=page, content_type="text/html")


def bad_request(details: str) -> Refusal:
    """Refuse a request that is not what the contract says."""
    return Refusal(HTTPStatus.BAD_REQUEST, details)


def forbidden(details: str) -> Refusal:
    """Refuse a token."""
    return Refusal(HTTPStatus.FORBIDDEN, details)


def not_found(details: str) -> Refusal:
    """Refuse to know a thing."""
    return Refusal(HTTPStatus.NOT_FOUND, details)


def json_response(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=orjson.dumps(value),
        status=status,
        headers={**(headers or {}), "Content-Type": JSON_TYPE},
    )
