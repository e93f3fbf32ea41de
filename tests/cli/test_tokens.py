"""`tele2ats tokens`, as a process of its own; none of them shows a part of a token."""

import asyncio
import json
import os
import re
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from processes import COMMAND, PATIENCE_S, Finished, Terminal, account, finish, start
from raw_service import ACCESS, PAIR, REFRESH, free_port, jwt

from tele2ats_async import TokenPair
from tele2ats_async.simulator import AtsSimulator, Company
from tele2ats_async.simulator.tokens import TokenOffice

pytestmark = pytest.mark.asyncio

DAY_S = 86_400
OLD = TokenPair("old-access-that-nobody-may-see", "old-refresh-that-nobody-may-see")
SPELLED = {"accessToken": ACCESS, "refreshToken": REFRESH}
# The command whose pauses between two attempts are those of a test.
QUICKLY = """
from tele2ats_async import RetryPolicy, session
from tele2ats_async.cli import main
from tele2ats_async.tokens import keepalive, refresher
session.RetryPolicy = lambda: RetryPolicy(attempts=1)
keepalive._FIRST_PAUSE_S = keepalive._LONGEST_PAUSE_S = 0.1
refresher._WINNER_DELAYS_S = (0.01,)
main()
"""
# The command, which says when it asks for the lock.
TELLING_OF_LOCKS = """
import sys
from tele2ats_async.cli import main
from tele2ats_async.tokens import FileTokenStore
lock = FileTokenStore.lock
def tell_and_lock(store):
    print("wants the lock", file=sys.stderr, flush=True)
    return lock(store)
FileTokenStore.lock = tell_and_lock
main()
"""
HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@attrs.define
class Tokens:
    """The commands on one token file, and all that they have shown.

    Attributes:
        path: The file.
        secrets: Every token that there was.
        shown: What the processes wrote.
        processes: What may still run.
    """

    path: Path
    secrets: list[str]
    shown: list[str] = attrs.field(factory=list)
    processes: list[asyncio.subprocess.Process] = attrs.field(factory=list)

    async def run(self, command: str, *more: str, given: str | bytes = "") -> Finished:
        """Run a command to its end, with something on its standard input."""
        return await self.finish(await self.start(command, *more), given)

    async def start(
        self,
        command: str,
        *more: str,
        code: str | None = None,
        env: dict[str, str] | None = None,
        output: int = asyncio.subprocess.PIPE,
    ) -> asyncio.subprocess.Process:
        """Start a command."""
        process = await start(
            *self.arguments(command, *more),
            env=env,
            code=code,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
        self.processes.append(process)
        return process

    async def finish(self, process: asyncio.subprocess.Process, given: str | bytes = "") -> Finished:
        """Wait for the end of a command."""
        self.processes.append(process)
        async with asyncio.timeout(PATIENCE_S):
            content = given.encode() if isinstance(given, str) else given
            finished = await finish(process, None if process.stdin is None else content)
        self.shown += [finished.out, finished.err]
        assert "Traceback" not in finished.err
        return finished

    async def until(self, process: asyncio.subprocess.Process, text: str) -> str:
        """Read the standard error of a process up to a text."""
        assert process.stderr is not None
        said = ""
        async with asyncio.timeout(PATIENCE_S):
            while text not in said:
                line = (await process.stderr.readline()).decode()
                assert line, f"it ended, and said only: {said}"
                self.shown.append(line)
                said += line
        return said

    def arguments(self, command: str, *more: str) -> list[str]:
        """Give the words after the program's name."""
        return ["tokens", command, "--token-file", str(self.path), *more]

    def write(self, pair: TokenPair, mode: int = 0o600) -> None:
        """Put a pair into the file as a person does."""
        self.secrets += [pair.access, pair.refresh]
        self.path.write_text(json.dumps({"accessToken": pair.access, "refreshToken": pair.refresh}))
        self.path.chmod(mode)

    def read(self) -> TokenPair:
        """Read the file as somebody else does."""
        assert 0o600 == stat.S_IMODE(self.path.stat().st_mode)
        members = json.loads(self.path.read_bytes())
        return TokenPair(members["accessToken"], members["refreshToken"])


@pytest.fixture(autouse=True)
def issued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect every token that a simulator issues, from the first one on."""
    issued: list[str] = []
    sign = TokenOffice._sign

    def sign_and_keep(office: TokenOffice, subject: str, issued_at: int, lifetime_s: int) -> str:
        issued.append(sign(office, subject, issued_at, lifetime_s))
        return issued[-1]

    monkeypatch.setattr(TokenOffice, "_sign", sign_and_keep)
    return issued


@pytest_asyncio.fixture
async def tokens(tmp_path: Path, issued: list[str]) -> AsyncIterator[Tokens]:
    """Give the commands; afterwards, find in what they showed no part of any token."""
    tokens = Tokens(tmp_path / "tokens.json", [ACCESS, REFRESH])
    yield tokens
    for process in tokens.processes:
        if process.returncode is None:  # a test has failed, and nobody else would ever stop it
            process.kill()
            await process.wait()
    shown = "\n".join(tokens.shown)
    secrets = [part for token in tokens.secrets + issued for part in token.split(".")]
    assert [] == [secret for secret in secrets if secret in shown]


@attrs.define
class Clock:
    """The simulator's clock, which may lag behind ours."""

    ahead_s: float = 0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@attrs.define
class Gate:
    """Holds the answers to refreshes back, once they have been carried out, until it is opened."""

    arrived: asyncio.Event = attrs.field(factory=asyncio.Event)
    may_pass: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def reached(self) -> None:
        """Wait until a refresh has come."""
        async with asyncio.timeout(PATIENCE_S):
            await self.arrived.wait()

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def hold(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            if request.method == "PUT":
                self.arrived.set()
                await self.may_pass.wait()
            return answer

        return hold


@asynccontextmanager
async def nearly_due(
    company: Company, *middlewares: Middleware, port: int = 0
) -> AsyncIterator[AtsSimulator]:
    """Run a simulator whose first pair was issued a day ago, but for some minutes."""
    clock = Clock(-DAY_S + 600)
    async with AtsSimulator(company=company, middlewares=middlewares, clock=clock, port=port) as simulator:
        clock.ahead_s = 0
        yield simulator


def lines(tokens: Tokens, pair: TokenPair, access_left: str, refresh_left: str) -> str:
    """Give what is printed of a pair, as a pattern; times are those of Moscow."""

    def at(moment: datetime | None) -> str:
        assert moment is not None
        return re.escape((moment + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S+03:00"))

    return (
        rf"store: FileTokenStore\('{re.escape(str(tokens.path))}'\)\n"
        rf"company: {pair.company_id}\n"
        rf"login: {re.escape(str(pair.login))}\n"
        rf"access token ends: {at(pair.expires_at)} \({access_left}\)\n"
        rf"refresh token ends: {at(pair.refresh_expires_at)} \({refresh_left}\)\n"
    )


# The store.


@pytest.mark.parametrize("command", ["set", "refresh", "watch"])
async def test_tokens_that_live_in_the_environment_alone(
    simulator: AtsSimulator, tokens: Tokens, command: str
) -> None:
    """Nothing that this process does could reach them: status 2 says so, before anything is asked or sent."""
    process = await start("tokens", command, env=account(simulator), stdin=asyncio.subprocess.PIPE)
    finished = await tokens.finish(process, f"{ACCESS} {REFRESH}")

    assert (2, "") == (finished.status, finished.out)
    assert re.fullmatch(r"tele2ats: TELE2ATS_TOKEN_FILE: not set, .*locked out; .*\n", finished.err)
    assert 0 == len(simulator.requests)


@pytest.mark.parametrize("command", ["set", "show", "refresh", "watch"])
async def test_no_store_at_all(tokens: Tokens, command: str) -> None:
    """Status 2, and where tokens are looked for."""
    finished = await tokens.finish(await start("tokens", command, stdin=asyncio.subprocess.PIPE))

    assert (2, "") == (finished.status, finished.out)
    assert "TELE2ATS_TOKEN_FILE: not set, nor are" in finished.err


@pytest.mark.parametrize("command", ["show", "refresh", "watch"])
async def test_a_missing_file(simulator: AtsSimulator, tokens: Tokens, command: str) -> None:
    """Status 2 at once, also of what runs for months otherwise, and nothing is sent."""
    variables = {"TELE2ATS_BASE_URL": simulator.base_url}
    finished = await tokens.finish(await tokens.start(command, env=variables))

    assert (2, "") == (finished.status, finished.out)
    assert re.fullmatch(
        rf"tele2ats: token store {re.escape(str(tokens.path))}: does not exist; .*\n", finished.err
    )
    assert 0 == len(simulator.requests)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
@pytest.mark.parametrize("command", ["show", "refresh", "watch"])
async def test_a_file_that_everybody_can_read(tokens: Tokens, command: str) -> None:
    """Status 2, and the command that mends it."""
    tokens.write(PAIR, mode=0o644)
    finished = await tokens.run(command)

    assert (2, "") == (finished.status, finished.out)
    assert finished.err.endswith(f"run: chmod 600 {tokens.path}\n")


@pytest.mark.parametrize("command", ["show", "refresh", "watch"])
async def test_a_file_that_is_malformed(tokens: Tokens, command: str) -> None:
    """What is wrong with it, without what stands in it."""
    tokens.path.write_text(f'{{"accessToken": "{ACCESS}", "refreshToken": "{REFRESH}"')
    tokens.path.chmod(0o600)
    finished = await tokens.run(command)

    assert (2, "") == (finished.status, finished.out)
    assert "is malformed (at $: not JSON" in finished.err


# set, from the standard input.


@pytest.mark.parametrize(
    "given",
    [
        json.dumps(SPELLED),
        json.dumps(SPELLED | {"more": 1}, indent=2) + "\n",
        "\ufeff" + json.dumps(SPELLED),
        f"{ACCESS} {REFRESH}",
        f"\n  {ACCESS}\r\n\r\n{REFRESH}\r\n",
    ],
    ids=["JSON", "indented JSON", "byte order mark", "words", "lines"],
)
async def test_set_saves_what_comes_by_a_pipe(tokens: Tokens, given: str) -> None:
    """As the service issues it, or as a person has noted it; directories are made, the mode is 0600."""
    tokens.path = tokens.path.parent / "new" / "newer" / "tokens.json"
    finished = await tokens.run("set", given=given)

    assert (0, "") == (finished.status, finished.err)
    assert PAIR == tokens.read()
    assert (
        f"store: FileTokenStore('{tokens.path}')\ncompany: unknown\nlogin: unknown\n"
        "access token ends: unknown\nrefresh token ends: unknown\n"
    ) == finished.out


async def test_set_prints_what_show_prints(simulator: AtsSimulator, tokens: Tokens) -> None:
    """Whoever pastes a pair sees at once whether it is the right company's; nothing is sent."""
    pair = TokenPair(*simulator.tokens)
    finished = await tokens.run("set", given=f"{pair.access}\n{pair.refresh}\n")
    shown = await tokens.run("show")

    assert (0, "") == (finished.status, finished.err)
    assert re.fullmatch(lines(tokens, pair, r"in 23 h 59 min", r"in 6 d 23 h"), finished.out)
    assert finished.out == shown.out
    assert 0 == len(simulator.requests)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
async def test_set_replaces_a_file_that_everybody_could_read(tokens: Tokens) -> None:
    """The new pair has not been seen by anybody: the new file cannot be read."""
    tokens.write(OLD, mode=0o644)
    finished = await tokens.run("set", given=json.dumps(SPELLED))

    assert 0 == finished.status
    assert PAIR == tokens.read()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", "no pair; expected "),
        (ACCESS, "no pair; expected "),
        (f"{ACCESS} {REFRESH} {ACCESS}", "no pair; expected "),
        (f"Bearer {ACCESS} Bearer {REFRESH}", "no pair; expected "),
        (f'{{"accessToken": "{ACCESS}"', "no pair, at $: not JSON"),
        (json.dumps({"accessToken": ACCESS}), "no pair, at $.refreshToken: required member missing"),
        (json.dumps(SPELLED | {"accessToken": [ACCESS]}), "no pair, at $.accessToken: "),
        (json.dumps(SPELLED | {"refreshToken": ""}), "refresh: the token is empty"),
        (json.dumps(SPELLED | {"refreshToken": f"Bearer {REFRESH}"}), "refresh: the token holds white space"),
        (f"{ACCESS}é {REFRESH}", "access: the token holds white space or characters"),
        (b"\xff" + f"{ACCESS} {REFRESH}".encode(), "access: the token holds white space or characters"),
        (f"{ACCESS}\0 {REFRESH}", "access: the token holds white space or characters"),
    ],
    ids=range(12),
)
async def test_set_refuses_what_is_no_pair(tokens: Tokens, given: str | bytes, complaint: str) -> None:
    """One line says what is wrong, without showing it, and the pair that was there still is."""
    tokens.write(OLD)
    finished = await tokens.run("set", given=given)

    assert (2, "") == (finished.status, finished.out)
    assert finished.err.startswith(f"tele2ats: {complaint}")
    assert 1 == finished.err.count("\n")
    assert OLD == tokens.read()


@pytest.mark.parametrize("form", ['{{"accessToken": "{0}", "refreshToken": "{1}"}}', "{0}\n{1}\n"])
async def test_set_knows_the_wrong_order(simulator: AtsSimulator, tokens: Tokens, form: str) -> None:
    """A refresh token as access token would do nothing but puzzle: the tokens say which one they are."""
    pair = simulator.tokens
    finished = await tokens.run("set", given=form.format(pair.refresh, pair.access))

    assert (2, "") == (finished.status, finished.out)
    assert "tele2ats: access: this is a refresh token; the access token comes first" in finished.err
    assert not tokens.path.exists()


@pytest.mark.parametrize(
    ("redirection", "complaint"),
    [("0<&-", "expected "), ("0>/dev/null", "cannot read the tokens: Bad file descriptor")],
    ids=["closed", "write-only"],
)
async def test_set_without_a_standard_input(tokens: Tokens, redirection: str, complaint: str) -> None:
    """What a service manager may give instead of one is a line, too."""
    code = f"""import os, sys; os.execv("/bin/sh", ["sh", "-c", 'exec "$0" "$@" {redirection}', *sys.argv[1:]])"""
    finished = await tokens.finish(await start(COMMAND, *tokens.arguments("set"), code=code))

    assert (2, "") == (finished.status, finished.out)
    assert finished.err.startswith(f"tele2ats: {complaint}")


async def test_set_warns_of_what_has_died_already(tokens: Tokens) -> None:
    """It is saved, since clocks may be wrong, but whoever pasted an old pair is told."""
    now = int(time.time())
    ends = now - 60, now + 2 * DAY_S
    for access_end, refresh_end in (ends, ends[::-1], (now - 60, now - 60)):
        access, refresh = jwt(exp=access_end, companyId=391), jwt(exp=refresh_end)
        tokens.secrets += [access, refresh]
        finished = await tokens.run("set", given=f"{access} {refresh}")
        expected = [
            f"tele2ats: warning: the {kind} token is expired already\n"
            for kind, end in (("access", access_end), ("refresh", refresh_end))
            if end < now
        ]

        assert (0, "".join(expected)) == (finished.status, finished.err)
        assert len(expected) == finished.out.count(" (expired)\n")
        assert 2 - len(expected) == finished.out.count(" (in 1 d 23 h)\n")
        assert TokenPair(access, refresh) == tokens.read()


# set, on a terminal.


@asynccontextmanager
async def at_the_prompt(tokens: Tokens) -> AsyncIterator[Terminal]:
    """Run `set` on a terminal, up to its first prompt."""
    async with Terminal(*tokens.arguments("set")) as terminal:
        await terminal.shows("Access token: ")
        yield terminal
        tokens.shown.append(terminal.shown)
        assert (True, 0) == (terminal.echoes, terminal.unread_bytes)


async def test_set_prompts_without_an_echo(tokens: Tokens) -> None:
    """Neither who looks over the shoulder nor the terminal's history gets a token."""
    async with at_the_prompt(tokens) as terminal:
        terminal.type(f"{ACCESS}\r")
        await terminal.shows("Refresh token: ")
        terminal.type(f"{REFRESH}\r")
        assert 0 == await terminal.status()

    assert PAIR == tokens.read()
    assert (
        f"Access token: \r\nRefresh token: \r\nstore: FileTokenStore('{tokens.path}')\r\n"
        "company: unknown\r\nlogin: unknown\r\naccess token ends: unknown\r\nrefresh token ends: unknown\r\n"
    ) == terminal.shown


@pytest.mark.parametrize("between", ["\r", "\r\r", "\n", " \r \r\t"])
async def test_both_tokens_can_be_pasted_at_once(
    simulator: AtsSimulator, tokens: Tokens, between: str
) -> None:
    """What arrives before its prompt is neither shown nor lost; what is too much does not go to the shell."""
    pair = TokenPair(*simulator.tokens)
    async with at_the_prompt(tokens) as terminal:
        terminal.type(f"{pair.access}{between}{pair.refresh}\r{pair.refresh}\r{pair.refresh}")
        assert 0 == await terminal.status()

    assert pair == tokens.read()
    assert f"company: {pair.company_id}\r\n" in terminal.shown


async def test_json_pasted_at_a_prompt_is_refused(tokens: Tokens) -> None:
    """It comes in many lines, the last of which must not be shown, nor run by the shell."""
    async with at_the_prompt(tokens) as terminal:
        terminal.type(json.dumps(SPELLED, indent=2).replace("\n", "\r") + "\r")
        assert 2 == await terminal.status()

    assert terminal.shown.endswith(
        "tele2ats: refresh: the token holds white space or characters that no token has\r\n"
    )
    assert not tokens.path.exists()


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("\x03", 130, "Interrupted; nothing torn is left."),
        (f"{ACCESS}\r\x03", 130, "Interrupted; nothing torn is left."),
        ("\x04", 2, "the input ended before both tokens were there"),
        (f"{ACCESS}\r\x04", 2, "the input ended before both tokens were there"),
        (f"{ACCESS}\r{REFRESH}\x04\x04", 2, "the input ended before both tokens were there"),
    ],
    ids=["Ctrl-C", "Ctrl-C at the second", "Ctrl-D", "Ctrl-D at the second", "Ctrl-D in the middle"],
)
async def test_leaving_a_prompt(tokens: Tokens, typed: str, status: int, said: str) -> None:
    """The file is as it was, and the terminal shows again what is typed."""
    async with at_the_prompt(tokens) as terminal:
        for part in re.split("(?<=\r)", typed):
            terminal.type(part)
            await asyncio.sleep(0.1)
        assert status == await terminal.status()

    assert terminal.shown.endswith(f"token: \r\ntele2ats: {said}\r\n")
    assert not tokens.path.exists()


