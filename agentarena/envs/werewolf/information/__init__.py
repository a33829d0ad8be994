"""What a seat knows: its information key, and other courses of the match that it cannot tell from the true one.

`resample` draws roles first, then every hidden choice, so that all that the seat saw happens again. Roles are uniform over the deals
that what the seat saw allows (its role, its fellows, tests, reveals, who died how, that the match went on); hidden choices are then
drawn night by night, uniformly over those that lead to what was seen. Two things are approximate: a deal is not weighted by how many
hidden choices explain it, that is, by what others would have done; and where a choice limits later nights (potions, protecting
nobody twice running) a dead end starts the whole draw again.
"""

from __future__ import annotations

import numpy as np

from agentarena.core.errors import NotSupported
from agentarena.core.frozen import replace
from agentarena.envs.werewolf.options import HUNTER, MASON, MEDIUM, POSSESSED, ROLES, WOLF, Options, verdict
from agentarena.envs.werewolf.rules import floor, mentions
from agentarena.envs.werewolf.state import (
    OPEN_PHASES,
    SHOT,
    STRAW,
    VOTE,
    Ballot,
    Deal,
    Discussion,
    Entry,
    Night,
    Shot,
    State,
    dealt,
    known_log,
    pay_for_votes,
    pick,
    seats_in,
    visible,
    visible_phase,
)

from .hidden_choices import Contradiction, NightSampler, vote_choices, votes_that_lead_to, votes_with_counts

__all__ = ["information", "resample"]

_TRIES = 200_000
_ALL = (1 << len(ROLES)) - 1
_WOLF, _MASON = 1 << WOLF, 1 << MASON


def information(options: Options, state: State, seat: int) -> str:
    """The information-set key: whether the seat is to move, the phase as it sees it, and the log as it knows it."""
    turn = "moves" if seat in state.to_move else "waits"
    log = ";".join([repr(tuple(entry)) for entry in known_log(options, state, seat)])
    return f"{seat} {turn} {visible_phase(state, seat)} {log}"


def resample(options: Options, state: State, seat: int, rng: np.random.Generator) -> State:
    """A state that `seat` cannot tell from this one; see this module.

    Raises:
        NotSupported: None was drawn: votes are secret and too rare a result is to be explained.
    """
    known = known_log(options, state, seat)
    domains = _domains(options, known)
    for _ in range(_TRIES):
        roles = _drawn_roles(options, domains, rng)
        if roles is None:
            continue
        try:
            return _MatchSampler(options, state, seat, known, roles, rng).sample()
        except Contradiction:
            continue
    raise NotSupported(f"Werewolf: no other course of the match was found in {_TRIES} tries that seat {seat} could not tell from this one")


# --- deals ---------------------------------------------------------------------------------------------------------------------


def _domains(options: Options, known: list[Entry]) -> list[int]:
    """The roles each seat may have as far as single facts tell, as bit sets over roles."""
    domains = [_ALL] * options.players
    never_attacked = _ALL & ~_WOLF if options.wolf_targets == "village" else _ALL
    for entry in known:
        kind, value = entry.kind, entry.value
        if kind == "role":
            domains[entry.seat] &= 1 << value
        elif kind in ("pack", "masons"):
            role = _WOLF if kind == "pack" else _MASON
            for seat in range(options.players):
                domains[seat] &= role if seat in entry.items else _ALL & ~role
        elif kind == "check" and options.seer_sees == "role":
            domains[entry.target] &= 1 << value
        elif kind in ("check", "sense"):
            domains[entry.target] &= _WOLF if value else _ALL & ~_WOLF
        elif kind == "victim":
            domains[entry.target] &= never_attacked
        elif kind == "dawn":
            for seat, reveal in entry.items:
                domains[seat] &= _roles_revealed(reveal) & (_ALL if options.witch else never_attacked)
        elif kind == "exile" and entry.seat >= 0:
            domains[entry.seat] &= _roles_revealed(value)
        elif kind == "shot":
            domains[entry.seat] &= 1 << HUNTER
            domains[entry.target] &= _roles_revealed(value)
        elif kind == "end":
            for seat, role in enumerate(entry.items):
                domains[seat] &= 1 << role
    return domains


