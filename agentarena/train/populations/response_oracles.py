"""Policy-space response oracles: populations that grow by answers to mixtures of themselves.

    repeat:  payoffs of the populations  ->  meta-solver's mixtures  ->  one more policy a seat that answers them

With exact best responses and the Nash meta-solver it ends at a Nash equilibrium, when no new best response exists; with "uniform" it is
fictitious play, with "latest" naive self-play. Everything is kept in the run's folder, and a run that was killed goes on.

Reference: M. Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning" (arXiv 1711.00832), algorithm 1,
read second-hand.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.agents.table import save_table
from agentarena.core import registry
from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.core.rng import stream

from .adaptive import fill_adaptively
from .arrays import deviation_payoffs, expected_payoffs
from .exact import ExactGame, SpecMixture, is_exact
from .journal import Journal, recorded_spec
from .meta_solvers import meta_solver as solver_of
from .meta_solvers import rectified_targets
from .oracles import EVERY_SEAT, Oracle
from .payoffs import PayoffTable

__all__ = ["PSRO", "Iteration", "psro"]

ORACLE = 24
"""First step of the path of the stream that seeds an oracle: `stream(seed, ORACLE, iteration, seat, target)`."""
_NO_GAIN = 1e-12
"""Most that exact best responses may gain where a run ends as solved."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """What one iteration came to; figures are in the game's unit.

    Attributes:
        number: From 0, which has the initial populations alone.
        sizes: Policies of each seat.
        mixtures: What the meta-solver chose, a distribution a seat.
        returns: Expected return of each seat under the mixtures, by the payoff table.
        nash_conv: NashConv of the mixtures in the whole game, where it is exact; else `None`.
        lower_bound: What the seats' new policies gain against the mixtures by the payoff table: a lower bound of NashConv up to the
            table's errors; `None` at the last iteration, which trains none.
        deals: Deals of the payoff table.
        seconds: Of the iteration.
    """

    number: int
    sizes: tuple[int, ...]
    mixtures: tuple[tuple[float, ...], ...]
    returns: tuple[float, ...]
    nash_conv: float | None
    lower_bound: float | None
    deals: int
    seconds: float


@dataclass(slots=True)
class PSRO:
    """A run of `psro` as far as it came.

    Attributes:
        folder: Where everything is: `payoffs.jsonl`, `responses.jsonl`, `policies/`.
        table: Payoffs of the populations.
        iterations: One entry an iteration.
        converged: Whether no seat has a new best response.
    """

    folder: Path
    table: PayoffTable
    iterations: list[Iteration] = field(default_factory=list)
    converged: bool = False

    @property
    def nash_conv(self) -> float | None:
        """NashConv of the last mixtures, where it is exact."""
        return self.iterations[-1].nash_conv if self.iterations else None

    @property
    def mixtures(self) -> tuple[dict[str, float], ...]:
        """The last mixtures: spec string -> share, one a seat; policies without a share are left out."""
        return named(self.table, [np.array(mixture) for mixture in self.iterations[-1].mixtures])

    def save_policy(self, path: str | Path) -> str:
        """Write the last mixtures as one tabular policy, for games that can be listed; gives back its spec string.

        Raises:
            NotSupported: The game cannot be listed, or a policy does not say its probabilities.
        """
        exact = ExactGame(self.table.game)
        save_table(path, self.table.game, {seat: exact.table(seat, mixture) for seat, mixture in enumerate(self.mixtures)})
        return f"table:{path}"


def named(table: PayoffTable, mixtures: Sequence[np.ndarray]) -> tuple[dict[str, float], ...]:
    """Mixtures by spec string."""
    return tuple(
        {spec: float(share) for spec, share in zip(table.population(seat), mixture, strict=True) if share > 0}
        for seat, mixture in enumerate(mixtures)
    )


def psro(
    game: Game[Any] | str,
    oracle: Oracle,
    meta_solver: str = "nash",
    *,
    folder: str | Path,
    iterations: int = 100,
    initial: Sequence[str] = ("random",),
    shared: bool = False,
    deals: int = 200,
    adaptive: bool = False,
    repeats: bool = False,
    tolerance: float | None = None,
    exact: bool | None = None,
    seed: int = 0,
    workers: int | None = None,
    report: Callable[[Iteration], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> PSRO:
    """Grow populations of policies until nobody has a new best response; a run that is there already in `folder` goes on.

    Args:
        game: The rules, or an environment's id.
        oracle: What answers mixtures, e.g. `ExactOracle()` or `RLOracle({"total_steps": 50_000})`.
        meta_solver: Name of a meta-solver, with parameters: "nash", "uniform", "latest", "alpharank", "prd?floor=0.01", "rectified",
            "risk_averse?gamma=2".
        folder: Where everything is kept.
        iterations: Most answers of each seat.
        initial: Policies that every population begins with.
        shared: Whether all seats draw from one population, and the oracle answers for all of them at once.
        deals: Deals of each cell of the payoff table, where it is played.
        adaptive: Whether, instead, the boards' scheduler spends as many deals in all where they inform.
        repeats: Whether an answer that is there already enters once more, as fictitious play counts it.
        tolerance: A run has converged when the answers gain no more than this in all; by default 1e-12 where payoffs are exact, and
            never where they are played.
        exact: Whether payoffs and NashConv are computed; by default wherever the game can be listed and the policies say their chances.
        seed: Of matches and oracles.
        workers: Processes that play.
        report: Called after each iteration.
        stop: Asked after each iteration; `True` ends the run there.

    Returns:
        The run; `.nash_conv`, `.mixtures`, `.table`, `.save_policy(path)`.

    Raises:
        RecordMismatch: The folder holds another run.
        NotSupported: The oracle cannot answer in this game.
    """
    search = _Search(
        registry.game(game), oracle, meta_solver, Path(folder), shared, deals, adaptive, repeats, exact, seed, workers, initial
    )
    run = PSRO(search.folder, search.table)
    limit = tolerance if tolerance is not None else _NO_GAIN if search.exact else None
    for number in range(iterations + 1):
        began = time.perf_counter()
        search.fill()
        mixtures = search.solve()
        gains = search.gains(mixtures)
        nash_conv = None if gains is None else float(gains.sum())
        solved = nash_conv is not None and limit is not None and nash_conv <= limit
        responses = [] if solved or number == iterations else search.respond(number + 1, mixtures)
        bound = None
        if responses:
            search.fill()
            bound = search.lower_bound(mixtures)
        run.converged = solved or (
            number < iterations and (not responses or (gains is None and limit is not None and (bound or 0) <= limit))
        )
        run.iterations.append(search.iteration(number, mixtures, nash_conv, bound, time.perf_counter() - began))
        search.log.append(dataclasses.asdict(run.iterations[-1]))
        if report is not None:
            report(run.iterations[-1])
        if run.converged or number == iterations or (stop is not None and stop()):
            break
    return run


class _Search:
    """The steps of `psro` over one folder."""

    def __init__(
        self,
        game: Game[Any],
        oracle: Oracle,
        meta_solver: str,
        folder: Path,
        shared: bool,
        deals: int,
        adaptive: bool,
        repeats: bool,
        exact: bool | None,
        seed: int,
        workers: int | None,
        initial: Sequence[str],
    ) -> None:
        if "?" in str(folder) or "&" in str(folder):
            raise BadOption(f"folder is {shown(str(folder))}; policies in it are named by spec strings, so it must have no '?' and no '&'")
        if shared and game.info.seats != 2 and meta_solver.partition("?")[0] in ("nash", "rectified"):
            raise BadOption(f"meta-solver {meta_solver!r} is for 2 seats; this game has {game.info.seats}")
        self.game, self.oracle, self.folder = game, oracle, folder
        self.name, self.solver = meta_solver, solver_of(meta_solver)
        self.deals, self.adaptive, self.repeats, self.seed, self.workers = deals, adaptive, repeats, seed, workers
        wanted = (not shared and is_exact(game, initial)) if exact is None else exact
        self.exact = ExactGame(game) if wanted else None
        header = {
            "format": 1,
            "env": registry.env_id_of(game),
            "options": game.options,
            "meta_solver": meta_solver,
            "shared": shared,
            "repeats": repeats,
            "deals": None if self.exact else deals,
            "adaptive": adaptive,
            "seed": seed,
            "initial": list(initial),
            **oracle.about(),
        }
        self.journal = Journal(folder / "responses.jsonl", header)
        (folder / "iterations.jsonl").unlink(missing_ok=True)  # what was done is done again from the files, in moments
        self.log = Journal(folder / "iterations.jsonl", {"format": 1})
        named = {*initial, *header.get("candidates", ())}
        self.known = {
            (line["iteration"], line["seat"], line["target"]): recorded_spec(line["spec"], folder, named) for line in self.journal.lines
        }
        self.table = PayoffTable(game, folder / "payoffs.jsonl", shared=shared, seed=seed)
        self.places = range(1 if shared else game.info.seats)
        for seat, spec in itertools.product(self.places, initial):
            self.table.add(spec, seat)

    def fill(self) -> None:
        """Bring the payoff table up to date."""
        table = self.table
        if self.exact is not None:
            table.fill_exact(self.exact)
        elif self.adaptive:
            cells = sum(1 for cell in table.cells() if table.known(cell) is None)
            if max(table.shape) > 1:
                fill_adaptively(table, self.deals * cells, workers=self.workers)
            else:
                table.fill(self.deals, workers=self.workers)
        else:
            table.fill(self.deals, workers=self.workers)

    def solve(self) -> tuple[np.ndarray, ...]:
        """The meta-solver's mixtures."""
        return self.solver(self.table.tensor())

    def gains(self, mixtures: Sequence[np.ndarray]) -> np.ndarray | None:
        """What exact best responses gain in each seat; `None` where they cannot be had."""
        return None if self.exact is None else self.exact.gains(named(self.table, mixtures))

    def respond(self, iteration: int, mixtures: Sequence[np.ndarray]) -> list[str]:
        """New policies of the seats. Nothing where every answer is there already."""
        new: list[tuple[int, str]] = []
        for seat in self.places:
            population = list(self.table.population(seat))
            for target, opponents in enumerate(self._targets(seat, mixtures)):
                spec = self._response(iteration, seat, target, opponents, population[-1])
                if self.repeats or not self._is_copy(spec, population):
                    new.append((seat, spec))
                    population.append(spec)
        for seat, spec in new:
            self.table.add(spec, seat)
        return [spec for _, spec in new]

    def _targets(self, seat: int, mixtures: Sequence[np.ndarray]) -> list[tuple[SpecMixture, ...]]:
        """The mixtures that a seat's answers are trained against: the meta-solver's, or those of rectified Nash."""
        if not self.name.startswith("rectified"):
            return [named(self.table, mixtures)]
        targets = rectified_targets(self.table.tensor(), seat)
        return [named(self.table, [target if other != seat else own for other, own in enumerate(mixtures)]) for target in targets]

    def _response(self, iteration: int, seat: int, target: int, opponents: Sequence[SpecMixture], previous: str) -> str:
        key = (iteration, seat, target)
        if key not in self.known:
            folder = self.folder / "policies" / f"seat{seat}-{iteration:04d}{f'-{target}' if target else ''}"
            place = EVERY_SEAT if self.table.shared else seat
            seed = int(stream(self.seed, ORACLE, *key).integers(2**62))
            self.known[key] = self.oracle.respond(self.game, place, opponents, seed=seed, folder=folder, previous=previous)
            self.journal.append({"iteration": iteration, "seat": seat, "target": target, "spec": self.known[key]})
        return self.known[key]

    def _is_copy(self, spec: str, population: Sequence[str]) -> bool:
        """Whether a policy is in the population already, under this name or as a table of the same rows."""
        return spec in population or (spec.startswith("table:") and any(_rows(spec) == _rows(other) for other in population))

    def lower_bound(self, mixtures: Sequence[np.ndarray]) -> float | None:
        """What the newest policies gain against the mixtures they answer, by the payoff table."""
        tensor = self.table.tensor()
        padded = [np.append(m, np.zeros(size - len(m))) for m, size in zip(mixtures, self.table.shape, strict=True)]
        returns = expected_payoffs(tensor, padded)
        bound = 0.0
        for seat, mixture in enumerate(mixtures):
            best = deviation_payoffs(tensor, padded, seat)[len(mixture) :]
            bound += max(0.0, float(best.max(initial=-math.inf) - returns[seat]))
        return bound

    def iteration(
        self, number: int, mixtures: Sequence[np.ndarray], nash_conv: float | None, bound: float | None, seconds: float
    ) -> Iteration:
        """The figures of an iteration."""
        sizes = tuple(map(len, mixtures))
        tensor = self.table.tensor()[(slice(None), *(slice(size) for size in sizes))]
        returns = tuple(expected_payoffs(tensor, mixtures).tolist())
        deals = sum(map(self.table.deals, self.table.cells()))
        return Iteration(number, sizes, tuple(tuple(m.tolist()) for m in mixtures), returns, nash_conv, bound, deals, seconds)


def _rows(spec: str) -> Any:
    """The rows of a table, to tell copies by; the spec string of any other agent."""
    if not spec.startswith("table:"):
        return spec
    return agent(spec)._rows  # type: ignore[attr-defined]  # a TableAgent
