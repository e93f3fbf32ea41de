"""Everything that can go wrong, as one tree.

AtsError
├── TransportError                nothing usable came back
│   ├── ConnectionFailed
│   │   ├── CertificateError
│   │   └── ProxyRefused          407
│   ├── AtsTimeout                also a TimeoutError
│   └── RedirectRefused
├── ResponseError                 the service answered with an error status
│   ├── AuthorizationError        401 or 403: the token is expired or superseded
│   │   └── ReauthorizationRequired
│   ├── Forbidden                 403 that a fresh token does not cure
│   ├── NotFound                  404
│   ├── GatewayRefused            406
│   ├── Conflict                  the service says that it did not do it, and why
│   ├── RateLimited               429 or 503
│   └── ServerError               any other 5xx
├── PayloadError                  an answer that is not what the contract says
├── TokenStoreError
├── ArchiveError                  the directory of a mirror, or its index, cannot be worked on
└── RecordingError
    ├── NotAudio
    ├── Truncated
    ├── UnsafeName                also a ValueError
    ├── NotReady                  404 on a recording or a transcript
    └── StorageError              also an OSError

Every error carries its facts as attributes, tells its story as text, and survives ``pickle`` and
``copy``. No error holds a token or the query of a request (which may hold phone numbers).
"""

import attrs

__all__ = [
    "ArchiveError",
    "AtsError",
    "AtsTimeout",
    "AuthorizationError",
    "CertificateError",
    "Conflict",
    "ConnectionFailed",
    "Forbidden",
    "GatewayRefused",
    "NotAudio",
    "NotFound",
    "NotReady",
    "PayloadError",
    "ProxyRefused",
    "RateLimited",
    "ReauthorizationRequired",
    "RecordingError",
    "RedirectRefused",
    "ResponseError",
    "ServerError",
    "StorageError",
    "TokenStoreError",
    "TransportError",
    "Truncated",
    "UnsafeName",
]

_SHOWN_CHARACTERS = 300

# Positional attrs fields become `args`, which is what pickle and copy rebuild an exception from.
# Slots would clash with the memory layout of OSError. What adds no fact inherits all of it undecorated, which loads faster.
_error = attrs.define(slots=False, eq=False, repr=False, str=False)


class AtsError(Exception):
    """Base of all errors that the service, the network or the disk can cause."""


@_error
class TransportError(AtsError):
    """Nothing usable came back.

    Attributes:
        method: HTTP method of the request.
        path: Path of the request, without its query.
        reason: What happened, in words.
        sent: Whether the request may have reached the service. False means that it certainly did not.
    """

    method: str
    path: str
    reason: str
    sent: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.reason}"


class ConnectionFailed(TransportError):
    """The connection could not be made, or broke."""


class CertificateError(ConnectionFailed):
    """The service's TLS certificate does not verify on this system."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}. The chain of the service ends at 'GlobalSign Root R3' through"
            " 'GSR SA OV SSL CA 2018': install these certificates on the system, or pass a CA bundle"
            " that holds them, AtsSession(..., ssl='bundle.pem'), or TELE2ATS_CA_FILE=bundle.pem"
        )


class ProxyRefused(ConnectionFailed):
    """The proxy does not accept the user name and password (407)."""


class AtsTimeout(TransportError, TimeoutError):
    """The service, or the way to it, was silent for too long."""


class RedirectRefused(TransportError):
    """The service pointed at a place that may not see the token."""


@_error
class ResponseError(AtsError):
    """The service answered with an error status.

    Attributes:
        status: HTTP status.
        method: HTTP method of the request.
        path: Path of the request, without its query.
        details: What the service said, shortened; empty where it said nothing readable.
    """

    status: int
    method: str
    path: str
    details: str

    def __str__(self) -> str:
        said = f": {self.details}" if self.details else ""
        return f"{self.method} {self.path} answered {self.status}{said}"


class AuthorizationError(ResponseError):
    """The token is expired, superseded or not accepted (401, 403)."""


class ReauthorizationRequired(AuthorizationError):
    """Both tokens are spent: a person has to make a new pair in the web cabinet."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}. Both tokens are spent. Make a new pair: log in to the web cabinet as"
            " ATS administrator, click the organisation's name at the top right, open the profile"
            ' settings, find the block "Token API" and press «Сгенерировать токен»; then put the new'
            " pair where this program reads its tokens"
        )


class Forbidden(ResponseError):
    """The operation is not allowed, however fresh the token (403)."""


