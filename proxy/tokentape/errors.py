"""What can go wrong, said so that its reader knows the next step. Imports nothing of ours.

A message names what was found, where, and what to do, and never quotes a value that came over
the wire: it may be printed, logged or answered as it stands.
"""

from __future__ import annotations


class TokentapeError(Exception):
    """The root of all errors this program raises on purpose. `exit_status` is for scripts."""

    exit_status = 2


class ConfigurationError(TokentapeError):
    """Options, environment or file that cannot be used; `problems` holds all of them at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CassetteError(TokentapeError):
    """A cassette, or its name, that cannot be used. Lines count from 1; 0 is the whole file."""

    def __init__(self, message: str, *, file: str = "", line: int = 0) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message)
        self.message = message
        self.file = file
        self.line = line


class CassetteBusy(CassetteError):
    """A cassette that is being recorded by someone else at this moment."""


class WorkerLost(TokentapeError):
    """A process that served beside others, and is gone."""

    exit_status = 1

    def __init__(self) -> None:
        super().__init__("a worker was lost, so the others were ended: what was asked is not known")


class CassetteMiss(TokentapeError):
    """A request that a cassette does not answer, where none can be asked instead."""

    exit_status = 1


class UnreadableBody(TokentapeError):
    """A body that is no form, JSON or multipart text that this program can read whole.

    Such traffic is forwarded and never recorded. `reason` names the kind of trouble only.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UpstreamFailure(TokentapeError):
    """The upstream gave no whole answer. `status` is what the client gets: 502 or 504."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
