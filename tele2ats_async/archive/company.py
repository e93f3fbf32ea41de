"""Whose calls an index holds: one that took those of two companies would take each day as listed for both."""

import sqlite3

from ..requester import Requester
from ..tokens.pair import company_in
from .index import Index
from .schema import StrangeFileError


async def require_own_company(index: Index, requester: Requester) -> None:
    """Note whose calls a new index is for, and refuse that of another company.

    A token that does not say whose it is fits any.

    Raises:
        ArchiveError: It holds another company's calls.
        AtsError: There is no token.
    """
    company_id = company_in(await requester.tokens.access_token())
    if company_id is not None:
        await index.run(_require, str(company_id))


def _require(connection: sqlite3.Connection, company_id: str) -> None:
    held = connection.execute("SELECT id FROM company").fetchone()
    if held is None:
        connection.execute("INSERT INTO company VALUES (?)", (company_id,))
    elif held[0] != company_id:
        raise StrangeFileError(
            f"holds the calls of company {held[0]}, and the tokens are of company {company_id};"
            " mirror into another directory"
        )
