"""Plain files: no links, folders, pipes, devices or giants; replaced whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MAX_BYTES = 512 * 1024 * 1024
"""Bytes in the largest cassette or take that is read or written."""

# Opening a pipe must not wait for its other end. Each system has some of these flags.
_FLAGS = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
sync_data = getattr(os, "fdatasync", os.fsync)


def open_plain(path: Path, mode: str = "r") -> io.FileIO:
    """Open a file unbuffered. Raises OSError for links, folders, pipes, devices and giants."""
    refuse_link(path)
    file = io.FileIO(path, mode, opener=lambda at, flags: os.open(at, flags | _FLAGS, 0o600))
    status = os.fstat(file.fileno())
    plain = stat.S_ISREG(status.st_mode)
    if plain and status.st_size <= MAX_BYTES:
        return file
    file.close()
    raise too_large() if plain else OSError(errno.EINVAL, "this is no plain file", str(path))


def open_if_exists(path: Path, mode: str = "r") -> io.FileIO | None:
    """Open a file as `open_plain` does; return None if there is none."""
    try:
        return open_plain(path, mode)
    except FileNotFoundError:
        return None


def refuse_link(path: Path) -> None:
    """Raise OSError if `path` is a symbolic link."""
    if path.is_symlink():  # O_NOFOLLOW leaves no gap in time, but Windows has none
        raise OSError(errno.ELOOP, "links are not followed", str(path))


def too_large() -> OSError:
    """Make the error for more than MAX_BYTES."""
    return OSError(errno.EFBIG, f"more than {MAX_BYTES >> 20} MiB, use several cassettes")


def write_all(file: io.FileIO, data: bytes) -> None:
    """Write all of `data`: an unbuffered write may stop short."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def lock(file: io.FileIO) -> bool:
    """Lock a file until it is closed; return False if another process holds the lock."""
    try:
        if sys.platform == "win32":
            file.seek(MAX_BYTES)  # Windows bars reading what is locked: take a byte no take has
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def is_at(path: Path, file: io.FileIO) -> bool:
    """Tell whether `path` is still `file`: another process may have put its own take in place."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    return False


def remove(path: Path, file: io.FileIO) -> None:
    """Remove `path` if it is still `file`, which this process has locked: so nobody else does."""
    if is_at(path, file):
        if sys.platform == "win32":
            file.close()  # Windows removes no open file
        path.unlink()


def move(path: Path, file: io.FileIO, target: Path) -> None:
    """Rename `path`, which is `file`, to `target`, on disk; what was there before is gone."""
    os.fsync(file.fileno())
    if sys.platform == "win32":
        file.close()  # Windows renames no open file
    path.replace(target)
    sync_folder(target.parent)


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents if they are missing, and sync them to disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Sync to disk what was made, renamed or removed in `folder`."""
    if sys.platform != "win32":  # which opens no folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace(path: Path, draft: Path, data: bytes) -> None:
    """Make `data` the content of `path`, on disk, or raise OSError and leave it as it is.

    It is written to `draft` first. A file that has the same content is left untouched.
    """
    make_folder(path.parent)
    draft.unlink(missing_ok=True)
    if (old := open_if_exists(path)) is not None:
        with old:
            if os.fstat(old.fileno()).st_size == len(data) and old.read(len(data)) == data:
                return
    try:
        with open_plain(draft, "x") as file:
            write_all(file, data)
            _set_owner_and_mode(file.fileno(), path)
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _set_owner_and_mode(draft: int, path: Path) -> None:
    """Give a draft those of the file that it replaces, or the mode that a new file gets.

    What the system does not permit is left out: only root gives files away.
    """
    if sys.platform == "win32":  # where files inherit their rights from the folder
        return
    old = path.lstat() if path.exists() else None
    with suppress(OSError):
        os.fchmod(draft, 0o777 & old.st_mode if old else 0o666 & ~umask())
    if old:
        with suppress(OSError):
            os.fchown(draft, -1, old.st_gid)
        with suppress(OSError):
            os.fchown(draft, old.st_uid, -1)


def umask(status: Path = Path("/proc/self/status")) -> int:
    """Return the process's umask; `status` is where Linux shows it, since 4.7."""
    with suppress(OSError):
        for line in status.read_text("ascii", "replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    mask = os.umask(0o077)  # what other threads make in this moment is private, not public
    os.umask(mask)
    return mask
