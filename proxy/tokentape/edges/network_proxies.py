"""Proxies of the network, as the environment names them: HTTPS_PROXY, HTTP_PROXY, NO_PROXY.

There is no standard for these variables. This is what curl and Python's own clients do: the names
are taken in capitals or not (not: wins), ALL_PROXY stands in for both others, and NO_PROXY lists
hosts, with or without a port, each with the domains below it; `*` is all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from tokentape.errors import ConfigurationError

_LOOPBACK = re.compile(r"localhost|::1|127(?:\.[0-9]{1,3}){3}")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")


def upstream_proxy(upstream: str, environ: Mapping[str, str]) -> str | None:
    """Return the http:// URL of the proxy to an upstream, with its user and password, or None.

    A loopback upstream has none, whatever the environment says. Raises ConfigurationError, which
    does not quote the URL, for a proxy that is not spoken to by plain HTTP.
    """
    parts = urlsplit(upstream)
    if _LOOPBACK.fullmatch(parts.hostname or "") or _is_exception(parts, _exceptions(environ)):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        if text := environ.get(name) or environ.get(name.upper()):
            return _proxy_url(text, name.upper())
    return None


def direct(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which clients send what is for `url` there, through no proxy.

    There are none where the environment names no proxy.

    >>> direct("http://127.0.0.1:12121", {"HTTP_PROXY": "http://proxy", "NO_PROXY": ".internal"})
    {'no_proxy': '.internal,127.0.0.1,localhost', 'NO_PROXY': '.internal,127.0.0.1,localhost'}
    """
    if not any(environ.get(name) or environ.get(name.upper()) for name in _PROXIES):
        return {}
    host = urlsplit(url).hostname or ""
    hosts = (host, "localhost") if _LOOPBACK.fullmatch(host) else (host,)
    usual = _exceptions(environ)
    return {name: _with(environ.get(name) or usual, hosts) for name in _EXCEPTIONS}


def _exceptions(environ: Mapping[str, str]) -> str:
    return next(filter(None, map(environ.get, _EXCEPTIONS)), "")


def _with(exceptions: str, hosts: tuple[str, ...]) -> str:
    listed = [part for text in exceptions.split(",") if (part := text.strip())]
    if "*" in listed:
        return exceptions
    return ",".join((*listed, *(host for host in hosts if host not in listed)))


def _is_exception(upstream: SplitResult, exceptions: str) -> bool:
    host = f".{upstream.hostname}"
    port = upstream.port or {"http": 80, "https": 443}[upstream.scheme]
    for text in exceptions.lower().split(","):
        listed = text.strip().removesuffix(f":{port}").removeprefix("*").lstrip(".")
        if text.strip() == "*" or (listed and host.endswith(f".{listed}")):
            return True
    return False


def _proxy_url(text: str, variable: str) -> str:
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and parts.hostname and parts.port != 0
    except ValueError:  # a bad port or host
        usable = False
    if usable:
        return url
    problem = (
        f"{variable}: found no http:// URL with a host; https and socks proxies are not supported. "
        "Name another proxy, or put the upstream's host into NO_PROXY."
    )
    raise ConfigurationError((problem,))
