"""The tokens of a simulated ATS: issued in pairs, superseded in pairs, and mortal."""

import hmac
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

import attrs
import orjson

from .refusals import forbidden

ACCESS_SUBJECT = "ACCESS_OPENAPI_TOKEN"
REFRESH_SUBJECT = "REFRESH_OPENAPI_TOKEN"


class IssuedPair(NamedTuple):
    """A pair of tokens, valid until the next pair is issued or its time is over."""

    access: str
    refresh: str


@attrs.define(eq=False)
class TokenOffice:
    """Issues the pairs of one company and judges what callers show.

    Attributes:
        clock: Epoch seconds.
        user: The object that every token carries.
        pair: The newest pair.
        refresh_count: How many refreshes there have been.
    """

    clock: Callable[[], float]
    user: dict[str, object]
    access_lifetime_s: int
    refresh_lifetime_s: int
    pair: IssuedPair = attrs.field(init=False)
    refresh_count: int = attrs.field(default=0, init=False)
    _access_expires_at: float = attrs.field(init=False)
    _refresh_expires_at: float = attrs.field(init=False)
    _superseded: set[str] = attrs.field(factory=set[str], init=False)
    _key: bytes = attrs.field(factory=lambda: secrets.token_bytes(64), repr=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._issue()

    def regenerate(self) -> IssuedPair:
        """Issue a new pair and kill the old one, as the cabinet does."""
        self._superseded.update(self.pair)
        return self._issue()

    def refresh(self, token: str) -> IssuedPair:
        """Change a refresh token for a new pair; judging and issuing are one step.

        Raises:
            Refusal: The token is not the current refresh token, or is expired.
        """
        self.judge_refresh(token)
        self.refresh_count += 1
        return self.regenerate()

    def judge_access(self, token: str | None) -> None:
        """Let a call pass.

        Raises:
            Refusal: The token is not the current access token, or is expired.
        """
        self._judge(token, self.pair.access, self._access_expires_at, "An access token is required")

    def judge_refresh(self, token: str | None) -> None:
        """Let a refresh pass.

        Raises:
            Refusal: The token is not the current refresh token, or is expired.
        """
        self._judge(token, self.pair.refresh, self._refresh_expires_at, "A refresh token is required")

    def expire_access(self) -> None:
        """Let the access token's time be over."""
        self._access_expires_at = self.clock()

    def expire_refresh(self) -> None:
        """Let the refresh token's time be over."""
        self._refresh_expires_at = self.clock()

    def _judge(self, token: str | None, wanted: str, expires_at: float, otherwise: str) -> None:
        if not token:
            raise forbidden("The token is missing")
        if token in self._superseded:
            raise forbidden("The token has already been updated")
        if token not in self.pair:
            raise forbidden("The token is unknown; it is sent bare, without a scheme")
        if token != wanted:
            raise forbidden(otherwise)
        if self.clock() >= expires_at:
            raise forbidden("The token is expired")

    def _issue(self) -> IssuedPair:
        issued_at = int(self.clock())
        self._access_expires_at = issued_at + self.access_lifetime_s
        self._refresh_expires_at = issued_at + self.refresh_lifetime_s
        self.pair = IssuedPair(
            self._sign(ACCESS_SUBJECT, issued_at, self.access_lifetime_s),
            self._sign(REFRESH_SUBJECT, issued_at, self.refresh_lifetime_s),
        )
        return self.pair

    def _sign(self, subject: str, issued_at: int, lifetime_s: int) -> str:
        payload = {
            "sub": subject,
            "iat": issued_at,
            "exp": issued_at + lifetime_s,
            "jti": str(uuid.uuid4()),
            "user": self.user,
        }
        signed = (
            _segment(orjson.dumps({"alg": "HS512", "typ": "JWT"})) + b"." + _segment(orjson.dumps(payload))
        )
        return (signed + b"." + _segment(hmac.digest(self._key, signed, "sha512"))).decode()


def _segment(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
