"""The same calls as each recorder writes them, made by hand after its files and its source."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import yaml
from tokentape.pure.http.messages import Headers, Request, Response


class Said(NamedTuple):
    """A call that a recorder saw."""

    origin: str
    request: Request
    response: Response

    @property
    def url(self) -> str:
        return self.origin + self.request.target


Calls = Iterable[Said]


def zipped(response: Response) -> Response:
    headers = (*response.headers, ("Content-Encoding", "gzip"))
    return Response(response.status, headers, gzip.compress(response.body))


def lists(headers: Headers) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, value in headers:
        names.setdefault(name, []).append(value)
    return names


def named(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def text(body: bytes) -> str:
    return body.decode("utf-8")


def in_base64(body: bytes) -> str:
    return base64.b64encode(body).decode()


def dumped(document: Any) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def ruby_vcr(calls: Calls) -> str:
    """VCR 2 to 6, where a compressed body is `!binary` in ASCII-8BIT."""

    def body(content: bytes) -> dict[str, Any]:
        try:
            return {"encoding": "UTF-8", "string": text(content)}
        except UnicodeDecodeError:
            return {"encoding": "ASCII-8BIT", "string": content}

    document = {
        "http_interactions": [
            {
                "request": {
                    "method": call.request.method.lower(),
                    "uri": call.url,
                    "body": body(call.request.body),
                    "headers": lists(call.request.headers),
                },
                "response": {
                    "status": {"code": call.response.status, "message": "OK"},
                    "headers": lists(call.response.headers),
                    "body": body(zipped(call.response).body),
                    "http_version": None,
                },
                "recorded_at": "Fri, 08 May 2015 21:50:14 GMT",
            }
            for call in calls
        ],
        "recorded_with": "VCR 6.2.0",
    }
    return "--- \n" + dumped(document).replace("!!binary", "!binary")


def ruby_vcr_json(calls: Calls) -> str:
    """VCR's JSON with preserve_exact_body_bytes: base64 in lines."""
    document = yaml.safe_load(ruby_vcr(calls).replace("!binary", "!!binary"))
    for item in document["http_interactions"]:
        for message in (item["request"], item["response"]):
            content = message["body"].pop("string")
            content = content if isinstance(content, bytes) else content.encode()
            message["body"]["base64_string"] = base64.encodebytes(content).decode()
    return json.dumps(document)


def ruby_vcr_1(calls: Calls) -> str:
    """VCR before 2.0: Ruby's structs and symbols, the port in the URI, a body in two places."""
    items = [
        {
            "request": {
                "method": f":{call.request.method.lower()}",
                "uri": f"{call.origin}:443{call.request.target}",
                "body": text(call.request.body) or None,
                "headers": lists(call.request.headers),
            },
            "response": {
                "status": {"code": call.response.status, "message": "OK"},
                "headers": lists(call.response.headers),
                "body": text(call.response.body),
                "http_version": "1.1",
            },
        }
        for call in calls
    ]
    lines = []
    for line in dumped(items).splitlines():
        plain = line.replace("- request:", "- !ruby/struct:VCR::HTTPInteraction\n  request:")
        plain = plain.replace("request:", "request: !ruby/struct:VCR::Request")
        plain = plain.replace("response:", "response: !ruby/struct:VCR::Response")
        plain = plain.replace("method: ':post'", "method: :post").replace("':get'", ":get")
        lines.append(plain.replace("  status:", "  status: !ruby/struct:VCR::ResponseStatus"))
    return "--- \n" + "\n".join(lines) + "\n"


