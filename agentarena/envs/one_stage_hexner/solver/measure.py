"""What a solver comes to on a grid: value, what is left to gain, the error of its action, time on the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agentarena.core.errors import UnknownName
from agentarena.envs.one_stage_hexner.rules import Stage
from agentarena.envs.one_stage_hexner.state import ATTACK, DEFENCE

from .cfr import solve_cfr_plus
from .lp import solve_lp
from .matrix import OneSidedMatrix, Solution, Stop
from .mmd import solve_mmd
from .structured import Atoms, equilibrium, solve_structured

__all__ = ["SOLVERS", "Measured", "measure"]

Solver = Callable[[Stage, Stop], Solution | Atoms]

SOLVERS: dict[str, Solver] = {
    "lp": lambda stage, stop: solve_lp(OneSidedMatrix(stage.costs, stage.prior)),
    "cfr+": lambda stage, stop: solve_cfr_plus(OneSidedMatrix(stage.costs, stage.prior), stop),
    "mmd": lambda stage, stop: solve_mmd(OneSidedMatrix(stage.costs, stage.prior), stop),
    "structured": lambda stage, stop: solve_structured(stage),
    "closed form": lambda stage, stop: equilibrium(stage),
}
"""Solvers by name. The last two do not look at the grid."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One solver on one grid.

    Attributes:
        solver: Its name.
        actions: Actions of a side.
        seconds: Time on the clock, without building the table of costs.
        cpu_seconds: Processor time of the whole process, likewise; on a busy machine it tells more.
        value: What the attacker pays on average under the solver's strategies.
        improvement: What the attacker gains by switching to its best actions in the grid. Below 0 where no action of the grid is
            as good as the solver's own, which need not be in it.
        nash_conv: That and what the defender gains by its best action in the grid.
        action_error: Distance of the attacker's mean action from the equilibrium in continuous controls, summed over types.
        iterations: Iterations over the grid; 0 for solvers without.
        finished: Whether the solver stopped because the improvement was small enough.
    """

    solver: str
    actions: int
    seconds: float
    cpu_seconds: float
    value: float
    improvement: float
    nash_conv: float
    action_error: float
    iterations: int
    finished: bool


def measure(stage: Stage, solver: str, stop: Stop | None = None) -> Measured:
    """Run a solver and measure what it comes to.

    Args:
        stage: The game.
        solver: A name in `SOLVERS`.
        stop: When solvers by iterations stop.

    Raises:
        UnknownName: There is no such solver.
    """
    if solver not in SOLVERS:
        raise UnknownName("solver", str(solver), SOLVERS)
    _ = stage.costs
    clock, processor = time.perf_counter(), time.process_time()
    result = SOLVERS[solver](stage, stop or Stop())
    seconds, cpu = time.perf_counter() - clock, time.process_time() - processor
    atoms = result if isinstance(result, Atoms) else None
    value, first, second = _of_atoms(stage, atoms) if atoms else _of_grid(stage, result)  # type: ignore[arg-type]  # one or the other
    chances, controls = (atoms.chances, atoms.prototypes) if atoms else (result.attack, stage.controls[ATTACK])  # type: ignore[union-attr]
    error = float(np.linalg.norm(chances @ controls - equilibrium(stage).prototypes, axis=1).sum())
    iterations, finished = (result.iterations, result.finished) if isinstance(result, Solution) else (0, True)
    return Measured(solver, stage.controls.shape[1], seconds, cpu, value, first, first + second, error, iterations, finished)


def _of_grid(stage: Stage, solution: Solution) -> tuple[float, float, float]:
    """Value, and what each side can gain."""
    matrix = OneSidedMatrix(stage.costs, stage.prior)
    return (matrix.value(solution.attack, solution.defence), *matrix.gains(solution.attack, solution.defence))


def _of_atoms(stage: Stage, atoms: Atoms) -> tuple[float, float, float]:
    """The same of strategies off the grid, against deviations within it."""
    defence, joint = atoms.defence[None], stage.prior[:, None] * atoms.chances
    value = float((joint * stage.cost(atoms.prototypes, defence)[..., 0]).sum())
    best = float(stage.prior @ stage.cost(stage.controls[ATTACK], defence)[..., 0].min(1))
    paid = np.einsum("ij,ijb->b", joint, stage.cost(atoms.prototypes, stage.controls[DEFENCE]))
    return value, value - best, float(paid.max()) - value
