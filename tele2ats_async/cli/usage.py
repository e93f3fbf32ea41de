"""What people mistype, told in one line with what to type instead."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, cast

import typer
from typer.core import TyperGroup

from .running import FAREWELL, INTERRUPTED, OK, WRONG_USE, say_error, writing

# What click raises for wrong use; typer itself shows one of its leaves only.
_UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])
_EXAMPLE = re.compile(r"Example: (tele2ats .+?)(?:\n\s*\n|\s*$)", re.DOTALL)
# What says what to type already.
_ADVICE = re.compile(r"; type |Did you mean|shell not set")


class Commands(TyperGroup):
    """Commands that tell of wrong use in one line; click takes several, and shows no example."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  # as typer has it
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002  # as typer has it
        **extra: Any,
    ) -> Any:
        """Run a command as typer does, but for what it says of wrong use, and end the process."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        words = sys.argv[1:] if args is None else [*args]
        try:
            status = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except typer.Abort:
            say_error(FAREWELL)
            status = INTERRUPTED
        except _UsageError as error:
            if words:
                say_error(self._describe(error, words))
            else:  # the bare name: what is raised has the help, which is what helps
                cast("Any", error).show()
            status = WRONG_USE
        sys.exit(status or OK)

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Read what was typed; help and the version are printed meanwhile."""
        with writing():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; the help of one of several is printed meanwhile."""
        with writing():
            return super().invoke(ctx)

    def _describe(self, error: Exception, words: Sequence[str]) -> str:
        complaint = _complaint(error)
        path, command = self._find(words)
        typed = " ".join(["tele2ats", *path])
        example = _EXAMPLE.search(command.help or "")
        if _ADVICE.search(complaint):
            return complaint
        if names := [*getattr(command, "commands", ())]:
            return f"{complaint}; type {typed} with one of: {', '.join(names)}"
        instead = f"see {typed} --help" if example is None else f"for example: {example[1]}"
        return f"{complaint}; {instead}"

    def _find(self, words: Iterable[str]) -> tuple[list[str], Any]:
        """Find the command that was meant, and the words that name it."""
        path: list[str] = []
        command: Any = self
        for word in words:
            if word not in getattr(command, "commands", ()):
                break
            command = command.commands[word]
            path.append(word)
        return path, command


def _complaint(error: Exception) -> str:
    """Say what is wrong, beginning with the parameter's name where it is one that is wrong."""
    param = getattr(error, "param", None)
    if param is None:
        return str(cast("Any", error).format_message()).rstrip(".")
    name = param.opts[0] if param.param_type_name == "option" else (param.metavar or param.name.upper())
    message = str(cast("Any", error).message or "not given").removeprefix(
        "Value error, "
    )  # one of none of a choice
    return f"{name}: {message}".rstrip(".")
