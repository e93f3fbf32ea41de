"""The commands below ``tele2ats tokens`` and their arguments."""

import typer

from . import tokens as work
from .asking import ask_pair
from .options import BaseUrl, TokenFile, open_session, open_store
from .running import run, wrong_use
from .usage import Commands
from .zones import TimeZone

tokens = typer.Typer(cls=Commands, help="The pair of tokens: store it, look at it, keep it alive.")


@tokens.command("set")
def set_(*, zone: TimeZone = None, token_file: TokenFile = None) -> None:
    """Save the pair of tokens that the web cabinet shows.

    On a terminal it asks for both tokens, and shows nothing of what is typed or pasted. Otherwise the
    standard input holds {"accessToken": "…", "refreshToken": "…"}, or the access token and the refresh
    token with white space between them. Nothing is sent to the service. Exit status: 0 saved, 2 no pair,
    or the store does not work, 130 interrupted.

    Example: tele2ats tokens set --token-file tokens.json
    """
    with wrong_use():
        store = work.require_lasting(open_store(token_file))
        pair = ask_pair()
    run(work.put(store, pair, zone))


@tokens.command()
def show(*, zone: TimeZone = None, token_file: TokenFile = None) -> None:
    """Show whose tokens they are and when they end.

    In lines "name: value", without the tokens. The tokens come from a file, or from
    TELE2ATS_ACCESS_TOKEN and TELE2ATS_REFRESH_TOKEN. Nothing is asked of the service: the tokens speak
    for themselves. Exit status: 0 shown, expired or not, 2 the store does not work.

    Example: tele2ats tokens show --token-file tokens.json
    """
    with wrong_use():
        store = open_store(token_file)
    run(work.show(store, zone))


@tokens.command()
def refresh(*, zone: TimeZone = None, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Change the pair for a new one now, and show when that ends.

    Exit status: 0 refreshed, 1 the service did not do it, 2 the store does not work, 3 the tokens are
    spent, 130 interrupted; a refresh under way is finished and saved first.

    Example: tele2ats tokens refresh --token-file tokens.json
    """
    with wrong_use():
        store = work.require_lasting(open_store(token_file))
        session = open_session(token_file, base_url)
    run(work.refresh(store, session, zone))


@tokens.command()
def watch(*, zone: TimeZone = None, token_file: TokenFile = None, base_url: BaseUrl = None) -> None:
    """Keep the tokens alive until interrupted.

    There is one refresh a day, minutes before the access token ends. Each refresh and each failure is a
    line on the standard error. No failure is the end: a service that is down is asked again, and spent
    tokens are replaced by "tele2ats tokens set", without a restart. Exit status: 2 the store cannot be
    read at the start, 130 interrupted; a refresh under way is finished and saved first.

    Example: tele2ats tokens watch --token-file tokens.json
    """
    with wrong_use():
        store = work.require_lasting(open_store(token_file))
        session = open_session(token_file, base_url, keep_alive=True)
    run(work.watch(store, session, zone), farewell="Stopped.")
