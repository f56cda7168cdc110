"""Keeping house: what there is, what is unused, one form for all."""

from __future__ import annotations

import json
import os

import pytest

from tests.processes import Session, Workplace
from tests.wire import Client, card, person


@pytest.fixture
def recorded(workplace: Workplace) -> Workplace:
    with workplace.recorded("shop/cards") as url:
        client = Client(url)
        client.get(client.post(card(name="Ada")).id)
        client.post(person("Ada", "Lovelace"))
    return workplace


# ls


def listed(place: Workplace, status: int = 0) -> dict[str, dict[str, object]]:
    ran = place.run("ls", "--format", "json")
    assert ran.returncode == status, ran.stderr
    return {one["name"]: one for one in json.loads(ran.stdout)["cassettes"]}


def test_ls_tells_what_there_is(recorded: Workplace) -> None:
    found = listed(recorded)["shop/cards"]
    assert (found["interactions"], found["kinds"]) == (3, ["card", "person"])
    assert found["error"] is None
    line = recorded.run("ls").stdout.splitlines()[1]
    assert line.startswith("shop/cards             3  ")
    assert line.endswith("card, person")


def test_ls_tells_when_a_cassette_was_last_used_and_not_when_it_was_read(
    recorded: Workplace,
) -> None:
    stamps = recorded.directory / ".cache" / "tokentape" / "used"
    (stamp,) = stamps.iterdir()
    assert stamp.read_bytes() == b""
    os.utime(stamp, (1_000_000_000, 1_000_000_000))
    used = "2001-09-09T01:46:40+00:00"
    with recorded.replayed("shop/cards"):
        pass  # nothing was asked
    recorded.run("show", "shop/cards")
    recorded.run("scan", "cassettes")
    assert listed(recorded)["shop/cards"]["used"] == used
    with recorded.replayed("shop/cards") as url:
        Client(url).post(person("Grace", "Hopper"))
    assert str(listed(recorded)["shop/cards"]["used"]) > used
    stamp.unlink()
    assert listed(recorded)["shop/cards"]["used"] is None
    assert "never here" in recorded.run("ls").stdout


def test_a_session_goes_on_where_nothing_can_be_noted(recorded: Workplace) -> None:
    (recorded.directory / "file").touch()
    variables = {"XDG_CACHE_HOME": str(recorded.directory / "file")}
    with recorded.serving("replay", "shop/cards", **variables) as session:
        Client(session.url).post(person("Grace", "Hopper"))
        assert session.end() == 0, session.said
    assert recorded.run("ls", **variables).returncode == 0


@pytest.mark.parametrize("cut", [5, 30, 700])
def test_ls_tells_of_damage_and_lists_the_others(recorded: Workplace, cut: int) -> None:
    whole = recorded.text("shop/cards")
    torn = recorded.path("torn")
    torn.write_text(whole[:-cut])
    found = listed(recorded, status=1)
    assert str(found["torn"]["error"]).startswith("cassettes/torn.yaml:")
    assert found["torn"]["interactions"] is None
    assert found["shop/cards"]["interactions"] == 3
    ran = recorded.run("ls")
    assert ran.returncode == 1
    assert "cassettes/torn.yaml:" in ran.stdout
    torn.unlink()


def test_ls_without_cassettes(workplace: Workplace) -> None:
    ran = workplace.run("ls")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "no cassettes in cassettes" in ran.stderr


def test_ls_reads_what_was_written_by_hand(recorded: Workplace) -> None:
    path = recorded.path("shop/cards")
    path.write_text(recorded.text("shop/cards").replace('"livemode": ', '"livemode":   '))
    assert listed(recorded)["shop/cards"]["interactions"] == 3


# show


def test_show_for_programs(recorded: Workplace) -> None:
    shown = json.loads(recorded.run("show", "shop/cards", "--format", "json").stdout)
    assert shown["name"] == "shop/cards"
    assert shown["variables"]["name"] == 3
    made, got, _ = shown["interactions"]
    assert [one["number"] for one in shown["interactions"]] == [1, 2, 3]
    assert {"name": "card[name]", "value": "{{name.1}}"} in made["request"]["fields"]
    assert {"name": "Request-Id", "value": "{{req.1}}"} in made["response"]["headers"]
    assert made["response"]["status"] == 200
    assert made["response"]["body"]["card"]["name"] == "{{name.1}}"
    assert got["request"]["path"] == f"/v1/tokens/{made['response']['body']['id']}"


def test_show_in_colours_on_request_alone(recorded: Workplace) -> None:
    assert "\x1b[" not in recorded.run("show", "shop/cards").stdout
    coloured = recorded.run("show", "shop/cards", FORCE_COLOR="1").stdout
    assert "\x1b[36m" in coloured
    plain = recorded.run("show", "shop/cards", FORCE_COLOR="1", NO_COLOR="1").stdout
    assert "\x1b[" not in plain


# prune


def pruning(place: Workplace, *options: str) -> Session:
    return place.serving("replay", "shop/cards", "--prune", *options)


