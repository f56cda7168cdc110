from __future__ import annotations

import asyncio
import errno
import io
import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tokentape.edges import cassette_file
from tokentape.edges.cassette_file import Take, discard, exists, names, read, recover, revise
from tokentape.edges.cassette_file.plain_files import is_at, lock, umask
from tokentape.edges.cassette_file.take import whole
from tokentape.errors import CassetteBusy, CassetteError

from tests.edges.recorder_to_kill import HEADER, NEW, OLD, cassette, chunk

NAME = "declined"
Rewrite = Callable[[Path], Coroutine[None, None, None]]
PATIENCE = 30

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="takes Linux's /proc and /dev/full")


def recovered(directory: Path, name: str) -> int:
    """Recover a take that nobody has anything against."""
    return recover(directory, name, lambda _: None)


def pending(directory: Path, name: str = NAME) -> int | None:
    """Return how many whole interactions the take in a directory has; None if there is nothing."""
    take = directory / f".{name}.take"
    if not take.exists():
        return None
    with io.FileIO(take) as file:
        return whole(file)[0] or None


def saved(directory: Path, name: str = NAME, content: bytes = OLD) -> Path:
    path = directory / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def everything(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


async def recorded(directory: Path, *numbers: int, name: str = NAME) -> Take:
    take = Take(directory, name, HEADER)
    for number in numbers:
        take.append(chunk(number))
    return take


async def interrupted(directory: Path, *numbers: int, name: str = NAME) -> Path:
    """Leave what a killed process leaves: its lock ends with its descriptors."""
    take = await recorded(directory, *numbers, name=name)
    let_go(take)
    return directory / f".{name}.take"


def let_go(take: Take) -> None:
    """Close a take's file, and sync it no more, as the end of a process does."""
    if take._syncing:
        take._syncing.cancel()
    take._file.close()


def written(directory: Path) -> bytes:
    return (directory / ".declined.take").read_bytes()


@contextmanager
def diverted(take: Take, device: str) -> Iterator[None]:
    """Let what `take` writes go to a device that refuses it."""
    descriptor = take._file.fileno()
    file, refusing = os.dup(descriptor), os.open(device, os.O_RDWR)
    os.dup2(refusing, descriptor)
    try:
        yield
    finally:
        os.dup2(file, descriptor)
        os.close(file)
        os.close(refusing)


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def just_before(
    call: str, action: Callable[[], object], *, times: int = 1, threads: bool = False
) -> Iterator[None]:
    """Do `action` once, just before the call of the built-in function `call` number `times`.

    By this thread, or by `threads` that begin meanwhile.
    """
    profile = threading.setprofile if threads else sys.setprofile
    calls = 0

    def watch(_frame: FrameType, event: str, what: object) -> None:
        nonlocal calls
        if event == "c_call" and getattr(what, "__name__", "") == call:
            calls += 1
            if calls == times:
                sys.setprofile(None)
                action()

    profile(watch)
    try:
        yield
    finally:
        profile(None)


@contextmanager
def overheard(calls: list[str]) -> Iterator[None]:
    """Note the system calls of this thread, and of those that begin meanwhile."""

    def note(_frame: FrameType, event: str, what: object) -> None:
        if event == "c_call" and getattr(what, "__module__", "") == os.replace.__module__:
            calls.append(getattr(what, "__name__", ""))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


class TestNames:
    @pytest.mark.parametrize(
        "name", ["default", "checkout/declined", "a/b/c", "v1.yaml.2_x-y", "a" * 100]
    )
    def test_plain_names_are_paths_below_the_directory(self, tmp_path: Path, name: str) -> None:
        saved(tmp_path, name, b"bytes")
        assert read(tmp_path, name) == b"bytes"
        assert names(tmp_path) == [name]

    @pytest.mark.parametrize(
        "name",
        [
            "", "/", "/etc/passwd", "..", "../x", "a/../b", "a/./b", "a//b", "a/", ".hidden", "-x",
            "a/-x", "a\\b", "C:x", "a b", "a\n", "a\0b", "\u0430", "a\uff0fb", "~", "%2e%2e/x",
            "x.yaml", "x.YAML/y", "nul", "a/CON", "com1.x", "a" * 101, "/".join(["a" * 99] * 3),
        ],
    )  # fmt: skip
    def test_all_others_are_refused_and_nothing_is_made(self, tmp_path: Path, name: str) -> None:
        for use in (read, exists, recovered, discard):
            with pytest.raises(CassetteError, match="segments joined by `/`"):
                use(tmp_path, name)
        with pytest.raises(CassetteError):
            Take(tmp_path, name, HEADER)
        assert everything(tmp_path) == []

    @given(st.text(st.sampled_from("./\\-~:%ab\0\n é"), max_size=12))
    def test_no_name_leads_out_of_the_directory(self, name: str) -> None:
        root = Path("/nowhere/cassettes")
        try:
            assert not exists(root, name)
        except CassetteError:
            return
        inside = Path(os.path.normpath(root / f"{name}.yaml"))
        assert inside == root / f"{name}.yaml"
        assert inside.is_relative_to(root)

    def test_a_bad_name_is_quoted_when_that_is_safe_with_a_hint(self, tmp_path: Path) -> None:
        with pytest.raises(CassetteError, match=r"'x\.yaml' cannot be used: leave `\.yaml` out"):
            read(tmp_path, "x.yaml")
        with pytest.raises(CassetteError, match="the cassette name cannot be used"):
            read(tmp_path, "\x1b[2J")

    def test_listing_leaves_out_what_cannot_be_used(self, tmp_path: Path) -> None:
        for name in ("b", "a/c", "a/b", ".git/x", "a/.x", "odd name"):
            saved(tmp_path, name)
        (tmp_path / "link.yaml").symlink_to(tmp_path / "b.yaml")
        (tmp_path / "linked").symlink_to(tmp_path / "a")
        (tmp_path / "folder.yaml").mkdir()
        (tmp_path / "notes.txt").touch()
        assert names(tmp_path) == ["a/b", "a/c", "b"]
        assert names(tmp_path / "missing") == []


class TestReading:
    def test_a_missing_cassette_names_the_file_the_next_step_and_its_neighbours(
        self, tmp_path: Path
    ) -> None:
        saved(tmp_path, "checkout/declined")
        with pytest.raises(CassetteError) as error:
            read(tmp_path, "checkout/decline")
        assert error.value.file == str(tmp_path / "checkout/decline.yaml")
        assert "`tokentape record checkout/decline`" in str(error.value)
        assert "did you mean `checkout/declined`?" in str(error.value)

    def test_existence(self, tmp_path: Path) -> None:
        assert not exists(tmp_path, NAME)
        assert not exists(tmp_path / "missing", NAME)
        saved(tmp_path)
        assert exists(tmp_path, NAME)

    def test_an_empty_file_is_read(self, tmp_path: Path) -> None:
        saved(tmp_path, content=b"")
        assert read(tmp_path, NAME) == b""

    def test_a_giant_is_refused_unread(self, tmp_path: Path) -> None:
        os.truncate(saved(tmp_path), cassette_file.MAX_BYTES + 1)
        with pytest.raises(CassetteError, match="more than 512 MiB"):
            read(tmp_path, NAME)

    def test_what_is_no_plain_file_is_refused_without_waiting(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.yaml")
        (tmp_path / "folder.yaml").mkdir()
        for name in ("pipe", "folder"):
            for use in (read, exists):
                with pytest.raises(
                    CassetteError, match=rf"{name}\.yaml: the cassette cannot be read"
                ):
                    use(tmp_path, name)

    def test_a_file_where_a_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for directory, name in ((tmp_path / "file", NAME), (tmp_path, "file/x")):
            with pytest.raises(CassetteError, match="ENOTDIR"):
                read(directory, name)
            with pytest.raises(CassetteError, match="the recording cannot begin"):
                Take(directory, name, HEADER)

    def test_the_directory_itself_may_be_a_link(self, tmp_path: Path) -> None:
        saved(tmp_path / "real", "a/b")
        (tmp_path / "link").symlink_to("real")
        assert read(tmp_path / "link", "a/b") == OLD


class TestLinks:
    """What lies outside stays as it is, unread and unwritten."""

    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        return saved(tmp_path / "outside")

    @pytest.fixture
    def inside(self, tmp_path: Path) -> Path:
        (tmp_path / "inside").mkdir()
        return tmp_path / "inside"

    def refused(self, directory: Path, name: str, outside: Path) -> None:
        for use in (read, exists):
            with pytest.raises(CassetteError, match="links are not followed"):
                use(directory, name)
        with pytest.raises(CassetteError, match="links are not followed"):
            Take(directory, name, HEADER)
        assert everything(outside.parent) == ["declined.yaml"]
        assert outside.read_bytes() == OLD

    def test_as_cassette(self, inside: Path, outside: Path) -> None:
        (inside / "declined.yaml").symlink_to(outside)
        self.refused(inside, NAME, outside)

    def test_as_cassette_leading_nowhere(self, inside: Path, outside: Path) -> None:
        (inside / "declined.yaml").symlink_to(outside.parent / "new.yaml")
        self.refused(inside, NAME, outside)

    def test_as_folder(self, inside: Path, outside: Path) -> None:
        (inside / "a").symlink_to(outside.parent)
        self.refused(inside, "a/declined", outside)

    def test_as_take(self, inside: Path, outside: Path) -> None:
        (inside / ".declined.take").symlink_to(outside)
        for use in (recovered, discard):
            with pytest.raises(CassetteError, match="links are not followed"):
                use(inside, NAME)
        with pytest.raises(CassetteError, match="links are not followed"):
            Take(inside, NAME, HEADER)
        assert outside.read_bytes() == OLD

    async def test_as_draft_it_is_replaced(self, inside: Path, outside: Path) -> None:
        (inside / ".declined.yaml.take").symlink_to(outside)
        await (await recorded(inside, 1)).finish()
        assert everything(inside) == ["declined.yaml"]
        assert outside.read_bytes() == OLD

    def test_put_there_between_looking_and_opening(self, inside: Path, outside: Path) -> None:
        path = saved(inside)

        def swap() -> None:
            path.unlink()
            path.symlink_to(outside)

        with just_before("open", swap), pytest.raises(CassetteError, match="ELOOP"):
            read(inside, NAME)

    async def test_put_there_during_the_recording(self, inside: Path, outside: Path) -> None:
        take = await recorded(inside, 7)
        (inside / "declined.yaml").symlink_to(outside)
        with pytest.raises(CassetteError, match="tokentape recover declined"):
            await take.finish()
        assert outside.read_bytes() == OLD
        (inside / "declined.yaml").unlink()
        assert recovered(inside, NAME) == 1


class TestRecording:
    async def test_a_take_becomes_the_cassette(self, tmp_path: Path) -> None:
        take = await recorded(tmp_path, 1, 2)
        assert await take.finish() == tmp_path / "declined.yaml"
        assert read(tmp_path, NAME) == cassette(1, 2)
        assert everything(tmp_path) == ["declined.yaml"]

    async def test_until_it_ends_the_old_cassette_stands(self, tmp_path: Path) -> None:
        saved(tmp_path, "a/b")
        take = await recorded(tmp_path, 7, name="a/b")
        assert read(tmp_path, "a/b") == OLD
        await take.finish()
        assert read(tmp_path, "a/b") == cassette(7)

    async def test_an_append_that_returned_is_in_a_take_that_yaml_can_load(
        self, tmp_path: Path
    ) -> None:
        take = await recorded(tmp_path, 1, 2)
        loaded = yaml.safe_load(written(tmp_path))
        assert [each["request"]["body"].strip() for each in loaded["interactions"]] == ["1", "2"]
        await take.abandon()

    async def test_a_cassette_is_carried_on(self, tmp_path: Path) -> None:
        saved(tmp_path)
        take = Take(tmp_path, NAME, HEADER, [chunk(1), chunk(2)])
        for number in (3, 4, 5):
            take.append(chunk(number))
        await take.finish()
        assert read(tmp_path, NAME) == NEW

    async def test_an_abandoned_take_changes_nothing(self, tmp_path: Path) -> None:
        saved(tmp_path)
        await (await recorded(tmp_path, 1)).abandon()
        assert everything(tmp_path) == ["declined.yaml"]
        assert read(tmp_path, NAME) == OLD

    async def test_the_same_bytes_leave_the_file_untouched(self, tmp_path: Path) -> None:
        before = saved(tmp_path).stat()
        await (await recorded(tmp_path, 1, 2)).finish()
        after = (tmp_path / "declined.yaml").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert everything(tmp_path) == ["declined.yaml"]

    @pytest.mark.parametrize("content", [cassette(1), cassette(1, 2, 3), cassette(2, 1), b""])
    async def test_a_cassette_with_other_bytes_is_replaced(
        self, tmp_path: Path, content: bytes
    ) -> None:
        saved(tmp_path, content=content)
        await (await recorded(tmp_path, 1, 2)).finish()
        assert read(tmp_path, NAME) == cassette(1, 2)

    @on_linux
    async def test_each_step_is_on_disk_before_the_next(self, tmp_path: Path) -> None:
        calls: list[str] = []
        with overheard(calls):
            take = Take(tmp_path, NAME, HEADER, sync=lambda _: calls.append("fdatasync"))
            take.append(chunk(1))
            await take.finish()
        steps = [call for call in calls if call in {"fdatasync", "fsync", "replace"}]
        assert steps == ["fsync", "fdatasync", "fsync", "replace", "fsync"]
        assert calls.index("replace") < len(calls) - 1 - calls[::-1].index("unlink")

    @on_linux
    async def test_each_new_folder_is_on_disk_before_the_next(self, tmp_path: Path) -> None:
        calls: list[str] = []
        with overheard(calls):
            take = Take(tmp_path / "new", "a/b/c", HEADER)
        steps = [call for call in calls if call in {"mkdir", "fsync"}]
        assert steps == ["mkdir", "fsync"] * 3 + ["fsync"]
        await take.abandon()

    @pytest.mark.parametrize(("call", "times"), [("open", 3), ("flock", 1)])
    def test_two_that_begin_at_once_do_not_share_a_take(
        self, tmp_path: Path, call: str, times: int
    ) -> None:
        takes: list[Take] = []

        def begin() -> None:
            takes.append(Take(tmp_path, NAME, HEADER))

        with just_before(call, begin, times=times), pytest.raises(CassetteBusy):
            Take(tmp_path, NAME, HEADER)
        assert everything(tmp_path) == [".declined.take"]
        let_go(takes[0])

    def test_the_second_leaves_the_file_to_whoever_locked_it(self, tmp_path: Path) -> None:
        path = tmp_path / ".declined.take"
        others: list[io.FileIO] = []

        def lock_it() -> None:
            others.append(io.FileIO(path, "r+"))
            assert lock(others[0])

        with just_before("flock", lock_it), pytest.raises(CassetteBusy):
            Take(tmp_path, NAME, HEADER)
        assert is_at(path, others[0])
        others[0].close()

    async def test_two_that_differ_in_capitals_only_are_not_recorded_side_by_side(
        self, tmp_path: Path
    ) -> None:
        take = Take(tmp_path, NAME, HEADER)
        with pytest.raises(CassetteError, match=r"from that of \.declined\.take in capitals only"):
            Take(tmp_path, NAME.upper(), HEADER)
        take.append(chunk(1))
        await take.finish()
        with pytest.raises(CassetteError, match=r"from that of declined\.yaml in capitals only"):
            Take(tmp_path, NAME.upper(), HEADER)

    async def test_a_take_that_is_set_aside_before_it_is_locked_is_in_nobodys_way(
        self, tmp_path: Path
    ) -> None:
        left = await interrupted(tmp_path, 1)
        with just_before("flock", lambda: left.rename(tmp_path / ".declined~.take")):
            take = Take(tmp_path, NAME, HEADER)
        await take.abandon()
        assert everything(tmp_path) == [".declined~.take"]

    async def test_a_name_is_recorded_once_at_a_time(self, tmp_path: Path) -> None:
        take = await recorded(tmp_path, 1)
        with pytest.raises(CassetteError, match="being recorded by another process"):
            Take(tmp_path, NAME, HEADER)
        for use in (recovered, discard):
            with pytest.raises(CassetteError, match="being recorded by another process"):
                use(tmp_path, NAME)
        take.append(chunk(2))
        await take.finish()
        assert read(tmp_path, NAME) == cassette(1, 2)

    async def test_a_take_that_was_changed_meanwhile_does_not_become_the_cassette(
        self, tmp_path: Path
    ) -> None:
        saved(tmp_path)
        take = await recorded(tmp_path, 7, 8)
        os.truncate(tmp_path / ".declined.take", len(written(tmp_path)) - 5)
        with pytest.raises(CassetteError, match="the take was changed meanwhile"):
            await take.finish()
        assert read(tmp_path, NAME) == OLD
        assert recovered(tmp_path, NAME) == 1

    async def test_after_its_end_a_take_refuses(self, tmp_path: Path) -> None:
        take = await recorded(tmp_path, 1)
        await take.finish()
        with pytest.raises(CassetteError, match="has ended"):
            take.append(chunk(2))
        for use in (take.finish(), take.abandon()):
            with pytest.raises(CassetteError, match="has ended"):
                await use

    @pytest.mark.parametrize(
        "bad", [b"", b"- a", b"a: 1\n", b"- a\nb\n", b"- a\n# end of interaction 2\n"]
    )
    async def test_what_would_break_the_framing_is_a_mistake(
        self, tmp_path: Path, bad: bytes
    ) -> None:
        take = await recorded(tmp_path)
        with pytest.raises(AssertionError):
            take.append(bad)
        await take.abandon()

    async def test_what_vanishes_meanwhile_is_made_again(self, tmp_path: Path) -> None:
        saved(tmp_path, "a/b")
        take = await recorded(tmp_path, 1, name="a/b")
        shutil.rmtree(tmp_path / "a")
        take.append(chunk(2))
        await take.finish()
        assert read(tmp_path, "a/b") == cassette(1, 2)

    async def test_a_take_put_in_its_place_is_left_alone(self, tmp_path: Path) -> None:
        first = await recorded(tmp_path, 1)
        (tmp_path / ".declined.take").unlink()
        second = await recorded(tmp_path, 2)
        await first.abandon()
        assert everything(tmp_path) == [".declined.take"]
        second.append(chunk(3))
        await second.finish()
        assert read(tmp_path, NAME) == cassette(2, 3)


class Disk:
    """A disk that notes when it is told to sync, and may refuse."""

    def __init__(self) -> None:
        self.syncs: list[float] = []
        self.threads: set[threading.Thread] = set()
        self.error: OSError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def sync(self, descriptor: int) -> None:
        assert os.fstat(descriptor)
        self.threads.add(threading.current_thread())
        self.syncs.append(time.monotonic())
        assert self.gate.wait(PATIENCE)
        if self.error:
            raise self.error


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


class TestSyncs:
    """Written at once, on disk within a second, and the event loop goes on meanwhile."""

    @pytest.fixture
    def disk(self) -> Disk:
        return Disk()

    @pytest.fixture
    async def take(self, tmp_path: Path, disk: Disk) -> AsyncIterator[Take]:
        take = Take(tmp_path, NAME, HEADER, sync=disk.sync)
        yield take
        disk.gate.set()
        with suppress(CassetteError):
            await take.abandon()

    async def test_an_append_is_in_the_file_when_it_returns_and_not_synced(
        self, tmp_path: Path, take: Take, disk: Disk
    ) -> None:
        for number in (1, 2):
            take.append(chunk(number))
            assert pending(tmp_path) == number
        assert disk.syncs == []

    async def test_many_appends_share_a_sync_a_second_later(self, take: Take, disk: Disk) -> None:
        begun = time.monotonic()
        for number in range(1000):
            take.append(chunk(number))
        await until(lambda: disk.syncs)
        assert 0.9 < disk.syncs[0] - begun < 3
        await asyncio.sleep(1.2)
        assert len(disk.syncs) == 1

    async def test_steady_appends_are_synced_once_a_second_at_most(
        self, take: Take, disk: Disk
    ) -> None:
        for number in range(320):
            take.append(chunk(number))
            await asyncio.sleep(0.01)
        assert len(disk.syncs) >= 3
        assert min(later - earlier for earlier, later in pairwise(disk.syncs)) > 0.9

    async def test_after_a_pause_an_append_is_synced_again(self, take: Take, disk: Disk) -> None:
        take.append(chunk(1))
        await until(lambda: disk.syncs)
        await asyncio.sleep(0.1)
        take.append(chunk(2))
        await until(lambda: len(disk.syncs) == 2)

    async def test_what_is_appended_during_a_slow_sync_takes_another(
        self, take: Take, disk: Disk
    ) -> None:
        disk.gate.clear()
        take.append(chunk(1))
        await until(lambda: disk.syncs)
        take.append(chunk(2))
        await asyncio.sleep(1.2)
        assert len(disk.syncs) == 1  # never two at once
        disk.gate.set()
        await until(lambda: len(disk.syncs) == 2)

    async def test_a_slow_disk_does_not_hold_the_event_loop(
        self, tmp_path: Path, take: Take, disk: Disk
    ) -> None:
        disk.gate.clear()
        take.append(chunk(1))
        finish = asyncio.create_task(take.finish())
        await until(lambda: disk.syncs)  # this loop goes on while the disk does not
        assert threading.main_thread() not in disk.threads
        assert not finish.done()
        assert everything(tmp_path) == [".declined.take"]
        disk.gate.set()
        await finish

    async def test_the_end_syncs_without_waiting_for_the_second(
        self, tmp_path: Path, take: Take, disk: Disk
    ) -> None:
        begun = time.monotonic()
        take.append(chunk(1))
        await take.finish()
        assert len(disk.syncs) == 1
        assert disk.syncs[0] - begun < 0.9
        assert read(tmp_path, NAME) == cassette(1)

    async def test_a_take_of_nothing_is_not_synced(self, take: Take, disk: Disk) -> None:
        await take.abandon()
        assert disk.syncs == []

    async def test_a_cancelled_end_goes_on(self, tmp_path: Path, take: Take, disk: Disk) -> None:
        disk.gate.clear()
        take.append(chunk(1))
        finish = asyncio.create_task(take.finish())
        await until(lambda: disk.syncs)
        finish.cancel()
        disk.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await finish
        await until(lambda: everything(tmp_path) == ["declined.yaml"])
        assert read(tmp_path, NAME) == cassette(1)

    async def test_publishing_does_not_hold_the_event_loop(
        self, tmp_path: Path, take: Take
    ) -> None:
        publishing, gate = threading.Event(), threading.Event()

        def wait() -> None:
            publishing.set()
            assert gate.wait(PATIENCE)

        take.append(chunk(1))
        with just_before("fsync", wait, threads=True):
            finish = asyncio.create_task(take.finish())
            await until(publishing.is_set)
        assert not finish.done()
        gate.set()
        await finish
        assert read(tmp_path, NAME) == cassette(1)

    async def test_once_a_sync_failed_the_take_takes_nothing_more_and_can_be_recovered(
        self, tmp_path: Path, take: Take, disk: Disk
    ) -> None:
        saved(tmp_path)
        disk.error = OSError(errno.EIO, "Input/output error")
        take.append(chunk(7))
        await until(lambda: disk.syncs)
        await asyncio.sleep(0.05)
        disk.error = None  # the next sync would say that all is well: Linux forgets
        for _ in range(2):
            with pytest.raises(CassetteError, match=r"was not recorded: .*EIO"):
                take.append(chunk(8))
        with pytest.raises(CassetteError, match=r"tokentape recover declined`: .*EIO"):
            await take.finish()
        assert read(tmp_path, NAME) == OLD
        assert recovered(tmp_path, NAME) == 1

    async def test_a_sync_that_fails_at_the_end_is_reported_there(
        self, tmp_path: Path, take: Take, disk: Disk
    ) -> None:
        disk.error = OSError(errno.ENOSPC, "No space left on device")
        take.append(chunk(7))
        with pytest.raises(CassetteError, match=r"tokentape recover declined`: .*ENOSPC"):
            await take.finish()
        assert everything(tmp_path) == [".declined.take"]

    async def test_a_take_whose_sync_failed_can_be_abandoned(
        self, tmp_path: Path, take: Take, disk: Disk
    ) -> None:
        disk.error = OSError(errno.EIO, "Input/output error")
        take.append(chunk(7))
        await take.abandon()
        assert everything(tmp_path) == []


class TestCosts:
    @on_linux
    async def test_an_append_costs_the_same_however_long_the_take_is(self, tmp_path: Path) -> None:
        def moved() -> int:
            fields = dict(
                line.split(": ") for line in Path("/proc/self/io").read_text().splitlines()
            )
            return int(fields["rchar"]) + int(fields["wchar"])

        take = await recorded(tmp_path)
        for number in range(5000):
            take.append(chunk(number))
        before = moved()
        take.append(chunk(5000))
        assert moved() - before < 5000
        await take.abandon()

    @on_linux
    async def test_descriptors_and_threads_go_with_the_take(self, tmp_path: Path) -> None:
        def open_now() -> int:
            return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

        await (await recorded(tmp_path, 1)).finish()
        executor = (os.cpu_count() or 1) + 4
        files, threads = open_now(), threading.active_count() + executor
        for number in range(200):
            take = await recorded(tmp_path, number % 7)
            with pytest.raises(CassetteError):
                Take(tmp_path, NAME, HEADER)
            await (take.abandon() if number % 2 else take.finish())
        with pytest.raises(CassetteError):
            read(tmp_path, "missing")
        assert open_now() == files
        assert threading.active_count() <= threads


class TestRecovery:
    async def test_what_was_left_is_offered_and_becomes_the_cassette(self, tmp_path: Path) -> None:
        saved(tmp_path, content=cassette(9))
        await interrupted(tmp_path, 1, 2)
        assert pending(tmp_path, NAME) == 2
        with pytest.raises(CassetteError, match=r"interactions: 2\).* --discard"):
            Take(tmp_path, NAME, HEADER)
        assert read(tmp_path, NAME) == cassette(9)
        assert recovered(tmp_path, NAME) == 2
        assert read(tmp_path, NAME) == cassette(1, 2)
        assert everything(tmp_path) == ["declined.yaml"]
        assert pending(tmp_path, NAME) is None

    async def test_what_was_left_can_be_dropped(self, tmp_path: Path) -> None:
        saved(tmp_path)
        await interrupted(tmp_path, 7)
        discard(tmp_path, NAME)
        assert everything(tmp_path) == ["declined.yaml"]
        assert read(tmp_path, NAME) == OLD

    def test_where_nothing_was_left(self, tmp_path: Path) -> None:
        for directory in (tmp_path, tmp_path / "missing"):
            assert pending(directory, NAME) is None
            for use in (recovered, discard):
                with pytest.raises(CassetteError, match="there is no interrupted recording"):
                    use(directory, NAME)

    async def test_a_take_without_interactions_is_no_loss(self, tmp_path: Path) -> None:
        await interrupted(tmp_path)
        assert pending(tmp_path, NAME) is None
        with pytest.raises(CassetteError, match="there is no interrupted recording"):
            recovered(tmp_path, NAME)
        await (await recorded(tmp_path, 1)).finish()
        assert everything(tmp_path) == ["declined.yaml"]

    async def test_cut_anywhere_it_keeps_every_whole_interaction(self, tmp_path: Path) -> None:
        take = Take(tmp_path, NAME, HEADER, [chunk(1), chunk(2)])
        ends = {}
        for number in (3, 4, 5):
            take.append(chunk(number))
            ends[len(written(tmp_path))] = number
        content = written(tmp_path) + bytes(50)
        await take.abandon()
        for size in range(len(content) + 1):
            saved(tmp_path)
            (tmp_path / ".declined.take").write_bytes(content[:size])
            last = max((number for end, number in ends.items() if end <= size), default=None)
            assert pending(tmp_path, NAME) == last
            if last:
                assert recovered(tmp_path, NAME) == last
            assert read(tmp_path, NAME) == (cassette(*range(1, last + 1)) if last else OLD)

    @pytest.mark.parametrize(
        "tail", [b"\0" * 40, b"- requ" + b"\0" * 9 + b"dy: 3\n", b"# end of interaction 7\n"]
    )
    async def test_after_a_gap_nothing_counts(self, tmp_path: Path, tail: bytes) -> None:
        left = await interrupted(tmp_path, 1, 2)
        with left.open("ab") as take:
            take.write(tail + b"# end of interaction 3\n")
        assert recovered(tmp_path, NAME) == 2
        assert read(tmp_path, NAME) == cassette(1, 2)

    async def test_zeros_anywhere_end_what_counts(self, tmp_path: Path) -> None:
        take = Take(tmp_path, NAME, HEADER, [chunk(1)])
        ends = []
        for number in (2, 3, 4):
            take.append(chunk(number))
            ends.append(len(written(tmp_path)))
        content = written(tmp_path)
        await take.abandon()
        for start in range(0, len(content) - 8, 3):
            gap = content[:start] + bytes(8) + content[start + 8 :]
            (tmp_path / ".declined.take").write_bytes(gap)
            before = sum(end <= start for end in ends)
            assert pending(tmp_path) == (1 + before if before else None)

    async def test_noise_is_no_take(self, tmp_path: Path) -> None:
        (tmp_path / ".declined.take").write_bytes(os.urandom(5000))
        assert pending(tmp_path, NAME) is None
        await (await recorded(tmp_path, 1)).finish()
        assert read(tmp_path, NAME) == cassette(1)


class TestBadDisks:
    @settings(deadline=None, max_examples=60)  # a disk may be slow
    @given(st.lists(st.tuples(st.integers(1, 9000), st.booleans(), st.integers(0, 9000))))
    def test_what_was_appended_and_nothing_that_failed_is_in_a_take_whatever_the_disk_does(
        self, appends: list[tuple[int, bool, int]]
    ) -> None:
        async def append_all(directory: Path) -> list[bytes]:
            take = Take(directory, NAME, HEADER)
            written_whole = []
            for size, full, room in appends:
                data = b"- body: " + b"x" * size + b"\n"
                limit = len(written(directory)) + min(room, size) if full else 1 << 20
                try:
                    with no_file_beyond(limit):
                        take.append(data)
                except CassetteError:
                    assert full
                else:
                    assert not full
                    written_whole.append(data)
            let_go(take)
            return written_whole

        with tempfile.TemporaryDirectory() as folder:
            appended = asyncio.run(append_all(Path(folder)))
            assert pending(Path(folder)) == (len(appended) or None)
            if appended:
                recovered(Path(folder), NAME)
                assert read(Path(folder), NAME) == HEADER + b"".join(appended)

    async def test_a_full_disk_takes_back_the_torn_write_and_the_next_succeeds(
        self, tmp_path: Path
    ) -> None:
        take = await recorded(tmp_path, 1)
        whole = len(written(tmp_path))
        with no_file_beyond(whole + 10):
            with pytest.raises(CassetteError, match=r"was not recorded: File too large \(EFBIG\)"):
                take.append(chunk(2))
            assert (tmp_path / ".declined.take").stat().st_size == whole
        take.append(chunk(3))
        await take.finish()
        assert read(tmp_path, NAME) == cassette(1, 3)

    @on_linux
    async def test_a_device_that_is_full(self, tmp_path: Path) -> None:
        take = await recorded(tmp_path, 1)
        with diverted(take, "/dev/full"):
            for number in (2, 3, 4):
                with pytest.raises(CassetteError, match="ENOSPC"):
                    take.append(chunk(number))
        take.append(chunk(5))
        await take.finish()
        assert read(tmp_path, NAME) == cassette(1, 5)

    @on_linux
    @pytest.mark.parametrize("size", [1, 30, 5000])
    async def test_a_torn_write_that_cannot_be_taken_back_is_no_interaction(
        self, tmp_path: Path, size: int
    ) -> None:
        long = b"- request:\n" + b"    body: 2\n" * 1000
        take = await recorded(tmp_path, 1)
        with diverted(take, "/dev/full"), pytest.raises(CassetteError):
            take.append(long)
        with (tmp_path / ".declined.take").open("ab") as torn:
            torn.write(long[:size])
        take.append(chunk(3))
        let_go(take)
        assert recovered(tmp_path, NAME) == 2
        assert read(tmp_path, NAME) == cassette(1, 3)

    async def test_a_take_refuses_to_outgrow_what_can_be_read(self, tmp_path: Path) -> None:
        take = await recorded(tmp_path, 1)
        take._end = cassette_file.MAX_BYTES - 5
        with pytest.raises(CassetteError, match="more than 512 MiB"):
            take.append(chunk(2))
        await take.abandon()

    def test_a_take_that_cannot_begin_leaves_nothing(self, tmp_path: Path) -> None:
        saved(tmp_path)
        with no_file_beyond(30), pytest.raises(CassetteError, match=r"cannot begin.*EFBIG"):
            Take(tmp_path, NAME, HEADER, [chunk(1)])
        assert everything(tmp_path) == ["declined.yaml"]

    async def test_a_disk_that_fills_at_the_end_leaves_the_old_and_the_take(
        self, tmp_path: Path
    ) -> None:
        saved(tmp_path)
        take = await recorded(tmp_path, 7, 8, 9)
        with no_file_beyond(50), pytest.raises(CassetteError, match="tokentape recover declined"):
            await take.finish()
        assert everything(tmp_path) == [".declined.take", "declined.yaml"]
        assert read(tmp_path, NAME) == OLD
        assert recovered(tmp_path, NAME) == 3
        assert read(tmp_path, NAME) == cassette(7, 8, 9)

    async def test_a_rename_that_fails_leaves_the_take(self, tmp_path: Path) -> None:
        take = await recorded(tmp_path, 7)
        (tmp_path / "declined.yaml/full").mkdir(parents=True)
        with pytest.raises(CassetteError, match=r"tokentape recover declined`: Is a directory"):
            await take.finish()
        with pytest.raises(CassetteError, match="tokentape recover declined"):
            recovered(tmp_path, NAME)
        shutil.rmtree(tmp_path / "declined.yaml")
        assert recovered(tmp_path, NAME) == 1
        assert everything(tmp_path) == ["declined.yaml"]

    async def test_a_folder_in_the_way_of_the_draft(self, tmp_path: Path) -> None:
        saved(tmp_path)
        take = await recorded(tmp_path, 7)
        (tmp_path / ".declined.yaml.take").mkdir()
        with pytest.raises(CassetteError, match="tokentape recover declined"):
            await take.finish()
        assert read(tmp_path, NAME) == OLD
        assert pending(tmp_path, NAME) == 1


def mode_and_owner(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


async def recorded_again(directory: Path) -> None:
    await (await recorded(directory, 7)).finish()


async def revised(directory: Path) -> None:
    revise(directory, NAME, lambda _: cassette(7))


async def taken_over(directory: Path) -> None:
    await interrupted(directory, 7)
    recovered(directory, NAME)


async def recorded_again_by_nobody(directory: Path) -> None:
    """Record again as the user nobody, who gives nothing away."""
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        await recorded_again(directory)
    finally:
        os.seteuid(0)
        os.setegid(0)


NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
REWRITES = [recorded_again, revised, taken_over]


class TestOwnerAndMode:
    @pytest.fixture(autouse=True, params=[0o022, 0o002, 0o077])
    def mask(self, request: pytest.FixtureRequest) -> Iterator[int]:
        before = os.umask(request.param)
        yield request.param
        os.umask(before)

    async def test_a_new_cassette_has_the_mode_that_the_umask_gives(
        self, tmp_path: Path, mask: int
    ) -> None:
        await recorded_again(tmp_path)
        assert mode_and_owner(tmp_path / "declined.yaml")[0] == 0o666 & ~mask

    async def test_a_recovered_cassette_has_the_mode_that_the_umask_gives(
        self, tmp_path: Path, mask: int
    ) -> None:
        await taken_over(tmp_path)
        assert mode_and_owner(tmp_path / "declined.yaml")[0] == 0o666 & ~mask

    async def test_a_take_and_a_draft_are_for_their_owner_only(self, tmp_path: Path) -> None:
        modes: dict[str, int] = {}

        def look() -> None:
            modes.update((path.name, mode_and_owner(path)[0]) for path in tmp_path.iterdir())

        take = await recorded(tmp_path, 1)
        with just_before("fchmod", look, threads=True):
            await take.finish()
        assert modes == {".declined.take": 0o600, ".declined.yaml.take": 0o600}

    @pytest.mark.parametrize("mode", [0o644, 0o600, 0o664, 0o444, 0o755])
    @pytest.mark.parametrize("rewrite", REWRITES)
    async def test_a_cassette_that_is_rewritten_keeps_its_mode(
        self, tmp_path: Path, mode: int, rewrite: Rewrite
    ) -> None:
        saved(tmp_path).chmod(mode)
        await rewrite(tmp_path)
        assert read(tmp_path, NAME) == cassette(7)
        assert mode_and_owner(tmp_path / "declined.yaml")[0] == mode

    async def test_a_cassette_does_not_keep_setuid_and_setgid(self, tmp_path: Path) -> None:
        saved(tmp_path).chmod(0o6755)
        await recorded_again(tmp_path)
        assert mode_and_owner(tmp_path / "declined.yaml")[0] == 0o755

    @as_root
    @pytest.mark.parametrize("mode", [0o644, 0o600])
    @pytest.mark.parametrize("rewrite", REWRITES)
    async def test_a_cassette_that_root_rewrites_keeps_its_owner(
        self, tmp_path: Path, mode: int, rewrite: Rewrite
    ) -> None:
        path = saved(tmp_path)
        path.chmod(mode)
        os.chown(path, 1000, 1001)
        await rewrite(tmp_path)
        assert read(tmp_path, NAME) == cassette(7)
        assert mode_and_owner(path) == (mode, 1000, 1001)

    @as_root
    @pytest.mark.parametrize("group", [NOBODY, 1001])
    async def test_a_user_who_may_not_give_it_back_keeps_what_can_be_kept(self, group: int) -> None:
        with tempfile.TemporaryDirectory() as folder:  # outside the folder that is pytest's only
            directory = Path(folder)
            directory.chmod(0o777)
            path = saved(directory)
            path.chmod(0o664)
            os.chown(path, 1000, group)
            await recorded_again_by_nobody(directory)
            assert read(directory, NAME) == cassette(7)
            assert mode_and_owner(path) == (0o664, NOBODY, NOBODY)

    async def test_the_umask_is_read_with_and_without_linux(
        self, tmp_path: Path, mask: int
    ) -> None:
        other_system = tmp_path / "status"
        assert [umask(), umask(other_system)] == [mask, mask]
        other_system.write_text("Name:\tpython\n")
        assert [umask(other_system), umask()] == [mask, mask]

    @on_linux
    def test_linux_shows_the_umask_without_setting_it(self, mask: int) -> None:
        def never() -> None:
            raise AssertionError("set")

        with just_before("umask", never):
            assert umask() == mask


class TestKilled:
    def test_before_any_call_to_the_disk(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "tests.edges.recorder_to_kill", "steps", str(tmp_path)]
        subprocess.run(command, check=True, timeout=60)
        runs = sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
        assert len(runs) > 30
        outcomes = {self.checked(folder) for folder in runs}
        assert outcomes == {(OLD, None), (OLD, 3), (OLD, 4), (OLD, 5), (NEW, 5), (NEW, None)}

    def checked(self, directory: Path) -> tuple[bytes, int | None]:
        answered = 2 + len((directory / "answered").read_text().split())
        stood, left = read(directory, NAME), pending(directory, NAME)
        assert stood in {OLD, NEW}
        assert stood == NEW or answered <= (left or 2)
        if left:
            assert recovered(directory, NAME) == left
            assert read(directory, NAME) == cassette(*range(1, left + 1))
        else:
            discard_quietly(directory)
        assert everything(directory) == ["answered", "declined.yaml"]
        return stood, left

    @pytest.mark.parametrize("answers", [1, 2, 17, 90, 91, 400])
    def test_under_load(self, tmp_path: Path, answers: int) -> None:
        saved(tmp_path)
        command = [sys.executable, "-m", "tests.edges.recorder_to_kill", "endless", str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recorder:
            assert recorder.stdout
            answered = [int(next(recorder.stdout)) for _ in range(answers)]
            with pytest.raises(CassetteError, match="being recorded by another process"):
                Take(tmp_path, NAME, HEADER)
            recorder.kill()
            answered += [int(line) for line in recorder.stdout if line.endswith("\n")]
        assert read(tmp_path, NAME) == OLD
        count = recovered(tmp_path, NAME)
        loaded = yaml.safe_load(read(tmp_path, NAME))["interactions"]
        numbers = [int(each["request"]["body"]) for each in loaded]
        assert len(numbers) == count
        assert set(answered) <= set(numbers)


def discard_quietly(directory: Path) -> None:
    if (directory / ".declined.take").exists():
        discard(directory, NAME)


async def test_a_take_that_is_being_saved_is_finished_after_that(tmp_path: Path) -> None:
    """Whoever saved it may have been cancelled, as where a signal comes and the command ends."""
    for number in range(100):
        take = Take(tmp_path, f"saved-{number}", HEADER)
        take.append(chunk(1))
        saving = asyncio.create_task(take.save())
        await asyncio.sleep(number % 10 / 1_000)
        saving.cancel()
        take.append(chunk(2))
        await take.finish()
        assert read(tmp_path, f"saved-{number}") == cassette(1, 2)
    assert everything(tmp_path) == sorted(f"saved-{number}.yaml" for number in range(100))
