"""What aiohttp raises, as the errors of the tree: one table, in one place."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import aiohttp
from aiohttp.http import HttpProcessingError

from ..errors import AtsTimeout, CertificateError, ConnectionFailed, ProxyRefused, TransportError
from ..wire.operations import AnyOperation

T = TypeVar("T")

PROXY_REFUSED = 407


async def within(limit_s: float | None, work: Awaitable[T]) -> T:
    """Await something of aiohttp for so long; None is for ever."""
    async with asyncio.timeout(limit_s):
        return await work


class _UnrepeatedError(Exception):
    """Carries an error past aiohttp, which would silently send the request again."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from replaying a request whose pooled connection turned out to be dead.

    A replayed token refresh burns the single-use pair. What may be sent again is decided in
    `retry.py`, for all operations alike.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _UnrepeatedError(error) from None


# First match wins. The last column: whether the request may have reached the service.
_FAILURES: tuple[tuple[type[Exception], type[TransportError], str, bool], ...] = (
    (aiohttp.ClientConnectorCertificateError, CertificateError, "TLS certificate not verified", False),
    (aiohttp.ClientConnectorSSLError, ConnectionFailed, "TLS handshake failed", False),
    (aiohttp.ClientProxyConnectionError, ConnectionFailed, "the proxy cannot be reached", False),
    (aiohttp.ClientHttpProxyError, ConnectionFailed, "the proxy refused", False),
    (aiohttp.ClientConnectorDNSError, ConnectionFailed, "the host's name does not resolve", False),
    (aiohttp.ClientConnectorError, ConnectionFailed, "cannot connect", False),
    (aiohttp.ConnectionTimeoutError, AtsTimeout, "no connection in time", False),
    (TimeoutError, AtsTimeout, "no answer in time", True),
    (aiohttp.ServerDisconnectedError, ConnectionFailed, "the server closed the connection", True),
    (aiohttp.ClientPayloadError, ConnectionFailed, "the answer broke off", True),
    (aiohttp.ClientResponseError, ConnectionFailed, "the answer is no HTTP", True),
    (HttpProcessingError, ConnectionFailed, "the answer is no HTTP", True),
    (aiohttp.ClientError, ConnectionFailed, "the connection broke", True),
    (OSError, ConnectionFailed, "the connection broke", True),
)


async def mapped(operation: AnyOperation, work: Awaitable[T]) -> T:
    """Await something of aiohttp; its errors become ours."""
    try:
        return await work
    except _UnrepeatedError as carrier:
        failure = _translate(operation, carrier.error)
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        failure = _translate(operation, error)
    # Raised out here, for aiohttp's errors hold the request's headers and would be the context.
    raise failure


def _translate(operation: AnyOperation, error: Exception) -> TransportError:
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == PROXY_REFUSED:
        return refused_by_proxy(operation)
    ours, reason, sent = next(row[1:] for row in _FAILURES if isinstance(error, row[0]))
    if isinstance(error, aiohttp.ClientHttpProxyError):
        reason += f" with status {error.status}"
    elif why := _system_text(error):
        reason += f" ({why})"
    return ours(operation.method, operation.path, reason, sent)


def refused_by_proxy(operation: AnyOperation) -> ProxyRefused:
    """Make the error of a 407, which comes as an answer over http and as an exception over https."""
    reason = "the proxy refused with status 407: check its user name and password"
    return ProxyRefused(operation.method, operation.path, reason, False)


def _system_text(error: Exception) -> str | None:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    return error.strerror if isinstance(error, OSError) else None