@pytest.mark.parametrize("options", [(), ("--strict",)])
def test_what_a_session_did_not_use_is_pruned(
    recorded: Workplace, options: tuple[str, ...]
) -> None:
    with pruning(recorded, *options) as session:
        Client(session.url).post(person("Grace", "Hopper"))
        assert session.end() == 0, session.said
    assert "never asked for: interactions 1, 2" in session.said
    assert "pruned 2 of 3 interactions" in session.said
    text = recorded.text("shop/cards")
    assert text.count("- request:") == 1
    assert "{{name.3}}" not in text
    with recorded.replayed("shop/cards", "--strict") as url:
        assert Client(url).post(person("Alan", "Turing")).result == "replayed"


def test_what_was_served_again_or_after_a_rebinding_is_used(recorded: Workplace) -> None:
    before = recorded.text("shop/cards")
    with pruning(recorded) as session:
        client = Client(session.url)
        for name in ("Grace", "Grace", "Alan"):
            client.get(client.post(card(name=name)).id)
        client.post(person("Grace", "Hopper"))
        assert session.end() == 0, session.said
    assert recorded.text("shop/cards") == before
    assert "pruned" not in session.said


@pytest.mark.parametrize("what", ["miss", "nothing"])
def test_nothing_is_pruned_unless_all_went_well(recorded: Workplace, what: str) -> None:
    before = recorded.text("shop/cards")
    with pruning(recorded) as session:
        if what == "miss":
            Client(session.url).post(person("Grace", "Hopper"))
            Client(session.url).post({"pii[id_number]": "000000000"})
        assert session.end() == (1 if what == "miss" else 0)
    assert recorded.text("shop/cards") == before
    assert "nothing is pruned: the session" in session.said


def test_nothing_is_pruned_where_the_command_fails(recorded: Workplace) -> None:
    before = recorded.text("shop/cards")
    words = ("run", "--mode", "replay", "--cassette", "shop/cards", "--prune", "--", "false")
    assert recorded.run(*words).returncode == 1
    assert recorded.text("shop/cards") == before


def test_nothing_is_pruned_from_a_cassette_that_changed_meanwhile(recorded: Workplace) -> None:
    with pruning(recorded) as session:
        Client(session.url).post(person("Grace", "Hopper"))
        with recorded.recorded("shop/cards") as url:
            Client(url).post(card())
        assert session.end() == 2
    assert "changed during the session, so nothing was pruned" in session.said
    assert recorded.text("shop/cards").count("- request:") == 1


def test_what_auto_recorded_stays_when_it_prunes(recorded: Workplace) -> None:
    script = (
        "import os, urllib.request as u;"
        "key = 'Bearer ' + 'sk_' + 'test_' + 'x' * 24;"
        "u.urlopen(u.Request(os.environ['TOKENTAPE_URL'] + '/v1/tokens',"
        "b'pii[id_number]=000000000', {'Authorization': key}))"
    )
    words = ("run", "--mode", "auto", "--cassette", "shop/cards", "--prune")
    ran = recorded.run(*words, "--", "python3", "-c", script)
    assert ran.returncode == 0, ran.stderr
    assert "pruned 3 of 4 interactions" in ran.stderr
    assert "pii[id_number]=" in recorded.text("shop/cards")


# fmt


def test_fmt_leaves_what_is_canonical_as_it_is(recorded: Workplace) -> None:
    before = recorded.path("shop/cards").stat()
    for words in ((), ("--check",), ("shop/cards",), ("cassettes/shop/cards.yaml",)):
        ran = recorded.run("fmt", *words)
        assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    after = recorded.path("shop/cards").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_fmt_brings_what_was_edited_by_hand_to_its_form(recorded: Workplace) -> None:
    path, before = recorded.path("shop/cards"), recorded.text("shop/cards")
    edited = before.replace("{{name.1}}", "{{name.70}}").replace("{{tok.1}}", "{{tok.9}}")
    edited = edited.replace('"livemode": false,\n', '"livemode":   false,\n')
    path.write_text(edited)
    ran = recorded.run("fmt", "--check")
    assert (ran.returncode, ran.stdout) == (1, "cassettes/shop/cards.yaml\n")
    assert "1 of 1 cassette to format" in ran.stderr
    assert path.read_text() == edited
    ran = recorded.run("fmt")
    assert (ran.returncode, ran.stdout) == (0, "cassettes/shop/cards.yaml\n")
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("recorded_with: me\n", "recorded_with is `tokentape` and a version"),
        ("<<<<<<< ours\n", "a conflict begins and does not end"),
        (">>>>>>> theirs\n", "conflict markers are not as git writes them"),
    ],
)
def test_fmt_leaves_what_it_cannot_read(recorded: Workplace, damage: str, told: str) -> None:
    path, before = recorded.path("shop/cards"), recorded.text("shop/cards")
    broken = before.replace("recorded_with: tokentape 0.1\n", damage)
    path.write_text(broken)
    ran = recorded.run("fmt", "shop/cards")
    assert ran.returncode == 2
    assert told in ran.stderr
    assert path.read_text() == broken
    path.write_text(before)


def test_fmt_waits_for_no_recording(recorded: Workplace) -> None:
    path = recorded.path("shop/cards")
    path.write_text(recorded.text("shop/cards").replace("{{name.1}}", "{{name.7}}"))
    with recorded.serving("auto", "shop/cards") as session:
        ran = recorded.run("fmt", "shop/cards")
        assert ran.returncode == 2
        assert "is being recorded by another process" in ran.stderr
        assert session.end() == 0
    assert recorded.run("fmt", "shop/cards").returncode == 0
