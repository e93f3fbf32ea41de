"""Contestants written in Python: each round in a fresh interpreter, whose start does not count."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

from .contestant import ContestantFailedError
from .job import Job


@attrs.frozen(kw_only=True)
class Done:
    """What a job took.

    Attributes:
        duration_s: From the call to its end.
        peak_bytes: Memory of the process, at its largest, with the interpreter and all modules.
    """

    duration_s: float
    peak_bytes: int


@attrs.frozen(kw_only=True)
class Coroutine:
    """A contestant that runs in an event loop.

    Attributes:
        name: As it stands in the table.
        module: Of this package, with ``async def save(job, **settings)``.
        needs: Top-level modules that have to be installed.
        settings: For ``save``.
    """

    name: str
    module: str
    needs: tuple[str, ...] = ()
    settings: dict[str, Any] = attrs.field(factory=dict)

    def missing(self) -> str:
        """Say which modules are not installed."""
        absent = [module for module in self.needs if find_spec(module) is None]
        return f"{' and '.join(absent)} not installed" if absent else ""

    def run(self, job: Job, notes: Path) -> float:
        """Run it in a process of its own, which looks at the clock itself."""
        return self.run_weighed(job, notes).duration_s

    def run_weighed(self, job: Job, notes: Path) -> Done:
        """Run it in a process of its own, and look at the memory that it took, too.

        Raises:
            ContestantFailedError: It could not do the job.
        """
        order = {
            "module": self.module,
            "loop": "uvloop" if "uvloop" in self.needs else "asyncio",
            "settings": self.settings,
            "job": attrs.asdict(job),
        }
        notes.write_text(json.dumps(order))
        command = [sys.executable, "-m", "benchmarks.contestants", str(notes)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ContestantFailedError(done.returncode, done.stderr)
        return Done(**json.loads(done.stdout))

    def locate(self, job: Job, name: str) -> Path:
        """Give the path that it has saved a recording at."""
        return job.path(name)
