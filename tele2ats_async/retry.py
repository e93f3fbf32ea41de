"""Which failure of which operation may be tried again, and when."""

import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from typing import ParamSpec, TypeVar

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
        import stamina  # noqa: PLC0415  # loaded already, see above

        # Stamina's hooks, and whoever logs by them, get copies to see.
        seen = partial(discreet, tells_path=operation.number != CUSTOM)
        is_told = False
        failures = 0

        async def attempt() -> T:
            # What is right at once, nearly everything, does not pay for the machinery below; the
            # machinery is told the first failure as if it had seen it itself, and the last one once
            # more where the wait has outlasted the time.
            nonlocal failure, is_told
            if not is_told or time.monotonic() >= deadline:
                is_told = True
                raise seen(failure)
            try:
                return await call(*args, **kwargs)
            except AtsError as error:
                failure = error
            raise seen(failure)

        def decide(error: Exception) -> bool | float:
            nonlocal failures
            failures += 1
            is_ours = isinstance(error, AtsError)
            if not is_ours or failures == self.policy.attempts or not may_repeat(operation, failure):
                return False
            wait_s = failure.retry_after_s if isinstance(failure, RateLimited) else None
            if time.monotonic() + (wait_s or 0.0) >= deadline:
                return False
            log(
                logger,
                logging.INFO,
                "request_failed",
                "%(operation)s is tried again: %(reason)s",
                operation=operation.name,
                attempt=failures,
                wait_s=wait_s,
                error=error,
            )
            self.observer.retrying(operation.name, type(failure))
            return True if wait_s is None else wait_s

        # By these names stamina's hooks tell what is tried again.
        attempt.__module__, attempt.__qualname__ = STAMINAS_NAME, operation.name
        retrying = stamina.retry(
            on=decide,
            attempts=self.policy.attempts,
            timeout=max(0.001, deadline - time.monotonic()),
            wait_initial=self.policy.wait_initial_s,
            wait_max=self.policy.wait_max_s,
            wait_jitter=self.policy.wait_initial_s,
        )
        try:
            return await retrying(attempt)()
        except AtsError:
            last = failure
        finally:
            del failure  # which holds the frames that hold it
        try:
            raise last  # and not its copy
        finally:
            del last
