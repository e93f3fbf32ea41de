"""Section 1: connection."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from contract_calls import ACCESS_CALLS, CALLS, Call, arrived_as, each_call, expected_of, service_of
from contract_service import (
    NEW_HOST,
    OLD_HOST,
    Arrived,
    ContractService,
    Reply,
    conversation,
    hosts,
    in_turn,
    issues,
    moved_to,
    says,
)
from raw_service import ACCESS, ONCE, PAIR, REFRESH, loopback_client, make_tls

from tele2ats_async import (
    AtsError,
    AtsSession,
    CertificateError,
    Customer,
    GatewayRefused,
    Manager,
    RedirectRefused,
    TokenPair,
)
from tele2ats_async.simulator import AtsSimulator, Company

pytestmark = pytest.mark.asyncio

NOWHERE = in_turn(Reply(status=500))


async def test_op00_the_default_base_url_is_on_the_new_host() -> None:
    """Without another, the base URL is `https://ats2.t2.ru/crm/openapi`."""
    async with hosts(NOWHERE, in_turn(says([]))) as served:
        await served.ats.employees.fetch_all()

    assert [("ats2.t2.ru", "/crm/openapi/employees")] == [
        (request.headers["Host"], request.target) for request in served.new.arrived
    ]


@each_call
async def test_op00_the_manuals_base_url_works_where_nothing_is_moved(call: Call) -> None:
    """The manual's base URL `https://ats2.tele2.ru/crm/openapi` works also where it answers by itself."""
    async with hosts(service_of(call), NOWHERE, base_url=f"https://{OLD_HOST}/crm/openapi") as served:
        await call.ask(served.ats)

    assert [expected_of(call)] == [arrived_as(request) for request in served.old.arrived]
    assert [] == served.new.arrived


@each_call
async def test_op00_the_old_host_moves_every_request_with_its_authorization(call: Call) -> None:
    """`ats2.tele2.ru` answers 308 with a `Location` on `ats2.t2.ru`, and `Authorization` survives this hop."""
    async with hosts(
        moved_to(NEW_HOST), service_of(call), base_url=f"https://{OLD_HOST}/crm/openapi"
    ) as served:
        await call.ask(served.ats)

    assert [expected_of(call)] == [arrived_as(request) for request in served.new.arrived]
    assert [REFRESH if call.number == 1 else ACCESS] == served.new.tokens
    assert served.old.arrived[0].target == served.new.arrived[0].target
    assert [call.accept] == [request.headers["Accept"] for request in served.new.arrived]


@pytest.mark.parametrize("number", [1, 4, 5, 9, 16])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("base_host", [OLD_HOST, NEW_HOST])
@pytest.mark.parametrize("target_host", ["other.example", "ats2.t2.ru.example"])
async def test_op00_authorization_reaches_no_other_host(
    number: int, status: int, base_host: str, target_host: str
) -> None:
    """`Authorization` reaches no other host than these two, ever."""
    script = moved_to(target_host, status)
    async with hosts(script, script, base_url=f"https://{base_host}/crm/openapi") as served:
        with pytest.raises(RedirectRefused):
            await CALLS[number].ask(served.ats)

    assert [] == served.other.arrived


async def test_op00_authorization_reaches_no_other_host_by_way_of_the_new_one() -> None:
    """The hop from the old host to the new one is the only one: a second one ends nowhere."""
    async with hosts(
        moved_to(NEW_HOST), moved_to("other.example"), base_url=f"https://{OLD_HOST}/crm/openapi"
    ) as served:
        with pytest.raises(RedirectRefused):
            await served.ats.employees.fetch_all()

    assert (1, []) == (len(served.new.arrived), served.other.arrived)


async def test_op00_tls_is_verified() -> None:
    """TLS is verified: to a service with an unknown certificate no request is sent."""
    server_tls, _ = make_tls(NEW_HOST)
    async with (
        ContractService(in_turn(says([])), tls=server_tls) as service,
        loopback_client({NEW_HOST: service.port}) as client,
    ):
        with pytest.raises(CertificateError):
            await AtsSession(PAIR, client=client, retry=ONCE).employees.fetch_all()

    assert [] == service.arrived


async def test_op00_tls_is_verified_against_the_hosts_name() -> None:
    """TLS is verified: a certificate of a known authority for another name is none."""
    server_tls, client_tls = make_tls("other.example")
    async with (
        ContractService(in_turn(says([])), tls=server_tls) as service,
        loopback_client({NEW_HOST: service.port}) as client,
    ):
        with pytest.raises(CertificateError):
            await AtsSession(PAIR, client=client, ssl=client_tls, retry=ONCE).employees.fetch_all()

    assert [] == service.arrived


