"""Which web pages may use a port: those of this machine, and those that the configuration names.

A page from elsewhere can send requests to a port of this machine in two ways: across origins, which
`Origin` and `Sec-Fetch-Site` say (RFC 6454, WHATWG Fetch, W3C Fetch Metadata), or under a name of
its own that it lets point here (DNS rebinding), which only `Host` says. Programs that are no
browsers send the address that they were given as `Host`, and no `Origin`: they notice nothing.

    Host: 127.0.0.1:12121                                            passed on
    Host: 127.0.0.1:12121   Origin: http://localhost:3000            passed on, and the origin named
    Host: 127.0.0.1:12121   Origin: https://evil.example             403 foreign_origin
    Host: evil.example                                               403 foreign_host
    Host: tokentape:12121   with `hosts: [tokentape]`                passed on
    Host: 192.168.1.5       on a port that listens on 0.0.0.0        passed on

The last: no name server can let an IP address point elsewhere, so a page under one is a page of
that machine, and what it asks of others has an Origin. A port that listens beyond loopback, which
its user chose, takes any address as `Host`, also one that a container's network translates.

What is passed on has no Origin any more: neither the cassette nor the upstream's answer may depend
on it. What comes back names the origin, so that this page may read it, and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from tokentape.pure.http.messages import Headers, Request, Response
from tokentape.pure.stripe.refusals import refusal

LOOKED_AT = frozenset({"host", "origin", "sec-fetch-site"})
"""The request headers, in lower case, that an answer depends on here."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_OWN_SITES = frozenset({"none", "same-origin"})
"""Values of Sec-Fetch-Site for what a user typed, and for a page that was served here."""
_TOKENS = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?: *, *[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_ORIGIN, _METHOD, _HEADERS, _NETWORK, _EXPOSED = (
    "Access-Control-Allow-Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Private-Network",
    "Access-Control-Expose-Headers",
)
_EXPOSED_BY_STRIPE = "Request-Id, Stripe-Should-Retry"
_OF_PAGES = {name.lower() for name in (_ORIGIN, _EXPOSED)} | {
    "access-control-allow-credentials",
    "vary",
}
_SECONDS = "300"  # as Stripe lets browsers remember what a preflight was answered

FOREIGN_HOST = refusal(
    403,
    "foreign_host",
    "tokentape does not answer under this host name: a web page could have let it point here. If it"
    " is the name of this service, add it to `hosts` in tokentape.yaml, or to TOKENTAPE_HOSTS.",
)
FOREIGN_ORIGIN = refusal(
    403,
    "foreign_origin",
    "tokentape answers web pages of this machine only. If this page is yours, add its origin, such"
    " as https://app.example:8443, to `origins` in tokentape.yaml, or to TOKENTAPE_ORIGINS. The"
    " origin of a page from a file or in a sandbox is `null`.",
)


@dataclass(frozen=True, slots=True)
class FromPage:
    """A request of a page that is served."""

    origin: str
    request: Request
    """Without its origin."""

    def named(self, response: Response) -> Response:
        """Return the response for this page to read: it names the origin, and no other."""
        lines = [line for line in response.headers if line[0].lower() not in _OF_PAGES]
        exposed = response.header(_EXPOSED) or _EXPOSED_BY_STRIPE
        lines += [
            *_allowance(self.origin, _values(response, "vary")),
            (_EXPOSED, f"{exposed}, Tokentape-Result"),
        ]
        return response._replace(headers=tuple(lines))


@dataclass(frozen=True, slots=True)
class WebPages:
    """The pages that are served, beside those of this machine. All texts are in lower case."""

    hosts: frozenset[str] = frozenset()
    """Names and addresses under which the port may be asked; IPv6 addresses are in brackets."""
    origins: frozenset[str] = frozenset()
    """Origins as browsers write them, or `null`."""
    any_address: bool = False
    """The port may be asked under any IP address."""

    def visit(self, request: Request) -> FromPage | Response | None:
        """Return what a request is to be taken for.

        A response is a refusal or answers a preflight; None is for a request that is no page's.
        """
        fields = _looked_at(request.headers)
        host, origin = fields.get("host"), fields.get("origin")
        if host is not None and not self._is_host(host):
            return FOREIGN_HOST
        if origin is None:
            return None if fields.get("sec-fetch-site", "none") in _OWN_SITES else FOREIGN_ORIGIN
        if not self._is_origin(origin, host):
            return FOREIGN_ORIGIN
        if request.method == "OPTIONS" and (method := request.header(_METHOD)):
            return _preflight_answer(request, origin, method)
        lines = tuple([line for line in request.headers if line[0].lower() != "origin"])
        return FromPage(origin, request._replace(headers=lines))

    def _is_host(self, text: str) -> bool:
        name, is_address, is_loopback = _name(text)
        return is_loopback or name in self.hosts or (is_address and self.any_address)

    def _is_origin(self, origin: str, host: str | None) -> bool:
        if origin in self.origins:
            return True
        scheme, separator, authority = origin.partition("://")
        if not separator or scheme not in ("http", "https"):
            return False
        name, _, is_loopback = _name(authority)
        return is_loopback or authority == host or (name in self.hosts)


@lru_cache(maxsize=256)
def _name(text: str) -> tuple[str, bool, bool]:
    """Return the name in HOST[:PORT], whether it is an IP address, and whether it is loopback.

    A blank name for what is neither.

    >>> _name("LocalHost:12121"), _name("[::1]"), _name("evil.example.:80")
    (('localhost', False, True), ('[::1]', True, True), ('evil.example', False, False))
    """
    match = _HOST.fullmatch(text)
    if match is None:
        return "", False, False
    name = match[1].lower().removesuffix(".")  # of the root of all names
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        # RFC 6761 §6.3: no resolver may look these up anywhere else.
        return name, False, name == "localhost" or name.endswith(".localhost")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return name, True, (mapped or address).is_loopback


def host_name(request: Request) -> str:
    """Return the name or address under which a request was sent, or "" if it does not say."""
    return _name(request.header("host") or "")[0]


def listens_beyond_loopback(host: str) -> bool:
    """Tell whether clients of other machines can reach a port at this host.

    >>> [listens_beyond_loopback(host) for host in ("127.0.0.1", "::1", "0.0.0.0", "tokentape")]
    [False, False, True, True]
    """
    return not _name(f"[{host}]" if ":" in host else host)[2]


def _looked_at(headers: Headers) -> dict[str, str]:
    """Return the headers in LOOKED_AT; repeated ones are joined, as RFC 9110 §5.3 has it."""
    fields: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower in LOOKED_AT:
            fields[lower] = f"{fields[lower]}, {value}" if lower in fields else value
    return fields


def _preflight_answer(request: Request, origin: str, method: str) -> Response:
    """Allow what a browser asks whether it may send; RFC 9110 §5.6.2 says what may stand there."""
    lines = [*_allowance(origin), ("Access-Control-Max-Age", _SECONDS)]
    headers = request.header(_HEADERS)
    if _TOKENS.fullmatch(method):
        lines.append(("Access-Control-Allow-Methods", method))
    if headers is not None and _TOKENS.fullmatch(headers):
        lines.append(("Access-Control-Allow-Headers", headers))
    if request.header(_NETWORK) == "true":
        lines.append(("Access-Control-Allow-Private-Network", "true"))
    return Response(204, tuple(lines))


def _allowance(origin: str, varies: Iterable[str] = ()) -> Headers:
    names = {name.lower(): name for name in (*varies, "Origin")}
    return (
        (_ORIGIN, origin),
        ("Access-Control-Allow-Credentials", "true"),  # there are none that a browser would add
        ("Vary", ", ".join(names.values())),
    )


def _values(response: Response, name: str) -> Iterator[str]:
    """Yield the members of a header that is a list."""
    for line, value in response.headers:
        if line.lower() == name:
            yield from (member.strip() for member in value.split(",") if member.strip())
