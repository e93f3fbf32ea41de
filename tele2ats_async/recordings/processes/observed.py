"""What a process has to tell the observer of the session that has started it."""

import time
from collections.abc import Callable

import attrs
from yarl import URL

from ...observing import Observation, Observer
from .messages import Observed


@attrs.frozen
class ObservedRequest:
    """A request that is over."""

    operation: str
    method: str
    base_url: URL
    resends: int
    began_at_s: float
    ended_at_s: float
    status: int | None
    received_bytes: int
    error: type[BaseException] | None

    def tell(self, observer: Observer) -> None:
        """Tell it as if it were happening."""
        observation = observer.begin(
            self.operation, self.method, self.base_url, self.resends, at_s=self.began_at_s
        )
        if self.status is not None:
            observation.answered(self.status)
        observation.ended(self.received_bytes, self.error, at_s=self.ended_at_s)


@attrs.frozen
class ObservedRetry:
    """A call that is tried again."""

    operation: str
    error: type[Exception]

    def tell(self, observer: Observer) -> None:
        """Tell it."""
        observer.retrying(self.operation, self.error)


class Witness:
    """The observer in a process, which has nobody to tell but the parent."""

    def __init__(self, report: Callable[[Observed], None]) -> None:
        self._report = report

    def begin(  # noqa: D102  # of `Observer`, as the others
        self, operation: str, method: str, base_url: URL, resends: int, *, at_s: float | None = None
    ) -> Observation:
        return _Watched(self._report, operation, method, base_url, resends, at_s or time.time())

    def retrying(self, operation: str, error: type[Exception]) -> None:  # noqa: D102
        self._report(ObservedRetry(operation, error))

    def refreshed(self) -> None:  # noqa: D102
        raise AssertionError("a process has no refresh token")


@attrs.define
class _Watched:
    """A request under way."""

    report: Callable[[Observed], None]
    operation: str
    method: str
    base_url: URL
    resends: int
    began_at_s: float
    status: int | None = None

    def answered(self, status: int) -> None:
        self.status = status

    def ended(
        self, received_bytes: int, error: type[BaseException] | None, *, at_s: float | None = None
    ) -> None:
        self.report(
            ObservedRequest(
                self.operation,
                self.method,
                self.base_url,
                self.resends,
                self.began_at_s,
                at_s or time.time(),
                self.status,
                received_bytes,
                error,
            )
        )