@pytest.mark.parametrize("form", ["path", "text", "context"])
async def test_op00_a_ca_bundle_or_a_context_is_accepted(form: str, tmp_path: Path) -> None:
    """Some systems lack the certificates: a CA bundle or an `ssl.SSLContext` is accepted."""
    authority = trustme.CA()
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(NEW_HOST).configure_cert(server_tls)
    bundle = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(bundle)
    trust: dict[str, Any] = {
        "path": bundle,
        "text": str(bundle),
        "context": ssl.create_default_context(cafile=bundle),
    }
    async with (
        ContractService(in_turn(says([])), tls=server_tls) as service,
        loopback_client({NEW_HOST: service.port}) as client,
        AtsSession(PAIR, client=client, ssl=trust[form], retry=ONCE) as ats,
    ):
        assert [] == await ats.employees.fetch_all()

    assert [ACCESS] == service.tokens


async def test_op00_a_verification_failure_says_which_certificates_to_install() -> None:
    """On a verification failure the error says which certificates to install."""
    server_tls, _ = make_tls(NEW_HOST)
    async with (
        ContractService(in_turn(says([])), tls=server_tls) as service,
        loopback_client({NEW_HOST: service.port}) as client,
    ):
        with pytest.raises(CertificateError) as caught:
            await AtsSession(PAIR, client=client, retry=ONCE).employees.fetch_all()

    assert "GlobalSign Root R3" in str(caught.value)
    assert "GSR SA OV SSL CA 2018" in str(caught.value)


