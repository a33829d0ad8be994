"""Reference players of the consensus game. Each is a policy for both seats; they act on the observation alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .solver import Equilibrium, equilibrium_ranking, fixed_point

__all__ = ["BOTS", "Babbling", "EquilibriumPlayer", "FixedPoint", "Prior", "Separating"]


class _Player(PolicyAgent):
    def policies(self, game: Any) -> tuple[np.ndarray, np.ndarray]:
        """pi_G(y | v), shape (2, Y), and pi_D(correct | y), shape (Y,)."""
        raise NotImplementedError

    def policy(self, view: View) -> dict[int, float]:
        generator, discriminator = self.policies(view.game)
        observation = view.observation
        if view.seat == 0:
            return dict(enumerate(generator[int(observation[:2].argmax())].tolist()))
        correct = float(discriminator[int(observation[2 : 2 + len(discriminator)].argmax())])
        return {0: correct, 1: 1.0 - correct}


class Prior(_Player):
    """Plays the initial policies, which follow from the language model."""

    def policies(self, game: Any) -> tuple[np.ndarray, np.ndarray]:
        generator, discriminator = game.initial
        return generator, discriminator


class Babbling(_Player):
    """Picks every candidate equally often and guesses by the toss of a coin: an equilibrium worth 1/2."""

    def policies(self, game: Any) -> tuple[np.ndarray, np.ndarray]:
        count = len(game.candidates)
        return np.full((2, count), 1.0 / count), np.full(count, 0.5)


class Separating(_Player):
    """A perfect code, worth 1: the candidate that the discriminator's initial policy likes best means correct, all others incorrect."""

    def policies(self, game: Any) -> tuple[np.ndarray, np.ndarray]:
        likes = game.initial[1]
        best = int(likes.argmax())
        worst = len(likes) - 1 - int(likes[::-1].argmin())
        worst = worst if worst != best else (best + 1) % len(likes)
        generator, discriminator = np.zeros((2, len(likes))), np.zeros(len(likes))
        generator[0, best] = generator[1, worst] = discriminator[best] = 1.0
        return generator, discriminator


class _Solved(_Player):
    """Remembers the solution of each game it plays."""

    def __init__(self) -> None:
        self._solutions: dict[Any, Equilibrium] = {}

    def solve(self, game: Any) -> Equilibrium:
        raise NotImplementedError

    def policies(self, game: Any) -> tuple[np.ndarray, np.ndarray]:
        key = (game.generator, game.discriminator)
        if key not in self._solutions:
            if len(self._solutions) >= 1000:
                self._solutions.clear()
            self._solutions[key] = self.solve(game)
        solution = self._solutions[key]
        return solution.generator, solution.discriminator


class EquilibriumPlayer(_Solved):
    """Plays the last iterate of piKL-hedge: both seats agree as far as the pull to the language model lets them.

    Args:
        lam: Strength of the pull, at least 0.
        eta: Learning rate, greater than 0.
        iterations: Updates.
    """

    def __init__(self, lam: float = 0.1, eta: float = 0.1, iterations: int = 5000) -> None:
        super().__init__()
        _check("equilibrium", lam=lam, eta=eta, iterations=iterations)
        self.lam, self.eta, self.iterations = lam, eta, iterations

    def solve(self, game: Any) -> Equilibrium:
        return equilibrium_ranking(game.generator, game.discriminator, eta=self.eta, lam=self.lam, iterations=self.iterations)


class FixedPoint(_Solved):
    """Plays a fixed point of the limit map.

    Args:
        lam: Strength of the pull, greater than 0.
    """

    def __init__(self, lam: float = 0.1) -> None:
        super().__init__()
        _check("fixed_point", lam=lam, eta=lam)
        self.lam = lam

    def solve(self, game: Any) -> Equilibrium:
        return fixed_point(game.generator, game.discriminator, lam=self.lam)


def _check(bot: str, *, lam: Any, eta: Any, iterations: Any = 1) -> None:
    for name, value, least in (("lam", lam, 0.0), ("eta", eta, 1e-9)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1e9:
            raise BadOption(f"consensus/{bot}: {name} is {shown(value)}; expected a number of at least {least:g}")
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 0 <= iterations <= 10**7:
        raise BadOption(f"consensus/{bot}: iterations is {shown(iterations)}; expected a whole number from 0 to 10,000,000")


BOTS: dict[str, type[Agent]] = {
    "consensus/babbling": Babbling,
    "consensus/equilibrium": EquilibriumPlayer,
    "consensus/fixed_point": FixedPoint,
    "consensus/prior": Prior,
    "consensus/separating": Separating,
}
"""Names of the reference players -> class."""