async def test_a_line_that_a_terminal_cuts(tokens: Tokens) -> None:
    """A token without its end would be saved, and would be of no use."""
    async with at_the_prompt(tokens) as terminal:
        terminal.type("x" * 4096 + "\r")
        assert 2 == await terminal.status()

    assert "too long a line for a terminal" in terminal.shown
    assert "xx" not in terminal.shown


# set, while others use the store.


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[None]:
    """Hold the lock of a token file in another process."""
    holder = await start(f"{path}.lock", code=HOLDER, stdin=asyncio.subprocess.PIPE)
    assert holder.stdout is not None
    assert b"held\n" == await holder.stdout.readline()
    try:
        yield
    finally:
        await finish(holder, b"\n")


async def set_up_to_the_lock(tokens: Tokens, pair: TokenPair) -> asyncio.subprocess.Process:
    """Start `set`, and see it wait for the lock for a while."""
    process = await tokens.start("set", code=TELLING_OF_LOCKS)
    assert process.stdin is not None
    process.stdin.write(f"{pair.access} {pair.refresh}".encode())
    process.stdin.close()
    await tokens.until(process, "wants the lock")
    await asyncio.sleep(0.5)
    assert process.returncode is None
    return process


async def test_set_waits_for_the_lock(tokens: Tokens) -> None:
    """Another process holds it: nothing is written before that is done."""
    async with held(tokens.path):
        process = await set_up_to_the_lock(tokens, PAIR)
        was_there = tokens.path.exists()
    finished = await tokens.finish(process)

    assert not was_there
    assert (0, PAIR) == (finished.status, tokens.read())


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_set_can_be_interrupted_while_it_waits(tokens: Tokens, sent: signal.Signals) -> None:
    """Nobody has to sit it out; the file is as it was."""
    async with held(tokens.path):
        process = await set_up_to_the_lock(tokens, PAIR)
        process.send_signal(sent)
        finished = await tokens.finish(process)

    assert (130, "tele2ats: Interrupted; nothing torn is left.\n") == (finished.status, finished.err)
    assert not tokens.path.exists()