def _roles_revealed(reveal: int) -> int:
    """The roles that a reveal leaves."""
    if reveal < 0:
        return _ALL
    if reveal < len(ROLES):
        return 1 << reveal
    evil = _WOLF | 1 << POSSESSED
    return evil if reveal > len(ROLES) else _ALL & ~evil


def _drawn_roles(options: Options, domains: list[int], rng: np.random.Generator) -> tuple[int, ...] | None:
    """A deal in which everybody has a role of his domain, each as likely as any other; `None` when the try failed.

    Seats with one possible role get it; of the others the wolves are drawn first, among those who may be wolves, then the rest.
    """
    roles = [domain.bit_length() - 1 if domain & (domain - 1) == 0 else -1 for domain in domains]
    deck = list(options.deck)
    for role in roles:
        if role >= 0:
            deck.remove(role)
    undecided = [seat for seat, role in enumerate(roles) if role < 0]
    candidates = [seat for seat in undecided if domains[seat] >> WOLF & 1]
    wolves = deck.count(WOLF)
    if wolves > len(candidates):
        return None
    for _ in range(wolves):
        roles[candidates.pop(pick(rng, len(candidates)))] = WOLF
    rest = [role for role in deck if role != WOLF]
    for seat in undecided:
        if roles[seat] < 0:
            role = rest.pop(pick(rng, len(rest)))
            if not domains[seat] >> role & 1:
                return None
            roles[seat] = role
    return tuple(roles)


# --- the course of a match under given roles -------------------------------------------------------------------------------------


