import pytest
from yarl import URL

from tele2ats_async.wire.redirects import redirect_target

OLD = "https://ats2.tele2.ru/crm/openapi/employees"
NEW = "https://ats2.t2.ru/crm/openapi/employees"


@pytest.mark.parametrize(
    ("url", "status", "location", "expected"),
    [
        (OLD, 308, NEW, NEW),
        (OLD, 307, NEW, NEW),
        (OLD, 308, "//ats2.t2.ru/crm/openapi/employees", NEW),
        (OLD, 308, "https://ats2.t2.ru:443/crm/openapi/employees", NEW),
        (NEW, 308, "/crm/openapi/v2/employees", "https://ats2.t2.ru/crm/openapi/v2/employees"),
        ("http://ats2.t2.ru/crm/openapi/employees", 308, NEW, NEW),
        ("http://ats2.tele2.ru/crm/openapi/employees", 308, NEW, NEW),
        ("http://127.0.0.1:8093/crm/openapi/a", 308, "/b", "http://127.0.0.1:8093/b"),
    ],
)
def test_ways_of_the_token(url: str, status: int, location: str, expected: str) -> None:
    """Section 1: the hop to the new host, hops within a host, and from http to https."""
    assert expected == str(redirect_target(URL(url), status, location))


def test_encoding_of_the_location_is_kept() -> None:
    """``%2F`` decoded on the way is another file name."""
    location = "https://ats2.t2.ru/crm/openapi/call-records/file?filename=a%2Fb%253A"

    assert location == str(redirect_target(URL(OLD), 308, location))


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/crm/openapi/employees",
        "//evil.example/crm/openapi/employees",
        "https://ats2.t2.ru.evil.example/crm/openapi/employees",
        "https://evil-ats2.t2.ru/",
        "https://ats2.t2.ru@evil.example/crm/openapi/employees",
        "https://ats2.t2.ru:443@evil.example/",
        "https://evil.example\\@ats2.t2.ru/",
        "https://ats2.t2.ru\\@evil.example/",
        "https://user:password@ats2.t2.ru/crm/openapi/employees",
        "https://user@ats2.t2.ru/",
        "https://:password@ats2.t2.ru/",
        "https://user@ats2.tele2.ru/",
        "https://ats2.t2.ru:8443/crm/openapi/employees",
        "https://ats2.tele2.ru:8443/crm/openapi/employees",
        "https://ats2.t2.ru:port/",
        "https://ats2.t2.ru%2eevil.example/",
        "https://ats2.t2.ru%00.evil.example/",
        "https://[::1]/",
        "https://[::1/",
        "http://ats2.t2.ru/crm/openapi/employees",
        "http://ats2.tele2.ru/crm/openapi/employees",
        "ftp://ats2.t2.ru/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "",
        None,
    ],
)
@pytest.mark.parametrize("status", [307, 308])
def test_ways_that_the_token_must_not_go(location: str | None, status: int) -> None:
    """Section 1: to no other host, ever; nor to another port, nor in clear, nor under another name."""
    with pytest.raises(ValueError, match=r"^the service "):
        redirect_target(URL(OLD), status, location)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 306, 399])
def test_statuses_that_do_not_move_a_request(status: int) -> None:
    """Pitfall 2: 301 to 303 may change the method: a moved POST would become something else."""
    with pytest.raises(ValueError, match=f"answered {status}"):
        redirect_target(URL(OLD), status, NEW)


def test_the_move_goes_one_way() -> None:
    """The new host has no business at the old one, nor has any other host at the new one."""
    for url in (NEW, "https://example.org/crm/openapi/employees"):
        with pytest.raises(ValueError, match="may not see the token"):
            redirect_target(URL(url), 308, OLD if url == NEW else NEW)
