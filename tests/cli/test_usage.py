"""What a person can mistype: one line, exit status 2, no traceback, nothing sent."""

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inside import EXAMPLE, Inside, all_commands, served
from processes import COMMAND, account, finish, run, start
from typer.main import get_command

from tele2ats_async.cli.app import app
from tele2ats_async.simulator import Company

COMMANDS = all_commands()
# What no option that is read as something takes.
NONSENSE = {
    name: ["nonsense", "", "\x1b[2J\n"]
    for name in [
        "--start",
        "--end",
        "--tz",
        "--limit",
        "--concurrency",
        "--processes",
        "--port",
        "--seed",
        "--keep",
        "--sort",
        "--caller",
        "--callee",
        "--number",
        "--source",
        "--destination",
    ]
} | {
    "--limit": ["0", "-1", "1.5", "1e3", "١", "9" * 5000],
    "--concurrency": ["0", "many", "1001", "9" * 18],
    "--processes": ["0", "two", "17", "65", "1000000"],
    "--port": ["65536", "-1"],
    "--start": ["01.11.2026", "2026-13-01", "-7", "2026-W48"],
    "--end": ["1999-01-01", "-99999999999d"],
    "--tz": ["Moscow", "Europe", "../../etc/passwd", "MSK+3", "/etc/localtime"],
    "--sort": ["date", "date,desc", "dat,ASC", "-date", "date,ASC,"],
    "--number": ["123", "+375291234567"],
    "--caller": ["+7 999", "1234567890123456", "٧٩٩٩٨٨٨٧٧٦٦"],
    "--directory": ["", __file__, f"{__file__}/below", "/dev/null", "x" * 300],
    "--output": ["", "-", "/", "/dev/null", f"{__file__}/below", "x" * 300, f"{'x' * 300}/below"],
    "--archive": ["", __file__, "/", "none"],
    "--token-file": ["", "/"],
    "--host": ["", "x" * 70],
    "--format": ["", "pdf"],
    "--base-url": ["", "nowhere", "http://a b", "http://a\n"],
}

# What writes, but for the place.
WRITING = (
    "download --start today --end today --directory",
    "mirror --start today --directory",
    "report --start today -o",
    "transcript a/b --output",
)
# The superuser may write everywhere, unless it gives that up.
_AS_SOMEBODY = """
import os, sys
somebody = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
command = [*somebody, *sys.argv[1:]]
os.execvp(command[0], command)
"""


@pytest.fixture
def inside(company: Company) -> Iterator[Inside]:
    """Run commands in this process."""
    with served(company=company) as simulator:
        yield Inside(simulator)


def example_of(path: str) -> list[str]:
    """Give the words of a command's example, without the name of the program."""
    example = EXAMPLE.search(COMMANDS[path].help)
    assert example is not None
    return shlex.split(example[1])[1:]


def without(words: list[str], spellings: list[str], *, takes_value: bool) -> list[str]:
    places = [place for place, word in enumerate(words) if word in spellings]
    return words[: places[0]] + words[places[0] + 1 + takes_value :] if places else words


def mistakes(path: str) -> list[list[str]]:
    """Give what can be typed wrong, made from the command's own example."""
    right, depth = example_of(path), len(path.split())
    options = [param for param in COMMANDS[path].params if param.param_type_name == "option"]
    arguments = [param for param in COMMANDS[path].params if param.param_type_name == "argument"]
    wrong = [
        [*right, "--no-such-option"],
        [*right, "--no-such-option=1"],
        [*right, "surplus"],
        [*right, "-x"],
    ]
    wrong += [[*right[:depth], *right[depth + 1 :]] for _ in arguments]
    for option in options:
        name, takes_value = option.opts[0], not option.is_flag
        rest = without(right, option.opts, takes_value=takes_value)
        wrong.append([*rest, name] if takes_value else [*rest, f"{name}=1"])
        if option.required:
            wrong.append(rest)
        if takes_value:
            wrong += [[*rest, f"{name}={value}"] for value in NONSENSE.get(name, [])]
    return wrong


def assert_is_one_line(inside: Inside, words: list[str], **variables: str) -> str:
    finished = inside.run(*words, **variables)

    assert (2, "") == (finished.status, finished.out), words
    assert finished.err.startswith("tele2ats: "), words
    assert finished.err.endswith("\n"), words
    assert finished.err[:-1].isprintable(), words
    assert 0 == len(inside.simulator.requests)
    return finished.err


