"""What a policy of a latent game is worth: against itself, against random play, and against exact best responses, on the game's tree.

Where the game has two sides (`Game.team`), figures are shares of matches that a side wins; an undecided match counts half. A best
response knows the policies of all others, but in the match only what its seat sees. Three kinds are told apart:

    one seat     the seat that holds a role deviates, all others stay: exact. Of a role that several hold one deviates, whoever it is.
    together     all seats of a side deviate by a plan agreed on before the match, each seeing only what it sees: a lower bound, found by
                 letting the seats best respond in turn until none gains, from several starts.

Seats that could also tell each other what they know would mostly win at once (a village that pools its roles knows the wolf), so that
is not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.agents.search.array_tree import ArrayTree
from agentarena.core.game import Game
from agentarena.core.rng import stream

__all__ = ["Judge", "role_holders"]

Slots = list[np.ndarray]
_DEALS = 32
"""Starts that are looked at for the sides of roles."""
_MOST_ROUNDS = 20


class Judge:
    """Exact judgement of policies.

    Args:
        game: The game.
        tree: Its tree.
        role_of: Names the role of a seat from what it sees.
        restarts: Random starts of the search for best responses together.
        seed: Of these starts.

    Attributes:
        sides: The two sides' roles by name, the one with more seats first; empty where there are no two sides of unequal size.
    """

    def __init__(
        self, game: Game[Any], tree: ArrayTree, role_of: Callable[[np.ndarray, int], str], restarts: int = 4, seed: int = 0
    ) -> None:
        self.tree, self.restarts, self.seed = tree.tree, restarts, seed
        self.slot_roles: Slots = []
        for seat, side in enumerate(self.tree.sides):
            roles = np.array([role_of(row, seat) for row in tree.observations[seat]], dtype=object)
            self.slot_roles.append(np.concatenate([np.array([""], dtype=object), np.repeat(roles, side.counts)]))
        self.holders = role_holders(game)
        sides: dict[str, list[str]] = {}
        for role, (team, _) in self.holders.items():
            sides.setdefault(team, []).append(role)
        sizes = {team: sum(self.holders[role][1] for role in roles) for team, roles in sides.items()}
        unequal = len(sides) == 2 and len(set(sizes.values())) == 2 and "" not in sides
        self.sides: Mapping[str, Sequence[str]] = (
            {team: sides[team] for team in sorted(sides, key=sizes.__getitem__)[::-1]} if unequal else {}
        )
        self.lead = max(sizes.values(), default=0) - min(sizes.values(), default=0)
        self.uniform = [side.normalised(np.zeros(side.size)) for side in self.tree.sides]

    def figures(self, slots: Slots) -> dict[str, float]:
        """What is known of a policy over the tree's slots.

        Returns:
            `nash_conv`: sum over seats of what a best response gains; in games of sides it counts every fellow apart. For each side:
            `SIDE.self`, `SIDE.uniform` (all play uniformly), `SIDE.against_uniform` (the others do), `SIDE.against_best_ROLE` (one seat
            of the other side that holds the role best responds), `SIDE.against_together` (all of the other side do, a lower bound of
            what they can), `SIDE.worst` (least over roles). `gate`: 1 where the side with more seats wins more against its worst role
            than by uniform play, else 0.
        """
        figures = {"nash_conv": self.tree.nash_conv(slots)}
        for side, other in zip(self.sides, reversed(list(self.sides)), strict=True):
            figures[f"{side}.self"] = self.win(slots, side)
            figures[f"{side}.uniform"] = self.win(self.uniform, side)
            figures[f"{side}.against_uniform"] = self.win(self.mixed(slots, self.uniform, self.sides[other]), side)
            against = {role: self.against_one(slots, side, role) for role in self.sides[other]}
            figures |= {f"{side}.against_best_{role}": value for role, value in against.items()}
            figures[f"{side}.worst"] = min(against.values())
            if sum(self.holders[role][1] for role in self.sides[other]) > 1:
                figures[f"{side}.against_together"] = self.against_together(slots, side, self.sides[other])
        if self.sides:
            large = next(iter(self.sides))
            figures["gate"] = float(figures[f"{large}.worst"] > figures[f"{large}.uniform"] + 1e-9)
        return figures

    def worth(self, slots: Slots) -> float:
        """One number to choose by: the worst share of wins of the side with more seats, else NashConv with its sign turned."""
        if not self.sides:
            return -self.tree.nash_conv(slots)
        large, small = self.sides
        return min(self.against_one(slots, large, role) for role in self.sides[small])

    def win(self, slots: Slots, side: str) -> float:
        """Share of matches that a side wins.

        All seats of the winning side are paid 1 and all others -1, so the payments of all seats add up to the difference of the sides'
        sizes, or to its opposite.
        """
        total = float(self.tree.returns(slots).sum()) / self.lead
        return 0.5 + 0.5 * (total if side == next(iter(self.sides)) else -total)

    def mixed(self, slots: Slots, others: Slots, roles: Sequence[str]) -> Slots:
        """A policy whose seats play `others` while they hold one of the roles."""
        return [np.where(np.isin(names, list(roles)), other, own) for names, own, other in zip(self.slot_roles, slots, others, strict=True)]

    def against_one(self, slots: Slots, side: str, role: str) -> float:
        """Share of a side's wins when one seat that holds the role, of the other side, best responds: the mean over its holders."""
        before = self.win(slots, side)
        loss = 0.0
        for seat in range(len(slots)):
            best = self._responding(slots, seat, (role,))
            loss += before - self.win(best, side)
        return before - loss / self.holders[role][1]

    def against_together(self, slots: Slots, side: str, roles: Sequence[str]) -> float:
        """Least share of a side's wins that was found when all seats of the other side agree on a plan."""
        rng = stream(self.seed, 77)
        starts = [slots, *(self.mixed(slots, self._pure(rng), roles) for _ in range(self.restarts))]
        return min(self._descended(start, side, roles) for start in starts)

    def _descended(self, slots: Slots, side: str, roles: Sequence[str]) -> float:
        value = self.win(slots, side)
        for _ in range(_MOST_ROUNDS):
            for seat in range(len(slots)):
                slots = self._responding(slots, seat, roles)
            after = self.win(slots, side)
            if after > value - 1e-9:
                break
            value = after
        return min(value, after)

    def _responding(self, slots: Slots, seat: int, roles: Sequence[str]) -> Slots:
        """The policy in which a seat best responds while it holds one of the roles."""
        names = self.slot_roles[seat]
        here = np.isin(names, list(roles))
        if not here.any():
            return slots
        best = self.tree.best(slots, seat)[1]
        return [np.where(here, best, own) if other == seat else own for other, own in enumerate(slots)]

    def _pure(self, rng: np.random.Generator) -> Slots:
        """A random pure policy."""
        return [side.best(rng.random(side.size))[1] for side in self.tree.sides]


def role_holders(game: Game[Any]) -> dict[str, tuple[str, int]]:
    """Role -> its side and how many seats hold it; empty where roles have no sides, or numbers of holders differ from deal to deal."""
    counts: dict[str, tuple[str, int]] = {}
    for deal in range(_DEALS):
        state = game.start(stream(deal))
        here: dict[str, tuple[str, int]] = {}
        for seat in range(game.info.seats):
            role, team = game.role(state, seat), game.team(state, seat)
            if role is None or team is None:
                return {}
            here[role] = (team, here.get(role, (team, 0))[1] + 1)
        if counts and counts != here:
            return {}
        counts = here
    return counts
