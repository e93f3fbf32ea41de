"""What certificates are verified against; there is no switch not to verify them."""

import os
import ssl
from pathlib import Path

Trust = str | os.PathLike[str] | ssl.SSLContext | None


def make_context(trust: Trust) -> ssl.SSLContext | None:
    """Make a context of a CA bundle's path; None for the system's certificates alone.

    Raises:
        TypeError: It is neither a path nor a context.
        ValueError: The file is no CA bundle.
    """
    if trust is None or isinstance(trust, ssl.SSLContext):
        return trust
    if not isinstance(trust, str | os.PathLike):
        raise TypeError("ssl: expected a CA bundle's path or an SSLContext; verification has no switch")
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(Path(trust))
    except OSError as error:  # SSLError is one
        raise ValueError(f"ssl: {os.fspath(trust)} is no CA bundle: {error.strerror or error}") from None
    return context
