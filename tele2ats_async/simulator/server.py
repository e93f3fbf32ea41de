"""The embedded ATS: a generated company behind a real socket."""

import ssl as tls
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Middleware

from ..models import TranscriptWord
from .company import Company
from .faults.dice import Rule
from .faults.exchange import Closing
from .faults.fault import Fault
from .faults.injection import Injection
from .faults.injector import Injector
from .filenames import ONCE, TWICE, Encodings, per_operation
from .inquiries import LARGEST_BODY_BYTES
from .lines import Lines, PlacedCall
from .logbook import Logbook, SeenRequest
from .managers import ManagerRegister
from .pbx import Pbx, Validators
from .reception import Reception
from .routes import BASE_PATH
from .tokens import IssuedPair, TokenOffice

# A handler that a test has stalled on purpose must not hold up the end of the test.
_SHUTDOWN_TIMEOUT_S = 0.2
_DAY_S = 24 * 3600


class AtsSimulator:
    """An ATS on this machine, for tests and for trying things out.

    ``async with AtsSimulator(seed=7) as simulator:`` listens until the block ends.

    Args:
        seed: Of the generated company.
        company: Instead of a generated one.
        host: Address to listen on.
        port: 0 for a free one.
        ssl: Makes it an https service.
        middlewares: Of aiohttp.web; they come before everything else but the faults of
            :meth:`inject`, also before authorization.
        clock: Epoch seconds; tokens are issued and expire by it, and calls begin and end.
        access_lifetime_s: Seconds an access token lives.
        refresh_lifetime_s: Seconds a refresh token lives.
        filename_encodings: Which encodings of ``filename`` operations 9 and 10 accept, ``once`` or
            ``twice`` or both; or a mapping from the operation's number to them.
        ready_after_s: Seconds from the end of a call until its recording can be had.
        named_after_s: Seconds from the end of a call until its record, which is listed before, tells the name of
            its recording.
        live_calls_per_hour: How many calls begin in an hour at work (weekdays, 9 to 18 in Moscow;
            few begin in others). They come and go with the clock, and become records of the
            company. With 0 there are no others than those that operation 5 places.
        quoted_results: Result words arrive as a JSON string, ``"SUCCESS"``, instead of bare.
        vip_spelling: How customers of managers are sent, with ``isVip`` or with ``isVIP``.
        surprises: Every object holds a member that the contract does not know, some enums a value
            that it does not know, and some optional members null.
        validators: What operation 9 sends to tell versions of a recording apart: ``etag`` (a strong
            one), ``last-modified`` (the end of the call) or ``none``. The contract promises none.
        ranges: Operation 9 serves one ``Range`` of bytes, with ``If-Range`` or without. The
            contract does not promise it; without it every answer is the whole recording.

    Raises:
        ValueError: ``filename_encodings``, ``vip_spelling`` or ``validators`` names something else,
            or ``live_calls_per_hour`` is below 0.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        company: Company | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: tls.SSLContext | None = None,
        middlewares: Sequence[Middleware] = (),
        clock: Callable[[], float] = time.time,
        access_lifetime_s: int = _DAY_S,
        refresh_lifetime_s: int = 7 * _DAY_S,
        filename_encodings: Encodings = (ONCE, TWICE),
        ready_after_s: float = 0,
        named_after_s: float = 0,
        live_calls_per_hour: float = 0,
        quoted_results: bool = False,
        vip_spelling: str = "isVip",
        surprises: bool = False,
        validators: Validators = "etag",
        ranges: bool = True,
    ) -> None:
        if company is None:
            company = Company.generate(seed=seed, now=datetime.fromtimestamp(clock(), UTC))
        self._logbook = Logbook()
        self._host = host
        self._port = port
        self._ssl = ssl
        self._middlewares = tuple(middlewares)
        self._office = TokenOffice(clock, company.administrator, access_lifetime_s, refresh_lifetime_s)
        self._pbx = Pbx(
            office=self._office,
            lines=Lines(company, clock, live_calls_per_hour),
            managers=ManagerRegister.of(company, vip_spelling),
            clock=clock,
            ready_after_s=ready_after_s,
            named_after_s=named_after_s,
            filename_encodings=per_operation(filename_encodings),
            quoted_results=quoted_results,
            surprises=surprises,
            validators=validators,
            ranges=ranges,
        )
        self._injector = Injector(self._pbx, self._logbook, seed)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def base_url(self) -> str:
        """The base URL of the listening service, without a trailing slash.

        Raises:
            RuntimeError: It does not listen.
        """
        if self._runner is None:
            raise RuntimeError("the simulator is not listening: start() it, or use it with `async with`")
        scheme = "https" if self._ssl else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self._runner.addresses[0][1]}{BASE_PATH}"

    @property
    def company(self) -> Company:
        """The company, with the calls that are over by now."""
        return self._pbx.company

    @property
    def placed_calls(self) -> list[PlacedCall]:
        """What operation 5 has placed, in order."""
        return self._pbx.lines.placed

    @property
    def tokens(self) -> IssuedPair:
        """The newest pair, access token first."""
        return self._office.pair

    @property
    def requests(self) -> deque[SeenRequest]:
        """The newest requests, in order of arrival, 10,000 at most."""
        return self._logbook.requests

    @property
    def refresh_count(self) -> int:
        """How many refreshes there have been."""
        return self._office.refresh_count

    def expire_access_token(self) -> None:
        """Let the current access token die of age."""
        self._office.expire_access()

    def expire_refresh_token(self) -> None:
        """Let the current refresh token die of age."""
        self._office.expire_refresh()

    def regenerate_tokens(self) -> IssuedPair:
        """Issue a new pair as the cabinet does; the previous one is dead at once."""
        return self._office.regenerate()

    def recording(self, name: str) -> bytes:
        """Give the exact bytes that operation 9 serves.

        Raises:
            KeyError: There is no such recording.
        """
        return self._pbx.recording(name)

    def transcript(self, name: str) -> list[TranscriptWord]:
        """Give the words that operation 10 serves, in order.

        Raises:
            KeyError: There is no such recording.
        """
        return self._pbx.transcript(name)

    def inject(
        self,
        fault: Fault,
        *,
        rate: float | None = None,
        requests: Collection[int] | None = None,
        operations: Collection[int] | None = None,
        seed: int | None = None,
    ) -> Injection:
        """Let a fault hit some requests from now on, or all that it is for.

        A request is hit by one fault at most, the one that was injected first. Faults that hit a
        request (see :class:`~tele2ats_async.simulator.faults.RequestFault`) come before those that
        spoil its answer.

        Args:
            fault: From :mod:`tele2ats_async.simulator.faults`.
            rate: How likely a request is hit, 0 to 1.
            requests: Which requests are hit, by their number among those that the fault is for,
                from 1.
            operations: Which operations it is for, by their numbers in the contract; by default
                those where it makes sense, and never the refresh of tokens.
            seed: Of the dice for ``rate``; by default the simulator's and how many injections there
                have been, so that the same program meets the same faults.

        Returns:
            What counts the requests hit, and can be removed.

        Raises:
            ValueError: Both ``rate`` and ``requests`` are given, one of them makes no sense, or the
                fault cannot hit one of ``operations``.
            TypeError: ``fault`` is none, as where its class is given.
        """
        return self._injector.inject(fault, Rule(rate, requests, seed), operations)

    def make_app(self) -> web.Application:
        """Make an application that serves this company below ``/crm/openapi``."""
        closing = Closing()
        app = web.Application(
            middlewares=[
                self._logbook.middleware,
                self._injector.make_middleware(closing),
                *self._middlewares,
            ],
            client_max_size=LARGEST_BODY_BYTES,
        )
        app.on_response_prepare.append(self._logbook.complete)
        app.on_shutdown.append(closing.announce)
        Reception(self._pbx).add_routes(app)
        return app

    async def start(self) -> None:
        """Listen."""
        runner = web.AppRunner(self.make_app(), access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, ssl_context=self._ssl).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner

    async def close(self) -> None:
        """Stop listening and cut what is still open; closing twice is no error."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
