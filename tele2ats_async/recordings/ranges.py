"""Going on in the middle of a recording: what may be asked, and which answers may be believed."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from ..transport import IDENTITY

_STRONG_TAG = re.compile(r'"[!#-~]*"')
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
# A file that changed within the resolution of its own date could have changed again since.
_SETTLED_AFTER = timedelta(seconds=60)


def validator_of(headers: Mapping[str, str]) -> str | None:
    """Give what tells this version of a recording from all others; None where nothing surely does."""
    if headers.get("Content-Encoding", IDENTITY) != IDENTITY:
        return None  # the bytes that are kept are not those that a range would count
    tag = headers.get("ETag")
    if tag is not None:
        return tag if _STRONG_TAG.fullmatch(tag) else None
    modified, now = headers.get("Last-Modified"), headers.get("Date")
    if modified is None or now is None or not (modified.isascii() and modified.isprintable()):
        return None
    changed_at, answered_at = _read_date(modified), _read_date(now)
    if changed_at is None or answered_at is None or answered_at - changed_at < _SETTLED_AFTER:
        return None
    return modified


def ask_for_rest(offset: int, validator: str) -> dict[str, str]:
    """Make the headers that ask for what follows, if the recording is still the same."""
    return {"Range": f"bytes={offset}-", "If-Range": validator}


def is_same_version(headers: Mapping[str, str], validator: str) -> bool:
    """Whether an answer belongs to the version that bears a validator.

    One that does not say so may come from a service that has not looked at ``If-Range``.
    """
    field = "ETag" if validator.startswith('"') else "Last-Modified"
    return headers.get(field) == validator


def ends_at(headers: Mapping[str, str], offset: int) -> bool:
    """Whether a refusal (416) says that the recording ends where the asked part would begin."""
    return headers.get("Content-Range", "").lower() == f"bytes */{offset}"


def whole_length(headers: Mapping[str, str], offset: int, known: int | None) -> int | None:
    """Give the length of the whole recording, if a part (206) is all that follows an offset.

    Args:
        headers: Of the part.
        offset: Where it has to begin.
        known: The length, where an earlier answer has told it.

    Returns:
        None where the part begins or ends elsewhere, is compressed, contradicts itself or what is known,
        or where nobody has said what the whole is.
    """
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None or headers.get("Content-Encoding", IDENTITY) != IDENTITY:
        return None
    first, last = int(found[1]), int(found[2])
    length = known if found[3] == "*" else int(found[3])
    if length is None or known not in (None, length):
        return None
    announced = headers.get("Content-Length", str(length - offset))
    if (first, last + 1, announced) != (offset, length, str(length - offset)):
        return None
    return length


def _read_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None
