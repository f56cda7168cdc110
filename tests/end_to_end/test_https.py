"""https for clients: docs/proxies.md as it stands, curl and Node, workers, and bad files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.certificates import certificate, needs_openssl
from tests.processes import Workplace, environment, shell
from tests.wire import SECRET

DOCUMENT = (Path(__file__).parents[2] / "docs" / "proxies.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (.*)$", DOCUMENT, re.MULTILINE)
_, _, MAKE, RECORD, RUN = COMMANDS
EXAMPLE = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)[0]
TLS = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
NODE = """
const send = require("https").request(process.argv[1] + "/v1/tokens", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.argv[2]}` },
}, (answer) => console.log(answer.resume().statusCode));
send.end("pii[id_number]=000000000");
"""

pytestmark = needs_openssl


def certified(workplace: Workplace) -> Workplace:
    shell(MAKE, workplace.directory)
    return workplace


def test_the_document_makes_a_certificate_and_pays_over_https(workplace: Workplace) -> None:
    certified(workplace)
    (workplace.directory / "pay.py").write_text(EXAMPLE)
    assert shell(RUN, workplace.directory).startswith("tok_")
    assert workplace.text("default").count("- request:") == 1
    assert shell(RUN, workplace.directory).startswith("tok_")


def test_recording_says_https_and_curl_is_answered(workplace: Workplace) -> None:
    assert f"tokentape record {' '.join(TLS)}" == RECORD
    with certified(workplace).serving("record", "default", *TLS) as session:
        assert session.url.startswith("https://127.0.0.1:")
        curl = f"curl -sS --cacert cert.pem {session.url}/v1/tokens -u {SECRET}:"
        assert '"object": "token"' in shell(
            f"{curl} -d 'pii[id_number]=000000000'", workplace.directory
        )
        assert session.end() == 0, session.said


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_node_is_answered_by_workers(workplace: Workplace) -> None:
    body = "-d 'pii[id_number]=000000000'"
    with certified(workplace).serving("record", "default", *TLS) as session:
        curl = f"curl -sS --cacert cert.pem {session.url}/v1/tokens -u {SECRET}: {body}"
        shell(curl, workplace.directory)
        assert session.end() == 0, session.said
    with workplace.serving("replay", "default", *TLS, "--workers", "2") as session:
        assert session.url.startswith("https://")
        ran = subprocess.run(
            ["node", "-e", NODE, session.url, SECRET],
            cwd=workplace.directory,
            env=environment(workplace.directory, NODE_EXTRA_CA_CERTS="cert.pem"),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert ran.stdout == "200\n"
        assert session.end() == 0, session.said


def test_sessions_of_an_admin_port_are_https_too(workplace: Workplace) -> None:
    check = "env | grep ^TOKENTAPE_ADMIN=https://127.0.0.1:"
    ran = certified(workplace).run("serve", *TLS, "--", "sh", "-c", check)
    assert ran.returncode == 0, ran.stderr


def test_a_file_that_is_no_certificate_ends_it_before_anything_is_written(
    workplace: Workplace,
) -> None:
    ran = workplace.run("record", "--tls-cert", "tokentape.yaml")
    assert ran.returncode == 2
    assert "tls_cert: the file cannot be read: No such file" in ran.stderr
    assert not (workplace.directory / "cassettes").exists()


def test_health_is_told_over_https(workplace: Workplace, tmp_path: Path) -> None:
    cert, key = map(str, certificate(tmp_path))
    variables = {"TOKENTAPE_TLS_CERT": cert, "TOKENTAPE_TLS_KEY": key}
    with workplace.serving("record", "shop", **variables) as session:
        assert session.url.startswith("https://")
        assert workplace.run("health", session.url).returncode == 0
        listen = f"0.0.0.0:{session.port}"
        assert workplace.run("health", "--listen", listen, **variables).returncode == 0


def test_a_key_that_stands_where_its_path_belongs_is_not_shown(workplace: Workplace) -> None:
    key = "-----BEGIN PRIVATE " + "KEY-----\nMIIEvQ"
    variables = {"TOKENTAPE_TLS_CERT": key}
    ran = workplace.run("record", "shop", **variables)
    assert ran.returncode == 2
    assert "tls_cert: the file cannot be read: " in ran.stderr
    assert "BEGIN" not in ran.stderr
