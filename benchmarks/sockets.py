"""Sockets with small buffers: what waits in the system's, megabytes of it, is neither memory of ours nor heard."""

import socket
from typing import Any

_BUFFER_BYTES = 64 * 1024


def listening_socket(port: int) -> socket.socket:
    """Listen on 127.0.0.1; connections that are accepted have small buffers, too."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _shrink(listening)
    listening.bind(("127.0.0.1", port))
    listening.listen(1024)
    return listening


def make_socket(address_info: tuple[Any, ...]) -> socket.socket:
    """Make a socket for aiohttp to connect."""
    family, kind, protocol, *_ = address_info
    connecting = socket.socket(family, kind, protocol)
    _shrink(connecting)
    return connecting


def _shrink(one: socket.socket) -> None:
    for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        one.setsockopt(socket.SOL_SOCKET, buffer, _BUFFER_BYTES)
