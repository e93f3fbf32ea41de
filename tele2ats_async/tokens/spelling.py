"""How a pair is spelled where it is stored: as the service issues it."""

from ..errors import PayloadError, TokenStoreError
from ..models import IssuedTokens
from ..wire import converter
from .pair import TokenPair

FORM = '{"accessToken": "…", "refreshToken": "…"}'


def encode_pair(pair: TokenPair) -> bytes:
    """Spell a pair as JSON."""
    return converter.encode(IssuedTokens(pair.access, pair.refresh))


def decode_pair(content: bytes | str, store: str) -> TokenPair:
    """Read a pair that a store holds.

    Args:
        content: What the store holds.
        store: Which store, for the error.

    Raises:
        TokenStoreError: It is no pair; what it is instead is never shown.
    """
    # Raised after the `except`: what stands in the store must not travel along as the context.
    try:
        tokens = converter.decode(content, IssuedTokens)
        return TokenPair(tokens.access_token, tokens.refresh_token)
    except PayloadError as error:
        reason = f"at {error.where}: {error.reason}"
    except ValueError as error:
        reason = str(error)
    raise TokenStoreError(store, f"is malformed ({reason}); it must hold {FORM}")
