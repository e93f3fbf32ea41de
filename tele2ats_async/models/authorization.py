"""Section 2 of the contract: authorization."""

import attrs


@attrs.frozen
class IssuedTokens:
    """The answer to a refresh: the new pair, which killed the old one.

    Source: operation 1.
    """

    access_token: str = attrs.field(repr=False)
    refresh_token: str = attrs.field(repr=False)