class NotFound(ResponseError):
    """There is no such thing (404)."""


class GatewayRefused(ResponseError):
    """The gateway in front of the service disliked the request's headers (406)."""

    def __str__(self) -> str:
        return f"{super().__str__()}. Try another User-Agent: AtsSession(..., user_agent=...), or TELE2ATS_USER_AGENT"


@_error
class Conflict(ResponseError):
    """The service understood, and says why it did not do it.

    Attributes:
        reason: A member of the enum that belongs to the operation, `SaveResult` or `BlacklistResult`.
    """

    reason: str


@_error
class RateLimited(ResponseError):
    """The service asks to come back later (429, 503).

    Attributes:
        retry_after_s: Seconds to wait, None where the service did not say.
    """

    retry_after_s: float | None

    def __str__(self) -> str:
        when = "" if self.retry_after_s is None else f"; it asks to wait {self.retry_after_s:g} s"
        return super().__str__() + when


class ServerError(ResponseError):
    """A passing fault of the service (5xx)."""


@_error
class PayloadError(AtsError):
    """An answer that is not what the contract says.

    Attributes:
        where: JSON path of what is wrong, such as ``$[17].date``.
        reason: What is wrong there, never the value itself.
        source: Method and path of the request; empty where the value came from elsewhere.
    """

    where: str
    reason: str
    source: str = ""

    def __str__(self) -> str:
        origin = f"the answer to {self.source}" if self.source else "the JSON"
        return f"{origin} is not what the contract says, at {self.where}: {self.reason}"


@_error
class TokenStoreError(AtsError):
    """The token store cannot be read or written.

    Attributes:
        store: Which store, such as the path of the token file.
        reason: What is wrong, and what to do.
    """

    store: str
    reason: str

    def __str__(self) -> str:
        return f"token store {self.store}: {self.reason}"


@_error
class ArchiveError(AtsError):
    """An archive cannot be worked on: another mirror does, or its index cannot be used.

    Attributes:
        directory: The archive's directory.
        reason: What is wrong, and what to do.
    """

    directory: str
    reason: str

    def __str__(self) -> str:
        return f"archive {self.directory}: {self.reason}"


@_error
class RecordingError(AtsError):
    """One recording, or its transcript, could not be had.

    Attributes:
        name: The recording's name, as listed.
    """

    name: str


@_error
class NotAudio(RecordingError):
    """What came is not an MP3 recording.

    Attributes:
        reason: What came instead.
    """

    reason: str

    def __str__(self) -> str:
        return f"recording {self.name!r} is not MP3 audio: {self.reason}"


@_error
class Truncated(RecordingError):
    """The recording ended before its announced length.

    Attributes:
        expected_bytes: The announced length; None where the server announced none.
        actual_bytes: The bytes that came.
    """

    expected_bytes: int | None
    actual_bytes: int

    def __str__(self) -> str:
        expected = "more" if self.expected_bytes is None else f"{self.expected_bytes}"
        return f"recording {self.name!r} ended after {self.actual_bytes} bytes, expected {expected}"


@_error
class UnsafeName(RecordingError, ValueError):
    """The name of a recording may not become a file name.

    Attributes:
        reason: What is wrong with it.
    """

    reason: str

    def __str__(self) -> str:
        # The attribute has it all; a name of megabytes would drown the log that this is written to.
        shown = self.name if len(self.name) <= _SHOWN_CHARACTERS else self.name[:_SHOWN_CHARACTERS] + "…"
        return f"name {shown!r} of a recording {self.reason}"


@_error
class NotReady(RecordingError):
    """There is no such recording or transcript, or there is none yet (404).

    Recordings become ready minutes after the call.

    Attributes:
        details: What the service said.
    """

    details: str

    def __str__(self) -> str:
        said = f" ({self.details})" if self.details else ""
        return f"recording {self.name!r} does not exist, or is not ready yet{said}"


@_error
class StorageError(RecordingError, OSError):
    """A file could not be written: disk full, no permission, and the like.

    Attributes:
        errno: The system's error number.
        strerror: The system's text.
        path: The file or directory concerned.
    """

    errno: int | None
    strerror: str | None
    path: str

    def __attrs_post_init__(self) -> None:
        self.filename = self.path  # where those look who handle it as an OSError

    def __str__(self) -> str:
        return f"recording {self.name!r} cannot be written to {self.path}: {self.strerror}"