async def test_a_refresh_under_way_does_not_overwrite_what_is_set(company: Company, tokens: Tokens) -> None:
    """A person makes a new pair in the cabinet while a program refreshes the old one: the person's counts."""
    gate = Gate()
    async with AtsSimulator(company=company, middlewares=[gate.middleware]) as simulator:
        tokens.write(TokenPair(*simulator.tokens))
        refreshing = await tokens.start("refresh", "--base-url", simulator.base_url)
        await gate.reached()
        made = TokenPair(*simulator.regenerate_tokens())
        setting = await set_up_to_the_lock(tokens, made)
        gate.may_pass.set()
        finished = await tokens.finish(setting), await tokens.finish(refreshing)

    assert [0, 0] == [process.status for process in finished]
    assert made == tokens.read()


# show.


async def test_show_tells_whose_tokens_they_are(simulator: AtsSimulator, tokens: Tokens) -> None:
    """Lines that a script can read, without a request."""
    pair = TokenPair(*simulator.tokens)
    tokens.write(pair)
    finished = await tokens.run("show")

    assert (0, "") == (finished.status, finished.err)
    assert re.fullmatch(lines(tokens, pair, r"in 23 h 59 min", r"in 6 d 23 h"), finished.out)
    assert 0 == len(simulator.requests)


