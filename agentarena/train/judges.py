"""Judges of a policy: exact where the game can be solved, matches in every seat elsewhere. Self-play never judges itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.agents.search.tree import Side, Tree, tree_of
from agentarena.agents.specs import agent as agent_of
from agentarena.agents.suitability import refusal
from agentarena.core import registry
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game
from agentarena.core.intervals import Interval
from agentarena.core.record import Fixture
from agentarena.evaluate.share import shares, win_interval

from .config import SelfPlayConfig
from .player import PolicyPlayer
from .rollout import play

__all__ = ["EXACT", "PolicyAverage", "against", "exact", "held_out", "judged", "slot_policies"]

EXACT = ("exact", "averaged", "reference")
"""Judges that compute NashConv: of the policy, of its average over the updates, of the reference."""
FIRST = 1 << 40
"""Numbers of the matches of judges begin here, apart from those of training."""


def slot_policies(player: PolicyPlayer, tree: Tree) -> list[np.ndarray]:
    """The policy at every information set, read from the probability of every legal reply. One array a seat, shape (Q,), see `Tree`."""
    return [_slots(player, tree.game, seat, side) for seat, side in enumerate(tree.sides)]


def _slots(player: PolicyPlayer, game: Game[Any], seat: int, side: Side) -> np.ndarray:
    policy = np.ones(side.size)
    views = [information_set.view(game, seat) for information_set in side.sets]
    for view, first, information_set, chances in zip(views, side.first, side.sets, player.distributions(views), strict=True):
        policy[first : first + len(information_set.actions)] = [chances[view.write(action)] for action in information_set.actions]
    return policy


def exact(player: PolicyPlayer, game: Game[Any]) -> float:
    """NashConv of the policy, read from the probability of every legal reply in every information set. In the game's unit.

    Raises:
        NotSupported: The game is too large to be listed, its replies are not listed, or its positions, but not what is said
            on the way to them, are its information sets.
    """
    tree = _tree(game)
    return tree.nash_conv(slot_policies(player, tree))


def _tree(game: Game[Any]) -> Tree:
    if not (game.info.hidden or game.info.simultaneous):
        raise NotSupported(
            f"{type(game).__name__} is a game of perfect information, where a text also tells the way to a position: judge it by matches, "
            'e.g. judges = ["minimax"]'
        )
    return tree_of(game)


class PolicyAverage:
    """The average of a policy over the updates, weighted by each seat's own reach, as in fictitious play and CFR.

    In two-seat zero-sum games it may be close to an equilibrium while the policies it averages go round in circles.

        average(a | I)  is in proportion to  sum over updates t of  t^linear * reach_t(I) * policy_t(a | I)

    Args:
        games: Rules by id.
        sums: Sums so far, by game; changed in place. Plain JSON, so that a checkpoint can hold them.
        linear: Whether later updates weigh more, in proportion to their number.
    """

    def __init__(self, games: Mapping[str, Game[Any]], sums: dict[str, list[list[float]]], *, linear: bool = False) -> None:
        self._trees, self._sums, self._linear = {name: _tree(game) for name, game in games.items()}, sums, linear

    def add(self, player: PolicyPlayer, update: int) -> None:
        """Take the policy after an update into the average."""
        for name, tree in self._trees.items():
            weight = float(update) if self._linear else 1.0
            reach = [weight * side.reach(policy) for side, policy in zip(tree.sides, slot_policies(player, tree), strict=True)]
            sums = self._sums.get(name) or [[0.0] * side.size for side in tree.sides]
            self._sums[name] = [(np.array(total) + own).tolist() for total, own in zip(sums, reach, strict=True)]

    def nash_conv(self, name: str) -> float:
        """NashConv of the average so far. In the game's unit."""
        tree = self._trees[name]
        return tree.nash_conv([side.normalised(np.array(total)) for side, total in zip(tree.sides, self._sums[name], strict=True)])


