"""Reference planners: fixed schedules, Saez's formula in two forms, searches, a bandit, and a policy trained by PPO."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, MissingExtra
from agentarena.core.rng import stream
from agentarena.envs.economist.game import Economist
from agentarena.envs.economist.observation import PlannerObservation, read_planner
from agentarena.envs.economist.options import CUTOFFS, MOST_HOURS
from agentarena.envs.economist.rules.taxes import US_RATES, marginal_rates
from agentarena.envs.economist.solver import by_grid, cma_es, welfare_of

from .saez import CODED_ELASTICITIES, estimate_elasticity, saez_binned, saez_coded
from .workers import Rational, action_with, rules_of

__all__ = ["CMAES", "PPO", "US", "Bandit", "Flat", "Grid", "Saez", "SaezEstimated"]


class _Planner(Rational):
    """A planner that names the rates of each year by `rates`; in a worker's seat it is a rational worker.

    Where only changes of up to 20 points can be made, it moves towards its rates as fast as that allows.
    """

    def __init__(self) -> None:
        super().__init__()

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        """Percent, shape (K,)."""
        raise NotImplementedError

    def choose(self, view: View) -> Action:
        if view.seat != 0:
            return super().choose(view)
        game = rules_of(view)
        obs = read_planner(game, view.observation)
        wanted = np.clip(self.rates(view, game, obs), 0.0, 100.0)
        return action_with(view, rates=wanted, old=obs.rates * 100.0)


class Flat(_Planner):
    """The same rate in every bracket.

    Args:
        rate: Percent.
    """

    def __init__(self, rate: float = 50.0) -> None:
        super().__init__()
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 100:
            raise BadOption(f"economist/flat: rate is {rate!r}; expected a percentage from 0 to 100")
        self.rate = float(rate)

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        return np.full(len(game.edges), self.rate)


class US(_Planner):
    """The federal income tax of the United States of 2024 (single filer).

    On other brackets than its own it sets the rate of its bracket at each bracket's middle (in the top one at its edge).
    """

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        return us_rates(game.edges)


def us_rates(edges: tuple[float, ...]) -> np.ndarray:
    """The federal schedule on any brackets, percent. Shape (K,).

    >>> us_rates(CUTOFFS["three"]).tolist()
    [12.0, 24.0, 24.0]
    """
    if edges == CUTOFFS["us"]:
        return 100.0 * np.array(US_RATES)
    middles = np.array([(a + b) / 2 for a, b in zip(edges, (*edges[1:], edges[-1]), strict=True)])
    if len(edges) == 1:
        middles = np.array([40_000.0])  # one rate for all: that of a middling income
    return np.round(100.0 * marginal_rates(middles, CUTOFFS["us"], np.array(US_RATES)), 6)


class Saez(_Planner):
    """Saez's formula as the LLM Economist's code has it, from the skills that the rules lead one to expect.

    Args:
        elasticity: One for all brackets; by default the code's own for its brackets (0.4 on other brackets).
        hours: Hours a week at which incomes enter: the code's 100.
        top: Where the top bracket is looked at: "mean" or "release"; see `saez_coded`.
    """

    def __init__(self, elasticity: float | None = None, hours: float = MOST_HOURS, top: str = "mean") -> None:
        super().__init__()
        if top not in ("mean", "release"):
            raise BadOption(f"economist/saez: top is {top!r}; allowed: mean, release")
        self.elasticity, self.at_hours, self.top = elasticity, float(hours), top

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        coded = {CUTOFFS[name]: values for name, values in CODED_ELASTICITIES.items()}
        count = len(game.edges)
        used = coded.get(game.edges, (0.4,) * count) if self.elasticity is None else (float(self.elasticity),) * count
        return saez_coded(game.expected_skills * self.at_hours, game.edges, used, top=self.top)


class SaezEstimated(_Planner):
    """Saez's formula as the AI Economist has it: on observed incomes, with an elasticity estimated from the rates it tried.

    Until its buffer is full it sets random rates in steps of five points; then the formula's.

    Args:
        buffer: Pairs of income and marginal rate that are kept.
        start: First guess of the elasticity.
        passes: How often the smoothed estimate is updated with the same buffer each year; the original updates each period,
            of which a match has few.
    """

    def __init__(self, buffer: int = 500, start: float = 0.5, passes: int = 1) -> None:
        super().__init__()
        if buffer < 10 or passes < 1 or start < 0:
            raise BadOption("economist/saez_estimated: expected buffer >= 10, start >= 0 and passes >= 1")
        self.buffer, self.start, self.passes = int(buffer), float(start), int(passes)

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        memory = view.memory
        pairs: list[tuple[float, float]] = memory.setdefault("pairs", [])
        e = float(memory.setdefault("elasticity", self.start))
        if obs.worked:
            marginal = marginal_rates(obs.incomes, game.edges, obs.rates)
            pairs.extend(zip(obs.incomes.tolist(), marginal.tolist(), strict=True))
            del pairs[: -self.buffer]
        if len(pairs) < self.buffer:
            return 5.0 * view.rng.integers(0, 21, len(game.edges))
        observed = np.array(pairs)
        for _ in range(self.passes):
            e = estimate_elasticity(observed[:, 0], observed[:, 1], e)
        memory["elasticity"] = e
        return 100.0 * saez_binned(observed[:, 0], game.edges, e)


class Grid(_Planner):
    """The best schedule on a grid against rational workers of the expected skills: all of them for few brackets.

    Args:
        points: Rates on the grid, evenly from 0 to 100.
    """

    def __init__(self, points: int = 11) -> None:
        super().__init__()
        self.points = int(points)

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        return np.array(_by_grid(game, self.points))


class CMAES(_Planner):
    """The best schedule that CMA-ES finds against rational workers of the expected skills.

    Args:
        evaluations: Schedules judged in each of its runs.
        seed: Of its search.
    """

    def __init__(self, evaluations: int = 2000, seed: int = 0) -> None:
        super().__init__()
        self.evaluations, self.seed = int(evaluations), int(seed)

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        return np.array(_by_cma(game, self.evaluations, self.seed))


@lru_cache(maxsize=64)
def _by_grid(game: Economist, points: int) -> tuple[float, ...]:
    return tuple(by_grid(welfare_of(game), len(game.edges), points).tolist())


@lru_cache(maxsize=64)
def _by_cma(game: Economist, evaluations: int, seed: int) -> tuple[float, ...]:
    return tuple(cma_es(welfare_of(game), len(game.edges), stream(seed), evaluations=evaluations).tolist())


class Bandit(_Planner):
    """Learns a schedule by trying: one arm for each flat rate and each pair of a low and a high rate, chosen by UCB1.

    It knows nothing of the economy; the welfare of the last week of a year is what an arm earned, scaled to what has been
    observed so far.

    Args:
        step: Distance between the rates of neighbouring arms, percent.
        c: Weight of curiosity.
    """

    def __init__(self, step: int = 20, c: float = 0.5) -> None:
        super().__init__()
        if not 1 <= step <= 100:
            raise BadOption(f"economist/bandit: step is {step!r}; expected 1 to 100")
        self.step, self.c = int(step), float(c)

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        arms, memory = self._arms(len(game.edges)), view.memory
        earned: dict[str, list[float]] = memory.setdefault("earned", {})
        if "arm" in memory:
            earned.setdefault(str(memory["arm"]), []).append(obs.welfare)
        fresh = [arm for arm in range(len(arms)) if str(arm) not in earned]
        if fresh:
            memory["arm"] = fresh[int(view.rng.integers(len(fresh)))]
        else:
            values = [value for got in earned.values() for value in got]
            low, width = min(values), (max(values) - min(values)) or 1.0
            tries = len(values)
            scores = [
                (np.mean(earned[str(arm)]) - low) / width + self.c * np.sqrt(np.log(tries) / len(earned[str(arm)]))
                for arm in range(len(arms))
            ]
            memory["arm"] = int(np.argmax(scores))
        return arms[memory["arm"]]

    def _arms(self, count: int) -> list[np.ndarray]:
        """Schedules that go evenly from a rate in the lowest to a rate in the highest bracket."""
        line = list(range(0, 101, self.step))
        return [np.linspace(low, high, count) for low in line for high in line if count > 1 or low == high]


class PPO(_Planner):
    """A planner trained by PPO (stable-baselines3), from a file that `examples/economist_ppo_planner.py` wrote.

    Args:
        path: The file, a .zip.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        if not Path(path).is_file():
            raise BadOption(f"economist/ppo: no file {path!r}; train one with examples/economist_ppo_planner.py")
        try:
            from stable_baselines3 import PPO as Trained
        except ImportError:
            raise MissingExtra("stable-baselines3", "rl") from None
        self._policy: Any = Trained.load(path, device="cpu")

    def rates(self, view: View, game: Economist, obs: PlannerObservation) -> np.ndarray:
        squashed, _ = self._policy.predict(planner_features(game, obs), deterministic=True)
        return 50.0 + 50.0 * np.asarray(squashed, np.float64)


def planner_features(game: Economist, obs: PlannerObservation) -> np.ndarray:
    """What the trained planner looks at: the share of years that are over, the rates, and last week's summary. float32."""
    parts = [[obs.year / game.years], obs.rates, [obs.gini, obs.gini_after, obs.rebate / 1e5, obs.mean_income / 1e5], obs.shares]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])
