"""What the live values of a session stand for: those that clients sent, and ids that it made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokentape.pure.cassette.match_key import MatchKey
from tokentape.pure.cassette.model import Numbering
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.replay.instance import Instance
from tokentape.pure.replay.recordings import Ids
from tokentape.pure.stripe.kinds import Secret

_AS_SENT = "~"
"""Ranks after every kind of variable."""
Standing = tuple[Variable, Instance | None]
"""A variable that a live value stands for, and the instance in which it does; None for several."""


@dataclass(slots=True, repr=False)
class Sent:
    """The values of a request, in the order of its key."""

    secrets: Sequence[Secret]
    keys: Sequence[str]
    ids: Ids
    """The variables of those that are ids which this session made up; None for others."""
    named: tuple[str, ...]
    """The keys of these ids."""
    before: Sequence[Standing | None]
    """What each other value stood for last, and in which instance, if for anything."""
    standing: Sequence[Variable | None]
    """The variables of these."""


class LiveValues:
    """Look-ups by the keys of live values."""

    def __init__(self, numbering: Numbering | None) -> None:
        self.numbering = numbering
        self.standing: dict[str, Standing] = {}
        """What a live value stood for last."""
        self.made_ids: dict[str, tuple[Variable, Instance]] = {}
        """The ids that this session made up."""
        self.first: dict[Variable, str] = {}
        """What the first instance of each variable knows; times are apart, they tell no story."""
        self.first_times: dict[Variable, str] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.made_ids or key in self.standing

    def sent(self, key: MatchKey) -> Sent:
        """Return the values of a request in the order of its key, with what they stand for."""
        secrets = self._arranged(key) if key.alike else key.secrets
        keys = [secret.key for secret in secrets]
        own_ids = [self.made_ids.get(each) for each in keys]
        before = [self.standing.get(each) for each in keys]
        return Sent(
            secrets,
            keys,
            tuple([each and each[0] for each in own_ids]),
            tuple([each for each, id_ in zip(keys, own_ids, strict=True) if id_]),
            before,
            [each and each[0] for each in before],
        )

    def _arranged(self, key: MatchKey) -> Sequence[Secret]:
        as_sent = reversed([*enumerate(key.secrets)])
        places = {secret.key: place for place, secret in as_sent}  # the first of each

        def rank(value: Secret) -> Variable:
            stands_for = self.made_ids.get(value.key) or self.standing.get(value.key)
            return stands_for[0] if stands_for else (_AS_SENT, places[value.key])

        return key.arranged(rank)

    def named(self, variables: Sequence[Variable], sent: Sent) -> Sequence[Instance]:
        """Return the instances whose ids a request names; or, if it names none, whose values.

        `variables` are those that its values stand for now.
        """
        if sent.named:
            return [self.made_ids[key][1] for key in sent.named]
        if list(variables) != sent.standing:
            return ()
        pairs = zip(sent.keys, variables, strict=True)
        standing = {self.standing[key][1] for key, (kind, _) in pairs if kind != "time"}
        return [each for each in standing if each and len(standing) == 1]

    def note(self, instance: Instance, variables: Sequence[Variable], sent: Sent) -> None:
        """Remember what the values of a new instance stand for."""
        for variable, key, own_id, before in zip(
            variables, sent.keys, sent.ids, sent.before, strict=True
        ):
            if own_id is None:
                inside = instance if before is None else before[1]
                same = inside is not None and inside.story.whole is instance.story.whole
                self.standing[key] = (variable, instance if same else None)
        if not instance.further:
            for variable, secret in zip(variables, sent.secrets, strict=True):
                self.know_first(variable, secret)

    def know_first(self, variable: Variable, value: Secret) -> None:
        """Remember the first value that stands for a variable."""
        first = self.first_times if variable[0] == "time" else self.first
        first.setdefault(variable, value.text)
        if self.numbering is not None:
            self.numbering.bind(variable, value)

    def played_as(
        self, sent: Sent, variables: Sequence[Variable]
    ) -> Iterator[tuple[str, Variable]]:
        """Yield the ids of a request that it plays the part of others with, by their keys."""
        for key, own, variable in zip(sent.keys, sent.ids, variables, strict=True):
            if own is not None and own != variable:
                yield key, variable

    def forget(self, instance: Instance) -> None:
        """Forget what only an instance knows."""
        for key in instance.identity[1]:
            if self.standing.get(key, (None, None))[1] in (None, instance):
                self.standing.pop(key, None)
        for key in instance.made_ids:
            if key in self.made_ids and self.made_ids[key][1] is instance:
                del self.made_ids[key]
