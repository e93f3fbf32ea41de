"""Where a session tells what it does: to nobody by default, or to an observer that counts or traces."""

from collections.abc import Iterator
from contextvars import ContextVar
from itertools import count
from typing import Protocol, runtime_checkable

from yarl import URL

_sends: ContextVar[Iterator[int] | None] = ContextVar("tele2ats_sends", default=None)


@runtime_checkable
class Observation(Protocol):
    """One request that is being observed.

    Source: section 4.
    """

    def answered(self, status: int, /) -> None:
        """Hear that the head of an answer is there; not called where none came.

        Args:
            status: The HTTP status.
        """
        ...

    def ended(
        self, received_bytes: int, error: type[BaseException] | None, /, *, at_s: float | None = None
    ) -> None:
        """Hear that the request is over: failed, or its answer left, a stream's too. Called once.

        Args:
            received_bytes: What came of the body of a successful answer, uncompressed.
            error: Type of what it ended with, be it a failure, a cancellation or an exception of whoever
                was reading; None where all went well.
            at_s: When it ended, in epoch seconds; None for now.
        """
        ...


@runtime_checkable
class Observer(Protocol):
    """What a session tells of what it does; passed as ``AtsSession(observer=...)``.

    It is called from the session's event loop, in the context of whoever asked: it must be quick, and must
    not raise. It is told no token, no telephone number and no name.

    Source: section 4.
    """

    def begin(
        self, operation: str, method: str, base_url: URL, resends: int, /, *, at_s: float | None = None
    ) -> Observation:
        """Hear that a request is sent: each attempt is one, and each refresh of the tokens.

        Args:
            operation: The operation's name, such as ``call_records.file``; ``custom`` for one that
                this version does not know.
            method: HTTP method.
            base_url: Where the service is.
            resends: How often the same call has been sent before.
            at_s: When, in epoch seconds; None for now. Times are given for what the processes of
                ``save_many`` have done, which is told shortly afterwards.
        """
        ...

    def retrying(self, operation: str, error: type[Exception], /) -> None:
        """Hear that a call has failed and is going to be tried again.

        Args:
            operation: The operation's name.
            error: Type of the failure.
        """
        ...

    def refreshed(self) -> None:
        """Hear that the service has issued a new token pair."""
        ...


class Unobserved:
    """The observer where nobody wants to know, and all of its observations."""

    def begin(self, *_: object, at_s: float | None = None) -> "Unobserved":  # noqa: ARG002  # of `Observer`
        """Give itself."""
        return self

    def retrying(self, operation: str, error: type[Exception], /) -> None:
        """Hear nothing, as all that follow."""

    def refreshed(self) -> None:  # noqa: D102
        pass

    def answered(self, status: int, /) -> None:  # noqa: D102
        pass

    def ended(  # noqa: D102
        self, received_bytes: int, error: type[BaseException] | None, /, *, at_s: float | None = None
    ) -> None:
        pass


UNOBSERVED = Unobserved()


def begin_call() -> None:
    """Begin a call, none of whose requests has been sent.

    From here to the wire a request passes many hands, which need not know how often it has done so: that goes with
    the context.
    """
    _sends.set(count())


def count_send() -> int:
    """Give how often the requests of this call have been sent before, and count one more."""
    sends = _sends.get()
    return 0 if sends is None else next(sends)