async def test_show_knows_the_environment_s_tokens_too(simulator: AtsSimulator, tokens: Tokens) -> None:
    """To look at them hurts nobody."""
    finished = await tokens.finish(await start("tokens", "show", env=account(simulator)))

    assert (0, "") == (finished.status, finished.err)
    assert f"store: the environment\ncompany: {simulator.company.company_id}\n" in finished.out


async def test_show_of_expired_tokens(tokens: Tokens) -> None:
    """It could be shown, so the status is 0; what is left of a minute is no whole one."""
    now = int(time.time())
    tokens.write(TokenPair(jwt(exp=now + 50), jwt(exp=now - 1)))
    finished = await tokens.run("show")

    assert (0, "") == (finished.status, finished.err)
    assert re.search(r"^access token ends: \S+ \(in 0 h 0 min\)$", finished.out, re.MULTILINE)
    assert re.search(r"^refresh token ends: \S+ \(expired\)$", finished.out, re.MULTILINE)


async def test_show_trusts_no_token(tokens: Tokens) -> None:
    """Its text is anybody's: no line of its own, no command to the terminal, no date that breaks."""
    last_s = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
    claims = {"companyId": 391, "login": "a\ncompany: 5\x1b[2J :smile: [b]"}
    tokens.write(TokenPair(jwt(exp=last_s, **claims), jwt(exp=-DAY_S)))
    finished = await tokens.run("show")

    assert (0, "") == (finished.status, finished.err)
    assert [
        "company: 391",
        "login: a company: 5�[2J :smile: [b]",
        "access token ends: 9999-12-31T23:59:59+00:00",
        "refresh token ends: 1969-12-31T03:00:00+03:00 (expired)",
    ] == [re.sub(r" \(in .*", "", line) for line in finished.out.splitlines()[1:]]


