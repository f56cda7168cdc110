"""Which recorded answer a request gets: instances of what was recorded.

**The theory.** A cassette holds what some people did; a replay is played to others, in any order
and any number of them at once. So nothing is bound for good, and nothing is searched for:

1. The *match key* of a request (see `cassette.match_key`) finds the recorded requests that nothing
   but personal values tells apart. Ids that this session made up count too: they stand as the
   variables that they were rendered from. Both are look-ups by hash.
2. Among these, requests with the same variables form a *recorded set*. The values that a client
   sends take the first set that is not taken yet, and keep it: the same values again get the same
   recorded requests in their order, and after the last the last again. A set in which one of the
   values stands already for the variable there comes before any other.
3. That is an *instance*: a recorded set, played for one set of live values. It knows what its
   variables stand for. When all sets are taken, new values take the one taken longest ago as a
   *further* instance: the same recorded answers, with their own values and ids of their own.
4. A request *continues* the instances whose ids it names; or, if it names none, the one in which
   all its values stand for the variables recorded there. It joins the story of the first of them:
   what it sends is known there from then on. A variable in an answer is what the request sent; or
   a new id or time, if the recording shows it first here; or what the continued instances know; or,
   where nothing in the story was played before, what the session knows first; or else a stand-in.

**A worked example.** Recorded, with two people's names as variables:

    0  POST /v1/tokens            card[name]={{name.1}}    ->  id {{tok.1}}, name {{name.1}}
    1  POST /v1/tokens            card[name]={{name.2}}    ->  id {{tok.2}}, name {{name.2}}
    2  GET  /v1/tokens/{{tok.2}}                           ->  id {{tok.2}}, name {{name.2}}

Requests 0 and 1 have one key and two sets, (name.1) and (name.2). Played to three people:

    POST Ada     takes set (name.1): an instance that knows name.1 = Ada, tok.1 = tok_A
    POST Grace   takes set (name.2): an instance that knows name.2 = Grace, tok.2 = tok_G
    POST Ada     has a set already: the same answer, tok_A and Ada
    POST Mary    no set is left: a further instance of (name.1), taken longest ago; tok.1 = tok_M
    GET tok_G    key GET {{tok.2}}: continues Grace's instance, which knows her name
    GET tok_A    GET {{tok.1}} was not recorded, but GET {{tok.2}} was, and the same request made
                 tok.1 and tok.2 with the same answer: Ada plays the other's part from here on

**Cost.** Each step is a look-up by hash for each value of the request, and pointers over sets that
are taken never move back. Instances are bounded in number; the oldest are forgotten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from tokentape.pure.cassette.match_key import MatchKey, MatchRules
from tokentape.pure.cassette.model import Interaction, Numbering
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.replay.instance import Context, Identity, Instance, Match, known_to
from tokentape.pure.replay.made_up import MadeUp
from tokentape.pure.replay.recordings import Ids, Recordings
from tokentape.pure.replay.takings import Takings
from tokentape.pure.stripe.kinds import ID_PREFIXES, MADE_KINDS, Secret, same

BESIDE_RECORDED = 130_000
"""Instances that are remembered beside one for each recorded interaction."""
_CONTINUED = 32
"""Instances that one continues, at most: the nearest."""
_TRANSLATED = 1_000
"""Variables of another part that an instance learns, at most."""
_RENEWED = MADE_KINDS - {"fingerprint", "time"}
"""Kinds of values that are new for each instance: ids."""
_AS_SENT = "~"
"""Ranks after every kind of variable."""
Standing = tuple[Variable, Instance | None]
"""A variable that a live value stands for, and the instance in which it does; None for several."""


@dataclass(slots=True, repr=False)
class _Sent:
    """The values of a request, in the order of its key."""

    secrets: Sequence[Secret]
    keys: Sequence[str]
    ids: Ids
    """The variables of those that are ids which this session made up; None for others."""
    named: tuple[str, ...]
    """The keys of these ids."""
    standing: Sequence[Variable | None]
    """What each other value stood for last, if for anything."""


class Instances:
    """One replay of a cassette."""

    def __init__(self, rules: MatchRules, seed: str, numbering: Numbering | None = None) -> None:
        """`seed` is what made-up values follow from: the cassette's name.

        `numbering` is that of what is recorded meanwhile, if that is to be replayed too.
        """
        self._rules = rules
        self.numbering = numbering
        self._recordings = Recordings(rules)
        self._instances: dict[Identity, Instance] = {}
        self._order: deque[Instance] = deque()
        self._takings: dict[Context, Takings] = {}
        self._standing: dict[str, Standing] = {}
        """What a live value stood for last, by its key."""
        self._made: dict[str, tuple[Variable, Instance]] = {}
        """The ids that this session made up, by their keys."""
        self._first: dict[Variable, str] = {}
        """What the first instance of each variable knows."""
        self._made_up = MadeUp(seed)

    def add(self, interaction: Interaction) -> None:
        """Append an interaction of the cassette."""
        self._recordings.add(interaction)
        if self.numbering is not None:
            self.numbering.reserve(interaction.variables)

    def add_recorded(
        self, request: RedactedRequest, interaction: Interaction, secrets: Iterable[Secret]
    ) -> None:
        """Append what was recorded just now, for the same request; `secrets` are its values."""
        position = self._recordings.add_recorded(interaction)
        key = self._rules.of_request(request)
        identity = key.text, key.identity
        values: dict[Variable, str] = {}
        begun = Instance(identity, (0, ()), (), values, values)
        instance = self._instances.setdefault(identity, begun)
        instance.positions = (*instance.positions[: instance.served], position)
        instance.served = len(instance.positions)
        pairs = zip(interaction.variables, secrets, strict=True)
        instance.values.update((variable, secret.text) for variable, secret in pairs)

    def match(self, request: RedactedRequest, *, repeat: bool, further: bool) -> Match | None:
        """Return the recorded answer to a request; None for a miss.

        `repeat`: after the last of its recorded requests, the last answers again. `further`: when
        every recorded set is taken, new values play one that is.
        """
        key = self._rules.of_request(request)
        identity = key.text, key.identity
        instance = self._instances.get(identity)
        begins_further = False
        if instance is None:
            instance = self._begun(key, identity, further=further and repeat)
            if instance is None:
                return None
            begins_further = instance.again
        elif self._recordings.is_sent_kind("time"):
            self._set_clock(instance, key)
        if instance.served == len(instance.positions) and not repeat:
            return None
        number = instance.served = min(instance.served + 1, len(instance.positions))
        is_last = repeat and number == len(instance.positions)
        return Match(instance.positions[number - 1], instance, number, begins_further, is_last)

    def deliver(self, match: Match) -> None:
        """Note that an answer has reached its client."""
        match.instance.delivered = max(match.instance.delivered, match.number)

    def release(self, match: Match) -> None:
        """Let an answer be given again as if for the first time, if it reached no client."""
        instance = match.instance
        if instance.delivered < match.number == instance.served:
            instance.served -= 1

    def values(self, match: Match) -> tuple[list[str | None], bool]:
        """Return what the variables of an answer stand for, None for a stand-in of their kind.

        And whether they will always stand for it.
        """
        instance, settled = match.instance, True
        texts: list[str | None] = []
        for variable in self._recordings.response_variables(match.position):
            text = instance.values.get(variable)
            if text is None:
                text, certain = self._resolved(variable, match.position, instance)
                settled = settled and certain
            texts.append(text)
        return texts, settled

    def names_unknown_id(self, request: RedactedRequest) -> bool:
        """Tell whether a request names an id that this session has not given out, or forgot."""
        secrets = self._rules.of_request(request).secrets
        ids = [secret.key for secret in secrets if secret.kind in ID_PREFIXES]
        return any(key not in self._made and key not in self._standing for key in ids)

    def _begun(self, key: MatchKey, identity: Identity, *, further: bool) -> Instance | None:
        """Begin an instance for values that have none; None for what was not recorded."""
        sent = self._sent(key)
        exact, is_alias = self._recordings.find(key.text, sent.keys, sent.ids)
        if exact is None:
            return None
        context = (exact.number, sent.named)
        if len(sent.named) == len(sent.keys) > 0:  # nobody else names these ids with these values
            recorded, again = exact.sets[0], False
        else:
            takings = self._takings.setdefault(context, Takings())
            recorded, again = takings.taken(exact, sent.standing, self._first)
        again = again or (is_alias and exact.begun)
        if again and not further:
            return None
        exact.begun = True
        variables = recorded.variables
        values = dict(zip(variables, [secret.text for secret in sent.secrets], strict=True))
        continued = self._continued(variables, sent)
        story = continued[0].story if continued and not again else values
        identity = exact.text, identity[1]  # one text for all, not one for each
        instance = Instance(identity, context, recorded.positions, values, story, continued, again)
        instance.further = again or any(each.further for each in continued)
        new = (each for each in values if each[0] == "time" or each not in story)
        story |= {variable: values[variable] for variable in new}
        if is_alias:
            self._translate(instance, sent.ids, variables)
        self._note(instance, variables, sent)
        return instance

    def _set_clock(self, instance: Instance, key: MatchKey) -> None:
        """Let an instance know the times that the same request sends this time."""
        for secret in key.secrets:
            if secret.kind == "time" and (standing := self._standing.get(secret.key)):
                instance.values[standing[0]] = instance.story[standing[0]] = secret.text

    def _sent(self, key: MatchKey) -> _Sent:
        """Return the values of a request in the order of its key, with what they stand for."""
        as_sent = reversed([*enumerate(key.secrets if key.alike else ())])
        places = {secret.key: place for place, secret in as_sent}  # the first of each

        def rank(value: Secret) -> Variable:
            stands_for = self._made.get(value.key) or self._standing.get(value.key)
            return stands_for[0] if stands_for else (_AS_SENT, places[value.key])

        secrets = key.arranged(rank)
        keys = [secret.key for secret in secrets]
        own_ids = [self._made.get(each) for each in keys]
        standing = [self._standing.get(each) for each in keys]
        return _Sent(
            secrets,
            keys,
            tuple([each and each[0] for each in own_ids]),
            tuple([each for each, id_ in zip(keys, own_ids, strict=True) if id_]),
            [each and each[0] for each in standing],
        )

    def _continued(self, variables: Sequence[Variable], sent: _Sent) -> tuple[Instance, ...]:
        """Return the instances that a request continues, those first whose ids it names."""
        named = [self._made[key][1] for key in sent.named]
        if not named and list(variables) == sent.standing:
            pairs = zip(sent.keys, variables, strict=True)
            standing = {self._standing[key][1] for key, (kind, _) in pairs if kind != "time"}
            named = [each for each in standing if each and len(standing) == 1]
        nearest = list(islice(dict.fromkeys(named), _CONTINUED))
        for instance in nearest[:]:
            nearest += instance.continued
        return tuple(islice(dict.fromkeys(nearest), _CONTINUED))

    def _translate(self, instance: Instance, ids: Ids, variables: Sequence[Variable]) -> None:
        """Let an instance that plays another's part know the variables of that part.

        The same request made both ids, and was answered alike, each variable in its place.
        """
        around = self._recordings.variables_around
        parts = dict.fromkeys(zip(ids, variables, strict=True))
        pairs = (
            pair
            for own, recorded in parts
            if own is not None and own != recorded
            for pair in zip(around(own), around(recorded), strict=True)
        )
        for mine, theirs in islice(pairs, _TRANSLATED):
            if theirs not in instance.values:
                text = known_to(instance.continued, mine)
                if text is not None:
                    instance.values[theirs] = text

    def _note(self, instance: Instance, variables: Sequence[Variable], sent: _Sent) -> None:
        """Remember an instance, and what its values stand for."""
        self._instances[instance.identity] = instance
        self._order.append(instance)
        for variable, secret, own_id in zip(variables, sent.secrets, sent.ids, strict=True):
            if own_id is None:
                before = self._standing.get(secret.key, (variable, instance))[1]
                same_story = before is not None and before.story is instance.story
                self._standing[secret.key] = (variable, instance if same_story else None)
            if not instance.further:
                self._know_first(variable, secret)
        if len(self._order) > len(self._recordings) + BESIDE_RECORDED:
            self._forget(self._order.popleft())

    def _know_first(self, variable: Variable, value: Secret) -> None:
        if variable[0] != "time":  # it tells no story from another
            self._first.setdefault(variable, value.text)
        if self.numbering is not None:
            self.numbering.bind(variable, value)

    def _forget(self, instance: Instance) -> None:
        self._instances.pop(instance.identity, None)
        for key in instance.identity[1]:
            if self._standing.get(key, (None, None))[1] in (None, instance):
                self._standing.pop(key, None)
        for key in instance.made_ids:
            if key in self._made and self._made[key][1] is instance:
                del self._made[key]
        if instance.context[1]:
            self._takings.pop(instance.context, None)
        instance.continued = ()  # those before it are to go, too

    def _resolved(
        self, variable: Variable, position: int, instance: Instance
    ) -> tuple[str | None, bool]:
        """Return what a variable stands for that its instance does not know, and if for good."""
        kind = variable[0]
        if kind in _RENEWED and self._recordings.maker(variable) == position:
            return self._new(variable, instance), True
        text = self._fingerprint(variable, instance) if kind == "fingerprint" else None
        text = text or known_to((instance, *instance.continued), variable)
        if text is None and kind in _RENEWED and self._recordings.maker(variable) is not None:
            return self._new(variable, instance, shown_before_made=True), False
        if text is None and not instance.further:
            text = self._first.get(variable)
        return text, text is not None or not self._recordings.is_sent(variable)

    def _new(
        self, variable: Variable, instance: Instance, *, shown_before_made: bool = False
    ) -> str:
        """Make up an id or time: the first follows from the cassette's name only.

        One that an answer shows out of order, before it is made, is left for who makes it.
        """
        if shown_before_made and not instance.further:
            value, is_first = self._made_up.first(variable), False
        else:
            value, is_first = self._made_up.new(variable)
            instance.values[variable] = value.text
            instance.story.setdefault(variable, value.text)
        if is_first:
            self._know_first(variable, value)
        is_named = self.numbering is not None or self._recordings.is_sent_kind(variable[0])
        if is_named and not (shown_before_made and value.key in self._made):
            self._made[value.key] = (variable, instance)
            instance.made_ids.append(value.key)
        return value.text

    def _fingerprint(self, variable: Variable, instance: Instance) -> str | None:
        """Return a fingerprint: the same for the same live number, another for another."""
        behind = self._recordings.number_behind(variable)
        number = behind and known_to((instance, *instance.continued), behind[0])
        if behind is None or number is None:
            return None
        kind = behind[0][0]
        text = self._made_up.fingerprint(variable, (kind, same(kind, number), behind[1]))
        instance.values[variable] = text
        return text
