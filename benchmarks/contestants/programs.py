"""Programs that download many files: their time is that of the process, from its start to its end."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from .contestant import ContestantFailedError
from .job import Job

# Writes what the program reads, and gives the arguments that it is called with.
Preparation = Callable[[Job, Path], list[str]]


@attrs.frozen
class Program:
    """A contestant that is called."""

    name: str
    executable: str
    prepare: Preparation
    where: Callable[[Job, str], Path] = Job.path

    def missing(self) -> str:
        """Say that it is not installed."""
        return "" if shutil.which(self.executable) else f"{self.executable} is not installed"

    def run(self, job: Job, notes: Path) -> float:
        """Call it, silently."""
        command = [self.executable, *self.prepare(job, notes)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        duration_s = time.perf_counter() - started
        if done.returncode:
            raise ContestantFailedError(done.returncode, done.stderr)
        return duration_s

    def locate(self, job: Job, name: str) -> Path:
        """Give the path that it has saved a recording at."""
        return self.where(job, name)


def prepare_curl(job: Job, notes: Path) -> list[str]:
    """Write a config file with addresses and paths."""
    job.make_directories()
    notes.write_text("".join(f'url = "{job.url(name)}"\noutput = "{job.path(name)}"\n' for name in job.names))
    trust = ["--cacert", job.ca_file]
    parallel = ["--parallel", "--parallel-max", str(job.concurrency)]
    return ["--disable", "--silent", "--show-error", "--fail", *trust, *parallel, "--config", str(notes)]


def prepare_aria2(job: Job, notes: Path) -> list[str]:
    """Write an input file with addresses and paths."""
    job.make_directories()
    notes.write_text("".join(f"{job.url(name)}\n out={name}.mp3\n" for name in job.names))
    return [
        "--no-conf",
        "--quiet",
        f"--ca-certificate={job.ca_file}",
        f"--max-concurrent-downloads={job.concurrency}",
        "--max-connection-per-server=1",
        "--file-allocation=none",
        f"--dir={job.directory}",
        f"--input-file={notes}",
    ]


def prepare_wget2(job: Job, notes: Path) -> list[str]:
    """Write a list of addresses; the program makes names of its own from them."""
    notes.write_text("".join(f"{job.url(name)}\n" for name in job.names))
    return [
        "--no-config",
        "--no-hsts",
        "--quiet",
        f"--ca-certificate={job.ca_file}",
        f"--max-threads={job.concurrency}",
        f"--directory-prefix={job.directory}",
        f"--input-file={notes}",
    ]


def locate_wget2(job: Job, name: str) -> Path:
    """Give the name that wget2 makes of an address."""
    return Path(job.directory, job.url(name).rpartition("/")[2])
