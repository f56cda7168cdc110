"""Which web pages may use a port: those of this machine, and those that the configuration names.

A page from elsewhere can send requests to a loopback port in two ways: across origins, which its
`Origin` header tells (RFC 6454, WHATWG Fetch), or under a host name of its own that it lets point
here (DNS rebinding), which the `Host` header tells. Programs that are no browsers send a loopback
`Host` and no `Origin`, and notice nothing.

    Host: 127.0.0.1:12121                                            served
    Host: 127.0.0.1:12121   Origin: http://localhost:3000            served, and the origin named
    Host: 127.0.0.1:12121   Origin: https://evil.example             403 foreign_origin
    Host: evil.example                                               403 foreign_host
    Host: tokentape:12121   (`hosts: [tokentape]`)                   served
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from tokentape.pure.http.messages import Headers, Request, Response

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_ORIGIN = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_ALLOWED = "Access-Control-Allow-Origin"
_FOREIGN_SITES = frozenset({"cross-site", "same-site"})
"""Values of Sec-Fetch-Site that a browser sends for a page of another origin."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages that are served."""

    hosts: frozenset[str] = frozenset()
    """Names under which the port may be asked, beside loopback names and addresses."""
    origins: frozenset[str] = frozenset()
    """Origins of pages, beside those of this machine."""

    def foreign(self, request: Request) -> str | None:
        """Return what a request is foreign by, `host` or `origin`; None if it is served."""
        hosts = [value for name, value in request.headers if name.lower() == "host"]
        if len(hosts) != 1 or not self._is_ours(_HOST.fullmatch(hosts[0])):
            return "host"
        origin = request.header("origin")
        if origin is None:
            site = request.header("sec-fetch-site")
            return "origin" if site in _FOREIGN_SITES else None
        ours = origin in self.origins or self._is_ours(_ORIGIN.fullmatch(origin))
        return None if ours else "origin"

    def _is_ours(self, match: re.Match[str] | None) -> bool:
        if match is None:
            return False
        host = match[1].lower()
        return host == "localhost" or host in self.hosts or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_preflight(request: Request) -> bool:
    """Tell whether a browser asks if it may send another request."""
    asks = request.header("access-control-request-method")
    return request.method == "OPTIONS" and asks is not None and request.header("origin") is not None


def preflight_answer(request: Request) -> Response:
    """Allow what a preflight request asks for."""
    headers = [
        (_ALLOWED, request.header("origin") or ""),
        ("Access-Control-Allow-Methods", request.header("access-control-request-method") or ""),
        ("Access-Control-Max-Age", "300"),
        ("Vary", "Origin"),
    ]
    asked_for = request.header("access-control-request-headers")
    if asked_for is not None:
        headers.append(("Access-Control-Allow-Headers", asked_for))
    return Response(204, tuple(headers))


def naming_origin(request: Request, response: Response) -> Response:
    """Return an answer that names the origin that asked where it allowed any."""
    origin = request.header("origin")
    if origin is None:
        return response
    headers: Headers = tuple(
        [(name, origin if name == _ALLOWED else value) for name, value in response.headers]
    )
    return Response(response.status, headers, response.body, response.echo, response.final)