class _MatchSampler:
    """One attempt to explain what a seat saw by given roles.

    Args:
        options: The options.
        truth: The true state, of which only what everybody knows is used.
        seat: Who saw it.
        known: The log as that seat may know it.
        roles: The roles to explain it by.
        rng: Source of the hidden choices.
    """

    def __init__(
        self, options: Options, truth: State, seat: int, known: list[Entry], roles: tuple[int, ...], rng: np.random.Generator
    ) -> None:
        self.options, self.truth, self.seat, self.known, self.rng = options, truth, seat, known, rng
        everybody = (1 << options.players) - 1
        self.state = replace(
            truth,
            deal=Deal(roles, truth.deal.names, sum(1 << who for who, role in enumerate(roles) if role == WOLF)),
            alive=everybody,
            day=0 if options.opening == "night" else 1,
            night=Night(potions=3 if options.witch else 0),
            discussion=Discussion(seats_in(everybody)),
            ballot=Ballot(everybody),
        )
        self.entries = list(dealt(options, self.state.deal))
        self.at = 0
        self.speeches = 0  # since the last straw vote
        self.own_votes: dict[int, int] = {}  # the seat's own vote of this ballot, where votes are hidden

    def sample(self) -> State:
        """The drawn state.

        Raises:
            Contradiction: These roles, or the hidden choices drawn so far, cannot lead to what was seen.
        """
        while self._upcoming() in ("names", "role", "pack", "masons"):
            self.at += 1
        while self.at < len(self.known):
            entry = self._next()
            handler = _HANDLERS.get(entry.kind)
            if handler is None:
                self.entries.append(entry)
            else:
                handler(self, entry)
        return self._finished()

    def _next(self) -> Entry:
        self.at += 1
        return self.known[self.at - 1]

    def _upcoming(self) -> str:
        """Kind of the next entry; "" at the end."""
        return self.known[self.at].kind if self.at < len(self.known) else ""

    def _bury(self, dead: int) -> None:
        self.state = replace(self.state, alive=self.state.alive & ~dead)

    def _night(self, entry: Entry) -> None:
        """A whole night up to its dawn, or the part of it that has happened."""
        self.entries.append(entry)
        self.state = replace(self.state, day=entry.day, night=replace(self.state.night, victim=-1, decider=-1))
        observed: list[Entry] = []
        while self._upcoming() not in ("dawn", ""):
            observed.append(self._next())
        night = NightSampler(self.options, self.state, self.seat, observed, self.rng)
        if not self._upcoming():
            self.entries += night.present(self.seat in self.truth.to_move)
            self.state = night.state
            return
        dawn = self._next()
        deaths = {who for who, _ in dawn.items}
        self.entries += night.past(deaths)
        self.state = night.state
        self.entries.append(dawn)
        self._bury(sum(1 << who for who in deaths))
        self.state = replace(self.state, turn=0, discussion=Discussion(seats_in(self.state.alive)))
        victim = self.state.night.victim
        hunted = victim in deaths and self.state.deal.roles[victim] == HUNTER and victim != night.poisoned
        self._shot_follows(victim if hunted else -1)

    def _shot_follows(self, hunter: int) -> None:
        """Whether the hunter's shot follows must be as was seen; then whether the match goes on."""
        truth = self.truth
        shot_pending = not self._upcoming() and truth.phase == SHOT
        self.state = replace(self.state, shot=Shot(-1, truth.shot.exiled))
        if hunter >= 0 and self.state.alive:
            if shot_pending:
                self.state = replace(self.state, shot=Shot(hunter, truth.shot.exiled), to_move=(hunter,))
                if (self.seat == hunter) != (self.seat in truth.to_move):
                    raise Contradiction
                return
            if self._upcoming() != "shot" or self.known[self.at].seat != hunter:
                raise Contradiction
            shot = self._next()
            self.entries.append(shot)
            self._bury(1 << shot.target)
            self.state = replace(self.state, discussion=replace(self.state.discussion, order=seats_in(self.state.alive)))
        elif self._upcoming() == "shot" or shot_pending:
            raise Contradiction
        wolves = (self.state.alive & self.state.deal.wolves).bit_count()
        over = verdict(self.options.wolves_win, wolves, self.state.alive.bit_count() - wolves)
        if over and self._upcoming() != "end":
            raise Contradiction

    # --- the day -----------------------------------------------------------------------------------------------------------

    def _order(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.state = replace(self.state, discussion=replace(self.state.discussion, order=entry.items))

    def _floor(self, entry: Entry) -> None:
        """The bids that gave the floor to whom it went."""
        discussion, rng = self.state.discussion, self.rng
        own = self.entries.pop() if self.entries[-1].kind == "bid" else None
        bidders = [who for who in seats_in(self.state.alive) if who != discussion.speaker]
        while True:
            bids = {who: own.value if own and who == self.seat else pick(rng, 5) for who in bidders}
            most = max(bids.values())
            leaders = [who for who in bidders if bids[who] == most]
            if bids[entry.seat] == most and floor(leaders, discussion.mentioned, self.options.mention, rng) == entry.seat:
                break
        self.entries += [Entry("bid", who, value=amount) for who, amount in bids.items()]
        self.entries.append(entry)
        self.state = replace(self.state, discussion=replace(discussion, speaker=entry.seat))

    def _speech(self, entry: Entry) -> None:
        options, state = self.options, self.state
        self.entries.append(entry)
        if options.discussion == "bidding":
            self.state = replace(state, discussion=replace(state.discussion, mentioned=mentions(state, entry)))
        self.speeches += 1
        if options.straw and self.speeches == (state.alive.bit_count() if options.discussion == "simultaneous" else 1):
            self.speeches = 0
            if self._upcoming() or self.truth.phase != STRAW:
                self._straw_votes()

    def _straw_votes(self) -> None:
        """Everybody's straw votes; remarks and votes of the seat's own are among what was seen."""
        while self._upcoming() == "guess":
            self.entries.append(self._next())
        for who in seats_in(self.state.alive):
            if who == self.seat:
                self.entries.append(self._next())
            else:
                choices = vote_choices(self.options, who, self.state.alive)
                self.entries.append(Entry("straw", who, choices[pick(self.rng, len(choices))]))

    def _vote(self, entry: Entry) -> None:
        if self.options.ballots == "public":
            self.entries.append(entry)
        else:
            self.own_votes[entry.seat] = entry.target

    def _result(self, entry: Entry) -> None:
        """A count, a new ballot or an exile: with hidden votes, votes that lead to it."""
        options, revotes = self.options, self._revotes_held()
        if revotes == 0:
            self.state = replace(self.state, ballot=Ballot(self.state.alive))
        if entry.kind == "tally":
            self._cast(votes_with_counts(options, self.state, self.own_votes, list(entry.items), self.rng))
        elif options.ballots == "secret":
            self._cast(votes_that_lead_to(options, self.state, self.own_votes, entry, revotes, self.rng))
        self.entries.append(entry)
        if entry.kind == "revote":
            self.state = replace(self.state, ballot=Ballot(sum(1 << who for who in entry.items)))
        elif entry.kind == "exile" and entry.seat >= 0:
            self._exile(entry.seat)

    def _cast(self, votes: dict[int, int]) -> None:
        order = self.state.discussion.order if self.options.voting == "sequential" else seats_in(self.state.alive)
        self.entries += [Entry("vote", who, votes[who]) for who in order]
        self.own_votes = {}

    def _revotes_held(self) -> int:
        """New ballots held since the day began."""
        revotes = 0
        for entry in reversed(self.entries):
            if entry.kind in ("dawn", "exile"):
                break
            revotes += entry.kind == "revote"
        return revotes

    def _exile(self, exiled: int) -> None:
        self._bury(1 << exiled)
        roles = self.state.deal.roles
        if self.options.medium:
            medium = roles.index(MEDIUM)
            if self._upcoming() == "sense":
                self.entries.append(self._next())
            elif self.state.alive >> medium & 1:
                self.entries.append(Entry("sense", medium, exiled, int(roles[exiled] == WOLF)))
        self._shot_follows(exiled if roles[exiled] == HUNTER else -1)

    # --- the state at the end of it --------------------------------------------------------------------------------------------

    def _finished(self) -> State:
        truth, options = self.truth, self.options
        state = replace(self.state, day=truth.day, discussion=truth.discussion, ballot=truth.ballot)
        if truth.winner and options.reward == "shaped":  # what the drawn votes would have paid; pay on the way is public
            late, drawn = (pay_for_votes(options, log, truth.deal.roles) for log in (truth.log, self.entries))
            rewards = tuple(paid - true + other for paid, true, other in zip(truth.rewards, late, drawn, strict=True))
            state = replace(state, outcome=replace(truth.outcome, rewards=rewards))
        if truth.phase in OPEN_PHASES:
            to_move = state.to_move if truth.phase == SHOT else truth.to_move
            state = replace(state, phase=truth.phase, turn=truth.turn, to_move=to_move, cast=truth.cast)
            if truth.phase == VOTE and options.ballots != "public" and options.voting == "sequential":
                state = self._with_hidden_ballot(state)
        else:
            state = replace(state, cast=())
        log = tuple(self.entries)
        news = sum(visible(options, truth, entry, self.seat) for entry in truth.log[truth.news_from :])
        places = [at for at, entry in enumerate(log) if visible(options, state, entry, self.seat)]
        return replace(state, log=log, news_from=places[len(places) - news] if news else len(log))

    def _with_hidden_ballot(self, state: State) -> State:
        """Votes cast one by one so far, in secret: those before the seat if it is to move, up to its own if it has voted."""
        options, order, is_to_move = self.options, state.discussion.order, self.seat in self.truth.to_move
        place = order.index(self.seat) if self.seat in order else -1
        cast = place if is_to_move else place + 1 if self.own_votes else 0
        if cast >= len(order) or (cast == place and not is_to_move):
            raise Contradiction
        votes = []
        for who in order[:cast]:
            choices = vote_choices(options, who, state.ballot.candidates)
            votes.append(self.own_votes[who] if who in self.own_votes else choices[pick(self.rng, len(choices))])
            self.entries.append(Entry("vote", who, votes[-1]))
        return replace(state, cast=tuple(votes), to_move=(order[cast],))


_HANDLERS = {
    "night": _MatchSampler._night,
    "order": _MatchSampler._order,
    "floor": _MatchSampler._floor,
    "speech": _MatchSampler._speech,
    "vote": _MatchSampler._vote,
    "tally": _MatchSampler._result,
    "revote": _MatchSampler._result,
    "exile": _MatchSampler._result,
}
