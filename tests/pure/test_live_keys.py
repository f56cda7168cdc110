"""Live keys are found in any encoding of a request; test keys are ignored."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from tokentape.pure.http.messages import Request
from tokentape.pure.redaction.live_keys import has_live_key

LIVE = "sk_" + "live_" + "x" * 24
TEST = "sk_" + "test_" + "x" * 24
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARTS = "multipart/form-data; boundary=b"


STRAY = (" ", "\t", "=", ".", "!", "%", "\u00e9")
"""Characters that lenient decoders of base64 skip."""


def percent(key: str) -> list[str]:
    """Return a key with each of its characters percent-encoded in turn, in both cases."""
    return [
        key[:at] + f"%{ord(letter):{case}}" + key[at + 1 :]
        for at, letter in enumerate(key[:12])
        for case in ("02x", "02X")
    ]


def escaped(key: str) -> list[str]:
    """Return a key with each of its characters escaped in turn, as JSON may."""
    return [
        key[:at] + f"\\u{ord(letter):04x}" + key[at + 1 :] for at, letter in enumerate(key[:12])
    ]


def part(name: str, value: str) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n--b--\r\n".encode()


def bodies(key: str) -> list[tuple[str, bytes, str]]:
    """Return bodies that hold a key, each with its type and encoding."""
    document = json.dumps({"card": {"name": f"by {key}"}})
    forms = [f"a=b&{key}=1", f"a[{key}]=1", *(f"a[b]={text}" for text in (key, *percent(key)))]
    texts = [document, *(document.replace(key, text) for text in escaped(key))]
    return [
        *((FORM, text.encode(), "") for text in forms),
        *((JSON, text.encode(), "") for text in texts),
        *((JSON, document.encode(code), "") for code in ("utf-8-sig", "utf-16", "utf-32-le")),
        (PARTS, part("a", key), ""),
        (PARTS, part(key, "a"), ""),
        (FORM, gzip.compress(forms[0].encode()), "gzip"),
        (FORM, gzip.compress(forms[0].encode()), ""),
        (JSON, gzip.compress(texts[1].encode()), "gzip"),
        ("text/plain", key.encode(), ""),
        (FORM, key.encode(), "br"),
    ]


def carriers(key: str) -> list[Request]:
    """Return requests that carry a key, each in another position."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    headers = (
        *(f"Bearer {key}", f"Bearer\t{key}", key),
        *(f"Basic {basic}", f"basic  {basic.rstrip('=')}", f"\tBASIC\t{basic}", f"Basic,{basic}"),
        *(f"Basic {mark.join((basic[:at], basic[at:]))}" for mark in STRAY for at in (3, 7, 10)),
        f"Basic {basic}AA",
        f"Basic {base64.b64encode(b'me').decode()}{basic}",
    )
    targets = (f"/v1/tokens/{key}", *(f"/v1/tokens?a={text}" for text in percent(key)))
    return [
        *(Request("POST", "/v1/tokens", (("Authorization", value),)) for value in headers),
        *(Request("GET", target) for target in targets),
        *(
            Request(
                "POST", "/v1/tokens", (("Content-Type", media), ("Content-Encoding", code)), body
            )
            for media, body, code in bodies(key)
        ),
    ]


@pytest.mark.parametrize("request_", carriers(LIVE), ids=lambda _: "")
def test_a_live_key_is_found(request_: Request) -> None:
    assert has_live_key(request_)


@pytest.mark.parametrize("request_", carriers(TEST), ids=lambda _: "")
def test_a_test_key_is_not_a_live_key(request_: Request) -> None:
    assert not has_live_key(request_)