def judged(
    player: PolicyPlayer, games: Mapping[str, Game[Any]], judges: Sequence[str], *, matches: int, greedy: bool = False
) -> dict[str, Any]:
    """What some judges say about a policy in some games.

    Args:
        player: The policy.
        games: Rules by id.
        judges: "exact", or the spec string of an opponent.
        matches: Matches a seat against an opponent.
        greedy: Whether opponents meet the policy's most likely replies, too.

    Returns:
        Figures by name, e.g. "KuhnPoker-v0 nash_conv", "TicTacToe-v0 not lost 1 against random", and the intervals of `against`.
    """
    figures: dict[str, Any] = {}
    for name, game in games.items():
        for judge in judges:
            if judge == "exact":
                figures[f"{name} nash_conv"] = exact(player, game)
                continue
            by_seat = against(player, game, judge, matches=matches)
            figures |= _named(name, by_seat, judge)
            if greedy:
                by_seat = against(PolicyPlayer.like(player, temperature=0.0), game, judge, matches=matches)
                figures |= _named(f"{name} greedy", by_seat, judge)
    return figures


def _named(name: str, by_seat: dict[str, Any], judge: str) -> dict[str, Any]:
    """Figures of `against`, with the game before and the judge after them; the word "interval" stays the last."""
    ends = {what: " interval" if isinstance(value, list) else "" for what, value in by_seat.items()}
    return {f"{name} {what.removesuffix(end)} against {judge}{end}": by_seat[what] for what, end in ends.items()}


def against(player: PolicyPlayer, game: Game[Any], opponent: str, *, matches: int, seed: int = 0) -> dict[str, Any]:
    """Mean return and shares of matches won and not lost, seat by seat, against an opponent in all other seats.

    Returns:
        "return 0", "won 0", "not lost 0", and so on for every seat; "return 0 interval" and so on, a 95 % interval [low, high]
        over deals, where `evaluate.shares` gives one: not for few deals, nor where the same few games were played over again.
    """
    other = agent_of(opponent)
    figures: dict[str, Any] = {}
    for seat in range(game.info.seats):
        seating = [Fixture(FIRST + n, FIRST + n, tuple(0 if s == seat else 1 for s in range(game.info.seats))) for n in range(matches)]
        records = [one.record for one in play(game, [player, other], seating, seed=seed)]
        row = next(row for row in shares(records, by="seat") if row.agent == player.name and row.place == seat)
        side = [record.seats[seat].team or seat for record in records]
        won = np.array([record.winner == own for record, own in zip(records, side, strict=True)], float)
        lost = np.array([record.winner not in (own, None) for record, own in zip(records, side, strict=True)], float)
        deals = np.array([record.deal for record in records])
        figures |= _figure(f"return {seat}", row.mean_return, row.return_interval if not row.return_reason else None)
        for name, values in (("won", won), ("not lost", 1 - lost)):
            figures |= _figure(f"{name} {seat}", float(values.mean()), win_interval(values, deals) if not row.win_reason else None)
    return figures


def _figure(name: str, value: float, interval: Interval | None) -> dict[str, Any]:
    return {name: value} | ({} if interval is None else {f"{name} interval": [float(interval.low), float(interval.high)]})


def held_out(config: SelfPlayConfig) -> dict[str, tuple[Game[Any], Sequence[str]]]:
    """The rules and the judges of the games that are not trained, by id.

    Raises:
        BadOption: A judge cannot play its game.
    """
    out: dict[str, tuple[Game[Any], Sequence[str]]] = {}
    for name, judges in config.eval_games.items():
        game = registry.game(name, **config.options.get(name, {}))
        for judge in judges:
            reason = None if judge == "exact" else refusal(agent_of(judge), game)
            if reason is not None:
                raise BadOption(f"eval_games: {judge!r} cannot play {name}: {reason}")
        out[registry.resolve(name)] = (game, judges)
    return out
