"""Certificates for tests, made with openssl when they are needed."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificate"
)


def certificate(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """Make a certificate for a host and 127.0.0.1, and its key; return their files."""
    paths = folder / "cert.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3"]
    names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)
    return paths


def server_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    """Return the TLS of a server with this certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context
