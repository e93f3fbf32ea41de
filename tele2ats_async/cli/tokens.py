"""``tele2ats tokens``: the pair of an account, put into its store, shown, renewed, kept alive."""

import asyncio
import logging
from datetime import UTC, datetime, tzinfo

import typer

from ..session import AtsSession
from ..tokens import MemoryTokenStore, TokenPair, TokenStore
from .running import OK
from .times import describe_end
from .views import make_console, say


def require_lasting(store: TokenStore) -> TokenStore:
    """Give a store, provided that it outlives this process.

    Raises:
        ValueError: It does not.
    """
    if isinstance(store, MemoryTokenStore):
        raise ValueError(  # noqa: TRY004  # the variables are wrong, not a type
            "TELE2ATS_TOKEN_FILE: not set, and what TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN hold"
            " cannot be replaced from here: a refreshed pair would die with this process, the old one is"
            " dead by then, and the company locked out; use --token-file, or TELE2ATS_REDIS_URL"
        )
    return store


async def put(store: TokenStore, pair: TokenPair, zone: tzinfo | None) -> int:
    """Save a pair that a person has made, and print what it says; nothing is sent to the service."""
    # Who is refreshing right now finishes first: its pair, made from an older one, does not come on top.
    async with store.lock():
        await store.save(pair)
    _print(store, pair, zone)
    for kind, end in (("access", pair.expires_at), ("refresh", pair.refresh_expires_at)):
        if end is not None and end <= datetime.now(UTC):
            typer.echo(f"tele2ats: warning: the {kind} token is expired already", err=True)
    return OK


async def show(store: TokenStore, zone: tzinfo | None) -> int:
    """Print what the stored pair says of itself."""
    _print(store, await store.load(), zone)
    return OK


async def refresh(store: TokenStore, session: AtsSession, zone: tzinfo | None) -> int:
    """Renew the pair now, and print what the new one says."""
    async with session:
        await session.tokens.refresh()
    return await show(store, zone)


async def watch(store: TokenStore, session: AtsSession, zone: tzinfo | None) -> int:
    """Keep the pair alive until cancelled; the session's log tells how it goes."""
    await show(store, zone)
    _print_log(zone)
    async with session:
        await asyncio.Event().wait()
    return OK


def _print(store: TokenStore, pair: TokenPair, zone: tzinfo | None) -> None:
    place = "the environment" if isinstance(store, MemoryTokenStore) else repr(store)
    lines = {
        "store": place,
        "company": "unknown" if pair.company_id is None else str(pair.company_id),
        "login": "unknown" if pair.login is None else pair.login,
        "access token ends": describe_end(pair.expires_at, zone),
        "refresh token ends": describe_end(pair.refresh_expires_at, zone),
    }
    console = make_console()
    for name, value in lines.items():
        say(console, f"{name}: {value}")


def _print_log(zone: tzinfo | None) -> None:
    """Send what is logged of tokens to the standard error, whose reader may well have gone."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(message)s", zone))
    logger = logging.getLogger(TokenStore.__module__.rpartition(".")[0])
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)


class _Lines(logging.Formatter):
    """Lines with their times in a zone."""

    def __init__(self, form: str, zone: tzinfo | None) -> None:
        super().__init__(form)
        self._zone = zone

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        moment = datetime.fromtimestamp(record.created, UTC).astimezone(self._zone)
        return f"{moment:%Y-%m-%dT%H:%M:%S%z}"
