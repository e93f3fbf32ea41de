"""A stand-in for Telegram's Bot API: the methods that the example uses, as strict as the real ones."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
from aiohttp import BodyPartReader, web

TOKEN = "271828:token-of-the-bot"
CHAT = -100500
USER = {"id": 314, "is_bot": False, "first_name": "Юля", "last_name": "Заплаткина"}
_BOT = {"id": 271828, "is_bot": True, "first_name": "ATS", "username": "ats_bot"}
_LARGEST_CALLBACK_BYTES = 64
_LONGEST_ANSWER, _LONGEST_CAPTION, _LONGEST_MESSAGE = 200, 1024, 4096


@attrs.frozen
class Sent:
    """A message that the bot has sent to the chat, or what it has made of one."""

    message_id: int
    text: str
    file: bytes | None = attrs.field(default=None, repr=False)
    file_name: str | None = None
    button: str | None = None
    reply_to: int | None = None


@attrs.define(eq=False)
class TelegramServer:
    """What the bot talks to.

    Attributes:
        base_url: Where it listens.
        busy_s: What the next message is asked to wait for, once.
        away: The methods that are not carried out for now: a gateway says so, every other time by hanging up.
        refused: How often it has said so.
        is_asked: Whether the bot has asked for what people press.
    """

    base_url: str = ""
    busy_s: float = 0.0
    away: frozenset[str] = frozenset()
    refused: int = 0
    is_asked: bool = False
    _messages: dict[int, Sent] = attrs.field(factory=dict)
    _updates: "asyncio.Queue[dict[str, Any]]" = attrs.field(factory=asyncio.Queue)
    _news: asyncio.Condition = attrs.field(factory=asyncio.Condition)
    _numbers: "itertools.count[int]" = attrs.field(factory=lambda: itertools.count(1))
    _shown: dict[str, str | None] = attrs.field(factory=dict)

    @property
    def messages(self) -> list[Sent]:
        """The messages of the chat, as they are now."""
        return list(self._messages.values())

    async def wait_for(self, count: int) -> list[Sent]:
        """Wait until there are so many messages."""
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: len(self._messages) >= count)
        return self.messages

    async def press(self, message: Sent, *, user: dict[str, Any] = USER) -> str:
        """Press the button below a message, and give what the bot shows to who pressed it."""
        query = self.touch(message, user=user)
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: self._shown[query] is not None)
        return self._shown[query] or ""

    def touch(self, message: Sent, *, user: dict[str, Any] = USER) -> str:
        """Press it, and wait for nothing; give the number of the query."""
        query = str(next(self._numbers))
        self._shown[query] = None
        self._updates.put_nowait(
            {
                "update_id": next(self._numbers),
                "callback_query": {
                    "id": query,
                    "from": user,
                    "chat_instance": "1",
                    "data": message.button,
                    "message": _told(message),
                },
            }
        )
        return query

    async def serve(self, request: web.Request) -> web.Response:
        """Carry out a method, with the answers that Telegram gives."""
        if request.match_info["token"] != TOKEN:
            return _refuse(401, "Unauthorized")
        if request.match_info["method"] in self.away:
            self.refused += 1
            if self.refused % 2 and request.transport is not None:
                request.transport.abort()
            return web.Response(status=502, text="<h1>502 Bad Gateway</h1>", content_type="text/html")
        method = getattr(self, f"_{request.match_info['method']}", None)
        if method is None:
            return _refuse(404, "Not Found")
        result = await method(await _read(request))
        if isinstance(result, web.Response):
            return result
        async with self._news:
            self._news.notify_all()
        return web.json_response({"ok": True, "result": result})

    async def _getMe(self, _: dict[str, Any]) -> Any:  # noqa: N802  # Telegram's names
        return _BOT

    async def _getUpdates(self, given: dict[str, Any]) -> Any:  # noqa: N802
        self.is_asked = True
        try:
            async with asyncio.timeout(float(given.get("timeout", 0))):
                return [await self._updates.get()]
        except TimeoutError:
            return []

    async def _deleteWebhook(self, given: dict[str, Any]) -> Any:  # noqa: N802
        if given.get("drop_pending_updates") == "true":
            self._updates = asyncio.Queue()
        return True

    async def _sendMessage(self, given: dict[str, Any]) -> Any:  # noqa: N802
        if self.busy_s:
            busy_s, self.busy_s = self.busy_s, 0.0
            body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry later"}
            return web.json_response(body | {"parameters": {"retry_after": int(busy_s)}}, status=429)
        return self._note(given, given["text"])

    async def _sendAudio(self, given: dict[str, Any]) -> Any:  # noqa: N802
        return self._note(given, given["caption"], given["audio"])

    async def _sendDocument(self, given: dict[str, Any]) -> Any:  # noqa: N802
        return self._note(given, given.get("caption", ""), given["document"])

    async def _editMessageText(self, given: dict[str, Any]) -> Any:  # noqa: N802
        number = int(given["message_id"])
        if number not in self._messages:
            return _refuse(400, "Bad Request: message to edit not found")
        self._messages[number] = Sent(number, given["text"], button=_button(given))
        return _told(self._messages[number])

    async def _answerCallbackQuery(self, given: dict[str, Any]) -> Any:  # noqa: N802
        if self._shown.get(given["callback_query_id"], "") is not None:
            return _refuse(400, "Bad Request: query is too old or query ID is invalid")
        if len(given.get("text", "")) > _LONGEST_ANSWER:
            return _refuse(400, "Bad Request: MESSAGE_TOO_LONG")
        self._shown[given["callback_query_id"]] = given.get("text", "")
        return True

    def _note(self, given: dict[str, Any], text: str, file: str | None = None) -> Any:
        if int(given["chat_id"]) != CHAT:
            return _refuse(400, "Bad Request: chat not found")
        if len(text) > (_LONGEST_MESSAGE if file is None else _LONGEST_CAPTION):
            return _refuse(400, "Bad Request: message is too long")
        button = _button(given)
        if button is not None and len(button.encode()) > _LARGEST_CALLBACK_BYTES:
            return _refuse(400, "Bad Request: BUTTON_DATA_INVALID")
        name, content = given[file.removeprefix("attach://")] if file else (None, None)
        reply = json.loads(given["reply_parameters"])["message_id"] if "reply_parameters" in given else None
        reply = reply or (int(given["reply_to_message_id"]) if "reply_to_message_id" in given else None)
        sent = Sent(next(self._numbers), text, content, name, button, reply)
        self._messages[sent.message_id] = sent
        return _told(sent)


def _button(given: dict[str, Any]) -> str | None:
    if "reply_markup" not in given:
        return None
    [[button]] = json.loads(given["reply_markup"])["inline_keyboard"]
    assert button["text"]
    data: str = button["callback_data"]
    return data


def _told(sent: Sent) -> dict[str, Any]:
    chat = {"id": CHAT, "type": "supergroup", "title": "Calls"}
    return {"message_id": sent.message_id, "date": 1, "chat": chat, "from": _BOT, "text": sent.text}


def _refuse(status: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": description}, status=status)


async def _read(request: web.Request) -> dict[str, Any]:
    if not request.content_type.startswith("multipart/"):
        return dict(await request.post())
    given: dict[str, Any] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        assert part.name is not None
        given[part.name] = (part.filename, bytes(await part.read())) if part.filename else await part.text()
    return given


@asynccontextmanager
async def telegram() -> AsyncIterator[TelegramServer]:
    """Run the stand-in on a real socket."""
    server = TelegramServer()
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
