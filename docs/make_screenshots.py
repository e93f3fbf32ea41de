"""Makes the pictures of the documentation, in ``docs/screenshots``, of the real commands and pages.

Run it by hand when a command or a page looks different::

    .venv/bin/pip install pyte time-machine
    .venv/bin/python docs/make_screenshots.py

It needs the extra ``dev``, bash and Chromium. The commands run on a terminal of 100 columns, against the simulator, all
of them at the same moment of the same day: two runs make the same pictures, but for what the fonts of the machine do to
those of a browser.
"""

import asyncio
import os
import pty
import shutil
import struct
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from fcntl import ioctl
from io import StringIO
from itertools import groupby
from pathlib import Path
from string import hexdigits
from termios import TIOCSWINSZ
from typing import TYPE_CHECKING

import aiohttp
import pyte
import time_machine
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "tests"))

from browser import open_browser, show, visit  # noqa: E402  # the tests' own browser

from tele2ats_async.simulator import AtsSimulator, Company  # noqa: E402

if TYPE_CHECKING:
    from browser import Watched

PICTURES = DOCS / "screenshots"
COLUMNS, LINES = 100, 200
NOW = datetime(2026, 11, 6, 15, 30, tzinfo=timezone(timedelta(hours=3)))
PASSWORD = "screenshots"  # noqa: S105  # of a page on this machine, for a minute
WINDOW = {"width": 1000, "height": 760}
# What is read by all Pythons that are started here: they begin at the same moment.
AT_THE_MOMENT = f"import time_machine\ntime_machine.travel({NOW.timestamp()}, tick=True).start()\n"
_IS_LOADED = """() => {
    const audio = document.querySelector("audio");
    return audio.buffered.length && audio.buffered.end(0) > audio.duration - 0.1;
}"""
# rich's own frame, without the fonts that it would have readers fetch from elsewhere.
FRAME = CONSOLE_SVG_FORMAT[: CONSOLE_SVG_FORMAT.index("@font-face")] + CONSOLE_SVG_FORMAT[
    CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :
].replace("Fira Code, monospace", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace")

SHOTS = {
    "records": "tele2ats records --start -1d --recorded --limit 6",
    "transcript": 'tele2ats transcript "$(ls archive/*/*.json | tail -n 1)" --directory archive | head -n 12',
    "verify": 'tele2ats mirror --verify --directory archive || echo "status $?"',
}


class Shell:
    """A shell in a directory, with an account, at the moment of the pictures."""

    def __init__(self, directory: Path, simulator: AtsSimulator) -> None:
        self._directory = directory
        clock = directory / ".clock"
        clock.mkdir()
        (clock / "sitecustomize.py").write_text(AT_THE_MOMENT, encoding="utf-8")
        self.variables = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "TZ": "Europe/Moscow",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": str(clock),
            "TELE2ATS_BASE_URL": simulator.base_url,
            "TELE2ATS_ACCESS_TOKEN": simulator.tokens.access,
            "TELE2ATS_REFRESH_TOKEN": simulator.tokens.refresh,
        }

    async def type(self, command: str) -> list[Text]:
        """Type a command on a terminal, and give what that shows at its end."""
        ours, theirs = pty.openpty()
        ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        process = await self.start("bash", "-c", command, stream=theirs)
        os.close(theirs)
        screen = pyte.Screen(COLUMNS, LINES)
        stream = pyte.ByteStream(screen)
        await asyncio.to_thread(_feed, stream, ours)
        await process.wait()
        shown = [Text("$ ", style="bold green") + Text(command, style="bold")]
        return shown + [_line(screen, number) for number in range(screen.cursor.y)]

    async def start(self, *command: str, stream: int) -> asyncio.subprocess.Process:
        """Start a program."""
        return await asyncio.create_subprocess_exec(
            *command, cwd=self._directory, env=self.variables, stdin=stream, stdout=stream, stderr=stream
        )


def _feed(stream: pyte.ByteStream, terminal: int) -> None:
    while True:
        try:
            stream.feed(os.read(terminal, 65536))
        except OSError:  # how Linux tells that the other side is closed
            os.close(terminal)
            return