# refresh.


async def test_refresh_renews_the_pair_now(simulator: AtsSimulator, tokens: Tokens) -> None:
    """Whether it is due or not; the new pair is in the file, and its ends are printed."""
    old = TokenPair(*simulator.tokens)
    tokens.write(old)
    finished = await tokens.run("refresh", "--base-url", simulator.base_url)
    new = TokenPair(*simulator.tokens)

    assert (0, "") == (finished.status, finished.err)
    assert re.fullmatch(lines(tokens, new, r"in 23 h 59 min", r"in 6 d 23 h"), finished.out)
    assert (1, new) == (simulator.refresh_count, tokens.read())
    assert old != new


async def test_refresh_of_spent_tokens(simulator: AtsSimulator, tokens: Tokens) -> None:
    """Status 3, and the steps in the cabinet; the file is as it was."""
    old = TokenPair(*simulator.tokens)
    tokens.write(old)
    simulator.regenerate_tokens()
    finished = await tokens.run("refresh", "--base-url", simulator.base_url)

    assert (3, "") == (finished.status, finished.out)
    assert "Сгенерировать токен" in finished.err
    assert old == tokens.read()


async def test_refresh_at_a_service_that_is_not_there(tokens: Tokens) -> None:
    """Status 1, one line, and the pair is still there."""
    tokens.write(PAIR)
    finished = await tokens.run("refresh", "--base-url", f"http://127.0.0.1:{free_port()}")

    assert (1, "") == (finished.status, finished.out)
    assert re.fullmatch(r"tele2ats: PUT /authorization/refresh/token: cannot connect \(.*\)\n", finished.err)
    assert PAIR == tokens.read()


