"""Asyncio client of the Tele2/T2 corporate PBX (ATS Open API)."""

from .errors import (
    AtsError,
    AtsTimeout,
    AuthorizationError,
    CertificateError,
    ConnectionFailed,
    Forbidden,
    GatewayRefused,
    NotAudio,
    NotFound,
    NotReady,
    PayloadError,
    RateLimited,
    ReauthorizationRequired,
    RecordingError,
    RedirectRefused,
    ResponseError,
    ServerError,
    StorageError,
    TokenStoreError,
    TransportError,
    Truncated,
    UnsafeName,
)
from .models import CallRecord, Channel, OpenEnum, RecordCallStatus, RecordCallType, TranscriptWord
from .recordings import RecordingStream, SaveOutcome
from .retry import RetryPolicy
from .session import AtsSession
from .tokens import FileTokenStore, MemoryTokenStore, TokenPair, TokenStore
from .transcripts import Transcript
from .version import __version__

__all__ = [
    "AtsError",
    "AtsSession",
    "AtsTimeout",
    "AuthorizationError",
    "CallRecord",
    "CertificateError",
    "Channel",
    "ConnectionFailed",
    "FileTokenStore",
    "Forbidden",
    "GatewayRefused",
    "MemoryTokenStore",
    "NotAudio",
    "NotFound",
    "NotReady",
    "OpenEnum",
    "PayloadError",
    "RateLimited",
    "ReauthorizationRequired",
    "RecordCallStatus",
    "RecordCallType",
    "RecordingError",
    "RecordingStream",
    "RedirectRefused",
    "ResponseError",
    "RetryPolicy",
    "SaveOutcome",
    "ServerError",
    "StorageError",
    "TokenPair",
    "TokenStore",
    "TokenStoreError",
    "Transcript",
    "TranscriptWord",
    "TransportError",
    "Truncated",
    "UnsafeName",
    "__version__",
]
