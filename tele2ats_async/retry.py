"""Which failure of which operation may be tried again, and when."""

import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Generic, ParamSpec, TypeVar

import attrs

from .errors import (
    AtsError,
    AtsTimeout,
    CertificateError,
    ConnectionFailed,
    ProxyRefused,
    RateLimited,
    ServerError,
    Truncated,
)
from .logs import discreet, log
from .observing import UNOBSERVED, Observer, begin_call
from .wire.operations import CUSTOM, REFRESH_TOKENS, AnyOperation

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)

STAMINAS_NAME = "tele2ats_async"


def is_not_told_already(record: logging.LogRecord) -> bool:
    """Keep stamina from logging what is logged here, at a level of which unprepared programs are told."""
    return not str(vars(record).get("stamina.callable", "")).startswith(f"{STAMINAS_NAME}.")


logging.getLogger("stamina").addFilter(is_not_told_already)

_PASSING = (ConnectionFailed, AtsTimeout, RateLimited, ServerError, Truncated)


def may_repeat(operation: AnyOperation, error: Exception) -> bool:
    """Say whether trying again can help, and can do no harm."""
    if isinstance(error, CertificateError | ProxyRefused) or not isinstance(error, _PASSING):
        return False
    if operation is not REFRESH_TOKENS and getattr(error, "path", None) == REFRESH_TOKENS.path:
        return False  # the refresh on the way has had attempts of its own
    certainly_unsent = isinstance(error, ConnectionFailed | AtsTimeout) and not error.sent
    # Who asks to come back later has not refreshed anything; a call, though, is never sent twice.
    certainly_undone = operation is REFRESH_TOKENS and isinstance(error, RateLimited)
    return operation.repeatable or certainly_unsent or certainly_undone


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a request is tried again.

    The waits grow exponentially, with jitter; a ``Retry-After`` of the service is obeyed instead.

    Attributes:
        attempts: Attempts in all; 1 means never to try again.
        total_s: Seconds after which no further attempt begins.
        wait_initial_s: Seconds before the second attempt.
        wait_max_s: Seconds that a wait does not exceed.

    Source: section 3.
    """

    attempts: int = attrs.field(default=6, validator=attrs.validators.ge(1))
    total_s: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    wait_initial_s: float = attrs.field(default=0.2, validator=attrs.validators.ge(0))
    wait_max_s: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))

    def __attrs_post_init__(self) -> None:
        # Loaded with the first session, for the package loads faster without; and not with the first
        # failure, which may be that no more files can be opened.
        import_module("stamina")


@attrs.frozen
class Retrying:
    """A policy at work.

    Attributes:
        policy: It.
        observer: Who is told.
    """

    policy: RetryPolicy
    observer: Observer = UNOBSERVED

    async def run(
        self, operation: AnyOperation, call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Await a call, and again as long as the policy and the operation allow."""
        begin_call()
        return await self.go_on(operation, call, *args, **kwargs)

    async def go_on(
        self, operation: AnyOperation, call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do as `run()` does, for a call some of whose requests have been sent before."""
        deadline = time.monotonic() + self.policy.total_s
        try:
            return await call(*args, **kwargs)
        except AtsError as error:
            if not may_repeat(operation, error):
                raise
            failure = error
        repetition = _Repetition(self, operation, partial(call, *args, **kwargs), deadline, failure)
        try:
            return await repetition.run()
        finally:
            del failure, repetition  # which hold the frames that hold them


@attrs.define(eq=False)
class _Repetition(Generic[T]):
    """A call that has failed, and is tried again.

    What is right at once, nearly everything, does not pay for this machinery. Stamina is told the first failure
    as if it had seen it itself, and the last one once more where the wait has outlasted the time. It
    gets copies, for its hooks show them to others.
    """

    retrying: Retrying
    operation: AnyOperation
    call: Callable[[], Awaitable[T]]
    deadline: float
    failure: AtsError | None
    is_told: bool = False
    failures: int = 0

    async def run(self) -> T:
        """Await the call until it succeeds, or is given up."""
        import stamina  # noqa: PLC0415  # loaded already, see `RetryPolicy`

        async def attempt() -> T:
            return await self._attempt()

        # By these names stamina's hooks tell what is tried again.
        attempt.__module__, attempt.__qualname__ = STAMINAS_NAME, self.operation.name
        policy = self.retrying.policy
        repeated = stamina.retry(
            on=self._decide,
            attempts=policy.attempts,
            timeout=max(0.001, self.deadline - time.monotonic()),
            wait_initial=policy.wait_initial_s,
            wait_max=policy.wait_max_s,
            wait_jitter=policy.wait_initial_s,
        )(attempt)
        with suppress(AtsError):
            return await repeated()
        last, self.failure = self.failure, None
        assert last is not None  # noqa: S101  # there was one
        try:
            raise last
        finally:
            del last

    async def _attempt(self) -> T:
        if self.is_told and time.monotonic() < self.deadline:
            try:
                return await self.call()
            except AtsError as error:
                self.failure = error
        self.is_told = True
        raise self._shown()

    def _decide(self, error: Exception) -> bool | float:
        failure = self.failure
        self.failures += 1
        if failure is None or not isinstance(error, AtsError):
            return False  # somebody's mistake
        if self.failures == self.retrying.policy.attempts or not may_repeat(self.operation, failure):
            return False
        wait_s = failure.retry_after_s if isinstance(failure, RateLimited) else None
        if time.monotonic() + (wait_s or 0.0) >= self.deadline:
            return False
        log(
            logger,
            logging.INFO,
            "request_failed",
            "%(operation)s is tried again: %(reason)s",
            operation=self.operation.name,
            attempt=self.failures,
            wait_s=wait_s,
            error=error,
        )
        self.retrying.observer.retrying(self.operation.name, type(failure))
        return True if wait_s is None else wait_s

    def _shown(self) -> AtsError:
        assert self.failure is not None  # noqa: S101  # until the end
        return discreet(self.failure, tells_path=self.operation.number != CUSTOM)
