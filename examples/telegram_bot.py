"""A Telegram bot of the company: it announces missed calls, sends recordings with transcripts, and calls back.

The tokens and the address of the service come from the environment, as `AtsSession.from_env()` reads them, and
what the bot needs besides:

``BOT_TOKEN``       as @BotFather gives it
``BOT_CHAT``        the number of the chat to write to
``BOT_EMPLOYEES``   who may call back, and from which phone: ``{"271828": "0001"}``, by Telegram's user number
``BOT_POLL_S``      seconds between two looks at the list of calls; default: 60
``BOT_API``         the address of the Bot API, where it is not Telegram's own
"""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import assert_never

import attrs
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    Message,
)

from tele2ats_async import (
    AtsError,
    AtsSession,
    CallRecord,
    NotReady,
    RecordAdded,
    RecordingReady,
    TransportError,
    normalize_msisdn,
)

CALL_BACK = "call:"


@attrs.frozen
class Settings:
    """What the environment says of the bot."""

    chat: int
    employees: dict[int, str]
    interval_s: float

    @classmethod
    def from_env(cls) -> "Settings":
        """Read them."""
        employees = json.loads(os.environ.get("BOT_EMPLOYEES", "{}"))
        return cls(
            int(os.environ["BOT_CHAT"]),
            {int(user): str(phone) for user, phone in employees.items()},
            float(os.environ.get("BOT_POLL_S", "60")),
        )


class Recording(InputFile):
    """A recording on its way from the PBX to Telegram, of which a chunk at a time is in memory."""

    def __init__(self, ats: AtsSession, name: str) -> None:
        super().__init__(filename=f"{name.rpartition('/')[2]}.mp3")
        self._ats = ats
        self._name = name

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:  # noqa: ARG002  # how aiogram calls it
        """Give it chunk by chunk, as fast as Telegram takes it."""
        async with self._ats.recordings.open(self._name) as stream:
            async for chunk in stream:
                yield chunk


@attrs.frozen
class Announcer:
    """Tells a chat what has become of calls."""

    bot: Bot
    ats: AtsSession
    chat: int
    interval_s: float

    async def run(self) -> None:
        """Tell of each call that ends from now on."""
        async with aclosing(
            self.ats.call_records.watch(datetime.now(UTC), interval_s=self.interval_s)
        ) as events:
            async for event in events:
                await self._patiently(event)

    async def _patiently(self, event: RecordAdded | RecordingReady) -> None:
        while True:
            try:
                return await self._tell(event)
            except TelegramRetryAfter as error:  # what the PBX has meanwhile waits there, and not here
                await asyncio.sleep(error.retry_after)
            except TelegramBadRequest as error:  # one message that Telegram does not want is not the end
                print(f"not sent: {error.message}")  # noqa: T201
                return None

    async def _tell(self, event: RecordAdded | RecordingReady) -> None:
        match event:
            case RecordAdded(record) if record.is_missed:
                await self.bot.send_message(
                    self.chat, f"Missed: {describe(record)}", reply_markup=call_back_button(record)
                )
            case RecordAdded():
                pass
            case RecordingReady(record):
                await self._send_recording(record)
            case _:
                assert_never(event)

    async def _send_recording(self, record: CallRecord) -> None:
        assert record.record_file_name is not None  # noqa: S101  # it is ready
        recording = Recording(self.ats, record.record_file_name)
        sent = await self.bot.send_audio(self.chat, recording, caption=describe(record))
        with suppress(NotReady):  # not every recording is understood
            transcript = await self.ats.recordings.fetch_transcript(record)
            if text := transcript.to_text():
                file = BufferedInputFile(text.encode(), filename="transcript.txt")
                await self.bot.send_document(self.chat, file, reply_to_message_id=sent.message_id)


@attrs.frozen
class CallBack:
    """Calls the customer back when an employee presses the button: once, whoever presses it and how often."""

    ats: AtsSession
    employees: dict[int, str]
    _pressed: set[int] = attrs.field(factory=set)

    async def __call__(self, query: CallbackQuery) -> None:
        """Place the call, and tell who pressed what became of it."""
        source = self.employees.get(query.from_user.id)
        message = query.message
        if source is None or not isinstance(message, Message):
            await query.answer("You have no phone here. Ask who runs this bot.", show_alert=True)
            return
        if message.message_id in self._pressed:
            await query.answer("Somebody has called back already.")
            return
        self._pressed.add(message.message_id)
        said = await self._dial((query.data or "").removeprefix(CALL_BACK), source)
        await message.edit_text(f"{message.text}\n{query.from_user.full_name}: {said}")  # the button goes
        await query.answer(said)

    async def _dial(self, destination: str, source: str) -> str:
        try:
            await self.ats.calls.dial(destination=destination, source=source)
        except TransportError as error:
            return "the call may have been placed, look at the phone" if error.sent else "the PBX is away"
        except (AtsError, ValueError) as error:
            return f"no call: {error}"
        return "the phone is ringing"


def describe(record: CallRecord) -> str:
    """Say who called whom, and when."""
    caller = record.caller_name or record.caller_number or "unknown"
    callee = record.callee_name or record.callee_number or record.destination_number or "nobody"
    return f"{record.date.astimezone():%d.%m %H:%M} {caller} → {callee}"


def call_back_button(record: CallRecord) -> InlineKeyboardMarkup | None:
    """Make the button; None where the number is withheld."""
    try:
        number = normalize_msisdn(record.caller_number or "")
    except ValueError:
        return None
    button = InlineKeyboardButton(text=f"Call back {number}", callback_data=CALL_BACK + number)
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


async def main() -> None:
    """Run the bot until it is stopped, or cannot go on."""
    settings = Settings.from_env()
    api = os.environ.get("BOT_API")
    session = AiohttpSession(api=TelegramAPIServer.from_base(api)) if api else AiohttpSession()
    dispatcher = Dispatcher()
    async with AtsSession.from_env(keep_alive=True) as ats, Bot(os.environ["BOT_TOKEN"], session) as bot:
        dispatcher.callback_query.register(
            CallBack(ats, settings.employees).__call__, F.data.startswith(CALL_BACK)
        )
        async with asyncio.TaskGroup() as tasks:
            announcing = tasks.create_task(Announcer(bot, ats, settings.chat, settings.interval_s).run())
            await dispatcher.start_polling(bot)  # until SIGINT or SIGTERM
            announcing.cancel()


if __name__ == "__main__":
    asyncio.run(main())
