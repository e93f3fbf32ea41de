"""The heads of answers, read by aiohttp's parser: which of them are plain."""

import asyncio

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser, RawResponseMessage

_PLAIN_STATUSES = (200, 206)
# Of a length in digits: whatever is longer is no recording.
_LONGEST_LENGTH = 18
# Of no use to the parser, which sees no body.
_READ_BYTES = 1024


class HeadParser:
    """Reads the heads of the answers on one connection."""

    def __init__(self, handler: BaseProtocol, loop: asyncio.AbstractEventLoop) -> None:
        self._parser = HttpResponseParser(
            handler, loop, _READ_BYTES, response_with_body=False, read_until_eof=False, auto_decompress=False
        )

    def plain_head(self, head: bytes) -> RawResponseMessage | None:
        """Read the head of an answer; None where it is not one after which just so many bytes follow.

        After a None there is nothing more to be read: the parser may be in the middle of something.
        """
        try:
            messages, _, rest = self._parser.feed_data(head)
        except Exception:  # noqa: BLE001  # aiohttp's protocol finds it too, and says what it is
            return None
        if len(messages) != 1 or rest:
            return None
        message: RawResponseMessage = messages[0][0]
        lengths = message.headers.getall("Content-Length", ())
        is_plain = (
            message.code in _PLAIN_STATUSES
            and not message.upgrade
            and len(lengths) == 1
            and lengths[0].isascii()
            and lengths[0].isdigit()
            and len(lengths[0]) <= _LONGEST_LENGTH
            and "Transfer-Encoding" not in message.headers
            and "Content-Encoding" not in message.headers
        )
        return message if is_plain else None
