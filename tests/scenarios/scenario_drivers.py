"""Two ways to ask the same of an ATS: the client, and requests written by hand after the contract."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import aiohttp
import attrs
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from tele2ats_async import AtsSession, Manager, TokenPair
from tele2ats_async.simulator import AtsSimulator
from tele2ats_async.wire import converter

Json = Any
Members = Mapping[str, Json]


@attrs.frozen
class Line:
    """One request as it arrived, byte for byte, as far as the contract speaks of it."""

    request: str
    accept: str | None
    content_type: str | None
    body: bytes
    is_bare_access_token: bool


class Recorder:
    """Writes down what arrives at a simulator."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.simulator: AtsSimulator | None = None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        assert self.simulator is not None
        body = await request.read()
        self.lines.append(
            Line(
                f"{request.method} {request.raw_path}",
                request.headers.get("Accept"),
                # Without a body the header means nothing; libraries differ in sending it.
                request.headers.get("Content-Type") if body else None,
                body,
                request.headers.get("Authorization") == self.simulator.tokens.access,
            )
        )
        return await handler(request)


class Driver(Protocol):
    """What a scenario can ask, in the contract's own terms: JSON in, JSON out."""

    async def current_calls(self) -> Json: ...
    async def queues(self) -> Json: ...
    async def employees(self) -> Json: ...
    async def dial(self, destination: str, source: str) -> None: ...
    async def common(self, start: datetime, end: datetime, number: str | None = None) -> Json: ...
    async def journal(self, start: datetime, end: datetime, number: str | None = None) -> Json: ...
    async def records(self, start: datetime, end: datetime, page: int, size: int, sort: str) -> Json: ...
    async def recorded(self, start: datetime, end: datetime, caller: str, callee: str) -> Json: ...
    async def recording(self, name: str) -> bytes: ...
    async def transcript(self, name: str) -> Json: ...
    async def managers(self) -> Json: ...
    async def manager(self, manager_id: int) -> Json: ...
    async def create(self, manager: Members) -> str: ...
    async def update(self, manager_id: int, **changes: Json) -> str: ...
    async def delete(self, manager_id: int) -> None: ...
    async def blacklist(self) -> Json: ...
    async def add(self, number: str) -> str: ...
    async def remove(self, number: str) -> str: ...
    async def clear(self) -> str: ...


class ByClient:
    """Asks through the client."""

    def __init__(self, ats: AtsSession) -> None:
        self._ats = ats

    async def current_calls(self) -> Json:
        return _json(await self._ats.monitoring.fetch_current_calls())

    async def queues(self) -> Json:
        return _json(await self._ats.monitoring.fetch_queues())

    async def employees(self) -> Json:
        return _json(await self._ats.employees.fetch_all())

    async def dial(self, destination: str, source: str) -> None:
        await self._ats.calls.dial(destination=destination, source=source)

    async def common(self, start: datetime, end: datetime, number: str | None = None) -> Json:
        return _json(await self._ats.statistics.fetch_common(start, end, subscriber_number=number))

    async def journal(self, start: datetime, end: datetime, number: str | None = None) -> Json:
        return _json(await self._ats.statistics.fetch_journal(start, end, number=number))

    async def records(self, start: datetime, end: datetime, page: int, size: int, sort: str) -> Json:
        return _json(await self._ats.call_records.fetch_page(start, end, page=page, size=size, sort=sort))

    async def recorded(self, start: datetime, end: datetime, caller: str, callee: str) -> Json:
        return _json(
            await self._ats.call_records.fetch_page(
                start, end, caller=caller, callee=callee, is_recorded=True, size=10
            )
        )

    async def recording(self, name: str) -> bytes:
        async with self._ats.recordings.open(name) as stream:
            return b"".join([chunk async for chunk in stream])

    async def transcript(self, name: str) -> Json:
        return _json((await self._ats.recordings.fetch_transcript(name)).words)

    async def managers(self) -> Json:
        return _json(await self._ats.managers.fetch_all())

    async def manager(self, manager_id: int) -> Json:
        return _json(await self._ats.managers.fetch(manager_id))

    async def create(self, manager: Members) -> str:
        await self._ats.managers.create(converter.decode(orjson.dumps(manager), Manager))
        return "SUCCESS"

    async def update(self, manager_id: int, **changes: Json) -> str:
        manager = await self._ats.managers.fetch(manager_id)
        await self._ats.managers.update(attrs.evolve(manager, **changes))
        return "SUCCESS"

    async def delete(self, manager_id: int) -> None:
        await self._ats.managers.delete(manager_id)

    async def blacklist(self) -> Json:
        return _json(await self._ats.blacklist.fetch_all())

    async def add(self, number: str) -> str:
        return "SUCCESS" if await self._ats.blacklist.add(number) else "DUPLICATE_BLACK_LIST_NUMBER"

    async def remove(self, number: str) -> str:
        await self._ats.blacklist.remove(number)
        return "SUCCESS"

    async def clear(self) -> str:
        await self._ats.blacklist.clear()
        return "SUCCESS"


