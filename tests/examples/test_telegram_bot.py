"""The Telegram bot as a process of its own, between a simulated ATS and a stand-in for Telegram."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
import pytest_asyncio

from tele2ats_async import CallRecord, RecordCallStatus, RecordCallType, Transcript
from tele2ats_async.simulator import AtsSimulator, Company, faults

from .telegram_server import CHAT, TOKEN, USER, Sent, TelegramServer, telegram

pytestmark = pytest.mark.asyncio

EXAMPLE = Path(__file__).parents[2] / "examples" / "telegram_bot.py"
CUSTOMER = "79000258890"
NAME = "2026-11-27/mo_179544471122334455"
PATIENCE_S = 60


@attrs.frozen
class Scene:
    """The bot at work, and both sides of it."""

    ats: AtsSimulator
    telegram: TelegramServer
    process: asyncio.subprocess.Process
    phone: str

    def ring(
        self,
        status: RecordCallStatus,
        name: str | None = None,
        caller: str | None = CUSTOMER,
        caller_name: str = "Анастасия Исаева",
    ) -> CallRecord:
        """Let a customer's call end just now."""
        record = CallRecord(
            date=datetime.now(UTC),
            call_type=RecordCallType.SINGLE_CHANNEL,
            call_status=status,
            caller_number=caller,
            caller_name=caller_name,
            callee_number="79104739472",
            call_duration=9,
            conversation_duration=3 if name else 0,
            record_file_name=name,
        )
        self.ats.company.add_record(record)
        return record

    def miss(self, caller: str | None = CUSTOMER) -> CallRecord:
        """Let a customer ring in vain."""
        return self.ring(RecordCallStatus.NOT_ANSWERED_COMMON, caller=caller)

    def placed(self) -> list[str]:
        """Give the queries of the calls that reached the service."""
        return [request.raw_query for request in self.ats.requests if request.operation == 5]


async def start(
    telegram: TelegramServer, ats: AtsSimulator, **variables: str
) -> tuple[asyncio.subprocess.Process, str]:
    """Start the bot, and give the phone of the one employee who may call back."""
    phone = next(person.short_number for person in ats.company.employees if person.short_number)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        env={
            **os.environ,
            "TELE2ATS_BASE_URL": ats.base_url,
            "TELE2ATS_ACCESS_TOKEN": ats.tokens.access,
            "TELE2ATS_REFRESH_TOKEN": ats.tokens.refresh,
            "BOT_TOKEN": TOKEN,
            "BOT_CHAT": str(CHAT),
            "BOT_EMPLOYEES": json.dumps({str(USER["id"]): phone}),
            "BOT_API": telegram.base_url,
            "BOT_POLL_S": "0.1",
            **variables,
        },
    )
    return process, phone


@asynccontextmanager
async def running(telegram: TelegramServer) -> AsyncIterator[Scene]:
    """Run the bot until the block is left, which begins when it has looked at both sides."""
    async with AtsSimulator(company=make_company()) as ats:
        process, phone = await start(telegram, ats)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (telegram.is_asked and any(request.operation == 8 for request in ats.requests)):
                    assert process.returncode is None
                    await asyncio.sleep(0.02)
            yield Scene(ats, telegram, process, phone)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def make_company() -> Company:
    return Company.generate(seed=3, recordings=5, duration_s=(1, 2))


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """Run the bot until the test ends."""
    async with telegram() as server, running(server) as scene:
        yield scene


async def test_missed_calls_are_announced(scene: Scene) -> None:
    """Who rang in vain is told to the chat, with a button, and who was answered is not."""
    scene.ring(RecordCallStatus.ANSWERED_COMMON)
    scene.miss()
    [message] = await scene.telegram.wait_for(1)

    assert message.text.startswith("Missed: ")
    assert "Анастасия Исаева → 79104739472" in message.text
    assert f"call:{CUSTOMER}" == message.button


async def test_a_recording_comes_with_its_transcript(scene: Scene) -> None:
    """The sound arrives byte for byte, and what was said in it as a file that answers it, with the names."""
    record = scene.ring(RecordCallStatus.ANSWERED_COMMON, NAME)
    sound, text = await scene.telegram.wait_for(2)

    assert scene.ats.recording(NAME) == sound.file
    assert f"{NAME.rpartition('/')[2]}.mp3" == sound.file_name
    assert sound.message_id == text.reply_to
    assert Transcript(NAME, scene.ats.transcript(NAME), record).to_text().encode() == text.file


async def test_the_button_calls_back_once(scene: Scene) -> None:
    """The employee's phone rings for whoever presses first, and the button is gone."""
    scene.miss()
    [message] = await scene.telegram.wait_for(1)
    shown = await asyncio.gather(*(scene.telegram.press(message) for _ in range(3)))

    assert [f"destination={CUSTOMER}&source={scene.phone}"] == scene.placed()
    assert "the phone is ringing" in shown
    [message] = scene.telegram.messages
    assert message.text.endswith("Юля Заплаткина: the phone is ringing")
    assert message.button is None


async def test_strangers_call_nobody(scene: Scene) -> None:
    """Whoever else is in the chat presses in vain, and leaves the button to those who may."""
    scene.miss()
    [message] = await scene.telegram.wait_for(1)
    shown = await scene.telegram.press(message, user={"id": 7, "is_bot": False, "first_name": "Stranger"})

    assert "no phone here" in shown
    assert [] == scene.placed()
    assert "the phone is ringing" == await scene.telegram.press(message)


