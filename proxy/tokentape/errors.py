"""Exceptions, with messages that say what to do next. This module imports nothing of tokentape.

A message says what is wrong, where, and what to do. It never quotes a value of a request or
response, so it may be printed, logged or sent to a client.
"""

from __future__ import annotations


class TokentapeError(Exception):
    """The base of all errors that tokentape raises on purpose. `exit_status` is for scripts."""

    exit_status = 2


class ConfigurationError(TokentapeError):
    """Invalid options, environment or configuration file; `problems` holds all problems."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CassetteError(TokentapeError):
    """An invalid cassette or name of a cassette. Lines count from 1; 0 is the whole file."""

    def __init__(self, message: str, *, file: str = "", line: int = 0) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message)
        self.message = message
        self.file = file
        self.line = line


class SearchTooSlow(CassetteError):
    """A text that takes too long to be searched for secrets, without google-re2."""

    def __init__(self) -> None:
        super().__init__(
            "a text takes too long to be searched for secrets: make it smaller, or install what"
            " searches faster: `pip install 'tokentape[re2]'`"
        )


class CassetteBusy(CassetteError):
    """A cassette that another session is recording."""


class WorkerLost(TokentapeError):
    """A worker process ended unexpectedly."""

    exit_status = 1

    def __init__(self) -> None:
        super().__init__("a worker was lost, so the others were ended: the receipt is not known")


class BackgroundLost(TokentapeError):
    """The thread in which sessions run inside another program could not start, or has ended."""

    def __init__(self, cause: BaseException | None) -> None:
        reason = getattr(cause, "strerror", None) or type(cause).__name__
        super().__init__(f"the thread that serves the sessions ended: {reason}")
        self.cause = cause


class CassetteMiss(TokentapeError):
    """A request that the cassette does not answer, in a mode without an upstream."""

    exit_status = 1


class UnreadableBody(TokentapeError):
    """A body that is not readable as a form, JSON or multipart form.

    Such traffic is forwarded and never recorded. `reason` names only the kind of problem.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UpstreamFailure(TokentapeError):
    """The upstream sent no complete response. `status` is for the client: 502 or 504."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
