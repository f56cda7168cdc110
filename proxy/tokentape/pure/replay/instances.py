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
   all its values stand for the variables recorded there. It joins their story (see `stories`): what
   it sends is known there from then on. A variable in an answer is what the request sent; or a new
   id or time, if the recording shows it first here; or what its story and the continued instances
   know; or, where nothing in the story was played before, what the session knows first; or else a
   stand-in.
5. What a later request changes or uses up, such as a token that is charged, nobody gets twice: each
   POST that makes one is played for somebody else, even if all send the same.

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
from collections.abc import Sequence
from itertools import islice

from tokentape.pure.cassette.match_key import MatchKey, MatchRules
from tokentape.pure.cassette.model import Interaction, Numbering, request_secrets
from tokentape.pure.notation.placeholders import Variable
from tokentape.pure.notation.redacted import RedactedRequest
from tokentape.pure.replay.instance import Context, Identity, Instance, Match, known_to
from tokentape.pure.replay.live_values import LiveValues, Sent
from tokentape.pure.replay.made_up import MadeUp
from tokentape.pure.replay.recordings import Alike, ExactKey, Recordings
from tokentape.pure.replay.stories import LiveStory
from tokentape.pure.replay.takings import Takings
from tokentape.pure.stripe.kinds import ID_PREFIXES, MADE_KINDS, same, secret

BESIDE_RECORDED = 50_000
"""Instances that are remembered beside one for each recorded interaction."""
_CONTINUED = 32
"""Instances that one continues, at most: the nearest."""
_TRANSLATED = 1_000
"""Variables of another part that an instance learns, at most."""
_RENEWED = MADE_KINDS - {"fingerprint", "time"}
"""Kinds of values that are new for each instance: ids."""


