"""Servers as processes of their own, so that their work is not the client's."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], ports: Sequence[int]) -> Generator[None, None, None]:
    """Run a server until the block ends; the block begins once it listens.

    Raises:
        RuntimeError: It ended, or does not listen in time.
    """
    process = subprocess.Popen(command)
    try:
        for port in ports:
            _wait_for(port, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving(program: str, *arguments: object) -> Generator[str, None, None]:
    """Run one of our own servers, which take a port as their first argument, and give its address without a path."""
    port = free_port()
    command = [sys.executable, "-m", f"benchmarks.serving.{program}", str(port), *map(str, arguments)]
    with running(command, [port]):
        yield f"http://127.0.0.1:{port}"


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"the server does not listen within {_START_TIMEOUT_S:.0f} s")
