"""Small games as `.efg` texts, for Gambit and other solvers: any game with information keys and listed chances."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from agentarena.agents.search.tree import outcomes_of
from agentarena.core.actions import Action
from agentarena.core.errors import NotSupported
from agentarena.core.game import Game, Information, require
from agentarena.core.registry import env_id_of
from agentarena.core.registry import game as game_of
from agentarena.envs.efg.engine.form import CHANCE, MOST_NODES, ExtensiveForm, InfoSet, Node
from agentarena.envs.efg.engine.writer import write_efg

__all__ = ["extensive_form", "to_efg"]


def to_efg(game: Game[Any] | str, *, max_nodes: int = MOST_NODES) -> str:
    """A game as Gambit's `.efg` text, probabilities and payoffs as exact fractions.

    Args:
        game: Rules or an environment's id.
        max_nodes: Largest tree that is written.

    Raises:
        NotSupported: The game lacks information keys or listed chances, has unlisted actions, or is too large.

    >>> to_efg("KuhnPoker-v0").splitlines()[0]
    'EFG 2 R "KuhnPoker-v0" { "seat 0" "seat 1" }'
    """
    return write_efg(extensive_form(game, max_nodes=max_nodes))


def extensive_form(game: Game[Any] | str, *, max_nodes: int = MOST_NODES) -> ExtensiveForm:
    """A game as a tree. Simultaneous moves become moves one after the other, each hidden from the rest.

    A seat remembers its own past: an information key that is reached by two different own pasts becomes two information sets. Returns
    are the payoffs of endings. Arguments and errors as in `to_efg`.
    """
    return _Walk(game_of(game), max_nodes).form()


class _Walk:
    """Walks every history once, depth first; simultaneous movers are walked through one by one."""

    def __init__(self, game: Game[Any], most: int) -> None:
        require(game, Information, "an .efg text")
        if not game.info.forkable:
            raise NotSupported(f"an .efg text needs states that can be stepped twice, and those of {type(game).__name__} cannot")
        self.game, self.most, self.outcomes = game, most, outcomes_of(game)
        self.sets: list[InfoSet] = []
        self.known: dict[tuple[int, str, tuple[int, int]], int] = {}
        self.nodes: list[Node] = []
        self.children: list[list[int]] = []
        self.stack: list[tuple[int, Any]] = []  # parent, and a call that adds the node

    def form(self) -> ExtensiveForm:
        seats = self.game.info.seats
        past = ((-1, -1),) * seats
        self._later(-1, [("chance", self.outcomes(None, None), (0.0,) * seats, past, 0)])
        while self.stack:
            parent, (kind, *rest) = self.stack.pop()
            if len(self.nodes) >= self.most:
                raise NotSupported(f"{type(self.game).__name__} has more than {self.most} nodes; use smaller options, or raise max_nodes")
            if kind == "chance":
                self._chance(parent, *rest)
            else:
                self._state(parent, *rest)
        nodes = tuple(Node("", n.info_set, tuple(c), n.payoffs) for n, c in zip(self.nodes, self.children, strict=True))
        players = tuple(f"seat {seat}" for seat in range(seats))
        return ExtensiveForm(env_id_of(self.game), players, tuple(self.sets), nodes)

    def _later(self, parent: int, visits: list[Any]) -> None:
        self.stack.extend((parent, visit) for visit in reversed(visits))

    def _add(self, parent: int, info_set: int, payoffs: tuple[Fraction, ...] = ()) -> int:
        index = len(self.nodes)
        self.nodes.append(Node("", info_set, (), payoffs))
        self.children.append([])
        if parent >= 0:
            self.children[parent].append(index)
        return index

    def _chance(self, parent: int, outcomes: Any, paid: tuple[float, ...], past: Any, depth: int) -> None:
        if len(outcomes) == 1:
            self._state(parent, outcomes[0][1], paid, past, depth)
            return
        shares = [_exact(p) for p, _ in outcomes]
        total = sum(shares, Fraction(0))
        names = tuple(str(number) for number in range(1, len(outcomes) + 1))
        self.sets.append(InfoSet(CHANCE, "", names, tuple(share / total for share in shares)))
        node = self._add(parent, len(self.sets) - 1)
        self._later(node, [("state", state, paid, past, depth) for _, state in outcomes])

    def _state(
        self, parent: int, state: Any, paid: tuple[float, ...], past: Any, depth: int, chosen: dict[int, Action] | None = None
    ) -> None:
        """A state, of whose seats to move those of `chosen` have moved."""
        if chosen is None:
            paid = tuple(map(float.__add__, paid, map(float, self.game.rewards(state))))
            chosen = {}
        pending = self.game.to_move(state)
        if not pending or depth >= self.game.info.max_steps:
            self._add(parent, -1, tuple(map(_exact, paid)))
            return
        seat = pending[len(chosen)]
        legal = self.game.legal(state, seat)
        if not isinstance(legal, tuple):
            raise NotSupported(f"an .efg text needs listed actions, and {type(self.game).__name__} has {type(legal).__name__}")
        at = self._info_set(state, seat, past[seat], legal)
        node = self._add(parent, at)
        visits: list[Any] = []
        for number, action in enumerate(legal):
            after = (*past[:seat], (at, number), *past[seat + 1 :])
            actions = {**chosen, seat: action}
            if len(actions) < len(pending):
                visits.append(("state", state, paid, after, depth, actions))
            else:
                visits.append(("chance", self.outcomes(state, actions), paid, after, depth + 1))
        self._later(node, visits)

    def _info_set(self, state: Any, seat: int, past: tuple[int, int], legal: tuple[Any, ...]) -> int:
        key: str = self.game.information(state, seat)  # type: ignore[attr-defined]  # checked by __init__
        at = self.known.setdefault((seat, key, past), len(self.sets))
        if at == len(self.sets):
            names = tuple(self.game.text.write(state, seat, action) for action in legal)
            self.sets.append(InfoSet(seat, key, names))
        return at


def _exact(value: float) -> Fraction:
    """The fraction of small denominator that a number stands for; else its decimal digits.

    >>> _exact(1 / 6), _exact(0.1)
    (Fraction(1, 6), Fraction(1, 10))
    """
    near = Fraction(value).limit_denominator(1_000_000)
    return near if abs(float(near) - value) <= 1e-12 * max(1.0, abs(value)) else Fraction(repr(float(value)))
