"""TLS for clients that insist on https: a certificate and its key, from PEM files."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from tokentape.errors import ConfigurationError

_MISMATCH = "KEY_VALUES_MISMATCH"


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return the TLS of a server, or None without a certificate.

    Without a key, the certificate's file has it as well. Raises ConfigurationError for a file that
    cannot be used.
    """
    if certificate is not None:
        return _context(certificate, key or certificate)
    if key is not None:
        raise ConfigurationError(("tls_key: found a key, but no certificate; give --tls-cert too",))
    return None


@lru_cache(maxsize=8)  # many sessions share one
def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    with _problems_of("tls_cert", certificate):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificate)
    with _problems_of("tls_key", key):
        context.load_cert_chain(certificate, key, lambda: _refuse_password(key))
    return context


@contextmanager
def _problems_of(setting: str, path: Path) -> Iterator[None]:
    try:
        path.open("rb").close()  # Python's own error names no file
        yield
    except ssl.SSLError as error:
        raise ConfigurationError((f"{setting}: {path}: {_problem(setting, error)}",)) from None
    except OSError as error:
        # Not the path, which may be the key itself, put into the wrong place.
        problem = f"{setting}: the file cannot be read: {error.strerror}"
        raise ConfigurationError((problem,)) from None


def _problem(setting: str, error: ssl.SSLError) -> str:
    if error.reason == _MISMATCH:
        return "this key is not that of the certificate"
    what = "certificate" if setting == "tls_cert" else "private key"
    return f"found no {what} in PEM form, which begins with `-----BEGIN`"


def _refuse_password(key: Path) -> str:
    hint = f"make a copy without: openssl pkey -in {key} -out plain.pem"
    raise ConfigurationError((f"tls_key: {key}: a key with a password is not supported; {hint}",))
