"""nginx as the service: what serves files faster than any client of ours can take them."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import attrs
import typer

from .certificates import write_certificates
from .processes import free_port, running

BASE_PATH = "/crm/openapi"
_MOST_OPEN_FILES = 32_768

# The name of a recording arrives percent-encoded in the query, and is a path below the root.
_CONFIG = """
daemon off;
pid {state}/nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile {open_files};
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {state}/body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    sendfile on;
    open_file_cache max={cached_files} inactive=10m;
    open_file_cache_valid 10m;
    keepalive_requests 1000000;
    default_type audio/mpeg;
    map $arg_filename $recording {{ ~^(?<day>.+)%2F(?<file>.+)$ $day/$file; default $arg_filename; }}
    server {{
        listen 127.0.0.1:{http_port} backlog=1024;
        listen 127.0.0.1:{https_port} ssl backlog=1024;
        ssl_certificate {certificates.chain_file};
        ssl_certificate_key {certificates.key_file};
        ssl_session_cache shared:sessions:10m;
        root {root};
        location = {base_path}/call-records/file {{ rewrite ^ /$recording? break; }}
    }}
}}
"""


class NginxMissing(Exception):
    """There is no nginx to measure with."""


@attrs.frozen
class Nginx:
    """A service that listens with and without TLS."""

    http_url: str
    https_url: str
    ca_file: Path


@contextmanager
def nginx_needed() -> Generator[None, None, None]:
    """End the script with status 2, in words, where there is no nginx."""
    try:
        yield
    except NginxMissing as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def find_nginx() -> str:
    """Find the program, which may be where only root looks for programs.

    Raises:
        NginxMissing: It is not installed.
    """
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise NginxMissing(
            "nginx is not installed, and nothing slower is measured instead"
            " (Debian: apt-get install nginx-light; see docs/benchmarks.rst)"
        )
    return path


def _open_files() -> int:
    """Give how many files the server may have open: enough for all of `bulk`, where the system allows it."""
    import resource  # noqa: PLC0415  # not on Windows

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_OPEN_FILES)


@contextmanager
def serve(root: Path, state: Path) -> Generator[Nginx, None, None]:
    """Serve the recordings below a directory as operation 9 does.

    Args:
        root: Where the recordings are.
        state: A directory for what nginx needs; made here.

    Raises:
        NginxMissing: nginx is not installed.
    """
    program = find_nginx()
    state.mkdir()
    certificates = write_certificates(state)
    http_port, https_port = free_port(), free_port()
    open_files = _open_files()
    config = state / "nginx.conf"
    config.write_text(
        _CONFIG.format(
            state=state,
            open_files=open_files,
            # Each holds a file open, and connections need some, too.
            cached_files=open_files // 2,
            certificates=certificates,
            root=root,
            http_port=http_port,
            https_port=https_port,
            base_path=BASE_PATH,
            # Else a worker of root's becomes somebody who may not read the recordings.
            user="user root;" if os.geteuid() == 0 else "",
        )
    )
    with running([program, "-c", str(config), "-e", "stderr"], [http_port, https_port]):
        yield Nginx(
            http_url=f"http://127.0.0.1:{http_port}{BASE_PATH}",
            https_url=f"https://127.0.0.1:{https_port}{BASE_PATH}",
            ca_file=certificates.ca_file,
        )