class Instances:
    """One replay of a cassette."""

    def __init__(self, rules: MatchRules, seed: str, numbering: Numbering | None = None) -> None:
        """`seed` is what made-up values follow from: the cassette's name.

        `numbering` is that of what is recorded meanwhile, in the same cassette.
        """
        self._rules = rules
        self._live = LiveValues(numbering)
        self._recordings = Recordings(rules)
        self._instances: dict[Identity, Instance] = {}
        self._order: deque[Instance] = deque()
        self._takings: dict[Context, Takings] = {}
        self._made_up = MadeUp(seed)

    @property
    def numbering(self) -> Numbering | None:
        """That of what is recorded meanwhile, in the same cassette."""
        return self._live.numbering

    def add(self, interaction: Interaction) -> None:
        """Append an interaction of the cassette."""
        self._recordings.add(interaction)
        if self.numbering is not None:
            self.numbering.reserve(interaction.variables)

    def match(self, request: RedactedRequest, *, repeat: bool, further: bool) -> Match | None:
        """Return the recorded answer to a request; None for a miss.

        `repeat`: after the last of its recorded requests, the last answers again. `further`: when
        every recorded set is taken, new values play one that is.
        """
        key = self._rules.of_request(request)
        identity = key.text, key.identity
        instance = self._instances.get(identity)
        begins_further = False
        if instance is None or self._is_spent(instance):
            instance = self._begun(key, identity, instance, further=further and repeat)
            if instance is None:
                return None
            begins_further = instance.again
        elif self._recordings.is_sent_kind("time"):
            self._set_clock(instance, key)
        if instance.served == len(instance.positions) and not repeat:
            return None
        number = instance.served = min(instance.served + 1, len(instance.positions))
        is_last = repeat and number == len(instance.positions) and not self._is_spent(instance)
        return Match(instance.positions[number - 1], instance, number, begins_further, is_last)

    def _is_spent(self, instance: Instance) -> bool:
        """Tell whether what an instance answered last is for nobody else."""
        served = instance.served
        return served > 0 and self._recordings.is_spent(instance.positions[served - 1])

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
        """Tell whether a request names an id that this session has not given out, or forgot.

        Ids of a kind that no recorded request names are not remembered: nothing is said of them.
        """
        ids = (each for each in request_secrets(request) if each.kind in ID_PREFIXES)
        return any(self._is_named(each.kind) and each.key not in self._live for each in ids)

    def names_made_up_id(self, request: RedactedRequest) -> bool:
        """Tell whether a request names an id that this session made up."""
        return any(secret.key in self._live.made_ids for secret in request_secrets(request))

    def _begun(
        self, key: MatchKey, identity: Identity, before: Instance | None, *, further: bool
    ) -> Instance | None:
        """Begin an instance, behind the one `before`, if any; None for what was not recorded."""
        sent = self._live.sent(key)
        exact, alike = self._recordings.find(key.text, sent.keys, sent.ids)
        if alike is not None:
            exact = self._nearest(alike, sent)
        if exact is None:
            return None
        context = (exact.number, sent.named)
        variables, positions, again = self._taken(exact, context, sent, before)
        named = self._live.named(variables, sent)
        further_before = bool(named) and any(each.further for each in named)
        again = again or (alike is not None and exact.begun and not further_before)
        if again and not further:
            return None
        exact.begun = True
        values = dict(zip(variables, [secret.text for secret in sent.secrets], strict=True))
        continued = self._continued(named) if named else ()
        story = self._story(named, values, positions[0]) if named else LiveStory(values)
        identity = exact.text, identity[1]  # one text for all, not one for each
        instance = Instance(identity, context, positions, values, story, continued, again)
        instance.further = again or further_before or any(each.further for each in continued)
        if alike is not None:
            self._translate(instance, sent, variables)
        self._note(instance, variables, sent)
        return instance

    def _taken(
        self, exact: ExactKey, context: Context, sent: Sent, before: Instance | None
    ) -> tuple[Sequence[Variable], Sequence[int], bool]:
        """Return the variables and positions of what values play; tell if it was played before."""
        if before is not None and before.served < len(before.positions):
            rest = before.positions[before.served :]
            return self._recordings.key_variables(rest[0]), rest, False
        if len(sent.named) == len(sent.keys) > 0:  # nobody else names these ids with these values
            recorded, again = exact.sets[0], before is not None
        else:
            takings = self._takings.get(context)
            if takings is None:
                takings = self._takings[context] = Takings()
            recorded, again = takings.taken(exact, sent.standing, self._live.first)
        return recorded.variables, recorded.positions, again

    def _nearest(self, alike: Alike, sent: Sent) -> ExactKey:
        """Return whose part is played: that of the ids of which most is known, if it is free."""
        named = [
            (len(instance.story), place, variable, instance.further)
            for place, key in enumerate(sent.keys)
            if key in self._live.made_ids
            for variable, instance in (self._live.made_ids[key],)
        ]
        further = any(is_further for *_, is_further in named)
        for _, place, variable, _ in sorted(named, key=lambda of: (-of[0], of[1])):
            exact = alike.holding(place, variable, begun=further)
            if exact is not None:
                return exact
        return alike.next()

    def _story(
        self, named: Sequence[Instance], values: dict[Variable, str], position: int
    ) -> LiveStory:
        """Return the story that a request goes on with: of all that it names and agrees with.

        Or one behind that, if the same answer was given in it before, with other ids.
        """
        stories = (each.story for each in named if each.identity[1] or self._is_spent(each))
        nearest = islice(dict.fromkeys(stories), _CONTINUED)
        agreed = [story for story in nearest if story.agrees(values)]
        if not agreed:
            return LiveStory(values)
        story = agreed[0]
        for more in agreed[1:]:
            story = story.united(more)
        if any(story.get(variable) for variable in self._recordings.made_ids(position)):
            return LiveStory(values, story)
        story.join(values)
        return story

    def _set_clock(self, instance: Instance, key: MatchKey) -> None:
        """Let an instance know the times that the same request sends this time."""
        for sent in key.secrets:
            if sent.kind == "time" and (standing := self._live.standing.get(sent.key)):
                instance.values[standing[0]] = sent.text
                instance.story.join({standing[0]: sent.text})

    def _continued(self, named: Sequence[Instance]) -> tuple[Instance, ...]:
        """Return the instances that a request continues, those first that it names."""
        nearest = list(islice(dict.fromkeys(named), _CONTINUED))
        for instance in nearest[:]:
            nearest += instance.continued
        return tuple(islice(dict.fromkeys(nearest), _CONTINUED))

    def _translate(self, instance: Instance, sent: Sent, variables: Sequence[Variable]) -> None:
        """Let an instance that plays another's part know the variables of that part.

        The same request made both ids, and was answered alike, each variable in its place. From
        here on, the ids play that part.
        """
        around = self._recordings.variables_around
        parts = dict(self._live.played_as(sent, variables))
        pairs = (
            (source, pair)
            for key, theirs in parts.items()
            for own, source in (self._live.made_ids[key],)
            for pair in zip(around(own), around(theirs), strict=True)
        )
        for source, (mine, theirs) in islice(pairs, _TRANSLATED):
            text = None if theirs in instance.values else known_to(source, mine)
            if text is not None:
                instance.values[theirs] = text
                instance.story.learn(theirs, text)
        for key, theirs in parts.items():
            self._live.made_ids[key] = theirs, self._live.made_ids[key][1]

    def _note(self, instance: Instance, variables: Sequence[Variable], sent: Sent) -> None:
        """Remember an instance, and what its values stand for."""
        self._instances[instance.identity] = instance
        self._order.append(instance)
        self._live.note(instance, variables, sent)
        if len(self._order) > len(self._recordings) + BESIDE_RECORDED:
            self._forget(self._order.popleft())

    def _forget(self, instance: Instance) -> None:
        if self._instances.get(instance.identity) is instance:
            del self._instances[instance.identity]
        self._live.forget(instance)
        if instance.context[1]:
            self._takings.pop(instance.context, None)
        instance.continued = ()  # those before it are to go, too

    def _resolved(
        self, variable: Variable, position: int, instance: Instance
    ) -> tuple[str | None, bool]:
        """Return what a variable stands for that its instance does not know, and if for good."""
        kind = variable[0]
        maker = self._recordings.maker(variable) if kind in _RENEWED else None
        if maker == position:
            return self._new(variable, instance), True
        text = self._fingerprint(variable, instance) if kind == "fingerprint" else None
        text = text or known_to(instance, variable)
        if text is None and maker is not None:
            return self._new(variable, instance, shown_before_made=True), False
        if text is None and not instance.further:
            text = self._live.first.get(variable) or self._live.first_times.get(variable)
        return text, text is not None or not self._recordings.is_sent(variable)

    def _new(
        self, variable: Variable, instance: Instance, *, shown_before_made: bool = False
    ) -> str:
        """Make up an id or time: the first follows from the cassette's name only.

        One that an answer shows out of order, before it is made, is left for who makes it.
        """
        if shown_before_made and not instance.further:
            text, is_first = self._made_up.first(variable), False
        else:
            text, is_first = self._made_up.new(variable)
            instance.values[variable] = text
            if variable[0] != "req":  # no other answer shows it
                instance.story.learn(variable, text)
        if is_first:
            self._live.know_first(variable, secret(variable[0], text))
        if self._is_named(variable[0]):
            key = secret(variable[0], text).key
            if not (shown_before_made and key in self._live.made_ids):
                self._live.made_ids[key] = (variable, instance)
                instance.made_ids.append(key)
        return text

    def _is_named(self, kind: str) -> bool:
        """Tell whether it counts which ids of a kind this session made up."""
        return self.numbering is not None or self._recordings.is_sent_kind(kind)

    def _fingerprint(self, variable: Variable, instance: Instance) -> str | None:
        """Return a fingerprint: the same for the same live number, another for another."""
        behind = self._recordings.number_behind(variable)
        number = behind and known_to(instance, behind[0])
        if behind is None or number is None:
            return None
        kind = behind[0][0]
        text = self._made_up.fingerprint(variable, (kind, same(kind, number), behind[1]))
        instance.values[variable] = text
        return text