def betamax(calls: Calls) -> str:
    document = {
        "http_interactions": [
            {
                "request": {
                    "body": {"encoding": "utf-8", "string": text(call.request.body)},
                    "headers": lists(call.request.headers),
                    "method": call.request.method,
                    "uri": call.url,
                },
                "response": {
                    "body": {"encoding": None, "base64_string": in_base64(response.body)},
                    "headers": lists(response.headers),
                    "status": {"code": response.status, "message": "OK"},
                    "url": call.url,
                },
                "recorded_at": "2020-01-01T00:00:00",
            }
            for call in calls
            for response in [zipped(call.response)]
        ],
        "recorded_with": "betamax/0.9.0",
    }
    return json.dumps(document)


def go_vcr_1(calls: Calls) -> str:
    interactions = [
        {
            "request": {
                "body": text(call.request.body),
                "form": {},
                "headers": lists(call.request.headers),
                "url": call.url,
                "method": call.request.method,
            },
            "response": {
                "body": text(call.response.body),
                "headers": lists(call.response.headers),
                "status": f"{call.response.status} OK",
                "code": call.response.status,
                "duration": "",
            },
        }
        for call in calls
    ]
    return "---\n" + dumped({"version": 1, "interactions": interactions})


def go_vcr_4(calls: Calls) -> str:
    """go-vcr 3 and 4 leave empty fields out, and note that Go decompressed the body."""
    interactions = []
    for number, call in enumerate(calls):
        request = {
            "proto": "HTTP/1.1",
            "proto_major": 1,
            "content_length": len(call.request.body),
            "host": "api.stripe.com",
            "body": text(call.request.body),
            "headers": lists(call.request.headers),
            "url": call.url,
            "method": call.request.method,
        }
        response = {
            "proto": "HTTP/2.0",
            "transfer_encoding": ["chunked"],
            "content_length": -1,
            "uncompressed": True,
            "body": text(call.response.body),
            "headers": lists(call.response.headers),
            "status": f"{call.response.status} OK",
            "code": call.response.status,
            "duration": "83.98ms",
        }
        sent = {name: value for name, value in request.items() if value}
        interactions.append({"id": number, "request": sent, "response": response})
    return "---\n" + dumped({"version": 2, "interactions": interactions})


def vcrpy(calls: Calls) -> str:
    interactions = [
        {
            "request": {
                "body": text(call.request.body),
                "headers": lists(call.request.headers),
                "method": call.request.method,
                "uri": call.url,
            },
            "response": {
                "body": {"string": response.body},
                "headers": lists(response.headers),
                "status": {"code": response.status, "message": "OK"},
            },
        }
        for call in calls
        for response in [zipped(call.response)]
    ]
    return dumped({"interactions": interactions, "version": 1})


def exvcr(calls: Calls) -> str:
    items = [
        {
            "request": {
                "body": text(call.request.body),
                "headers": dict(call.request.headers),
                "method": call.request.method.lower(),
                "options": [],
                "request_body": "",
                "url": call.url,
            },
            "response": {
                "binary": False,
                "body": text(call.response.body),
                "headers": dict(call.response.headers),
                "status_code": call.response.status,
                "type": "ok",
            },
        }
        for call in calls
    ]
    return json.dumps(items)


def exvcr_binary(calls: Calls) -> str:
    """ExVCR with bodies that are not UTF-8: an Erlang term in base64."""
    items = json.loads(exvcr(calls))
    for item, call in zip(items, calls, strict=True):
        body = zipped(call.response).body
        term = b"\x83m" + len(body).to_bytes(4, "big") + body
        item["response"] |= {"binary": True, "body": in_base64(term)}
    return json.dumps(items)


def nock(calls: Calls) -> str:
    """nock 8 to 13: compressed answers as chunks, JSON of requests as it is."""
    items = []
    for call in calls:
        response = zipped(call.response)
        hexed = response.body.hex()
        is_json = call.request.body.startswith(b"{")
        items.append(
            {
                "scope": f"{call.origin}:443",
                "method": call.request.method,
                "path": call.request.target,
                "body": json.loads(call.request.body) if is_json else text(call.request.body),
                "status": response.status,
                "response": [hexed[:100], hexed[100:]],
                "rawHeaders": [word for line in response.headers for word in line],
                "reqheaders": dict(call.request.headers) | {"content-length": 107},
                "responseIsBinary": False,
            }
        )
    return json.dumps(items)


