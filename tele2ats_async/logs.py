"""The one form of all that is logged: an event's name, words for people, and facts for programs."""

import logging
from typing import cast

import attrs

from .errors import AtsError, StorageError

package_logger = logging.getLogger(__package__)

# What the service said and what a recording is called may hold numbers and names of people.
_LEFT_OUT = {"details": "", "name": "…"}


def log(
    logger: logging.Logger,
    level: int,
    event: str,
    words: str,
    *,
    error: Exception | None = None,
    **facts: object,
) -> None:
    """Log an event.

    The facts become fields of the record beside the event's name; none of them may hold a token, a telephone
    number, a name of a person or a recording, or a query. What is logged at which level stands in
    ``docs/observability.rst``, and a test holds the two together.

    Args:
        logger: The module's.
        level: One of `logging`.
        event: The name, which never changes.
        words: What happened; facts stand in it as ``%(fact)s``.
        error: What went wrong: the facts ``error`` (its type), ``status`` and ``reason``.
        facts: By their names, which never change either.
    """
    if not logger.isEnabledFor(level):
        return
    fields = {"event": event, **facts}
    if error is not None:
        told = str(discreet(error)) if isinstance(error, AtsError) else type(error).__name__
        fields |= {"error": type(error).__name__, "status": getattr(error, "status", None), "reason": told}
    message = f"{event}: {words}"
    logger.log(level, message, fields, extra=fields, stacklevel=2)


def discreet(error: AtsError, *, tells_path: bool = True) -> AtsError:
    """Copy an error without what the service said and without names.

    Args:
        error: It.
        tells_path: Whether its path may stay, which one that a caller has made up may not.
    """
    left_out = _LEFT_OUT if tells_path and not isinstance(error, StorageError) else _LEFT_OUT | {"path": "…"}
    # Of somebody's own class, the part that is known here.
    kind = next(one for one in type(error).__mro__ if one.__module__ == AtsError.__module__)
    names = [field.name for field in attrs.fields(kind)] if attrs.has(kind) else []
    return cast("AtsError", kind(*(left_out.get(name, getattr(error, name)) for name in names)))
