"""A Telegram bot of the company: it announces missed calls, sends recordings with transcripts, and calls back.

The tokens and the address of the service come from the environment, as `AtsSession.from_env()` reads them, and
what the bot needs besides:

``BOT_TOKEN``       as @BotFather gives it
``BOT_CHAT``        the number of the chat to write to
``BOT_EMPLOYEES``   who may call back, and from which phone: ``{"271828": "0001"}``, by Telegram's user number
``BOT_POLL_S``      seconds between two looks at the list of calls; default: 60
``BOT_API``         the address of the Bot API, where it is not Telegram's own

It tells of calls that begin while it runs. It ends with an error where it cannot go on, as with spent tokens: let systemd
or the like start it again, and tell you.
"""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from itertools import chain, repeat
from tempfile import TemporaryDirectory
from typing import TypeVar, assert_never

import attrs
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

from tele2ats_async import (
    AtsError,
    AtsSession,
    CallRecord,
    NotReady,
    PayloadError,
    RecordAdded,
    RecordingReady,
    ServerError,
    TransportError,
    normalize_msisdn,
)

T = TypeVar("T")

CALL_BACK = "call:"
# The last one is what aiogram makes of a gateway's page.
AWAY = (TelegramNetworkError, TelegramServerError, ClientDecodeError)


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


async def patiently(send: Callable[[], Awaitable[T]]) -> T | None:
    """Send something to Telegram, however long it is away: what the PBX has meanwhile waits there, and not here.

    A message whose fate is unknown is sent again: twice is better than never.

    Returns:
        What Telegram says of it; None where it does not want it, which is not the end of the bot.
    """
    waits_s = chain((1, 2, 4, 8, 16), repeat(30))
    while True:
        try:
            return await send()
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            print(f"not sent: {error.message}")  # noqa: T201
            return None
        except AWAY:
            await asyncio.sleep(next(waits_s))


@attrs.frozen
class Announcer:
    """Tells a chat what has become of calls."""

    bot: Bot
    ats: AtsSession
    chat: int
    interval_s: float

    async def run(self) -> None:
        """Tell of each call that begins from now on, when it has ended."""
        async with aclosing(
            self.ats.call_records.watch(datetime.now(UTC), interval_s=self.interval_s)
        ) as events:
            async for event in events:
                await self._tell(event)

    async def _tell(self, event: RecordAdded | RecordingReady) -> None:
        match event:
            case RecordAdded(record) if record.is_missed:
                text, button = f"Missed: {describe(record)}", call_back_button(record)
                await patiently(lambda: self.bot.send_message(self.chat, text, reply_markup=button))
            case RecordAdded():
                pass
            case RecordingReady(record):
                try:
                    await self._send_recording(record)
                except AtsError as error:  # it broke off, or has vanished: what ends the bot, the watch says
                    print(f"no recording: {error}")  # noqa: T201
            case _:
                assert_never(event)

    async def _send_recording(self, record: CallRecord) -> None:
        with TemporaryDirectory() as directory:
            # Whole, and checked, before Telegram gets any of it.
            file = FSInputFile(await self.ats.recordings.save(record, directory))
            caption = describe(record)
            sent = await patiently(lambda: self.bot.send_audio(self.chat, file, caption=caption))
        with suppress(NotReady):  # not every recording is understood
            transcript = await self.ats.recordings.fetch_transcript(record)
            if sent is not None and (words := transcript.to_text()):
                text = BufferedInputFile(words.encode(), filename="transcript.txt")
                await patiently(
                    lambda: self.bot.send_document(self.chat, text, reply_to_message_id=sent.message_id)
                )


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
        if source is None:
            await query.answer("You have no phone here. Ask who runs this bot.", show_alert=True)
            return
        if not isinstance(message, Message):
            await query.answer(
                "Telegram has forgotten this message. Dial the number yourself.", show_alert=True
            )
            return
        if message.message_id in self._pressed:
            await query.answer("Somebody has called back already.")
            return
        self._pressed.add(message.message_id)
        said = await self._dial((query.data or "").removeprefix(CALL_BACK), source)
        text = f"{message.text}\n{plain(query.from_user.full_name)}: {said}"
        await patiently(lambda: message.edit_text(text))  # the button goes
        await patiently(lambda: query.answer(said))

    async def _dial(self, destination: str, source: str) -> str:
        try:
            await self.ats.calls.dial(destination=destination, source=source)
        except (TransportError, ServerError, PayloadError) as error:
            if isinstance(error, TransportError) and not error.sent:
                return "the PBX is away"
            return "the call may have been placed, look at the phone"
        except (AtsError, ValueError) as error:
            return f"no call: {plain(str(error))}"
        return "the phone is ringing"


def describe(record: CallRecord) -> str:
    """Say who called whom, and when."""
    caller = record.caller_name or record.caller_number or "unknown"
    callee = record.callee_name or record.callee_number or record.destination_number or "nobody"
    return f"{record.date.astimezone():%d.%m %H:%M} {plain(caller)} → {plain(callee)}"


def plain(text: str) -> str:
    """Make a foreign text fit for a line of a message: nothing that breaks or turns it around, and not endless.

    Telegram takes 200 characters behind a button, 1024 below a recording, and 4096 in a message.
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)[:150]


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
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError):  # on Windows
            # Until aiogram does so for itself: killed in the middle of a refresh, the bot would lose its tokens.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
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
            # Who pressed a button while the bot was down does not expect the phone to ring now.
            await patiently(lambda: bot.delete_webhook(drop_pending_updates=True))
            await dispatcher.start_polling(bot)  # until SIGINT or SIGTERM
            announcing.cancel()


if __name__ == "__main__":
    with suppress(asyncio.CancelledError):  # stopped before aiogram listened
        asyncio.run(main())
