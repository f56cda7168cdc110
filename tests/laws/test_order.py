"""What only its order tells apart: what is found quickly is what the plain definition says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from hypothesis import event, given
from hypothesis import strategies as st
from tokentape.pure.cassette.model import Interaction, Texts
from tokentape.pure.notation.placeholders import Placeholder, Variable, substitute
from tokentape.pure.replay.order import OrderDependent, order_dependent

from tests.laws.pipeline import RULES

FIELDS = ("card[name]={{name.?}}", "card[address_city]={{name.?}}")
TEXTS = ("{{tok.?}}", "{{tok.?}} {{name.?}}", "{{name.?}} {{name.?}}")


@st.composite
def interactions(draw: st.DrawFn) -> Interaction:
    """Draw one of a few requests and one of a few answers, with few people and ids in them."""
    fields = draw(st.sampled_from((FIELDS, FIELDS[:1], ())))
    path = "/v1/tokens" if fields else "/v1/tokens/{{tok.?}}"
    text = draw(st.sampled_from(TEXTS))
    outline = Texts("POST", path, (), (), fields, 200, (), text)

    def variables(*texts: str) -> tuple[Variable, ...]:
        kinds = re.findall(r"{{(\w+)", "".join(texts))
        return tuple((kind, draw(st.integers(1, 3))) for kind in kinds)

    return Interaction(outline, variables(path, *fields), variables(text))


def plainly(recorded: Sequence[Interaction]) -> tuple[OrderDependent, ...]:
    """Compare answers as texts, their variables renamed by what the request calls them."""
    groups: dict[object, list[int]] = defaultdict(list)
    senders: dict[Variable, object] = {}
    for number, interaction in enumerate(recorded):
        variables = RULES.of_recorded(interaction)[1]
        for place, variable in enumerate(variables):
            senders.setdefault(variable, (origin(number, recorded), place))
        telling = tuple(senders[variable] for variable in variables)
        repeated = tuple(map(variables.index, variables))
        before = [RULES.of_recorded(one) for one in recorded[:number]]
        is_named = any(maker(variable, recorded[:number]) is not None for variable in variables)
        turn = before.count(RULES.of_recorded(interaction)) if is_named else 0
        groups[origin(number, recorded), telling, repeated, turn].append(number)
    return tuple(
        OrderDependent(group[0] + 1, number + 1)
        for group in groups.values()
        for number in group
        if renamed(recorded[number]) != renamed(recorded[group[0]])
    )


def maker(variable: Variable, before: Sequence[Interaction]) -> int | None:
    """Return which answer of those before made an id, or None."""
    for number, interaction in enumerate(before):
        if variable in interaction.request_variables or variable[0] != "tok":
            return None
        if variable in interaction.response_variables:
            return number
    return None


def origin(number: int, recorded: Sequence[Interaction]) -> object:
    """Return what is the same for requests of one key that name ids which are alike."""
    key, asked = RULES.of_recorded(recorded[number])
    ids: list[object] = []
    for variable in asked:
        made = maker(variable, recorded[:number])
        if made is None:
            ids.append(None)
        else:
            interaction = recorded[made]
            place = interaction.response_variables.index(variable)
            ids.append((origin(made, recorded), interaction.outline.response(), place))
    return key, tuple(ids)


def renamed(one: Interaction) -> tuple[object, ...]:
    names: dict[Variable, str] = {}
    for variable in RULES.of_recorded(one)[1]:
        names.setdefault(variable, f"asked {len(names)}")

    def rename(found: Placeholder) -> str:
        if not found.number:
            return str(found)
        variable = (found.kind, int(found.number))
        return f"<{found.kind} {names.setdefault(variable, f'made {len(names)}')} {found.slot}>"

    said = one.texts
    lines = [(name, substitute(text, rename)) for name, text in said.response_headers]
    return said.status, lines, substitute(said.text, rename)


@given(st.lists(interactions(), max_size=8))
def test_what_is_order_dependent_is_found(recorded: list[Interaction]) -> None:
    found = order_dependent(recorded, RULES)
    event(f"{min(len(found), 3)} found")
    assert sorted(found, key=str) == sorted(plainly(recorded), key=str)