def nock_14(calls: Calls) -> str:
    """nock 14, plain answers as JSON: headers are a mapping, requests' are not recorded."""
    items = json.loads(nock(calls))
    for item, call in zip(items, calls, strict=True):
        item |= {
            "rawHeaders": dict(call.response.headers),
            "response": json.loads(call.response.body),
        }
        del item["reqheaders"]
    return json.dumps(items)


def har(calls: Calls) -> str:
    entries = [
        {
            "request": {
                "method": call.request.method,
                "url": call.url,
                "headers": [{"name": ":method", "value": "x"}, *named(call.request.headers)],
                "queryString": [],
                **_posted(call.request),
            },
            "response": {
                "status": call.response.status,
                "headers": named(zipped(call.response).headers),
                "content": {
                    "size": len(call.response.body),
                    "mimeType": "application/json",
                    "text": text(call.response.body),
                },
            },
        }
        for call in calls
    ]
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "Firefox"}, "entries": entries}}
    )


def _posted(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    return {"postData": {"mimeType": request.header("content-type"), "text": text(request.body)}}


def polly(calls: Calls) -> str:
    """Polly.js 6: compressed answers as a JSON list of chunks in base64."""
    document = json.loads(har(calls))
    document["log"]["creator"] = {"name": "Polly.JS", "version": "6.0.6"}
    for entry, call in zip(document["log"]["entries"], calls, strict=True):
        body = zipped(call.response).body
        chunks = [in_base64(body[:99]), in_base64(body[99:])]
        entry["response"]["content"] |= {"encoding": "base64", "text": json.dumps(chunks)}
    return json.dumps(document)


def polly_5(calls: Calls) -> str:
    """Polly.js before 6: the chunks are in hexadecimal."""
    document = json.loads(polly(calls))
    for entry, call in zip(document["log"]["entries"], calls, strict=True):
        content = entry["response"]["content"]
        content |= {"_isBinary": True, "text": json.dumps([zipped(call.response).body.hex()])}
        del content["encoding"]
    return json.dumps(document)


def php_vcr(calls: Calls) -> str:
    items = [
        {
            "request": {
                "method": call.request.method,
                "url": call.url,
                "headers": dict(call.request.headers),
                "body": text(call.request.body),
            },
            "response": {
                "status": {"http_version": "1.1", "code": str(call.response.status)},
                "headers": dict(call.response.headers),
                "body": text(call.response.body),
            },
            "index": 0,
        }
        for call in calls
    ]
    return "\n" + dumped(items)


FORMS: dict[str, tuple[str, Callable[[list[Said]], str]]] = {
    "Ruby VCR": ("Ruby VCR", ruby_vcr),
    "Ruby VCR, JSON": ("Ruby VCR", ruby_vcr_json),
    "Ruby VCR 1": ("Ruby VCR", ruby_vcr_1),
    "vcr for R": ("vcr for R", lambda calls: ruby_vcr(calls).replace(": VCR 6", ": vcr/1")),
    "Betamax": ("Betamax", betamax),
    "go-vcr 1": ("go-vcr", go_vcr_1),
    "go-vcr 4": ("go-vcr", go_vcr_4),
    "vcrpy": ("vcrpy", vcrpy),
    "ExVCR": ("ExVCR", exvcr),
    "ExVCR, binary": ("ExVCR", exvcr_binary),
    "nock": ("nock", nock),
    "nock 14": ("nock", nock_14),
    "Polly.js": ("Polly.js", polly),
    "Polly.js 5": ("Polly.js", polly_5),
    "HAR": ("HAR", har),
    "php-vcr": ("php-vcr", php_vcr),
}
"""What each form is called, and what writes it."""
