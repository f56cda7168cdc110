"""vcrpy's load of a cassette, and its look-up of recorded requests.

python -m bench.vcrpy FILE COUNT      prints [seconds of the load, µs of a look-up]
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

from vcr.cassette import Cassette
from vcr.matchers import body, method, uri
from vcr.request import Request
from vcr.serializers import yamlserializer


def _microseconds(cassette: Cassette, request: Request) -> float:
    start = time.perf_counter()
    cassette.play_response(request)
    return 1e6 * (time.perf_counter() - start)


def main(path: str, count: int) -> None:
    start = time.perf_counter()
    cassette = Cassette.load(
        path=path,
        serializer=yamlserializer,
        match_on=(method, uri, body),
        allow_playback_repeats=True,
    )
    seconds = time.perf_counter() - start
    requests = cassette.requests[:: max(1, len(cassette) // count)]
    print(json.dumps([seconds, median(_microseconds(cassette, item) for item in requests)]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
