"""A button in a CRM calls a customer: its webhook becomes a call, and no webhook ever becomes two.

CRMs deliver webhooks at least once: after a timeout they come again. Each delivery is therefore claimed in
a journal on the disk before the call is placed, and its outcome is written there afterwards.

The tokens and the address of the service come from the environment, as `AtsSession.from_env()` reads them;
``CRM_SECRET`` signs the deliveries, ``CRM_JOURNAL`` names the journal, ``CRM_PORT`` the port to listen on.

    POST /call  {"id": "deal-17-click-3", "employee": "0001", "customer": "8 (953) 393-35-57"}
    X-Hub-Signature-256: sha256=<hex HMAC of the body>
"""

import asyncio
import hashlib
import hmac
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import attrs
import orjson
from aiohttp import web

from tele2ats_async import (
    AtsError,
    AtsSession,
    NotFound,
    PayloadError,
    RateLimited,
    ServerError,
    TransportError,
    normalize_msisdn,
)

TABLE = "CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, status INTEGER, message TEXT)"


@attrs.frozen
class Order:
    """What a delivery asks for; its id is the same however often it comes."""

    id: str
    employee: str
    customer: str

    @classmethod
    def read(cls, body: bytes) -> "Order":
        """Read it; texts only, for an id that is ``null`` or empty would be the same for all clicks."""
        match orjson.loads(body):
            case {"id": str(delivery), "employee": str(employee), "customer": str(customer)} if delivery:
                return cls(delivery, employee, normalize_msisdn(customer))
        raise ValueError("it is no order")


@attrs.frozen
class Outcome:
    """What became of a delivery, as an HTTP status and a sentence for the CRM's user."""

    status: int
    message: str


UNKNOWN = Outcome(504, "The call may have been placed or not. Look at the phone before you call again.")


class Journal:
    """Which deliveries have come, and what became of them; it survives the end of the process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1)  # the disk may be slow: the loop does not wait for it

    async def claim(self, delivery: str) -> Outcome | None:
        """Claim a delivery; where it was claimed before, give what became of it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._claim, delivery)

    async def note(self, delivery: str, outcome: Outcome) -> None:
        """Write down what became of a delivery."""
        sql = "UPDATE delivery SET status = ?, message = ? WHERE id = ?"
        await self._run(sql, outcome.status, outcome.message, delivery)

    async def release(self, delivery: str) -> None:
        """Forget a delivery that certainly was no call: it may come again."""
        await self._run("DELETE FROM delivery WHERE id = ?", delivery)

    def _claim(self, delivery: str) -> Outcome | None:
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute(TABLE)
            is_new = database.execute("INSERT OR IGNORE INTO delivery (id) VALUES (?)", [delivery]).rowcount
            found = database.execute("SELECT status, message FROM delivery WHERE id = ?", [delivery])
            status, message = found.fetchone()
        if is_new:
            return None
        # Without an outcome it is under way, or the process has ended in the middle of it.
        return UNKNOWN if status is None else Outcome(status, message)

    async def _run(self, sql: str, *values: str | int) -> None:
        def run() -> None:
            with closing(sqlite3.connect(self._path)) as database, database:
                database.execute(sql, values)

        await asyncio.get_running_loop().run_in_executor(self._thread, run)


ATS = web.AppKey("ats", AtsSession)
JOURNAL = web.AppKey("journal", Journal)
SECRET = web.AppKey("secret", bytes)


async def receive(request: web.Request) -> web.Response:
    """Take a delivery, and answer when it is known what became of it."""
    body = await request.read()
    given = request.headers.get("X-Hub-Signature-256", "")
    signature = "sha256=" + hmac.new(request.app[SECRET], body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature.encode(), given.encode(errors="replace")):
        return answer(Outcome(401, "The signature is wrong."))
    try:
        order = Order.read(body)
    except ValueError:
        return answer(Outcome(400, "Expected an id, an employee's number and a customer's number, as texts."))
    journal = request.app[JOURNAL]
    try:
        outcome = await journal.claim(order.id)
    except sqlite3.Error as error:
        return answer(Outcome(503, f"The journal cannot be written: {error}. Nobody was called."))
    if outcome is not None:
        return answer(outcome)
    outcome, was_no_call = await place(request.app[ATS], order.customer, order.employee)
    try:
        await (journal.release(order.id) if was_no_call else journal.note(order.id, outcome))
    except sqlite3.Error as error:
        # What became of it is known here; should the delivery come again, it is one whose fate is unknown.
        print(f"not in the journal: {error}", file=sys.stderr)  # noqa: T201
    return answer(outcome)


async def place(ats: AtsSession, destination: str, source: str) -> tuple[Outcome, bool]:
    """Place a call; give what became of it, and whether it certainly was no call and may be tried again."""
    try:
        await ats.calls.dial(destination=destination, source=source)
    except (TransportError, ServerError, PayloadError) as error:
        if isinstance(error, TransportError) and not error.sent:
            return Outcome(503, "The PBX cannot be reached. Try again later."), True
        return UNKNOWN, False
    except (AtsError, ValueError) as error:
        return explain(error), True
    return Outcome(200, "The employee's phone is ringing."), False


def explain(error: Exception) -> Outcome:
    """Say why there was no call."""
    match error:
        case ValueError():
            return Outcome(400, str(error))
        case NotFound():
            return Outcome(404, "There is no such employee.")
        case RateLimited():
            return Outcome(503, "The PBX is busy. Try again in a minute.")
        case _:
            return Outcome(503, f"The PBX cannot be used: {error}")


def answer(outcome: Outcome) -> web.Response:
    """Tell the CRM."""
    return web.json_response({"message": outcome.message}, status=outcome.status)


def read_secret() -> bytes:
    """Read the secret: with an empty one, anybody could sign."""
    if secret := os.environ.get("CRM_SECRET"):
        return secret.encode()
    raise SystemExit("CRM_SECRET: not set; set it to the secret by which the CRM signs its webhooks")


def make_app() -> web.Application:
    """Make the application, with one session for as long as it runs."""
    app = web.Application(client_max_size=64 * 1024)

    async def open_session(app: web.Application) -> AsyncGenerator[None, None]:
        async with AtsSession.from_env(keep_alive=True) as app[ATS]:
            yield

    app[JOURNAL] = Journal(os.environ.get("CRM_JOURNAL", "click_to_call.sqlite3"))
    app[SECRET] = read_secret()
    app.cleanup_ctx.append(open_session)
    app.router.add_post("/call", receive)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1", port=int(os.environ.get("CRM_PORT", "8095")))