@pytest.mark.parametrize("fault", [faults.Vanish(), faults.ServerErrors(), faults.HtmlPage()], ids=repr)
async def test_a_call_whose_fate_is_unknown_is_told_as_such(scene: Scene, fault: faults.Fault) -> None:
    """Nobody is told that there was no call when there may have been one."""
    scene.ats.inject(fault, operations=[5])
    scene.miss()
    [message] = await scene.telegram.wait_for(1)

    assert "may have been placed" in await scene.telegram.press(message)
    assert 1 == len(scene.placed())


async def test_a_withheld_number_has_no_button(scene: Scene) -> None:
    """Who cannot be called back is announced all the same."""
    scene.miss(caller=None)
    [message] = await scene.telegram.wait_for(1)

    assert message.button is None


async def test_the_bot_outlives_outages(scene: Scene) -> None:
    """The service fails, the token dies, and Telegram asks to wait: every call is told in the end."""
    failing = scene.ats.inject(faults.ServerErrors(), operations=[8])
    scene.miss()
    async with asyncio.timeout(PATIENCE_S):
        while not failing.count:
            await asyncio.sleep(0.02)
    scene.ats.expire_access_token()
    scene.telegram.busy_s = 1.0
    failing.remove()
    await scene.telegram.wait_for(1)
    scene.miss("79000258891")

    assert 2 == len(await scene.telegram.wait_for(2))
    assert 1 == scene.ats.refresh_count


async def test_the_bot_stops_when_it_is_told(scene: Scene) -> None:
    """SIGTERM ends it in good order."""
    scene.process.send_signal(signal.SIGTERM)

    async with asyncio.timeout(PATIENCE_S):
        assert 0 == await scene.process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is asked to end there")
async def test_it_stops_in_good_order_also_while_telegram_is_away(tmp_path: Path) -> None:
    """Before it has reached Telegram, too: a refresh that is under way is waited for, and its pair is saved."""
    token_file = tmp_path / "tokens.json"
    async with telegram() as server, AtsSimulator(company=make_company()) as ats:
        server.away = frozenset({"deleteWebhook"})
        ats.inject(faults.DelayFirstByte(2), operations=[1])
        process, _ = await start(server, ats, TELE2ATS_TOKEN_FILE=str(token_file))
        ats.expire_access_token()
        async with asyncio.timeout(PATIENCE_S):
            while not (server.refused and any(request.operation == 1 for request in ats.requests)):
                assert process.returncode is None
                await asyncio.sleep(0.02)
            process.terminate()
            assert 0 == await process.wait()
        pair = json.loads(token_file.read_text(encoding="utf-8"))

        assert [*ats.tokens] == [pair["accessToken"], pair["refreshToken"]]


async def test_telegram_may_be_away(scene: Scene) -> None:
    """Its gateway fails and hangs up: what has been missed meanwhile is told afterwards."""
    scene.telegram.away = frozenset({"sendMessage"})
    scene.miss()
    async with asyncio.timeout(PATIENCE_S):
        while scene.telegram.refused < 2:
            await asyncio.sleep(0.02)
    scene.telegram.away = frozenset()

    [message] = await scene.telegram.wait_for(1)
    assert message.text.startswith("Missed: ")


async def test_a_recording_is_not_sent_again_with_its_transcript(scene: Scene) -> None:
    """What Telegram has, it is not given once more because what belongs to it has to wait."""
    scene.telegram.away = frozenset({"sendDocument"})
    scene.ring(RecordCallStatus.ANSWERED_COMMON, NAME)
    async with asyncio.timeout(PATIENCE_S):
        while not scene.telegram.refused:
            await asyncio.sleep(0.02)
    scene.telegram.away = frozenset()

    assert [f"{NAME[11:]}.mp3", "transcript.txt"] == [
        one.file_name for one in await scene.telegram.wait_for(2)
    ]


@pytest.mark.parametrize("operation", [9, 10])
async def test_a_recording_that_cannot_be_had_is_not_the_end(scene: Scene, operation: int) -> None:
    """It was ready, and is a page for people now, or what was said in it is: other calls are told all the same."""
    spoiled = scene.ats.inject(
        faults.HtmlPage(), operations=[operation], requests=[2 if operation == 9 else 1]
    )
    scene.ring(RecordCallStatus.ANSWERED_COMMON, NAME)
    async with asyncio.timeout(PATIENCE_S):
        while not spoiled.count:
            await asyncio.sleep(0.02)
    scene.miss()

    messages = await scene.telegram.wait_for(1 if operation == 9 else 2)
    assert messages[-1].text.startswith("Missed: ")


async def test_a_name_cannot_spoil_a_message(scene: Scene) -> None:
    """One without an end, of more lines than one, or that turns a line around, is told as far as it goes."""
    scene.ring(
        RecordCallStatus.NOT_ANSWERED_COMMON, caller_name="Ann\n\u202eBob: the phone is ringing" + 5000 * "x"
    )
    [message] = await scene.telegram.wait_for(1)

    assert "Ann  Bob: the phone" in message.text
    assert "→ 79104739472" in message.text
    assert "the phone is ringing" == await scene.telegram.press(message)


async def test_what_was_pressed_while_it_was_down_is_no_call() -> None:
    """Nobody expects the phone to ring an hour later."""
    async with telegram() as server:
        server.touch(Sent(1, "Missed: somebody", button=f"call:{CUSTOMER}"))
        async with running(server) as scene:
            scene.miss()
            [message] = await server.wait_for(1)

            assert "the phone is ringing" == await server.press(message)
            assert 1 == len(scene.placed())


async def test_spent_tokens_end_the_bot(scene: Scene) -> None:
    """It does not live on deaf: whoever runs it is told by its end."""
    scene.ats.expire_access_token()
    scene.ats.expire_refresh_token()

    async with asyncio.timeout(PATIENCE_S):
        assert 1 == await scene.process.wait()