@pytest.mark.parametrize("presses", [1, 3])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("command", "farewell"), [("refresh", "Interrupted; nothing torn is left."), ("watch", "Stopped.")]
)
async def test_a_refresh_under_way_is_finished_first(
    company: Company, tokens: Tokens, command: str, farewell: str, sent: signal.Signals, presses: int
) -> None:
    """The service has killed the old pair already: whoever stops the process still gets the new one saved."""
    gate = Gate()
    async with nearly_due(company, gate.middleware) as simulator:
        tokens.write(TokenPair(*simulator.tokens))
        process = await tokens.start(command, "--base-url", simulator.base_url)
        await gate.reached()
        for _ in range(presses):
            process.send_signal(sent)
            await asyncio.sleep(0.1)
        was_running = process.returncode is None
        gate.may_pass.set()
        finished = await tokens.finish(process)

    assert was_running
    assert 130 == finished.status
    assert finished.err.endswith(f"tele2ats: {farewell}\n")
    assert (1, TokenPair(*simulator.tokens)) == (simulator.refresh_count, tokens.read())


# watch.


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_watch_refreshes_what_is_due_until_it_is_stopped(
    company: Company, tokens: Tokens, sent: signal.Signals
) -> None:
    """The lines of `show` at first, then one for the refresh, with the time and the new end."""
    async with nearly_due(company) as simulator:
        old = TokenPair(*simulator.tokens)
        tokens.write(old)
        process = await tokens.start("watch", "--base-url", simulator.base_url)
        said = await tokens.until(process, "token_refreshed")
        was_running = process.returncode is None
        process.send_signal(sent)
        finished = await tokens.finish(process)
        new = TokenPair(*simulator.tokens)

    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0300"
    assert was_running
    assert re.fullmatch(rf"{stamp} INFO token_refreshed: expires at (.*)\n", said)
    assert f"expires at {new.expires_at}\n" in said
    assert (130, "tele2ats: Stopped.\n") == (finished.status, finished.err)
    assert re.fullmatch(lines(tokens, old, r"in 0 h 9 min", r"in 6 d 0 h"), finished.out)
    assert (1, new) == (simulator.refresh_count, tokens.read())


