"""Minimax: exact alpha-beta search with a memory of positions, for games of perfect information between two seats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, nextafter
from typing import Any, Literal

from agentarena.core.agent import Agent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game
from agentarena.core.rng import stream

from .size import histories, unlisted
from .uct import uniforms

__all__ = ["Minimax"]

Ties = Literal["random", "lowest"]
_EXACT, _AT_LEAST, _AT_MOST = 0, 1, 2
_LONGEST = 1e15
"""Most histories of a game (estimated) that are searched to the end: cuts and the memory of positions leave about their square root."""


class Minimax(Agent):
    """Plays a move of the greatest guaranteed return; without a depth limit that is perfect play.

    Needs two seats, turns, a zero or constant sum, and no chance or hidden information. What it has worked out about a
    game without a depth limit is kept for its later matches (it is a fact of the rules, not of a match).

    Args:
        depth: Moves to look ahead; `None` looks to the end (small games only: tic-tac-toe takes a second, Connect Four for ever).
        ties: Among moves of equal worth, "random" by the view's stream, or the "lowest".
        rollouts: At the depth limit a position is worth the mean of this many random plays; 0 counts what is still to come as 0
            (in a constant-sum game, as an even split).
    """

    def __init__(self, depth: int | None = None, ties: Ties = "random", rollouts: int = 0) -> None:
        if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
            raise BadOption(f"minimax: depth is {shown(depth)}; expected a whole number, at least 1, or None")
        if ties not in ("random", "lowest"):
            raise BadOption(f"minimax: ties is {shown(ties)}; allowed: 'random', 'lowest'")
        if isinstance(rollouts, bool) or not isinstance(rollouts, int) or rollouts < 0:
            raise BadOption(f"minimax: rollouts is {shown(rollouts)}; expected a whole number, at least 0")
        self.depth, self.ties, self.rollouts = depth, ties, rollouts
        self._searchers: dict[Game[Any], _Searcher] = {}

    def best(self, view: View) -> list[int]:
        """All moves of greatest worth, in increasing order.

        Raises:
            NotSupported: The game is not one this search understands.
        """
        searcher = self._searchers.get(view.game)
        if searcher is None:
            reason = _lacking(view.game)
            if reason:
                raise NotSupported(f"minimax cannot play {type(view.game).__name__}: {reason}. Try 'mcts', 'ismcts' or 'cfr'")
            searcher = self._searchers[view.game] = _Searcher(view.game)
        if self.depth is not None:
            searcher.memory.clear()  # values at the limit may differ from decision to decision
            searcher.random = uniforms(view.rng)
            searcher.rollouts = self.rollouts
        return searcher.best(view.imagine(view.rng), view.seat, self.depth)

    def cannot_play(self, game: Game[Any]) -> str | None:
        reason = _lacking(game)
        if reason is None and self.depth is None and histories(game).least > _LONGEST:
            return (
                f"it would look to the end of a game of about {histories(game).mean:.0e} histories; give it a depth, e.g. 'minimax?depth=4'"
            )
        return reason

    def choose(self, view: View) -> int:
        best = self.best(view)
        if self.ties == "lowest" or len(best) == 1:
            return best[0]
        return best[int(view.rng.integers(len(best)))]

    def policy(self, view: View) -> Mapping[int, float]:
        """Uniform over the best moves, or all on the lowest of them."""
        best = self.best(view)
        chosen = best[:1] if self.ties == "lowest" else best
        assert isinstance(view.legal, tuple)  # else `best` has refused
        return {action: (action in chosen) / len(chosen) for action in view.legal}


def _lacking(game: Game[Any]) -> str | None:
    """What the game lacks or has too much of; `None` when it can be searched."""
    info = game.info
    wrong = [
        reason
        for holds, reason in (
            (info.seats != 2, f"{info.seats} seats"),
            (info.simultaneous, "simultaneous moves"),
            (info.hidden, "hidden information"),
            (info.chance, "chance"),
            (info.sum not in ("zero", "constant"), f"a {info.sum} sum"),
            (not info.forkable, "states that can be stepped only once"),
        )
        if holds
    ]
    if not wrong and unlisted(game):
        wrong = ["actions that are not listed"]
    needs = "it needs two seats, turns, perfect information, no chance, listed actions and a zero or constant sum"
    return f"{needs}; this game has {', '.join(wrong)}" if wrong else None


class _Searcher:
    """Alpha-beta over one game. Values are what seat 0 still earns, minus `even` for what is still to come."""

    def __init__(self, game: Game[Any]) -> None:
        self.game = game
        self.memory: dict[tuple[Any, int], tuple[float, int]] = {}  # (state, depth left) -> (bound on the value, which kind)
        self.never = stream(0)  # the game draws nothing
        self.random: Callable[[], float] = lambda: 0.0
        self.rollouts = 0

    def best(self, state: Any, seat: int, depth: int | None) -> list[int]:
        sign = 1.0 if seat == 0 else -1.0
        top, best = -inf, []
        legal = self._legal(state, seat)
        for action in legal:
            # a window that opens just below the best so far tells an equal move from a worse one
            floor = nextafter(top, -inf)
            window = (floor, inf) if sign > 0 else (-inf, -floor)
            value = sign * self._after(state, seat, action, *window, -1 if depth is None else depth - 1)
            if value > top:
                top, best = value, [action]
            elif value == top:
                best.append(action)
        return best

    def _legal(self, state: Any, seat: int) -> tuple[int, ...]:
        legal = self.game.legal(state, seat)
        if not isinstance(legal, tuple):
            raise NotSupported(f"minimax needs listed actions, and {type(self.game).__name__} has {type(legal).__name__}")
        return legal

    def _after(self, state: Any, seat: int, action: int, low: float, high: float, depth: int) -> float:
        """Value of playing `action`: what the step credits and what follows."""
        child = self.game.step(state, {seat: action}, self.never)
        credit = float(self.game.rewards(child)[0])
        return credit + self._value(child, low - credit, high - credit, depth)

    def _value(self, state: Any, low: float, high: float, depth: int) -> float:
        """What seat 0 still earns: exact inside (low, high), else a bound on that side. `depth` < 0 has no limit."""
        to_move = self.game.to_move(state)
        if not to_move:
            return 0.0
        if depth == 0:
            return self._guess(state)
        known = self.memory.get((state, depth))
        if known is not None:
            value, kind = known
            if kind == _EXACT or (kind == _AT_LEAST and value >= high) or (kind == _AT_MOST and value <= low):
                return value
        seat, floor, ceiling = to_move[0], low, high
        best = -inf if seat == 0 else inf
        for action in self._legal(state, seat):
            value = self._after(state, seat, action, floor, ceiling, max(depth - 1, -1))
            if seat == 0:
                best = max(best, value)
                floor = max(floor, best)
            else:
                best = min(best, value)
                ceiling = min(ceiling, best)
            if floor >= ceiling:
                break
        kind = _AT_MOST if best <= low else _AT_LEAST if best >= high else _EXACT
        self.memory[state, depth] = (best, kind)
        return best

    def _guess(self, state: Any) -> float:
        """Worth of a position at the depth limit."""
        if not self.rollouts:
            return self.game.info.total / 2.0
        total = 0.0
        for _ in range(self.rollouts):
            here = state
            while to_move := self.game.to_move(here):
                legal = self._legal(here, to_move[0])
                here = self.game.step(here, {to_move[0]: legal[int(self.random() * len(legal))]}, self.never)
                total += float(self.game.rewards(here)[0])
        return total / self.rollouts
