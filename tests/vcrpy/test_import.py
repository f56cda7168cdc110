"""`tokentape import`: what plain vcrpy recorded becomes a clean cassette that replays."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import requests
import vcr
from tokentape.pure.http.messages import Request, Response

from tests.processes import Workplace
from tests.upstreams import Upstream, saying, stripe
from tests.wire import LIVE, SECRET, VISA, Client, card, numbered, person

CARD = numbered("424242000000001")


def record(path: Path, url: str, key: str = SECRET, **options: str) -> dict[str, object]:
    """Record with plain vcrpy: a token, its retrieval, something else; a person by http.client."""
    lines = {"Authorization": f"Bearer {key}"}
    with vcr.use_cassette(str(path), **options):
        token = requests.post(f"{url}/v1/tokens", card(CARD, name="Ada"), headers=lines, timeout=9)
        again = requests.get(f"{url}/v1/tokens/{token.json()['id']}", headers=lines, timeout=9)
        requests.get(f"{url}/no/api", headers=lines, timeout=9)
        Client(url, key).post(person("Ada", "Byron"))
    assert again.json() == token.json()
    return token.json()


def check(place: Workplace, name: str) -> None:
    """Check that a cassette is clean and answers."""
    assert place.run("scan", "cassettes").returncode == 0
    place.inspect()
    with place.replayed(name, "--strict") as url:
        token = Client(url).post(card(CARD, name="Grace")).json
        assert (token["card"]["name"], token["card"]["last4"]) == ("Grace", CARD[-4:])
        assert Client(url).get(token["id"]).json == token
        assert Client(url).post(person("Grace", "Hopper")).status == 200


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_a_raw_cassette_becomes_a_clean_one(
    workplace: Workplace, upstream: Upstream, serializer: str
) -> None:
    raw = workplace.directory / f"tests/cassettes/test_pay/test_pays.{serializer}"
    record(raw, upstream.url, serializer=serializer)
    before = raw.read_bytes()
    assert CARD.encode() in before
    ran = workplace.run("import", str(raw.relative_to(workplace.directory)))
    assert ran.returncode == 0, ran.stderr
    assert "(vcrpy): 3 of 4 calls recorded" in ran.stderr
    assert "1 call to other hosts than api.stripe.com" in ran.stderr
    assert "delete it" in ran.stderr
    assert raw.read_bytes() == before
    check(workplace, "test_pay/test_pays")


def test_compressed_answers(workplace: Workplace) -> None:
    answer = stripe()

    def compressed(request: Request) -> Response:
        plain = answer(request)
        headers = (*plain.headers, ("Content-Encoding", "gzip"))
        return plain._replace(headers=headers, body=gzip.compress(plain.body))

    with Upstream(compressed) as upstream:
        record(workplace.directory / "raw.yaml", upstream.url)
        record(workplace.directory / "undone.yaml", upstream.url, decode_compressed_response=True)
    assert "!!binary" in (workplace.directory / "raw.yaml").read_text()
    for name in ("raw", "undone"):
        assert workplace.run("import", f"{name}.yaml").returncode == 0
        check(workplace, name)
    assert workplace.text("raw") == workplace.text("undone")


def test_importing_is_recording(workplace: Workplace, upstream: Upstream) -> None:
    record(workplace.directory / "raw.yaml", upstream.url)
    workplace.run("import", "raw.yaml")
    with workplace.recorded("recorded", "--upstream", upstream.url) as url:
        token = Client(url).post(card(CARD, name="Ada"))
        Client(url).get(token.id)
        Client(url).post(person("Ada", "Byron"))
    assert workplace.text("raw") == workplace.text("recorded")


def test_a_cassette_that_is_there_stands(workplace: Workplace, upstream: Upstream) -> None:
    record(workplace.directory / "raw.yaml", upstream.url)
    assert workplace.run("import", "raw.yaml").returncode == 0
    before = workplace.text("raw")
    ran = workplace.run("import", "raw.yaml")
    assert ran.returncode == 2
    assert "--force" in ran.stderr
    assert workplace.text("raw") == before
    assert workplace.run("import", "raw.yaml", "--force").returncode == 0
    assert workplace.run("import", "raw.yaml", "--name", "another/one").returncode == 0
    assert workplace.text("another/one") == before


def test_a_raw_cassette_is_refused_with_the_remedy(
    workplace: Workplace, upstream: Upstream
) -> None:
    record(workplace.path("raw"), upstream.url)
    for words in (["show", "raw"], ["replay", "raw", "--listen", "127.0.0.1:0"]):
        ran = workplace.run(*words)
        assert ran.returncode == 2
        assert "; if vcrpy recorded it: " in ran.stderr
        assert "`tokentape import cassettes/raw.yaml --name raw`" in ran.stderr
        assert CARD not in ran.stderr
    assert workplace.run("import", "cassettes/raw.yaml", "--name", "raw", "--force").returncode == 0
    check(workplace, "raw")


def test_a_clean_cassette_is_none_to_import(workplace: Workplace, upstream: Upstream) -> None:
    record(workplace.directory / "raw.yaml", upstream.url)
    workplace.run("import", "raw.yaml")
    ran = workplace.run("import", "cassettes/raw.yaml", "--name", "again")
    assert ran.returncode == 2
    assert "clean already" in ran.stderr


def test_a_live_key_leaves_no_trace(workplace: Workplace, upstream: Upstream) -> None:
    upstream.answer = saying(200, b'{"id": "tok_1NirD82eZvKYlo2CIvbtLWuY", "object": "token"}')
    record(workplace.directory / "raw.yaml", upstream.url, key=LIVE)
    assert workplace.run("import", "raw.yaml").returncode == 0
    assert "{{key:sk_live}}" in workplace.text("raw")
    assert workplace.run("scan", "cassettes").returncode == 0


def test_parameters_in_file_names_need_another_name(
    workplace: Workplace, upstream: Upstream
) -> None:
    raw = workplace.directory / f"cassettes/test_pays[{VISA}].yaml"
    record(raw, upstream.url)
    ran = workplace.run("import", str(raw))
    assert ran.returncode == 2
    assert "file 1: " in ran.stderr
    assert "--name NAME" in ran.stderr
    assert VISA not in ran.stderr
    ran = workplace.run("import", str(raw), "--name", "pays")
    assert ran.returncode == 0
    assert VISA not in ran.stderr
    raw.write_text("no: cassette")
    assert VISA not in workplace.run("import", str(raw), "--name", "pays", "--force").stderr


def test_one_bad_file_does_not_keep_the_others(workplace: Workplace, upstream: Upstream) -> None:
    record(workplace.directory / "raw.yaml", upstream.url)
    (workplace.directory / "empty.yaml").write_text("version: 1\ninteractions: []\n")
    ran = workplace.run("import", "nowhere.yaml", "empty.yaml", "raw.yaml")
    assert ran.returncode == 2
    assert "No such file" in ran.stderr
    assert "empty.yaml (vcrpy): no calls in it" in ran.stderr
    check(workplace, "raw")


def test_a_cassette_that_vcrpy_saves_again_still_loads(workplace: Workplace) -> None:
    """With all that vcrpy does to it: keys sorted, scalars in other styles, no first lines."""
    with workplace.recorded("saved") as url:
        token = Client(url).post(card(CARD, name="Ada"))
        Client(url).get(token.id)
        Client(url).post(person("Ada", "Byron"))
    path = workplace.path("saved")
    before = path.read_text()
    with vcr.use_cassette(str(path), record_mode="new_episodes") as cassette:
        cassette._save(force=True)
    assert path.read_text() != before
    check(workplace, "saved")
