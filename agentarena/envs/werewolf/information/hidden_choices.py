"""Choices that a seat did not see, drawn anew so that what it did see happens again: those of a night, and the votes of a ballot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from agentarena.core.frozen import replace
from agentarena.envs.werewolf.actions import antidote, night_movers, pass_, speech_bits, targets, tuple_of, wolf_targets
from agentarena.envs.werewolf.options import DOCTOR, GUARD, SEER, WITCH, WOLF, Options
from agentarena.envs.werewolf.rules import count_votes, living_witch, potion_given, utterance, victim_of
from agentarena.envs.werewolf.state import BREW, HUNT, NIGHT, TALK, Entry, State, pick, seats_in

__all__ = ["Contradiction", "NightSampler", "votes_that_lead_to", "votes_with_counts"]

_NIGHT_TRIES = 5000
_BALLOT_TRIES = 3000


class Contradiction(Exception):  # control flow, not an error
    """What was seen cannot have come about this way."""


_REMARKS = ("guess", "move")
"""Kinds of entries that the seat itself adds to what happens."""


class NightSampler:
    """One night under given roles.

    Args:
        options: The options.
        state: The match at nightfall, with the roles to explain the night by.
        seat: Who saw the night.
        observed: What the seat saw of this night, in order, without nightfall and dawn.
        rng: Source of the hidden choices.

    Attributes:
        state: The match at the end of the night but for deaths, or where the night stands.
        poisoned: Whom the witch poisoned; -1 for nobody.
    """

    def __init__(self, options: Options, state: State, seat: int, observed: list[Entry], rng: np.random.Generator) -> None:
        self.options, self.state, self.seat, self.rng = options, state, seat, rng
        self.observed_with_beliefs = observed
        self.observed = [entry for entry in observed if entry.kind not in _REMARKS]
        self.poisoned = -1
        self.entries: list[Entry] = []
        self.wolves = seats_in(state.alive & state.deal.wolves)
        self.attack = options.attacks(state.day)

    def past(self, deaths: set[int]) -> list[Entry]:
        """The entries of a night that ended in these deaths."""
        self._whisper(len(self.wolves) * self.options.wolf_talk if len(self.wolves) > 1 else 0)
        if self.attack:
            victim, protected, potion = self._plan(deaths)
            self._choose(victim, protected)
            self._brew(potion)
        else:
            if deaths:
                raise Contradiction
            self._choose(-1, (-1, -1))
        return self._merged()

    def present(self, is_to_move: bool) -> list[Entry]:
        """The entries of a night that is not over. The state then says who is to move, the seat exactly if `is_to_move`."""
        phase = self._phase(is_to_move)
        whispers = len(self.wolves) * self.options.wolf_talk if self.attack and len(self.wolves) > 1 else 0
        if phase == TALK:
            whispers = self._count("whisper")
        self._whisper(whispers)
        self.state = replace(self.state, phase=phase, turn=whispers)
        if phase == TALK:
            self.state = replace(self.state, to_move=(self.wolves[whispers % len(self.wolves)],))
        elif phase == BREW:
            known = self._known_victim()
            victim = known[0] if known else self._any(self._possible_victims())
            protected = (self._any(self._possible_protections(DOCTOR)), self._any(self._possible_protections(GUARD)))
            self._choose(victim, protected)
            self.state = replace(self.state, to_move=(self.state.deal.roles.index(WITCH),))
        else:
            self._propose(phase, is_to_move)
        if (self.seat in self.state.to_move) != is_to_move:
            raise Contradiction
        return self._merged()

    # --- where the night stands --------------------------------------------------------------------------------------------

    def _count(self, kind: str) -> int:
        return sum(entry.kind == kind for entry in self.observed)

    def _phase(self, is_to_move: bool) -> int:
        """The phase of tonight: the earliest that fits what the seat did and whether it is to move."""
        options, role, several = self.options, self.state.deal.roles[self.seat], len(self.wolves) > 1
        if not self.attack:
            return NIGHT
        if self._count("prey") or self._count("check") or self._count("protect") or (is_to_move and role == WITCH):
            if living_witch(self.state) < 0:
                raise Contradiction
            return BREW
        if role == WOLF:
            if options.wolf_talk and several and self._count("whisper") < len(self.wolves) * options.wolf_talk:
                return TALK
            return HUNT if options.wolf_rule == "last" and self._count("hunt") < len(self.wolves) - 1 else NIGHT
        if is_to_move:
            return NIGHT
        if options.wolf_talk and several:
            return TALK
        return HUNT if options.wolf_rule == "last" and several else NIGHT

    def _propose(self, phase: int, is_to_move: bool) -> None:
        """Proposals made before the phase, and who is to move in it."""
        options, wolves, state = self.options, self.wolves, self.state
        if not self.attack:
            self.state = replace(state, to_move=night_movers(options, state, ()))
            return
        decider = state.night.decider
        if options.wolf_rule == "last":
            proposals = [entry for entry in self.observed if entry.kind == "hunt"]
            if phase == NIGHT and not proposals:
                proposals = [Entry("hunt", wolf, self._any(self._possible_targets(wolf))) for wolf in wolves[:-1]]
            self.entries += proposals
            movers: tuple[int, ...] = (wolves[-1],) if phase == NIGHT else (wolves[len(proposals)],)
            decider = wolves[-1]
        elif options.wolf_rule == "random":
            mine = state.deal.roles[self.seat] == WOLF
            others = tuple(wolf for wolf in wolves if wolf != self.seat)
            movers = (self.seat,) if mine and is_to_move else (self._any(others if mine else wolves),)
            decider = movers[0]
        else:
            movers = wolves
        self.state = replace(
            state,
            night=replace(state.night, decider=decider),
            to_move=night_movers(options, state, movers) if phase == NIGHT else movers,
        )

    # --- what may have been chosen -----------------------------------------------------------------------------------------

    def _any(self, possible: tuple[int, ...]) -> int:
        if not possible:
            raise Contradiction
        return possible[pick(self.rng, len(possible))]

    def _possible_targets(self, wolf: int) -> tuple[int, ...]:
        """Whom a wolf may attack."""
        return tuple_of(wolf_targets(self.options, self.state, wolf))

    def _possible_victims(self) -> tuple[int, ...]:
        """Whom the wolves may have attacked."""
        if self.options.wolf_targets == "others" and len(self.wolves) > 1:
            return tuple_of(self.state.alive)
        return self._possible_targets(self.wolves[0]) if self.wolves else tuple_of(self.state.alive)

    def _known_victim(self) -> tuple[int, ...]:
        """Whom the wolves attacked, if the seat knows."""
        return tuple(entry.target for kind in ("prey", "victim") for entry in self.observed if entry.kind == kind)[:1]

    def _possible_protections(self, role: int) -> tuple[int, ...]:
        """Whom the doctor or guard may have protected: what the seat knows of itself, or anybody allowed; -1 for nobody."""
        roles = self.state.deal.roles
        if role not in roles or not self.state.alive >> roles.index(role) & 1:
            return (-1,)
        holder = roles.index(role)
        if holder == self.seat:
            return tuple(entry.target for entry in self.observed if entry.kind == "protect") or (-1,)
        return tuple_of(targets(self.options, self.state, holder, role)) or (-1,)

    def _possible_potions(self, victim: int) -> Iterator[int]:
        """What the witch may have done: her action, or -1 when she was not asked."""
        options, seats, witch = self.options, self.options.players, living_witch(self.state)
        if witch < 0:
            yield -1
        elif witch == self.seat:
            (own,) = (entry for entry in self.observed if entry.kind == "potion")
            yield (pass_(seats), antidote(seats), own.target)[own.value]
        else:
            yield pass_(seats)
            if self.state.night.potions & 1 and (options.witch_self or victim != witch):
                yield antidote(seats)
            if self.state.night.potions & 2:
                yield from tuple_of(self.state.alive & ~(1 << witch))

    def _plan(self, deaths: set[int]) -> tuple[int, tuple[int, int], int]:
        """The attack, the protections and the potion of a night with these deaths, uniform over all that fit."""
        seats, plans = self.options.players, []
        doctor, guard = self._possible_protections(DOCTOR), self._possible_protections(GUARD)
        for victim in self._known_victim() or self._possible_victims():
            for potion in self._possible_potions(victim):
                poisoned, healed = potion if 0 <= potion < seats else -1, potion == antidote(seats)
                must_die = _must_die(victim, poisoned, deaths)
                if must_die is None or (must_die and healed):
                    continue
                free = victim == poisoned or healed
                pairs = [(first, second) for first in doctor for second in guard if free or (victim in (first, second)) != must_die]
                plans += [(victim, pair, potion) for pair in pairs]
        if not plans:
            raise Contradiction
        return plans[pick(self.rng, len(plans))]

    # --- entries -----------------------------------------------------------------------------------------------------------

    def _whisper(self, count: int) -> None:
        """The wolves' talk, so many speeches of it where the seat did not hear them."""
        if not self.attack:
            return
        options, state = self.options, self.state
        whispers = [entry for entry in self.observed if entry.kind == "whisper"]
        if whispers or state.deal.roles[self.seat] == WOLF:
            self.entries += whispers
            return
        for turn in range(count):
            wolf = self.wolves[turn % len(self.wolves)]
            action = self._any(tuple_of(speech_bits(options, WOLF, wolf, state.alive)))
            self.entries.append(Entry("whisper", wolf, speech=utterance(options, state, wolf, action, turn)))

    def _choose(self, victim: int, protected: tuple[int, int]) -> None:
        """The wolves' proposals that end in `victim`, the seer's test, the protections, what the witch learns."""
        options, roles = self.options, self.state.deal.roles
        proposals = self._hunt(victim) if self.attack else {}
        early = self.wolves[:-1] if options.wolf_rule == "last" and self.attack else ()
        self.entries += [Entry("hunt", wolf, proposals[wolf]) for wolf in early]
        late = tuple(wolf for wolf in self.wolves if wolf in proposals and wolf not in early)
        for who in night_movers(options, self.state, late):
            if roles[who] == WOLF:
                self.entries.append(Entry("hunt", who, proposals[who]))
            elif roles[who] == SEER:
                self._test(who)
            else:
                self.entries.append(Entry("protect", who, protected[roles[who] == GUARD]))
        self.state = replace(self.state, night=replace(self.state.night, protected=protected, victim=victim))
        if self.attack:
            self.entries.append(Entry("prey", target=victim))
            witch = living_witch(self.state)
            if witch >= 0 and self.state.night.potions & 1:
                self.entries.append(Entry("victim", witch, victim))

    def _test(self, seer: int) -> None:
        if seer == self.seat:
            (entry,) = (entry for entry in self.observed if entry.kind == "check")
        else:
            target = self._any(tuple_of(targets(self.options, self.state, seer, SEER)))
            entry = Entry("check", seer, target, self.options.test_result(self.state.deal.roles[target]))
        night = self.state.night
        self.state = replace(self.state, night=replace(night, tested=night.tested | 1 << entry.target))
        self.entries.append(entry)

    def _hunt(self, victim: int) -> dict[int, int]:
        """Proposals by wolf."""
        rule, wolves = self.options.wolf_rule, self.wolves
        known = {entry.seat: entry.target for entry in self.observed if entry.kind == "hunt"}
        if known:
            self._set_decider(-1 if rule in ("vote", "first") else max(known) if rule == "last" else next(iter(known)))
            return known
        if rule in ("last", "random"):
            decider = wolves[-1] if rule == "last" else self._any(tuple(wolf for wolf in wolves if victim != wolf))
            if victim == decider:
                raise Contradiction
            self._set_decider(decider)
            others = wolves[:-1] if rule == "last" else ()
            return {**{wolf: self._any(self._possible_targets(wolf)) for wolf in others}, decider: victim}
        for _ in range(_NIGHT_TRIES):
            proposals = [self._any(self._possible_targets(wolf)) for wolf in wolves]
            if victim_of(self.options, proposals, self.rng) == victim:
                return dict(zip(wolves, proposals, strict=True))
        raise Contradiction

    def _set_decider(self, wolf: int) -> None:
        self.state = replace(self.state, night=replace(self.state.night, decider=wolf))

    def _brew(self, potion: int) -> None:
        """The witch's choice."""
        if potion < 0:
            return
        entry, potions = potion_given(self.options, self.state, self.state.deal.roles.index(WITCH), potion)
        self.poisoned = entry.target if entry.value == 2 else -1
        self.state = replace(self.state, night=replace(self.state.night, potions=potions))
        self.entries.append(entry)

    def _merged(self) -> list[Entry]:
        """The entries with the seat's own remarks in their places.

        Raises:
            Contradiction: The seat would have seen something else.
        """
        observed, at = self.observed_with_beliefs, 0
        wolf = bool(self.state.deal.wolves >> self.seat & 1)
        merged: list[Entry] = []
        for entry in self.entries:
            shared = wolf and entry.kind in ("whisper", "hunt", "prey")
            if shared or (entry.kind in ("check", "protect", "victim", "potion") and entry.seat == self.seat):
                while at < len(observed) and observed[at].kind in _REMARKS:
                    merged.append(observed[at])
                    at += 1
                if at >= len(observed) or observed[at] != entry:
                    raise Contradiction
                at += 1
            merged.append(entry)
        if any(entry.kind not in _REMARKS for entry in observed[at:]):
            raise Contradiction
        return merged + observed[at:]


