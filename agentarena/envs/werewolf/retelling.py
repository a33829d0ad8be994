"""The same match with other hidden roles: everything a seat saw, in order, and new hidden choices that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import chronicle as c
from .day import floor
from .ending import verdict
from .moves import pass_, tuple_of
from .retold_nights import Impossible, Nights
from .roles import HUNTER, MASON, MEDIUM, WOLF
from .state import SHOT, STRAW, VOTE, Draft, Entry, State, pick, seats_in

if TYPE_CHECKING:
    from .game import Werewolf

__all__ = ["Impossible", "Retelling"]

_BALLOT_TRIES = 3000


class Retelling:
    """One attempt to explain what a seat saw by given roles.

    Args:
        game: The rules.
        state: The true state, of which only what everybody knows is used.
        seat: Who saw it.
        known: The log as that seat may know it.
        roles: The roles to explain it by.
        rng: Source of the hidden choices.
    """

    def __init__(
        self, game: Werewolf, state: State, seat: int, known: list[Entry], roles: tuple[int, ...], rng: np.random.Generator
    ) -> None:
        self.game, self.truth, self.seat, self.known, self.rng = game, state, seat, known, rng
        draft = self.draft = Draft(state)
        draft.roles = roles
        draft.pack = sum(1 << who for who, role in enumerate(roles) if role == WOLF)
        draft.alive = (1 << game.players) - 1
        draft.potions = 3 if game.witch else 0
        draft.shields, draft.seen, draft.prey, draft.decider = (-1, -1), 0, -1, -1
        draft.day = 0 if game.opening == "night" else 1
        draft.speaker, draft.mentioned, draft.standing = -1, 0, draft.alive
        draft.order = seats_in(draft.alive)
        self.out: list[Entry] = []
        self.at = 0
        self.said = 0  # speeches since the last straw vote
        self.own: list[Entry] = []  # the seat's own votes of this ballot

    # --- the course of the match -----------------------------------------------------------------------------------------

    def state(self) -> State:
        """The retold state.

        Raises:
            Impossible: These roles, or the hidden choices drawn so far, cannot lead to what was seen.
        """
        self._deal()
        while self.at < len(self.known):
            entry = self._next()
            handler = _HANDLERS.get(entry[0])
            if handler is None:
                self.out.append(entry)
            else:
                handler(self, entry)
        return self._finished()

    def _next(self) -> Entry:
        self.at += 1
        return self.known[self.at - 1]

    def _peek(self) -> int:
        """Kind of the next entry; -1 at the end."""
        return int(self.known[self.at][0]) if self.at < len(self.known) else -1

    def _deal(self) -> None:
        roles, draft = self.draft.roles, self.draft
        self.out.append((c.NAMED, draft.names))
        self.out += [(c.DEALT, who, role) for who, role in enumerate(roles)]
        self.out.append((c.PACK, seats_in(draft.pack)))
        if self.game.mason:
            self.out.append((c.MASONS, tuple(who for who, role in enumerate(roles) if role == MASON)))
        while self._peek() in (c.NAMED, c.DEALT, c.PACK, c.MASONS):
            self.at += 1

    def _night(self, entry: Entry) -> None:
        """A whole night up to its dawn, or the part of it that has happened."""
        draft = self.draft
        self.out.append(entry)
        draft.day = entry[1]
        draft.prey = draft.decider = -1
        seen: list[Entry] = []
        while self._peek() not in (c.DAWN, -1):
            seen.append(self._next())
        nights = Nights(self.game, draft, self.seat, seen, self.rng)
        if self._peek() == -1:
            asked = self.seat in self.truth.asked
            self.out += nights.tonight(asked)
            return
        dawn = self._next()
        deaths = {who for who, _ in dawn[2]}
        self.out += nights.past(deaths)
        self.out.append(dawn)
        for who in deaths:
            draft.alive &= ~(1 << who)
        draft.order, draft.speaker, draft.mentioned, draft.turn = seats_in(draft.alive), -1, 0, 0
        hunters = [who for who in deaths if draft.roles[who] == HUNTER and who == draft.prey and who != nights.poisoned]
        self._shot_follows(hunters[0] if hunters else -1)

    def _shot_follows(self, hunter: int) -> None:
        """Whether the hunter's shot follows must be as was seen; then whether the match goes on."""
        draft, truth = self.draft, self.truth
        draft.shooter = -1
        if hunter >= 0 and draft.alive:
            if self._peek() == -1 and truth.phase == SHOT:
                draft.shooter = hunter
                draft.asked = (hunter,)
                if (self.seat == hunter) != (self.seat in truth.asked):
                    raise Impossible
                return
            if self._peek() != c.SHOTFIRED or self.known[self.at][1] != hunter:
                raise Impossible
            shot = self._next()
            self.out.append(shot)
            draft.alive &= ~(1 << shot[2])
            draft.order = seats_in(draft.alive)
        elif self._peek() == c.SHOTFIRED or (self._peek() == -1 and truth.phase == SHOT):
            raise Impossible
        wolves = (draft.alive & draft.pack).bit_count()
        over = verdict(self.game.wolves_win, wolves, draft.alive.bit_count() - wolves)
        if over and self._peek() != c.END:
            raise Impossible

    # --- the day -----------------------------------------------------------------------------------------------------------

    def _order(self, entry: Entry) -> None:
        self.out.append(entry)
        self.draft.order = entry[1]

    def _floor(self, entry: Entry) -> None:
        """The bids that gave the floor to whom it went."""
        draft, game, rng = self.draft, self.game, self.rng
        mine = self.out.pop() if self.out[-1][0] == c.BIDDEN else None
        bidders = [who for who in seats_in(draft.alive) if who != draft.speaker]
        while True:
            bids = {who: mine[2] if mine and who == self.seat else pick(rng, 5) for who in bidders}
            most = max(bids.values())
            if bids[entry[1]] == most:
                leaders = [who for who in bidders if bids[who] == most]
                if floor(leaders, draft.mentioned, game.mention, rng) == entry[1]:
                    break
        self.out += [(c.BIDDEN, who, amount) for who, amount in bids.items()]
        self.out.append(entry)
        draft.speaker = entry[1]

    def _said(self, entry: Entry) -> None:
        draft, game = self.draft, self.game
        self.out.append(entry)
        if game.discussion == "bidding":
            draft.mentioned = game.mentions(draft, entry)
        self.said += 1
        if game.straw and self.said == (draft.alive.bit_count() if game.discussion == "simultaneous" else 1):
            self.said = 0
            if not (self._peek() == -1 and self.truth.phase == STRAW):
                self._straw_votes()

    def _straw_votes(self) -> None:
        """Everybody's straw votes; remarks and votes of the seat's own are among what was seen."""
        draft = self.draft
        while self._peek() == c.GUESS:
            self.out.append(self._next())
        living = seats_in(draft.alive)
        options = {who: self._votes_of(who, draft.alive) for who in living}
        for who in living:
            if who == self.seat:
                self.out.append(self._next())
            else:
                self.out.append((c.STRAWVOTE, who, options[who][pick(self.rng, len(options[who]))]))

    def _votes_of(self, who: int, standing: int) -> tuple[int, ...]:
        bits = standing if self.game.self_vote else standing & ~(1 << who)
        return tuple_of(bits | (1 << pass_(self.game.players) if self.game.abstain else 0))

    def _voted(self, entry: Entry) -> None:
        if self.game.ballots == "public":
            self.out.append(entry)
        else:
            self.own.append(entry)

    def _counted(self, entry: Entry) -> None:
        """A count, a new ballot or an exile: with hidden votes, votes that lead to it."""
        if self.revotes_held() == 0:
            self.draft.standing = self.draft.alive
        if entry[0] == c.TALLY:
            self._cast(self._votes_with_counts(list(entry[1])))
        elif self.game.ballots == "secret":
            self._cast(self._votes_that_lead_to(entry))
        self.out.append(entry)
        if entry[0] == c.REVOTE:
            self.draft.standing = sum(1 << who for who in entry[1])
        elif entry[0] == c.EXILE:
            self._exiled(entry)

    def _cast(self, votes: dict[int, int]) -> None:
        order = self.draft.order if self.game.voting == "sequential" else seats_in(self.draft.alive)
        self.out += [(c.VOTED, who, votes[who]) for who in order]
        self.own = []

    def _mine(self) -> dict[int, int]:
        return {who: target for _, who, target in self.own}

    def _votes_with_counts(self, counts: list[int]) -> dict[int, int]:
        mine = self._mine()
        for target in mine.values():
            counts[target] -= 1
        voters = [who for who in seats_in(self.draft.alive) if who not in mine]
        targets = [target for target, count in enumerate(counts) for _ in range(count)]
        for _ in range(_BALLOT_TRIES):
            pool = list(targets)
            votes = {who: pool.pop(pick(self.rng, len(pool))) for who in voters}
            if self.game.self_vote or all(who != target for who, target in votes.items()):
                return {**mine, **votes}
        raise Impossible

    def _votes_that_lead_to(self, entry: Entry) -> dict[int, int]:
        game, draft = self.game, self.draft
        mine, living = self._mine(), seats_in(draft.alive)
        options = {who: self._votes_of(who, draft.standing) for who in living}
        for _ in range(_BALLOT_TRIES):
            votes = {who: mine[who] if who in mine else options[who][pick(self.rng, len(options[who]))] for who in living}
            counts = [0] * (game.players + 1)
            for target in votes.values():
                counts[target] += 1
            most = max(counts[:-1])
            leaders = tuple(who for who in range(game.players) if most and counts[who] == most)
            if self._leads_to(entry, leaders, 2 * most > len(living)):
                return votes
        raise Impossible

    def _leads_to(self, entry: Entry, leaders: tuple[int, ...], majority: bool) -> bool:
        game = self.game
        if entry[0] == c.REVOTE:
            return leaders == entry[1]
        exiled = entry[1]
        if game.majority:
            return (leaders == (exiled,) and majority) if exiled >= 0 else not majority
        if len(leaders) < 2:
            return leaders == ((exiled,) if exiled >= 0 else ())
        if game.tie == "revote" and self.revotes_held() < game.revotes:
            return False
        tie = game.revote_tie if game.tie == "revote" else game.tie
        return exiled < 0 if tie == "nobody" else exiled in leaders and pick(self.rng, len(leaders)) == 0

    def revotes_held(self) -> int:
        """New ballots held since the day began."""
        count = 0
        for entry in reversed(self.out):
            if entry[0] in (c.DAWN, c.EXILE):
                break
            count += entry[0] == c.REVOTE
        return count

    def _exiled(self, entry: Entry) -> None:
        draft, exiled = self.draft, entry[1]
        if exiled < 0:
            return
        draft.alive &= ~(1 << exiled)
        if self.game.medium:
            medium = draft.roles.index(MEDIUM)
            if self._peek() == c.SENSED:
                self.out.append(self._next())
            elif draft.alive >> medium & 1:
                self.out.append((c.SENSED, medium, exiled, int(draft.roles[exiled] == WOLF)))
        self._shot_follows(exiled if draft.roles[exiled] == HUNTER else -1)

    # --- the state at the end of it --------------------------------------------------------------------------------------------

    def _finished(self) -> State:
        draft, truth = self.draft, self.truth
        draft.fresh, draft.log = [], tuple(self.out)
        draft.day, draft.votes, draft.winner = truth.day, truth.votes, truth.winner
        draft.standing, draft.revotes, draft.evening = truth.standing, truth.revotes, truth.evening
        if not truth.winner:  # shaped pay on the way would tell roles
            draft.rewards = (0.0,) * self.game.players
        if truth.phase in c.OPEN:
            draft.phase, draft.turn, draft.order = truth.phase, truth.turn, truth.order
            draft.speaker, draft.mentioned = truth.speaker, truth.mentioned
            draft.ballot = truth.ballot
            if truth.phase != SHOT:
                draft.asked = truth.asked
            if truth.phase == VOTE and self.game.ballots != "public":
                self._hidden_ballot()
        else:
            draft.order, draft.speaker, draft.mentioned, draft.ballot = truth.order, truth.speaker, truth.mentioned, ()
        draft.log = tuple(self.out)
        made = draft.done()
        seen = sum(c.visible(self.game, truth, entry, self.seat) for entry in truth.log[truth.mark :])
        places = [at for at, entry in enumerate(made.log) if c.visible(self.game, made, entry, self.seat)]
        return made._replace(mark=places[len(places) - seen] if seen else len(made.log))

    def _hidden_ballot(self) -> None:
        """Votes cast one by one so far, in secret: those before the seat if it is asked, up to its own if it has voted."""
        draft, game = self.draft, self.game
        if game.voting != "sequential":
            return
        order, mine = draft.order, self._mine()
        place = order.index(self.seat) if self.seat in order else -1
        if self.seat in self.truth.asked:
            cast = place
        elif mine:
            cast = place + 1
        else:
            cast = 0
        if cast >= len(order) or (cast == place and self.seat not in self.truth.asked):
            raise Impossible
        votes = []
        for who in order[:cast]:
            options = self._votes_of(who, draft.standing)
            votes.append(mine[who] if who in mine else options[pick(self.rng, len(options))])
            self.out.append((c.VOTED, who, votes[-1]))
        draft.ballot, draft.asked = tuple(votes), (order[cast],)


_HANDLERS = {
    c.NIGHTFALL: Retelling._night,
    c.ORDER: Retelling._order,
    c.FLOOR: Retelling._floor,
    c.SAID: Retelling._said,
    c.VOTED: Retelling._voted,
    c.TALLY: Retelling._counted,
    c.REVOTE: Retelling._counted,
    c.EXILE: Retelling._counted,
}
