"""How many refreshes it takes when many requests meet a dead token, in one process and in eight.

``python -m benchmarks.refresh``
"""

import json as json_module
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import typer

from .corpus import workspace
from .options import JsonFile, Quick, Rounds, SvgFile
from .processes import serving
from .report import Table, report
from .rounds import DisqualifiedError, Measured, interleave

_TOKEN_FILE_BYTES = 10_000
_REQUESTS = 1000
_QUICK_REQUESTS = 80
_PROCESSES = 8
_QUICK_PROCESSES = 2


@attrs.frozen(kw_only=True)
class Crowd:
    """Requests that begin together, in one process or in several on the same token file.

    Attributes:
        refreshes: How many there were in each round, by the name of the contestant.
    """

    origin: str
    space: Path
    requests: int
    refreshes: dict[str, list[float]] = attrs.field(factory=dict)

    def ask(self, processes: int, *, expired: bool) -> float:
        """Let them ask, and give the seconds until the last answer.

        Raises:
            DisqualifiedError: Not all were answered.
        """
        self._write_tokens()
        with _asking(self, processes) as children:
            before = self._open_door("expire" if expired else "look")["refreshes"]
            started = time.perf_counter()
            for child in children:
                _tell(child)
            answered = sum(int(_hear(child)) for child in children)
            duration_s = time.perf_counter() - started
        if answered != self.requests:
            raise DisqualifiedError(f"{answered} of {self.requests} requests were answered")
        refreshes = self._open_door("look")["refreshes"] - before
        self.refreshes.setdefault(_label(processes, expired=expired), []).append(refreshes)
        return duration_s

    @property
    def token_file(self) -> Path:
        """What all processes share."""
        return self.space / "tokens.json"

    def _write_tokens(self) -> None:
        pair = self._open_door("look")
        tokens = {"accessToken": pair["access"], "refreshToken": pair["refresh"]}
        self.token_file.write_text(json_module.dumps(tokens), encoding="utf-8")
        self.token_file.chmod(0o600)

    def _open_door(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self.origin}/doors/{name}") as answer:  # noqa: S310  # our own server
            return json_module.load(answer)


def measure(rounds: int, requests: int, processes: int, *, warm_up: int = 1) -> list[Table]:
    """Meet a dead token and a living one, in turns."""
    with workspace(bytes_in_memory=_TOKEN_FILE_BYTES) as space, serving("simulated") as origin:
        crowd = Crowd(origin=origin, space=space, requests=requests)
        kinds = [(number, expired) for number in (1, processes) for expired in (False, True)]
        durations = interleave(
            {
                _label(number, expired=expired): partial(crowd.ask, number, expired=expired)
                for number, expired in kinds
            },
            rounds,
            warm_up=warm_up,
        )
    what = f"{requests:,} requests at once"
    refreshes = {name: numbers[-rounds:] for name, numbers in crowd.refreshes.items()}
    return [
        Table.of(
            Measured(refreshes), title=f"refreshes, {what}", unit="refreshes", target="1 where it is dead"
        ),
        Table.of(durations, title=f"duration, {what}", unit="s", reference=_label(1, expired=False)),
    ]


@contextmanager
def _asking(crowd: Crowd, processes: int) -> Generator[list[subprocess.Popen[str]], None, None]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.asking",
        str(crowd.token_file),
        f"{crowd.origin}/crm/openapi",
    ]
    share = str(crowd.requests // processes)
    children = [
        subprocess.Popen([*command, share], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    try:
        for child in children:
            _hear(child)
        yield children
    finally:
        for child in children:
            child.kill()
            child.communicate()


def _hear(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None  # noqa: S101  # it is a pipe
    line = child.stdout.readline().strip()
    if not line:
        raise DisqualifiedError("a process that asks has ended too early")
    return line


def _tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None  # noqa: S101  # it is a pipe
    child.stdin.write("go\n")
    child.stdin.flush()


def _label(processes: int, *, expired: bool) -> str:
    where = "1 process" if processes == 1 else f"{processes} processes"
    return f"{where}, {'dead' if expired else 'living'} token"


def main(*, rounds: Rounds = 7, quick: Quick = False, json: JsonFile = None, svg: SvgFile = None) -> None:
    """Meet a dead token with many requests at once, and count the refreshes."""
    if quick:
        tables = measure(1, _QUICK_REQUESTS, _QUICK_PROCESSES, warm_up=0)
    else:
        tables = measure(rounds, _REQUESTS, _PROCESSES)
    report("refresh", tables, json_path=json, svg_path=svg)


if __name__ == "__main__":
    typer.run(main)