def _line(screen: pyte.Screen, number: int) -> Text:
    """Give a line of a terminal with its colours."""
    row = [screen.buffer[number][column] for column in range(COLUMNS)]
    runs = groupby(row, key=_style)  # one element of the picture for each, and not for each letter
    line = Text.assemble(*(("".join(char.data for char in chars), style) for style, chars in runs))
    line.rstrip()
    return line


def _style(char: pyte.screens.Char) -> Style:
    names = {"default": None, "brown": "yellow"}  # what others call it
    is_number = len(char.fg) == 6 and not set(char.fg) - set(hexdigits)
    colour = f"#{char.fg}" if is_number else names.get(char.fg, char.fg)
    return Style(color=colour, bold=char.bold, italic=char.italics)


def draw(name: str, lines: list[Text]) -> None:
    """Draw a terminal."""
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    picture = console.export_svg(title="", theme=SVG_EXPORT_THEME, code_format=FRAME, unique_id=name)
    (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")


async def photograph_report(shell: Shell, directory: Path) -> None:
    """Write a report, and take the upper part of its page."""
    await shell.type("tele2ats report --start -7d --output week.html")
    async with open_browser() as browser, show(browser, directory / "week.html", viewport=WINDOW) as watched:
        await _photograph(watched, "report")


async def photograph_web_page(shell: Shell, said_at_s: float) -> None:
    """Run the example of a web backend, play a recording, and take its page with a word that is lit."""
    shell.variables |= {"CALLS_PASSWORD": PASSWORD, "PORT": "8080"}
    backend = await shell.start(
        "python", str(DOCS.parent / "examples/web_backend/aiohttp_backend.py"), stream=-3
    )
    credentials = {"username": "listener", "password": PASSWORD}
    settings = {
        "http_credentials": credentials,
        "timezone_id": "Europe/Moscow",
        "locale": "en-GB",
        "viewport": WINDOW,
    }
    address = "http://127.0.0.1:8080"
    try:
        await _wait_for(address)
        async with open_browser() as browser, visit(browser, address, **settings) as watched:
            await watched.page.locator("#calls button").first.click()
            await watched.page.wait_for_function(_IS_LOADED)
            await watched.page.evaluate("document.querySelector('audio').pause()")
            await watched.page.evaluate(f"document.querySelector('audio').currentTime = {said_at_s}")
            await watched.page.locator(".lit").wait_for()
            await watched.page.wait_for_timeout(500)
            await _photograph(watched, "web_page")
    finally:
        backend.terminate()
        await backend.wait()


async def _photograph(watched: "Watched", name: str) -> None:
    await watched.page.screenshot(path=PICTURES / f"{name}.png")


async def _wait_for(address: str) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(100):
            try:
                async with client.get(address):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
    raise SystemExit(f"nobody answers at {address}")


async def main() -> None:
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    os.environ["TZ"] = "Europe/Moscow"
    time.tzset()
    directory = Path(tempfile.gettempdir()) / "ats-tutorial"  # its name is in a picture
    directory.mkdir()
    try:
        with time_machine.travel(NOW, tick=True):
            await make_all(directory)
    finally:
        shutil.rmtree(directory)


async def make_all(directory: Path) -> None:
    """Make them in a directory."""
    async with AtsSimulator(company=Company.generate(seed=1, now=NOW)) as simulator:
        shell = Shell(directory, simulator)
        await shell.type("tele2ats mirror --start -7d --directory archive --transcripts")
        await shell.type('rm "$(ls archive/*/*.mp3 | head -n 1)"')
        for name, command in SHOTS.items():
            draw(name, await shell.type(command))
        await photograph_report(shell, directory)
        newest = [record.record_file_name for record in simulator.company.records if record.record_file_name][
            -1
        ]
        word = simulator.transcript(newest)[5]
        await photograph_web_page(shell, (word.start_time + word.end_time) / 2)


if __name__ == "__main__":
    asyncio.run(main())