def _must_die(victim: int, poisoned: int, deaths: set[int]) -> bool | None:
    """Whether the victim of the attack must have died of it or have been saved; `None` when the deaths do not fit at all."""
    rest = deaths - {poisoned}
    if (poisoned >= 0 and poisoned not in deaths) or not rest <= {victim}:
        return None
    return victim in rest


# --- ballots ---------------------------------------------------------------------------------------------------------------------


def vote_choices(options: Options, voter: int, candidates: int) -> tuple[int, ...]:
    """For whom `voter` may vote."""
    bits = candidates if options.self_vote else candidates & ~(1 << voter)
    return tuple_of(bits | (1 << pass_(options.players) if options.abstain else 0))


def votes_with_counts(options: Options, state: State, own: dict[int, int], counts: list[int], rng: np.random.Generator) -> dict[int, int]:
    """Votes of all the living that add up to these counts, with the seat's own vote as it was."""
    for target in own.values():
        counts[target] -= 1
    voters = [who for who in seats_in(state.alive) if who not in own]
    ballots = [target for target, count in enumerate(counts) for _ in range(count)]
    for _ in range(_BALLOT_TRIES):
        pool = list(ballots)
        votes = {who: pool.pop(pick(rng, len(pool))) for who in voters}
        if options.self_vote or all(who != target for who, target in votes.items()):
            return {**own, **votes}
    raise Contradiction


