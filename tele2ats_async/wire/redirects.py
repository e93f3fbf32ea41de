"""Where a redirect may lead: the token goes on to the service's new host, and to no other."""

from yarl import URL

_MOVED_HOSTS = {"ats2.tele2.ru": "ats2.t2.ru"}
_KEEP_THE_METHOD = (307, 308)
_UNREADABLE = "the service redirects to an unreadable address"


def redirect_target(url: URL, status: int, location: str | None) -> URL:
    """Give the address that a redirect leads to.

    Raises:
        ValueError: The token may not go there; the text says why.
    """
    if status not in _KEEP_THE_METHOD or not location:
        raise ValueError(f"the service answered {status}, which is no way to move a request")
    try:
        target = url.join(URL(location, encoded=True))
        origin = target.origin()  # read here, as the port: what is wrong with them is found out only now
        _ = target.port
    except ValueError:
        raise ValueError(_UNREADABLE) from None
    # As it stands it would become the next request's first line, which has neither blanks nor odd bytes.
    if not (target.host and location.isascii() and location.isprintable()) or " " in location:
        raise ValueError(_UNREADABLE)
    if target.scheme not in ("https", url.scheme):
        raise ValueError("the service redirects to an unencrypted address")
    if "@" not in target.raw_authority and (origin == url.origin() or _is_the_move(url, target)):
        return target
    raise ValueError(f"the service redirects to {target.host!r}, which may not see the token")


def _is_the_move(url: URL, target: URL) -> bool:
    return target.is_default_port() and target.host in (_MOVED_HOSTS.get(url.host or ""), url.host)
