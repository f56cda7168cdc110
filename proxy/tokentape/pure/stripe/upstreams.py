"""The kinds of upstreams: a cassette says in its first line which of them it was recorded from."""

from __future__ import annotations

from enum import StrEnum

from tokentape.pure.stripe.routes import API


class UpstreamKind(StrEnum):
    """What an upstream is."""

    STRIPE = "stripe"
    MOCK = "mock"
    """The built-in mock."""
    OTHER = "other"
    """Any other server, and a mixture."""


_NAMES = {
    UpstreamKind.STRIPE: "Stripe",
    UpstreamKind.MOCK: "the built-in mock",
    UpstreamKind.OTHER: "another server",
}


def kind_of(upstream: str) -> UpstreamKind:
    """Return the kind of an upstream, which is an origin or `mock`."""
    kinds = {API: UpstreamKind.STRIPE, "mock": UpstreamKind.MOCK}
    return kinds.get(upstream, UpstreamKind.OTHER)


def kind_name(kind: UpstreamKind) -> str:
    """Return a kind of upstream as people call it."""
    return _NAMES[kind]


def upstream_name(upstream: str) -> str:
    """Return an upstream as people call it.

    >>> upstream_name("mock"), upstream_name("http://127.0.0.1:12111")
    ('the built-in mock', 'http://127.0.0.1:12111')
    """
    kind = kind_of(upstream)
    return upstream if kind is UpstreamKind.OTHER else _NAMES[kind]


def upstream_option(recorded_from: UpstreamKind | None, configured: str) -> str:
    """Return the option that records the rest of a cassette from where it came from.

    `configured` is the upstream that the settings name, which will do for a cassette that does not
    say where it came from.

    >>> upstream_option(UpstreamKind.STRIPE, "mock")
    ' --upstream https://api.stripe.com'
    >>> upstream_option(UpstreamKind.MOCK, "mock")
    ''
    """
    upstream = configured
    if recorded_from not in (None, kind_of(configured)):
        origins = {UpstreamKind.STRIPE: API, UpstreamKind.MOCK: "mock", UpstreamKind.OTHER: "URL"}
        upstream = origins[UpstreamKind(recorded_from)]
    return "" if upstream == configured == "mock" else f" --upstream {upstream}"


def mismatch(recorded_from: UpstreamKind | None, upstream: str) -> str:
    """Return why the answers of an upstream do not belong into a cassette; "" if they may."""
    if recorded_from in (None, kind_of(upstream)):
        return ""
    option = upstream_option(recorded_from, upstream).strip()
    return (
        f"it was recorded from {_NAMES[UpstreamKind(recorded_from)]}, and the upstream is now "
        f"{upstream_name(upstream)}: give `{option}`, or `--mix-upstreams` if you mean it"
    )


def together(kinds: set[UpstreamKind | None]) -> UpstreamKind | None:
    """Return the kind of a cassette with recordings of all these kinds; None is not known.

    >>> together({UpstreamKind.STRIPE, UpstreamKind.MOCK})
    <UpstreamKind.OTHER: 'other'>
    """
    return next(iter(kinds)) if len(kinds) == 1 else None if None in kinds else UpstreamKind.OTHER
