"""Requests as OpenTelemetry's spans and metrics: the extra ``otel``.

Spans and metrics are named, and have attributes, by OpenTelemetry's semantic conventions of HTTP clients, where there
is one. What would tell a telephone number, a name or a token is not among them: no address of a request, no text of
an error.
"""

import time
from contextvars import Token

from opentelemetry import context, metrics, trace
from opentelemetry.context import (
    _SUPPRESS_INSTRUMENTATION_KEY as SUPPRESSED,  # pyright: ignore[reportPrivateUsage]  # as OpenTelemetry's own
)
from opentelemetry.util.types import Attributes, AttributeValue
from yarl import URL

from .observing import Observation
from .version import __version__

__all__ = ["OpenTelemetryObserver"]

_NAME = "tele2ats_async"
_SCHEMA = "https://opentelemetry.io/schemas/1.27.0"
_NS_PER_S = 1_000_000_000
# By the semantic conventions; the last ones are for recordings.
_DURATIONS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300)


class OpenTelemetryObserver:
    """Makes a span of each request, and counts them: ``AtsSession(observer=OpenTelemetryObserver())``.

    One may serve many sessions.

    Args:
        tracer_provider: Where spans go; by default to the global one.
        meter_provider: Where metrics go; by default to the global one.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self.tracer = trace.get_tracer(_NAME, __version__, tracer_provider, _SCHEMA)
        meter = metrics.get_meter(_NAME, __version__, meter_provider, _SCHEMA)
        self.requests = meter.create_counter(
            "tele2ats.client.requests", "{request}", "Requests that are over, each attempt by itself."
        )
        self.durations = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "From sending a request to the end of its answer.",
            explicit_bucket_boundaries_advisory=_DURATIONS_S,
        )
        self.received = meter.create_counter(
            "tele2ats.client.received", "By", "Bytes of the bodies of answers, uncompressed."
        )
        self._retries = meter.create_counter(
            "tele2ats.client.retries", "{retry}", "Calls that failed and were tried again."
        )
        self._refreshes = meter.create_counter(
            "tele2ats.client.refreshes", "{refresh}", "Token pairs that the service has issued."
        )

    def begin(
        self, operation: str, method: str, base_url: URL, resends: int, *, at_s: float | None = None
    ) -> Observation:
        """Begin a span, below the one that is current."""
        return _Request(self, operation, method, base_url, resends, at_s=at_s)

    def retrying(self, operation: str, error: type[Exception]) -> None:
        """Count a retry."""
        self._retries.add(1, {"tele2ats.operation": operation, "error.type": error.__name__})

    def refreshed(self) -> None:
        """Count a refresh."""
        self._refreshes.add(1)


class _Request:
    """A request, and its span."""

    def __init__(
        self,
        observer: OpenTelemetryObserver,
        operation: str,
        method: str,
        base_url: URL,
        resends: int,
        *,
        at_s: float | None,
    ) -> None:
        self._observer = observer
        self._began_at_s = time.time() if at_s is None else at_s
        self._operation: dict[str, AttributeValue] = {"tele2ats.operation": operation}
        self._attributes: dict[str, AttributeValue] = {
            "tele2ats.operation": operation,
            "http.request.method": method,
            "server.address": base_url.host or "",
            "server.port": base_url.port or 0,
        }
        self._span = observer.tracer.start_span(
            operation,
            kind=trace.SpanKind.CLIENT,
            attributes=self._attributes | ({"http.request.resend_count": resends} if resends else {}),
            start_time=_ns(self._began_at_s),
        )
        self._status = 0
        self._attached: Token[context.Context] | None = None
        if at_s is None:
            # Until the head of the answer is there, and no longer: a stream may end in another context. What else
            # watches HTTP clients would tell the whole address.
            inner = context.set_value(SUPPRESSED, True, trace.set_span_in_context(self._span))
            self._attached = context.attach(inner)

    def answered(self, status: int) -> None:
        """Note the status."""
        self._detach()
        self._status = status
        self._attributes["http.response.status_code"] = status
        self._span.set_attribute("http.response.status_code", status)

    def ended(
        self, received_bytes: int, error: type[BaseException] | None, *, at_s: float | None = None
    ) -> None:
        """End the span, and count."""
        self._detach()
        ended_at_s = time.time() if at_s is None else at_s
        kind = str(self._status) if self._status >= 400 else "" if error is None else error.__name__
        if kind:
            self._attributes["error.type"] = kind
            self._span.set_attribute("error.type", kind)
            # Cancelled, or a stream left in its middle, is no failure.
            if self._status >= 400 or (error is not None and issubclass(error, Exception)):
                self._span.set_status(trace.StatusCode.ERROR)
        self._span.end(_ns(ended_at_s))
        attributes: Attributes = self._attributes
        self._observer.requests.add(1, attributes)
        self._observer.durations.record(max(0.0, ended_at_s - self._began_at_s), attributes)
        if received_bytes:
            self._observer.received.add(received_bytes, self._operation)

    def _detach(self) -> None:
        if self._attached is not None:
            context.detach(self._attached)
            self._attached = None


def _ns(moment_s: float) -> int:
    return int(moment_s * _NS_PER_S)
