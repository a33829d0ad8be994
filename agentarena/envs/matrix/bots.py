"""Reference players of matrix games. Each is its policy over what the observation shows of the past."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.game import Game

from .solver import equilibria

__all__ = ["BOTS", "Always", "FictitiousPlay", "Grim", "Mixed", "Nash", "TitForTat", "WinStay", "past_rounds"]


def past_rounds(observation: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The actions of the rounds that an observation holds, latest first. Shape (R, K): R rounds, K seats, the own first.

    Args:
        observation: The observation.
        shape: Shape of the table of payoffs, (S_0, ..., S_{K-1}, K).
    """
    seats, width = shape[-1], max(shape[:-1])
    past = observation[seats + 1 :].reshape(-1, seats, width)
    return np.asarray(past[past[:, 0].any(axis=1)].argmax(axis=2))


def _table(view: View) -> np.ndarray:
    """The payoffs of a round, which are in the rules that everybody knows."""
    table: np.ndarray = view.game.table  # type: ignore[attr-defined]  # these bots are for matrix games
    return table


def _past(view: View) -> np.ndarray:
    return past_rounds(view.observation, _table(view).shape)


def _lacks_action(game: Game[Any], action: Any) -> str | None:
    fewest = min(int(game.action_space(seat).n) for seat in range(game.info.seats))  # type: ignore[attr-defined]  # Discrete
    known = isinstance(action, int) and not isinstance(action, bool) and 0 <= action < fewest
    return None if known else f"it would play action {shown(action)}, and the actions of every seat are 0 to {fewest - 1}"


class _Deterministic(PolicyAgent):
    def pick(self, view: View) -> int:
        raise NotImplementedError

    def policy(self, view: View) -> dict[int, float]:
        pick = self.pick(view)
        if pick not in view.choices:
            raise BadOption(f"{self.name}: action {pick} is not one of {view.choices}")
        return {action: float(action == pick) for action in view.choices}


class Always(_Deterministic):
    """Plays one action for ever.

    Args:
        action: Which.
    """

    def __init__(self, action: int = 0) -> None:
        self.action = action

    def cannot_play(self, game: Game[Any]) -> str | None:
        return _lacks_action(game, self.action)

    def pick(self, view: View) -> int:
        return self.action


class TitForTat(_Deterministic):
    """Plays `first` in the first round, then what the next seat played in the round before (A. Rapoport, in Axelrod 1984)."""

    def __init__(self, first: int = 0) -> None:
        self.first = first

    def cannot_play(self, game: Game[Any]) -> str | None:
        counts = {int(game.action_space(seat).n) for seat in range(game.info.seats)}  # type: ignore[attr-defined]  # Discrete
        return _lacks_action(game, self.first) or (None if len(counts) == 1 else "it copies others, and the seats have different actions")

    def pick(self, view: View) -> int:
        past = _past(view)
        return int(past[0, 1]) if len(past) else self.first


class Grim(_Deterministic):
    """Plays 0 until it sees a round in which somebody else did not, and 1 from then on."""

    def pick(self, view: View) -> int:
        return int(_past(view)[:, 1:].any())


class WinStay(_Deterministic):
    """Plays 0 first; then the same again if that paid at least its mean payoff over the table, else the next action."""

    def pick(self, view: View) -> int:
        past, table = _past(view), _table(view)
        if not len(past):
            return 0
        profile = tuple(int(action) for action in np.roll(past[0], view.seat))
        stay = table[profile][view.seat] >= table[..., view.seat].mean()
        return int(past[0, 0]) if stay else (int(past[0, 0]) + 1) % len(view.choices)


class FictitiousPlay(_Deterministic):
    """The best reply to what the others have played so far, as often as they have played it (Brown 1951); ties to the lowest."""

    def pick(self, view: View) -> int:
        past, table = _past(view), _table(view)
        own = np.moveaxis(table[..., view.seat], view.seat, 0)  # own action first, then the others in seat order
        others = np.delete(np.roll(past, view.seat, axis=1), view.seat, axis=1)
        totals = own[(slice(None), *others.T)].sum(axis=1) if len(past) else own.reshape(len(own), -1).sum(axis=1)
        return int(totals.argmax())


class Mixed(PolicyAgent):
    """Draws from the same distribution in every round.

    Args:
        p: Probability of each action, e.g. `p=0.5,0.25,0.25`; they add up to 1. Without it all are equally likely.
    """

    def __init__(self, p: Any = None) -> None:
        values = None if p is None else tuple(p) if isinstance(p, tuple | list) else (p,)
        numbers = values is None or all(isinstance(value, int | float) and value >= 0 for value in values)
        if not numbers or (values is not None and abs(sum(values) - 1) > 1e-9):
            raise BadOption(f"mixed: p is {p!r}; expected probabilities that add up to 1, e.g. p=0.5,0.25,0.25")
        self.p = values

    def cannot_play(self, game: Game[Any]) -> str | None:
        counts = {int(game.action_space(seat).n) for seat in range(game.info.seats)}  # type: ignore[attr-defined]  # Discrete
        if self.p is None or counts == {len(self.p)}:
            return None
        return f"its p has {len(self.p)} probabilities, and seats of this game have {' or '.join(map(str, sorted(counts)))} actions"

    def policy(self, view: View) -> dict[int, float]:
        choices = view.choices
        probabilities = self.p or (1.0 / len(choices),) * len(choices)
        if len(probabilities) != len(choices):
            raise BadOption(f"mixed: p has {len(probabilities)} probabilities, but seat {view.seat} has {len(choices)} actions")
        return dict(zip(choices, map(float, probabilities), strict=True))


class Nash(PolicyAgent):
    """An equilibrium of the single round, played in every round: the one of widest support, where there are several."""

    def __init__(self) -> None:
        self._by_table: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def cannot_play(self, game: Game[Any]) -> str | None:
        shape = game.table.shape  # type: ignore[attr-defined]  # a matrix game
        return (
            None if shape[-1] == 2 and max(shape) <= 8 else f"it plays games of 2 seats and up to 8 actions; this table has shape {shape}"
        )

    def policy(self, view: View) -> dict[int, float]:
        table = _table(view)
        if table.shape[-1] != 2 or max(table.shape) > 8:
            raise NotSupported(f"nash plays games of 2 seats and up to 8 actions; this table has shape {table.shape}")
        key = repr(table.shape).encode() + table.tobytes()
        if key not in self._by_table:
            pairs = equilibria(table)
            if not pairs:
                raise NotSupported("nash: the table is degenerate and no equilibrium was found by enumeration of supports")
            self._by_table[key] = pairs[0]
        return dict(enumerate(self._by_table[key][view.seat].tolist()))


_GAMES = (
    "matrixgame",
    "rockpaperscissors",
    "biasedrockpaperscissors",
    "rockpaperscissorsspocklizard",
    "prisonersdilemma",
    "staghunt",
    "battleofthesexes",
)
_COOPERATIVE = ("matrixgame", "prisonersdilemma", "staghunt", "battleofthesexes")
_BOTS = {"always": Always, "fictitious": FictitiousPlay, "mixed": Mixed, "nash": Nash, "titfortat": TitForTat, "winstay": WinStay}

BOTS: dict[str, type[Agent]] = {
    **{f"{game}/{name}": bot for game in _GAMES for name, bot in _BOTS.items()},
    **{f"{game}/grim": Grim for game in _COOPERATIVE},
}
"""Names of the reference players -> class."""
