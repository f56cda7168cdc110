"""Run by mitmproxy's own Python: writes the flows that it replays.

python mitmproxy_flows.py REQUESTS FLOWS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

# mypy: ignore-errors
from mitmproxy.http import Request, Response
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow


def main(path: str, flows: str) -> None:
    requests, body = json.loads(Path(path).read_text())
    with Path(flows).open("wb") as file:
        writer = FlowWriter(file)
        for method, target, headers, sent in requests:
            flow = tflow.tflow()
            lines = dict(headers)
            flow.request = Request.make(method, f"http://127.0.0.1:1{target}", sent, lines)
            flow.response = Response.make(200, body, {"Content-Type": "application/json"})
            writer.add(flow)


if __name__ == "__main__":
    main(*sys.argv[1:])
