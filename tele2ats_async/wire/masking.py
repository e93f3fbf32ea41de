"""Keeping tokens out of texts that a service wrote: one that echoes a request must not bring them into an error."""

import re
from collections.abc import Collection

# From which length on a token is a secret rather than a word.
_SECRET_LENGTH = 8


def mask(text: str, secrets: Collection[str]) -> str:
    """Replace each secret in a text, in whatever case: a host's name, for one, comes out in small letters."""
    for secret in secrets:
        # Every header of every answer comes this way: nearly all of them are too short to hold a token.
        if _SECRET_LENGTH <= len(secret) <= len(text) and secret.lower() in text.lower():
            text = re.sub(re.escape(secret), "[token]", text, flags=re.IGNORECASE)
    return text