@pytest.mark.parametrize("path", COMMANDS)
def test_every_mistake_is_one_line(
    inside: Inside, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 2, nothing on the standard output, nothing sent, and whoever reads it learns what to type."""
    monkeypatch.chdir(tmp_path)
    for words in mistakes(path):
        said = assert_is_one_line(inside, words)

        assert any(
            advice in said
            for advice in ("type ", "for example: tele2ats ", "Did you mean", "is empty", "expected http")
        ), said


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_an_example_that_parses(path: str) -> None:
    """What is shown can be pasted: all its words are known, all that is required is there."""
    words = example_of(path)
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]

    assert COMMANDS[path].name == command.name
    with command.make_context(path, words) as context:
        assert [] == context.args


@pytest.mark.parametrize("path", COMMANDS)
def test_every_help_tells_the_exit_status_or_an_example(inside: Inside, path: str) -> None:
    """`--help` is enough to begin with."""
    finished = inside.run(*path.split(), "--help")

    assert (0, "") == (finished.status, finished.err)
    assert f"Example: tele2ats {path}" in " ".join(finished.out.split())


@pytest.mark.parametrize("words", ["", "managers", "blacklist", "tokens"])
def test_what_a_command_is_for_is_a_whole_sentence(inside: Inside, words: str) -> None:
    """In the help of several commands no line breaks off, on a terminal of 80 columns."""
    finished = inside.run(*words.split(), "--help", COLUMNS="80")

    assert "Commands:" in finished.out
    assert "..." not in finished.out.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("recrods", "No such command 'recrods'. Did you mean 'records'"),
        ("xyzzy", "No such command 'xyzzy'; type tele2ats with one of: calls, queues, employees, dial,"),
        ("managers", "Missing command; type tele2ats managers with one of: list, show, create, update, delete"),
        ("blacklist ad", "No such command 'ad'. Did you mean 'add'?"),
        ("tokens", "Missing command; type tele2ats tokens with one of: set, show, refresh, watch"),
        ("records --strat x", "No such option: --strat (Possible options: --sort, --start); for example: tele2ats"),
        ("records --limit ten", "--limit: 'ten' is no whole number from 1 on; type 1"),
        ("demo --concurrency 1001", "--concurrency: '1001' is no whole number from 1 to 1000; type 1"),
        ("mirror --concurrency 1001", "--concurrency: '1001' is no whole number from 1 to 1000; type 1"),
        ("download --processes 65", "--processes: '65' is no whole number from 1 to 64; type 1"),
        ("simulator --port 99999", "--port: '99999' is no whole number from 0 to 65535; type 0"),
        ("records --json --csv", "--json and --csv: are two forms of output; type one of them"),
        ("records --tz Moscow", "--tz: 'Moscow' is no time zone; type Europe/Moscow"),
        ("records --tz MSK", "--tz: 'MSK' is no time zone; type Europe/Moscow\n"),
        ("records --tz UTC+3", "--tz: 'UTC+3' is no time zone; type a name such as Europe/Moscow\n"),
        ("records --tz Europe/Mosow", "--tz: 'Europe/Mosow' is no time zone; type Europe/Moscow"),
        ("records --tz Nowhere/Xyzzy", "--tz: 'Nowhere/Xyzzy' is no time zone; type a name such as Europe/Moscow"),
        ("records --sort dat,DESC", "--sort: 'dat,DESC' is no order; type date,ASC or date,DESC"),
        ("records --sort talkDuration,ASC", "type callDuration,ASC or callDuration,DESC"),
        ("managers show", "ID: not given; for example: tele2ats managers show 26 --json"),
        ("managers show 0", "ID: '0' is no whole number from 1 on; type 1"),
        ("blacklist clear", "asks first, and here is nobody to ask; type tele2ats blacklist clear --yes"),
        ("managers delete 26", "asks first, and here is nobody to ask; type tele2ats managers delete 26 --yes"),
        ("blacklist add 0001", "NUMBER: '0001' has no country code; type the whole number: 79998887766"),
        ("blacklist add +7999888", "NUMBER: '+7999888' is no phone number; type 79998887766\n"),
        ("transcript a/b --format pdf", "--format: 'pdf' is not one of 'text', 'srt', 'vtt', 'json'; for example"),
        ("dial --source 1 --destination one", "--destination: 'one' is no phone number; type 79998887766"),
        ("dial --source 89998887766 --destination +79998887766", "--destination: 79998887766 would call itself"),
        ("dial --source 1", "--destination: not given; for example: tele2ats dial --source 0001 --destination"),
        ("calls --watch --json", "--json: is an array with an end, which --watch has not; type --jsonl"),
        ("stats --number 123", "--number: '123' is no Russian phone number; type 79998887766"),
        ("records --start", "Option '--start' requires an argument; for example: tele2ats records --start -7d"),
    ],
)  # fmt: skip
def test_what_is_said(inside: Inside, words: str, said: str) -> None:
    """What is wrong, and what to type instead, of a similar name where there is one."""
    assert said in assert_is_one_line(inside, words.split())


@pytest.mark.parametrize("variable", ["TELE2ATS_BASE_URL", "TELE2ATS_PROXY", "TELE2ATS_CA_FILE"])
def test_a_wrong_variable_is_named_as_it_was_set(inside: Inside, variable: str) -> None:
    """Nobody at a keyboard knows what the library calls it; an option on top of it is called by its own name."""
    said = assert_is_one_line(inside, ["employees"], **{variable: "nonsense"})
    typed = assert_is_one_line(inside, ["employees", "--base-url", "nonsense"])

    assert said.startswith(f"tele2ats: {variable}: ")
    assert typed.startswith("tele2ats: --base-url: expected http://host/path")


@pytest.mark.parametrize("command", ["employees", "tokens show", "tokens refresh"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TELE2ATS_ACCESS_TOKEN", "a token"),
        ("TELE2ATS_REFRESH_TOKEN", "a token"),
        ("TELE2ATS_REDIS_URL", "nonsense"),
    ],
)
def test_a_wrong_place_of_the_tokens_is_named_as_it_was_set(
    inside: Inside, command: str, variable: str, value: str
) -> None:
    """It is none of the arguments of a class that nobody at a keyboard has made."""
    assert assert_is_one_line(inside, command.split(), **{variable: value}).startswith(
        f"tele2ats: {variable}: "
    )


@pytest.mark.parametrize("words", WRITING)
def test_a_ring_of_links_is_no_place(inside: Inside, words: str, tmp_path: Path) -> None:
    """Some versions of Python raise of it what others do not."""
    (tmp_path / "ring").symlink_to(tmp_path / "ring")

    said = assert_is_one_line(inside, [*words.split(), str(tmp_path / "ring")])

    assert "ring' is no " in said
    assert "; type " in said


@pytest.mark.asyncio
@pytest.mark.parametrize("words", WRITING)
async def test_where_nobody_may_write(words: str, company: Company, tmp_path: Path) -> None:
    """It is one line before anything is sent, and not one for each recording."""
    (tmp_path / "closed").mkdir(mode=0o555)
    place = tmp_path / "closed" / "below" / "x"
    with served(company=company) as simulator:
        process = await start(COMMAND, *words.split(), str(place), code=_AS_SOMEBODY, env=account(simulator))
        finished = await finish(process)

    assert (2, "", 1) == (finished.status, finished.out, finished.err.count("\n"))
    assert f": nothing can be written in '{tmp_path / 'closed'}'; type " in finished.err
    assert 0 == len(simulator.requests)


def test_much_that_was_pasted_is_shown_in_short(inside: Inside) -> None:
    """What to type instead stands at the end, and is still on the screen."""
    said = assert_is_one_line(inside, ["records", "--start", "paste" * 20_000])

    assert said.startswith("tele2ats: --start: 'pastepaste")
    assert said.endswith("or -7d\n")
    assert 1_100 > len(said)


def test_no_name_of_a_file_is_a_variable_that_is_not_set(inside: Inside) -> None:
    """Not the working directory."""
    assert "FILE: is empty; is a variable of" in assert_is_one_line(inside, ["managers", "create", ""])


@pytest.mark.asyncio
async def test_a_working_directory_that_has_gone(tmp_path: Path) -> None:
    """Its path cannot be told; the files in it cannot be either."""
    (tmp_path / "gone").mkdir()
    process = await asyncio.create_subprocess_shell(
        f"rmdir {tmp_path}/gone && {COMMAND} employees --token-file tokens.json",
        cwd=tmp_path / "gone",
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()

    assert (2, b"tele2ats: the working directory: No such file or directory; type another name\n") == (
        process.returncode,
        said,
    )


def test_the_bare_name_gets_help(inside: Inside) -> None:
    """Whoever types nothing wants to know what there is; for a script it is wrong use."""
    finished = inside.run()

    assert (2, "") == (finished.status, finished.out)
    assert "Commands:" in finished.err


def test_variables_that_are_wrong(inside: Inside) -> None:
    """What is not typed but set is wrong use, too."""
    for name, value in {
        "TELE2ATS_BASE_URL": "nowhere",
        "TELE2ATS_PROXY": "nowhere",
        "TELE2ATS_ACCESS_TOKEN": "",
        "TELE2ATS_TOKEN_FILE": "/dev/null/none",
    }.items():
        assert_is_one_line(inside, ["employees"], **{name: value})


@pytest.mark.asyncio
@pytest.mark.parametrize("words", ["records --limit x", "records --strat x", "managers", "dial"])
async def test_so_it_is_as_a_process(words: str, company: Company) -> None:
    """What the other tests see inside is what a shell gets."""
    with served(company=company) as simulator:
        finished = await run(*words.split())

    assert (2, "", 1) == (finished.status, finished.out, finished.err.count("\n"))
    assert finished.err.startswith("tele2ats: ")
    assert 0 == len(simulator.requests)
