"""The pair of tokens, and what can be read in them."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import attrs
import orjson


def _header_safe(_: object, field: "attrs.Attribute[str]", token: object) -> None:
    if not isinstance(token, str):
        raise TypeError(f"{field.name}: expected a token, got {type(token).__name__}")
    # Never the token itself in the text: it may be right but for a line break.
    if not token:
        raise ValueError(f"{field.name}: the token is empty")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"{field.name}: the token holds white space or characters that no token has")


# What the claim `sub` says of a token that stands in the other's place.
_MISPLACED = {
    "access": ("REFRESH_OPENAPI_TOKEN", "a refresh token"),
    "refresh": ("ACCESS_OPENAPI_TOKEN", "an access token"),
}


@attrs.frozen
class TokenPair:
    """An access token and the refresh token that goes with it.

    The tokens are JWTs whose signature a client cannot check. One that is no readable JWT works all
    the same: what it would say is then None. The repr shows neither token.

    Args:
        access: The access token, good for every call; lives 24 hours.
        refresh: The refresh token, good for one refresh; lives 7 days.

    Raises:
        ValueError: A token is empty or holds white space.

    Source: section 2.
    """

    access: str = attrs.field(repr=False, validator=_header_safe)
    refresh: str = attrs.field(repr=False, validator=_header_safe)

    @property
    def expires_at(self) -> datetime | None:
        """When the access token dies, an aware datetime; None where the token does not say."""
        return _expiry(_claims(self.access))

    @property
    def refresh_expires_at(self) -> datetime | None:
        """When the refresh token dies, an aware datetime; None where the token does not say."""
        return _expiry(_claims(self.refresh))

    @property
    def company_id(self) -> int | None:
        """The company that the tokens belong to; None where the token does not say."""
        return company_in(self.access)

    @property
    def login(self) -> str | None:
        """The user that made the tokens; None where the token does not say."""
        login = _account(_claims(self.access)).get("login")
        return login if isinstance(login, str) else None


def company_in(token: str) -> int | None:
    """Read which company a token belongs to; None where it does not say."""
    company_id = _account(_claims(token)).get("companyId")
    return company_id if isinstance(company_id, int) else None


def require_order(pair: TokenPair) -> TokenPair:
    """Give a pair that a person has put together, provided that no token says that it is the other one.

    Raises:
        ValueError: One does.
    """
    # What the service issues is not judged: the pair before it is dead, however odd the new one looks.
    for name, token in (("access", pair.access), ("refresh", pair.refresh)):
        subject, kind = _MISPLACED[name]
        if _claims(token).get("sub") == subject:
            raise ValueError(f"{name}: this is {kind}; the access token comes first, then the refresh token")
    return pair


def _claims(token: str) -> Mapping[str, Any]:
    """Read the payload of a JWT; empty where it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, orjson.JSONDecodeError):
        return {}
    return cast("dict[str, Any]", claims) if isinstance(claims, dict) else {}


def _expiry(claims: Mapping[str, Any]) -> datetime | None:
    expiry = claims.get("exp")
    if not isinstance(expiry, int | float) or isinstance(expiry, bool):
        return None
    try:
        return datetime.fromtimestamp(expiry, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _account(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the object that holds ``companyId`` and ``login``: the manual does not name it."""
    for value in (claims, *claims.values()):
        if isinstance(value, Mapping) and "companyId" in value:
            return cast("Mapping[str, Any]", value)
    return {}