@asynccontextmanager
async def _proxy(heads: list[bytes], target_port: int) -> AsyncIterator[int]:
    """Run an HTTP proxy that connects whoever asks to one port; give its own port."""
    tasks: list[asyncio.Task[None]] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        there, back = await asyncio.open_connection("127.0.0.1", target_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(copy(reader, back), copy(there, writer))
        finally:
            writer.transport.abort()
            back.transport.abort()

    server = await asyncio.start_server(
        lambda reader, writer: tasks.append(asyncio.create_task(serve(reader, writer))), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # aborted transports are gone one turn of the loop later


async def test_op00_requests_run_through_a_proxy_with_a_user_name_and_password() -> None:
    """Addresses outside Russia are often refused, so requests run through an HTTP proxy with a user name and password."""
    server_tls, client_tls = make_tls(NEW_HOST)
    heads: list[bytes] = []
    async with (
        ContractService(in_turn(says([])), tls=server_tls) as service,
        _proxy(heads, service.port) as port,
        AtsSession(PAIR, proxy=f"http://user:p%40ss@127.0.0.1:{port}", ssl=client_tls, retry=ONCE) as ats,
    ):
        assert [] == await ats.employees.fetch_all()

    assert b"CONNECT ats2.t2.ru:443 HTTP/1.1" == heads[0].split(b"\r\n")[0]
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"user:p@ss") in heads[0]
    assert ACCESS.encode() not in heads[0]
    assert [(ACCESS, None)] == [
        (request.token, request.headers.get("Proxy-Authorization")) for request in service.arrived
    ]


@pytest.mark.parametrize("agent", ["Python/3.11 aiohttp/3.14.5", "python-requests/2.32", "curl/8.5.0"])
async def test_op00_the_gateway_may_refuse_an_agent_that_looks_like_a_library(
    agent: str, company: Company
) -> None:
    """A gateway in front may answer 406 to a library-like `User-Agent`."""
    async with (
        AtsSimulator(company=company) as simulator,
        AtsSession(
            TokenPair(*simulator.tokens), base_url=simulator.base_url, user_agent=agent, retry=ONCE
        ) as ats,
    ):
        with pytest.raises(GatewayRefused) as caught:
            await ats.employees.fetch_all()

    assert 406 == caught.value.status
    assert [406] == [request.status for request in simulator.requests]


async def test_op00_the_gateway_lets_the_default_agent_pass(ats: AtsSession, simulator: AtsSimulator) -> None:
    """The `User-Agent` that is sent unless the caller sets another does not look like a library's."""
    for call in ACCESS_CALLS:
        try:
            await call.ask(ats)
        except AtsError as error:
            assert not isinstance(error, GatewayRefused)  # noqa: PT017  # others are no matter here
    await ats.tokens.refresh()

    assert set(CALLS) == {request.operation for request in simulator.requests}
    assert 406 not in {request.status for request in simulator.requests}


@each_call
async def test_op00_the_gateway_wants_a_suitable_accept(call: Call) -> None:
    """The gateway may answer 406 to an unsuitable `Accept`: JSON calls ask for `application/json`, the recording for `*/*`."""

    def gateway(request: Arrived) -> Reply:
        suits = request.headers.getall("Accept") == [call.accept]
        return call.reply if suits else Reply(b"<html>", 406, kind="text/html")

    async with conversation(script=gateway) as (ats, service):
        await call.ask(ats)

    assert [call.accept] == [request.headers["Accept"] for request in service.arrived]


@each_call
async def test_op00_the_caller_can_set_the_user_agent(call: Call) -> None:
    """The `User-Agent` of every call is one that the caller can set."""
    async with conversation(script=service_of(call), user_agent="Our CRM/7.1") as (ats, service):
        await call.ask(ats)

    assert [["Our CRM/7.1"]] == [request.headers.getall("User-Agent") for request in service.arrived]


async def test_op04_answers_are_json_in_utf_8() -> None:
    """The encoding of what arrives is UTF-8 JSON, whether or not the answer names its charset."""
    body = '[{"employeeId": 433, "name": "Артём Ёлкин — «Ромашка» 🌼"}]'.encode()
    kinds = ("application/json", "application/json;charset=UTF-8", "text/plain")
    async with conversation(*(Reply(body, kind=kind) for kind in kinds)) as (ats, _):
        names = [(await ats.employees.fetch_all())[0].name for _ in kinds]

    assert ["Артём Ёлкин — «Ромашка» 🌼"] * 3 == names


@pytest.mark.parametrize("number", [13, 14])
async def test_op13_op14_bodies_are_json_in_utf_8(number: int) -> None:
    """The encoding of what is sent is UTF-8 JSON."""
    customers = [Customer(name="Ёжик «Ё» 🦔", info="специалист")]
    async with conversation(Reply(b"SUCCESS")) as (ats, service):
        if number == 13:
            await ats.managers.create(Manager(name="Анна", customers=customers))
        else:
            await ats.managers.update(Manager(id=26, name="Анна", customers=customers))
    (request,) = service.arrived

    assert request.headers["Content-Type"] in ("application/json", "application/json;charset=UTF-8")
    said = request.json
    assert ("Анна", "Ёжик «Ё» 🦔", "специалист") == (
        said["name"],
        said["customers"][0]["name"],
        said["customers"][0]["info"],
    )


async def test_op00_every_reserved_character_in_a_query_is_percent_encoded() -> None:
    """Every reserved character in a query is percent-encoded."""
    reserved = ":/?#[]@!$&'()*+,;=% \"<>\\^`{|}"
    async with conversation(says({})) as (ats, service):
        await ats.request("GET", "/later", query={"q": reserved, "plain": "AZaz09-._~", "other": "ёж"})
    (request,) = service.arrived

    assert {
        "q": "".join(f"%{ord(character):02X}" for character in reserved),
        "plain": "AZaz09-._~",
        "other": "%D1%91%D0%B6",
    } == request.query


async def test_op00_every_reserved_character_is_encoded_on_the_new_host_too() -> None:
    """What is percent-encoded in a query stays so, byte for byte, when the service moves the request."""
    async with hosts(
        moved_to(NEW_HOST), in_turn(says([])), base_url=f"https://{OLD_HOST}/crm/openapi"
    ) as served:
        await served.ats.request("GET", "/later", query={"q": "2022-08-12%2Fmo+1/2,3:4"})

    assert ["/crm/openapi/later?q=2022-08-12%252Fmo%2B1%2F2%2C3%3A4"] == [
        request.target for request in served.new.arrived
    ]


async def test_op01_a_moved_refresh_brings_the_pair_of_the_new_host() -> None:
    """The refresh token survives the hop to the new host, where its new pair comes from."""

    def new(request: Arrived) -> Reply:
        return issues("access-2", "refresh-2") if request.method == "PUT" else says([])

    async with hosts(moved_to(NEW_HOST), new, base_url=f"https://{OLD_HOST}/crm/openapi") as served:
        await served.ats.tokens.refresh()
        await served.ats.employees.fetch_all()

    assert [REFRESH, "access-2"] == served.new.tokens