async def test_watch_goes_on_when_the_service_is_down(company: Company, tokens: Tokens) -> None:
    """A line for each failure; when the service is there again, the pair is refreshed."""
    port = free_port()
    async with nearly_due(company, port=port) as simulator:
        tokens.write(TokenPair(jwt(exp=int(time.time()) - 60), simulator.tokens.refresh))
        await simulator.close()
        process = await tokens.start(
            "watch", "--base-url", f"http://127.0.0.1:{port}/crm/openapi", code=QUICKLY
        )
        failed = [await tokens.until(process, "token_keep_alive_failed: ") for _ in range(2)]
        await simulator.start()
        await tokens.until(process, "token_refreshed")
        process.terminate()
        finished = await tokens.finish(process)

    assert re.search(r" WARNING token_keep_alive_failed: PUT .* cannot connect", failed[1])
    assert 130 == finished.status
    assert TokenPair(*simulator.tokens) == tokens.read()


async def test_watch_takes_up_a_pair_that_is_set_meanwhile(company: Company, tokens: Tokens) -> None:
    """Both tokens are spent, which is told as critical; the pair that a person sets is kept alive from then on."""
    async with nearly_due(company) as simulator:
        tokens.write(TokenPair(jwt(exp=int(time.time()) - 60), REFRESH))
        process = await tokens.start("watch", "--base-url", simulator.base_url, code=QUICKLY)
        told = await tokens.until(process, "token_keep_alive_failed: ")
        made = TokenPair(*simulator.tokens)
        finished = await tokens.run("set", given=f"{made.access} {made.refresh}")
        await tokens.until(process, "token_refreshed")
        process.terminate()
        stopped = await tokens.finish(process)

    assert " CRITICAL token_keep_alive_failed: " in told
    assert "Сгенерировать токен" in told
    assert (0, 130) == (finished.status, stopped.status)
    assert (1, TokenPair(*simulator.tokens)) == (simulator.refresh_count, tokens.read())


