"""A recorder for the tests to kill: `python -m tests.edges.recorder_to_kill HOW DIRECTORY`.

`endless` records until it is killed and writes out the number of each interaction when `append`
has returned for it.
`steps` records the same short take again and again, the n-th time in the folder `n`, and is killed
there just before its n-th call to the disk, until a take gets through.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from itertools import count
from pathlib import Path
from types import FrameType

from tokentape.edges.cassette_file import Take

HEADER = b"version: 1\ninteractions:\n"
DISK_CALLS = {
    "close", "fchmod", "fchown", "fdatasync", "flock", "flush", "fsync", "mkdir", "open", "replace",
    "seek", "truncate", "unlink", "write", "writelines",
}  # fmt: skip


def chunk(number: int) -> bytes:
    return b"- request:\n    body: |\n\n      %d\n  response: {}\n" % number


def cassette(*numbers: int) -> bytes:
    return HEADER + b"".join(map(chunk, numbers))


OLD = cassette(1, 2)
NEW = cassette(1, 2, 3, 4, 5)


async def endless(directory: Path) -> None:
    take = Take(directory, "declined", HEADER)

    async def client(first: int) -> None:
        for number in count(first, 4):
            take.append(chunk(number))
            os.write(sys.stdout.fileno(), b"%d\n" % number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(client, range(4)))


async def carried_on(directory: Path) -> None:
    answered = os.open(directory / "answered", os.O_WRONLY)
    take = Take(directory, "declined", HEADER, [chunk(1), chunk(2)], sync=sync)
    for number in (3, 4, 5):
        take.append(chunk(number))
        os.write(answered, b"%d\n" % number)
    await take.finish()


def sync(descriptor: int) -> None:
    os.fdatasync(descriptor)  # called from Python, so that `kill_before` sees it


def kill_before(step: int) -> None:
    steps = count(1)

    def watch(_frame: FrameType, event: str, call: object) -> None:
        called = event == "c_call" and getattr(call, "__name__", "") in DISK_CALLS
        if called and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    sys.setprofile(watch)


def steps(root: Path) -> None:
    for step in count(1):
        directory = root / str(step)
        directory.mkdir()
        (directory / "declined.yaml").write_bytes(OLD)
        (directory / "answered").touch()
        child = os.fork()
        if not child:
            kill_before(step)
            asyncio.run(carried_on(directory))
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return


if __name__ == "__main__":
    how, where = sys.argv[1:]
    if how == "steps":
        steps(Path(where))
    else:
        asyncio.run(endless(Path(where)))
