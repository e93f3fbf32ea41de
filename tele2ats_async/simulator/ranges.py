"""Operation 9: a recording as a whole or in part, as RFC 9110 serves representations."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

import attrs
from aiohttp import web

from .pbx import Pbx
from .refusals import Refusal

_ONE_RANGE = re.compile(r"bytes= *(?P<first>\d{0,18})-(?P<last>\d{0,18}) *", re.ASCII | re.IGNORECASE)


@attrs.frozen(eq=False)
class WholeRecording:
    """The bytes of a recording, with the headers that are true of all of it.

    Attributes:
        headers: Those of every answer, validators included.
        validator: What If-Range must repeat, None where nothing would do.
        has_ranges: Whether parts of it can be had.
    """

    body: bytes = attrs.field(repr=False)
    headers: dict[str, str]
    validator: str | None
    has_ranges: bool

    @classmethod
    def of(cls, pbx: Pbx, name: str) -> "WholeRecording":
        """Take a recording as it is now."""
        body = pbx.recording(name)
        validators: dict[str, str] = {}
        if pbx.validators == "etag":
            validators["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        elif pbx.validators == "last-modified":
            validators["Last-Modified"] = _http_date(pbx.modified_at(name))
        headers = {"Content-Type": "audio/mpeg", **validators}
        if pbx.validators == "last-modified":
            # By the clock that dates the calls: a client may compare the two.
            headers["Date"] = _http_date(datetime.fromtimestamp(pbx.clock(), UTC))
        if pbx.ranges:
            headers["Accept-Ranges"] = "bytes"
        return cls(body, headers, next(iter(validators.values()), None), pbx.ranges)

    def serve(self, asked: Mapping[str, str]) -> web.Response:
        """Answer a request with these headers.

        Raises:
            Refusal: It asks for a part beyond the end.
        """
        part = self._find_part(asked) if self.has_ranges else None
        if part is None:
            return self.respond()
        if not part:
            raise self.refuse_range()
        return self.respond_in_part(part, f"bytes {part.start}-{part.stop - 1}/{len(self.body)}")

    def respond(self) -> web.Response:
        """Give all of it."""
        return web.Response(body=self.body, headers=self.headers)

    def respond_in_part(self, part: range, content_range: str | None) -> web.Response:
        """Give a part of it, and say so.

        Args:
            part: Places of the bytes.
            content_range: What is said of them.
        """
        headers = dict(self.headers)
        if content_range is not None:
            headers["Content-Range"] = content_range
        body = self.body[part.start : part.stop]
        return web.Response(status=HTTPStatus.PARTIAL_CONTENT, body=body, headers=headers)

    def refuse_range(self) -> Refusal:
        """Refuse a part."""
        return Refusal(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "The range is not satisfiable",
            {"Content-Range": f"bytes */{len(self.body)}"},
        )

    def _find_part(self, asked: Mapping[str, str]) -> range | None:
        # As text: this compares ETags strongly and dates exactly.
        if "If-Range" in asked and asked["If-Range"] != self.validator:
            return None
        return read_range(asked.get("Range"), len(self.body))


def read_range(text: str | None, size: int) -> range | None:
    """Read a Range header.

    Args:
        text: The header, None where there is none.
        size: How many bytes there are.

    Returns:
        Places of the bytes, none of them where the range begins beyond the end; None for no range,
        several, or one that makes no sense, all of which a service may overlook.
    """
    match = _ONE_RANGE.fullmatch(text or "")
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        return range(max(0, size - int(match["last"])), size)
    first, last = int(match["first"]), int(match["last"] or size)
    return None if last < first and match["last"] else range(first, min(last + 1, size))


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