async def test_watch_does_not_need_anybody_who_reads(company: Company, tokens: Tokens) -> None:
    """A terminal or a pipe's reader that has gone must not cost the company its tokens."""
    gate = Gate()
    reading, writing = os.pipe()
    async with nearly_due(company, gate.middleware) as simulator:
        tokens.write(TokenPair(*simulator.tokens))
        process = await tokens.start("watch", "--base-url", simulator.base_url, output=writing)
        os.close(writing)
        await gate.reached()
        tokens.shown.append(os.read(reading, 65536).decode())
        os.close(reading)
        gate.may_pass.set()
        async with asyncio.timeout(PATIENCE_S):
            while TokenPair(*simulator.tokens) != tokens.read():
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        was_running = process.returncode is None
        process.terminate()
        await process.wait()

    assert was_running
    assert tokens.shown[0].startswith("store: ")


async def test_help_shows_an_example_for_each_command(tokens: Tokens) -> None:
    """`--help` is enough to begin with, and says what the status means."""
    for command in ("set", "show", "refresh", "watch"):
        finished = await tokens.finish(await start("tokens", command, "--help"))
        text = " ".join(finished.out.split())
        assert 0 == finished.status
        assert f"Example: tele2ats tokens {command}" in text
        assert "Exit status: " in text


async def test_a_device_is_no_pair(tmp_path: Path) -> None:
    """It has no end, and is not read until the memory has one."""
    with await asyncio.to_thread(open, "/dev/zero", "rb") as device:
        process = await start(
            "tokens", "set", "--token-file", str(tmp_path / "t.json"), stdin=device.fileno()
        )
        finished = await finish(process)

    assert (2, 1) == (finished.status, finished.err.count("\n"))
    assert finished.err.startswith("tele2ats: no pair; expected ")