def votes_that_lead_to(
    options: Options, state: State, own: dict[int, int], result: Entry, revotes: int, rng: np.random.Generator
) -> dict[int, int]:
    """Votes of all the living that lead to a new ballot or an exile as it was seen, after so many new ballots today."""
    living = seats_in(state.alive)
    choices = {who: vote_choices(options, who, state.ballot.candidates) for who in living}
    for _ in range(_BALLOT_TRIES):
        votes = {who: own[who] if who in own else choices[who][pick(rng, len(choices[who]))] for who in living}
        _, leaders, majority = count_votes(options, list(votes.values()))
        if _leads_to(options, result, tuple(leaders), majority, revotes, rng):
            return votes
    raise Contradiction


def _leads_to(options: Options, result: Entry, leaders: tuple[int, ...], majority: bool, revotes: int, rng: np.random.Generator) -> bool:
    if result.kind == "revote":
        return leaders == result.items
    exiled = result.seat
    if options.majority:
        return (leaders == (exiled,) and majority) if exiled >= 0 else not majority
    if len(leaders) < 2:
        return leaders == ((exiled,) if exiled >= 0 else ())
    if options.tie == "revote" and revotes < options.revotes:
        return False
    tie = options.revote_tie if options.tie == "revote" else options.tie
    return exiled < 0 if tie == "nobody" else exiled in leaders and pick(rng, len(leaders)) == 0
