"""One trace of everything there is to keep secret, told by any number of different people."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field

from stdnum import luhn

from tests.wire import Answer, Client


@dataclass
class Person:
    """All of one person's secrets. Two of them share no value, and are alike in class."""

    seed: int
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.key = self._secret("sk_" + "test_" + self._text(string.ascii_letters, 24))
        self.visa = self._card("4539")
        self.amex = self._card("3742", 15)
        self.typo = self._secret(self.visa[:-1] + str((int(self.visa[-1]) + 1) % 10))
        self.cvc = self._secret(self._text("0123456789", 3))
        self.first, self.last = self.word(), self.word()
        self.email = self._secret(f"{self.first}.{self.last}@{self.word()}.example")
        self.phone = self._secret("+49 30 " + self._text("0123456789", 8))
        self.street = self._secret(f"{self.word()} & Söhne {self._text('123456789', 3)}, 50% + 1")
        self.id_number = self._secret(self._text("123456789", 9))
        self.ssn_last_4 = self._secret(self._text("123456789", 4))
        self.account_number = self._secret(self._text("123456789", 12))
        self.ip = self._secret(f"203.0.113.{self._chance.randrange(100, 254)}")
        self.customer = self._secret("cus_" + self._text(string.ascii_letters, 14))
        self.held = self._secret("card_" + self._text(string.ascii_letters, 24))
        self.account = self._secret("acct_" + self._text(string.ascii_letters, 16))
        self.year = self._secret(str(self._chance.randrange(1903, 1999)))
        self.missing = self._secret("tok_" + self._text(string.ascii_letters, 24))
        self.once = self._secret("retry-" + self._text(string.ascii_letters, 20))

    def _secret(self, value: str) -> str:
        self.secrets.append(value)
        return value

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._chance.choices(alphabet, k=length))

    def _card(self, start: str, length: int = 16) -> str:
        body = start + self._text("0123456789", length - len(start) - 1)
        number = body + str(luhn.calc_check_digit(body))
        self.secrets += [number, number[-4:]]
        return number

    def word(self) -> str:
        """Return a word that no one has used before."""
        return self._secret(self._text(string.ascii_lowercase, 11).title())


def act(url: str, who: Person) -> list[Answer]:
    """Do all that can be done, as one person; return what came back."""
    client = Client(url, who.key)
    card = {"card[exp_month]": "5", "card[exp_year]": "2050", "card[cvc]": who.cvc}
    made = client.post(
        {
            **card,
            "card[number]": " ".join(who.visa[n : n + 4] for n in range(0, 16, 4)),
            "card[name]": f"{who.first} {who.last}",
            "card[address_line1]": who.street,
            "card[address_city]": who.first,
        },
        Idempotency_Key=who.once,
        Cookie=f"session={who.word()}",
        User_Agent=who.word(),
        X_Stripe_Client_User_Agent=f'{{"uname": "{who.word()}"}}',
        X_Unheard_Of=who.word(),
    )
    return [
        made,
        client.get(made.id),
        client.get(f"{who.missing}?expand[]=card&{who.word()}={who.word()}"),
        client.get(who.missing),
        client.post({**card, "card[number]": who.amex, "card[cvc]": who.cvc + "0"}),
        client.post({**card, "card[number]": who.typo}),
        client.post({**card, "card[number]": who.visa, "card[exp_month]": "13"}),
        client.post({"card": who.held, "customer": who.customer, "expand[]": "card.customer"}),
        client.post({"cvc_update[cvc]": who.cvc}, Stripe_Account=who.account),
        client.post(
            {
                "person[first_name]": who.first,
                "person[last_name]": who.last,
                "person[email]": who.email,
                "person[phone]": who.phone,
                "person[address][line1]": who.street,
                "person[dob][day]": "7",
                "person[dob][month]": "9",
                "person[dob][year]": who.year,
                "person[id_number]": who.id_number,
                "person[ssn_last_4]": who.ssn_last_4,
                "person[full_name_aliases][]": who.word(),
                f"person[metadata][{who.word()}]": who.word(),
                "person[relationship][title]": who.word(),
                "person[relationship][owner]": "true",
            }
        ),
        client.post({"pii[id_number]": who.id_number}),
        client.post(
            {
                "bank_account[country]": "US",
                "bank_account[currency]": "usd",
                "bank_account[account_holder_name]": f"{who.first} {who.last}",
                "bank_account[account_holder_type]": "individual",
                "bank_account[routing_number]": "110000000",
                "bank_account[account_number]": who.account_number,
            }
        ),
        client.post(
            {
                "account[business_type]": "company",
                "account[company][name]": who.word(),
                "account[company][tax_id]": who.id_number,
                "account[company][ownership_declaration][ip]": who.ip,
                "account[company][ownership_declaration][user_agent]": who.word(),
                "account[tos_shown_and_accepted]": "true",
            }
        ),
        client.post({who.word(): who.word(), "card[number]": who.visa}),
        client.post({f"card[{who.word()}][]": who.word(), "pii[id_number]": who.id_number}),
        client.post({"card[number]": who.visa}),
        client.post({}),
        Client(url, who.key.replace("_test_", "_toast_")).post({"pii[id_number]": who.id_number}),
        Client(url, "").post({"pii[id_number]": who.id_number}),
        Client(url, "").post({"pii[id_number]": who.id_number, "key": who.key.replace("sk", "pk")}),
    ]
