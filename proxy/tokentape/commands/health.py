"""Telling whether a server answers."""

from __future__ import annotations

from tokentape.edges import probe, terminal

_REASONS = {
    403: "it does not answer under this host name: add the name to `hosts` in its configuration",
    404: "another program answers there",
}


def health(url: str, timeout: float) -> int:
    """Ask a server of tokentape at a base URL; return the exit status: 0, or 1 and say why.

    `timeout` is in seconds.
    """
    try:
        status = probe.health_status(url, timeout)
    except TimeoutError:
        reason = "no answer in time"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "the answer is no HTTP"
    else:
        if status == 200:
            return 0
        reason = _REASONS.get(status, f"it answers with status {status}")
    terminal.say(f"not healthy: {url}: {reason}", colour="red")
    return 1
