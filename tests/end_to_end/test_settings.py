"""What the settings file changes in matching and redaction."""

from __future__ import annotations

from tests.processes import Workplace
from tests.wire import Client, card, person

WRONG = "not_a_valid_key_asdf"
PII = {"pii[id_number]": "000000000"}


def test_match_headers_tells_requests_apart(workplace: Workplace) -> None:
    workplace.configure("match:\n  headers: [Authorization, X-Tenant]\n")
    with workplace.recorded("take", "--strict") as url:
        assert Client(url).post(PII).status == 200
        assert Client(url, WRONG).post(PII).status == 401
        tokens = [Client(url).post(PII, X_Tenant=name).id for name in ("Ohnesorg", "Quast")]
        for name in ("Quast", "Ohnesorg"):
            Client(url).post(card(), X_Tenant=name)
    assert len(set(tokens)) == 2
    assert "Ohnesorg" not in workplace.text("take")
    with workplace.replayed("take", "--strict") as url:
        assert Client(url, WRONG).post(PII).status == 401
        assert Client(url).post(PII).status == 200
        tokens = [Client(url).post(PII, X_Tenant=name).id for name in ("Immerda", "Neuhaus")]
        again = [Client(url).post(PII, X_Tenant=name).id for name in ("Neuhaus", "Immerda")]
        assert again == tokens[::-1]
        for name in ("Neuhaus", "Immerda"):
            assert Client(url).post(card(), X_Tenant=name).status == 200


def test_connected_accounts_are_told_apart(workplace: Workplace) -> None:
    with workplace.recorded("take", "--strict") as url:
        for account in ("acct_1NffrFeUfNV2Hib1", "acct_1NffrFeUfNV2Hib2"):
            Client(url).post(PII, Stripe_Account=account)
        assert Client(url).post(PII).status == 200
    assert "acct_1NffrFeUfNV2Hib1" not in workplace.text("take")
    with workplace.replayed("take", "--strict") as url:
        own = Client(url).post(PII)
        tokens = {one: Client(url).post(PII, Stripe_Account=one).id for one in ("acct_1", "acct_2")}
        for account in ("acct_2", "acct_1"):
            answer = Client(url).post(PII, Stripe_Account=account)
            assert answer.id == tokens[account] != own.id
            assert answer.headers["stripe-account"] == account


def test_match_ignore_lets_fields_differ(workplace: Workplace) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(person("Ada", "Quast") | {"person[metadata][run]": "1"})
    other = person("Ada", "Quast") | {"person[metadata][build]": "2", "person[phone]": "+49 30 1"}
    with workplace.serving("replay", "take") as session:
        assert Client(session.url).post(other).status == 424
        assert session.end() == 1
    workplace.configure('match:\n  ignore: ["person[metadata]", "person[phone]"]\n')
    with workplace.replayed("take", "--strict") as url:
        assert Client(url).post(other).status == 200


def test_blanks_count_if_so_set(workplace: Workplace) -> None:
    blank = card() | {"card[address_line2]": ""}
    for setting, status in (("lenient", 0), ("strict", 1)):
        workplace.configure(f"match:\n  blank: {setting}\n")
        with workplace.recorded(setting) as url:
            Client(url).post(card())
        with workplace.serving("replay", setting, "--strict") as session:
            Client(session.url).post(card())
            Client(session.url).post(blank)
            assert session.end() == status


def test_a_blank_that_unsets_is_not_an_absent_one(workplace: Workplace) -> None:
    with workplace.recorded("take") as url:
        Client(url).post(person("Ada", "Quast"))
    with workplace.serving("replay", "take") as session:
        assert Client(session.url).post(person("Ada", "Quast") | {"person[dob]": ""}).status == 424
        assert session.end() == 1


def test_what_is_kept_is_readable_and_told_apart(workplace: Workplace) -> None:
    workplace.configure('redact:\n  keep: ["person[metadata][plan]"]\n')
    plans = ("gold: 'x' # {{y}} \\ &=+", "yes", "\u20ac 5\n", "{{card:visa}}", "1")
    with workplace.recorded("take", "--strict") as url:
        for plan in plans:
            Client(url).post({"person[metadata][plan]": plan})
    text = workplace.text("take")
    assert "person[metadata][plan]=yes" in text
    assert "gold" in text
    with workplace.replayed("take", "--strict") as url:
        ids = {Client(url).post({"person[metadata][plan]": plan}).id for plan in reversed(plans)}
    assert len(ids) == len(plans)


def test_a_field_of_a_users_own_gets_the_kind_that_it_has(workplace: Workplace) -> None:
    workplace.configure('redact:\n  fields:\n    "person[metadata][buyer]": name\n')
    with workplace.recorded("take") as url:
        Client(url).post({"person[metadata][buyer]": "Ada", "person[first_name]": "Ada"})
    text = workplace.text("take")
    assert "person[first_name]={{name.1}}&person[metadata][buyer]={{name.2}}" in text
    with workplace.serving("replay", "take", "--strict") as session:
        both = {"person[metadata][buyer]": "Bea", "person[first_name]": "Bea"}
        assert Client(session.url).post(both | {"person[first_name]": "Cleo"}).status == 200
        assert Client(session.url).post(both).status == 424
        assert session.end() == 1


def test_a_mistake_in_the_file_names_its_line_and_starts_nothing(workplace: Workplace) -> None:
    workplace.configure("others: forward\nmatch:\n  blnak: strict\nstrict: maybe\n")
    done = workplace.run("record", "take")
    assert done.returncode == 2
    assert "tokentape.yaml:3" in done.stderr
    assert "did you mean" in done.stderr
    assert "tokentape.yaml:4" in done.stderr
    assert not (workplace.directory / "cassettes").exists()