class ByHand:
    """Asks by plain requests, spelled out after the contract's section 4."""

    def __init__(self, client: aiohttp.ClientSession, simulator: AtsSimulator) -> None:
        self._client = client
        self._simulator = simulator

    async def current_calls(self) -> Json:
        return await self._json("GET", "/monitoring/calls")

    async def queues(self) -> Json:
        return await self._json("GET", "/monitoring/calls/pending")

    async def employees(self) -> Json:
        return await self._json("GET", "/employees")

    async def dial(self, destination: str, source: str) -> None:
        target = f"/call/outgoing?destination={destination}&source={source}"
        assert b"" == await self._send("POST", target)

    async def common(self, start: datetime, end: datetime, number: str | None = None) -> Json:
        of = "" if number is None else f"&subscriberNumber={number}"
        return await self._json("GET", f"/statistics/common?start={_spell(start)}&end={_spell(end)}{of}")

    async def journal(self, start: datetime, end: datetime, number: str | None = None) -> Json:
        of = "" if number is None else f"&number={number}"
        answer = await self._json("GET", f"/statistics/journal?start={_spell(start)}&end={_spell(end)}{of}")
        return answer if isinstance(answer, list) else [answer]

    async def records(self, start: datetime, end: datetime, page: int, size: int, sort: str) -> Json:
        period = f"start={_spell(start)}&end={_spell(end)}"
        paging = f"page={page}&size={size}&sort={sort.replace(',', '%2C')}"
        return await self._json("GET", f"/call-records/info?{period}&{paging}")

    async def recorded(self, start: datetime, end: datetime, caller: str, callee: str) -> Json:
        period = f"start={_spell(start)}&end={_spell(end)}"
        filters = f"caller={caller}&callee={callee}&is_recorded=true&page=0&size=10&sort=date%2CASC"
        return await self._json("GET", f"/call-records/info?{period}&{filters}")

    async def recording(self, name: str) -> bytes:
        return await self._send(
            "GET", f"/call-records/file?filename={name.replace('/', '%2F')}", accept="*/*"
        )

    async def transcript(self, name: str) -> Json:
        return await self._json("GET", f"/call-records/file/stt?filename={name.replace('/', '%2F')}")

    async def managers(self) -> Json:
        return await self._json("GET", "/managers")

    async def manager(self, manager_id: int) -> Json:
        return await self._json("GET", f"/managers/{manager_id}")

    async def create(self, manager: Members) -> str:
        return _word(await self._send("POST", "/managers", body=orjson.dumps(manager)))

    async def update(self, manager_id: int, **changes: Json) -> str:
        manager = orjson.loads(await self._send("GET", f"/managers/{manager_id}"))
        return _word(await self._send("PUT", "/managers", body=orjson.dumps(manager | changes)))

    async def delete(self, manager_id: int) -> None:
        assert b"" == await self._send("DELETE", f"/managers/{manager_id}")

    async def blacklist(self) -> Json:
        return await self._json("GET", "/blacklist")

    async def add(self, number: str) -> str:
        answer = await self._send("POST", "/blacklist", body=number.encode(), content_type="html/text")
        return _word(answer)

    async def remove(self, number: str) -> str:
        return _word(await self._send("DELETE", f"/blacklist/by-msisdn/{number}"))

    async def clear(self) -> str:
        return _word(await self._send("DELETE", "/blacklist/all"))

    async def _json(self, method: str, target: str) -> Json:
        return _without_nulls(orjson.loads(await self._send(method, target)))

    async def _send(
        self,
        method: str,
        target: str,
        *,
        accept: str = "application/json",
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        headers = {
            "Authorization": self._simulator.tokens.access,
            "User-Agent": "Mozilla/5.0",
            "Accept": accept,
        }
        if body is not None:
            headers["Content-Type"] = content_type
        url = URL(self._simulator.base_url + target, encoded=True)
        async with self._client.request(method, url, headers=headers, data=body) as response:
            assert 200 == response.status, await response.text()
            return await response.read()


Play = Callable[[Driver, AtsSimulator], Awaitable[None]]


async def play_by_client(play: Play, simulator: AtsSimulator) -> None:
    """Play a scenario through the client."""
    async with AtsSession(TokenPair(*simulator.tokens), base_url=simulator.base_url) as ats:
        await play(ByClient(ats), simulator)


async def play_by_hand(play: Play, simulator: AtsSimulator) -> None:
    """Play a scenario by requests written by hand."""
    async with aiohttp.ClientSession() as client:
        await play(ByHand(client, simulator), simulator)


def _json(value: object) -> Json:
    return _without_nulls(orjson.loads(converter.encode(value)))


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if isinstance(value, list) else value


def _spell(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace(":", "%3A").replace("+", "%2B")


def _word(answer: bytes) -> str:
    assert answer in (
        b"SUCCESS",
        b'"SUCCESS"',
        b"DUPLICATE_BLACK_LIST_NUMBER",
        b'"DUPLICATE_BLACK_LIST_NUMBER"',
    )
    return answer.decode().strip('"')
