"""Pages of the documentation, read as their readers do: files are saved, commands typed, output compared.

A ``code-block`` with a ``:caption:`` is a file of that name. One in ``sh`` is commands, and a ``text`` block is
what the last commands have printed: a number but 0 stands for any number, ``…`` for anything in its line, alone in it for any lines.
A ``:class:`` says what is not simply typed: see `Block.kind`.
"""

import ast
import asyncio
import os
import pty
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

DOCS = Path(__file__).parent.parent / "docs"
PATIENCE_S = 120

_DIRECTIVE = re.compile(
    r"^\.\. code-block:: (?P<language>\w+)\n(?P<options>(?:    :.+\n)*)\n(?P<body>(?:(?:    .*)?\n)+)",
    re.MULTILINE,
)
_OPTION = re.compile(r"^    :(\w+): (.+)$", re.MULTILINE)
# After the commands: where the reader is now, and what the shell knows.
_REMEMBER = "\n{{ pwd; env -0; }} >'{memory}'\n"


@attrs.frozen
class Block:
    """A block of a page.

    Attributes:
        caption: The file that it is; None where it is none.
        kind: The class. What is ``background`` runs in a second terminal, what ``asks`` is answered on a terminal, what
            is ``old`` or a ``fragment`` is Python that is only compiled. What changes the machine, ``as-root``, or
            needs the network, ``installs``, is not tried; ``ini`` neither.
    """

    language: str
    caption: str | None
    kind: str | None
    body: str


def read_blocks(page: str, replacing: Mapping[str, str] | None = None) -> Iterator[Block]:
    """Read the blocks of a page, in order.

    Args:
        page: Its file below ``docs``.
        replacing: Texts that stand for others, such as a port for one that is free.

    Raises:
        AssertionError: A text to be replaced is not there.
    """
    text = DOCS.joinpath(page).read_text(encoding="utf-8") + "\n"
    for old, new in (replacing or {}).items():
        assert old in text
        text = text.replace(old, new)
    for found in _DIRECTIVE.finditer(text):
        options = dict(_OPTION.findall(found["options"]))
        body = (
            "".join(line[4:] or "\n" for line in found["body"].splitlines(keepends=True)).strip("\n") + "\n"
        )
        yield Block(found["language"], options.get("caption"), options.get("class"), body)


def require_output(expected: str, actual: str) -> None:
    """Compare what a page says that is printed with what was.

    Raises:
        AssertionError: It does not stand there.
    """
    pattern = re.escape(expected.strip())
    pattern = re.sub(r"\d+", lambda number: "0" if number[0] == "0" else r"\d+", pattern)
    pattern = re.sub(r"(?m)^…\\\n", r"(?:.*\\n)*", pattern).replace("…", ".*")
    if not re.search(rf"^{pattern}$", actual, re.MULTILINE):
        pytest.fail(f"the page says\n\n{expected}\nand there was\n\n{actual}")


def _read(terminal: int) -> str:
    """Read what a terminal shows by now."""
    try:
        return os.read(terminal, 65536).decode().replace("\r\n", "\n")
    except BlockingIOError:
        return ""


@attrs.define
class Reader:
    """Somebody before a shell.

    Attributes:
        directory: Where they are.
        variables: What their shell knows.
        printed: What the last commands have printed, both streams.
    """

    directory: Path
    variables: dict[str, str]
    printed: str = ""
    _background: asyncio.subprocess.Process | None = None

    async def follow(self, block: Block, until: str = "") -> None:
        """Do what a block says.

        Args:
            block: The next block of the page.
            until: What a command in the second terminal prints when others may use it.

        Raises:
            AssertionError: It is not true.
        """
        match block:
            case Block("python", kind="old"):
                compile(block.body, "old", "exec")
            case Block("python", kind="fragment"):
                compile(block.body, "fragment", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            case Block("python" | "sh", caption=str(name)):
                (self.directory / name).write_text(block.body, encoding="utf-8")
            case Block("text"):
                require_output(block.body, self.printed)
            case Block("sh", kind="background"):
                self.printed = await self.run_in_background(block.body, until)
            case Block("sh", kind=None):
                status = await self.type(block.body)
                assert 0 == status, f"{block.body}\n{self.printed}"
            case Block("ini") | Block("sh", kind="as-root" | "installs"):
                pass
            case _:
                pytest.fail(f"nobody knows what to do with\n\n{block.body}")

    @classmethod
    def in_home(cls, home: Path) -> "Reader":
        """Begin in a directory, with the commands of this environment and nothing else set."""
        if sys.platform == "win32" or shutil.which("bash") is None:
            pytest.skip("the pages are written for bash")
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        variables = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "Europe/Moscow"}
        return cls(home, {**variables, "PYTHONUNBUFFERED": "1"})

    async def type(self, commands: str) -> int:
        """Type commands up to one that fails, and wait for their end."""
        process = await self._start(f"set -e\n{commands}", asyncio.subprocess.PIPE)
        async with asyncio.timeout(PATIENCE_S):
            out, _ = await process.communicate()
        self.printed = out.decode()
        if process.returncode == 0:
            self._remember()
        return process.returncode or 0

    async def type_on_terminal(self, command: str, answers: list[str]) -> int:
        """Type a command that asks on a terminal, and answer each of its prompts, which end with a colon."""
        ours, theirs = pty.openpty()
        os.set_blocking(ours, False)
        terminal = os.ttyname(theirs)
        on_it = f"set -e\nexec <{terminal} >{terminal} 2>&1\n{command}"
        process = await self._start(on_it, asyncio.subprocess.DEVNULL)
        self.printed = ""
        async with asyncio.timeout(PATIENCE_S):
            for number, answer in enumerate(answers, 1):
                while self.printed.count(": ") < number:
                    await asyncio.sleep(0.01)
                    self.printed += _read(ours)
                os.write(ours, f"{answer}\n".encode())
            status = await process.wait()
        self.printed += _read(ours)
        os.close(theirs)
        os.close(ours)
        self._remember()
        return status

    async def run_in_background(self, command: str, until: str) -> str:
        """Stop what runs in the second terminal, start a command there, and give what it prints up to a text."""
        await self.leave()
        self._background = await self._start(f"exec {command}", asyncio.subprocess.PIPE)
        assert self._background.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            shown = await self._background.stdout.readuntil(until.encode())
        return shown.decode()

    async def leave(self) -> None:
        """Press Ctrl-C in the second terminal."""
        if self._background is not None:
            self._background.terminate()
            async with asyncio.timeout(PATIENCE_S):
                await self._background.communicate()

    async def _start(self, command: str, stdout: int) -> asyncio.subprocess.Process:
        remember = _REMEMBER.format(memory=self._memory)
        return await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            command + remember,
            cwd=self.directory,
            env=self.variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def _memory(self) -> Path:
        return Path(self.variables["HOME"]) / ".shell"

    def _remember(self) -> None:
        place, _, variables = self._memory.read_text(encoding="utf-8").partition("\n")
        self.directory = Path(place)
        pairs = (line.partition("=") for line in variables.split("\0") if line)
        self.variables = {
            name: value for name, _, value in pairs if name not in ("_", "SHLVL", "PWD", "OLDPWD")
        }
