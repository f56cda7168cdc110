"""What only its order tells apart: what is found quickly is what the plain definition says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import event, given
from hypothesis import strategies as st

from proxy.pure.cassette import Interaction
from proxy.pure.order import OrderDependent, order_dependent
from proxy.pure.placeholders import Placeholder, Variable, substitute
from tests.laws.parrot import parrot
from tests.laws.pipeline import SHAPE, Stage, loaded, stripe
from tests.laws.play import play
from tests.laws.traffic import Trace, all_steps, odd_posts, traces
from tests.laws.worlds import World

answers = st.integers(0, 99).map(stripe) | st.builds(
    parrot, st.integers(0, 99), st.sampled_from(([200], [200, 402]))
)


def plainly(recorded: Sequence[Interaction]) -> tuple[OrderDependent, ...]:
    """Compare answers as texts, their variables renamed by what the request calls them."""
    keys = [SHAPE.recorded(one) for one in recorded]
    anchors: dict[Variable, str] = {}
    for one, (key, _) in zip(recorded, keys, strict=True):
        anchors = dict.fromkeys(one.answered, "") | dict.fromkeys(one.asked, key) | anchors
    groups: dict[object, list[int]] = defaultdict(list)
    for number, (key, asked) in enumerate(keys):
        told = [one if anchors[one] != key else None for one in asked]
        groups[key, tuple(told), tuple(map(asked.index, asked))].append(number)
    return tuple(
        OrderDependent(group[0] + 1, number + 1)
        for group in groups.values()
        for number in group
        if renamed(recorded[number]) != renamed(recorded[group[0]])
    )


def renamed(one: Interaction) -> tuple[object, ...]:
    names: dict[Variable, str] = {}
    for variable in SHAPE.recorded(one)[1]:
        names.setdefault(variable, f"asked {len(names)}")

    def rename(found: Placeholder) -> str:
        if not found.number:
            return str(found)
        variable = (found.kind, int(found.number))
        return f"<{found.kind} {names.setdefault(variable, f'made {len(names)}')} {found.slot}>"

    said = one.texts
    lines = [(name, substitute(text, rename)) for name, text in said.response_headers]
    return said.status, lines, substitute(said.text, rename)


@given(traces(all_steps | odd_posts), st.lists(st.integers(0, 5), max_size=8), answers)
def test_what_is_order_dependent_is_found(trace: Trace, again: list[int], answer: object) -> None:
    stage = Stage(answer=answer)
    play((*trace, *(trace[number % len(trace)] for number in again)), World(1), stage)
    recorded = loaded(stage.cassette)

    found = order_dependent(recorded, SHAPE)

    event(f"{min(len(found), 2)} found")
    assert sorted(found, key=str) == sorted(plainly(recorded), key=str)
