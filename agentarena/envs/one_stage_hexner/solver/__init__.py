"""Solvers of the one-stage game: over the grids (a linear program, CFR+, mirror descent on arrays), and without them."""

from .cfr import solve_cfr_plus
from .lp import solve_lp
from .matrix import OneSidedMatrix, Solution, Stop
from .measure import SOLVERS, Measured, measure
from .mmd import solve_mmd
from .structured import Atoms, equilibrium, solve_structured

__all__ = [
    "SOLVERS",
    "Atoms",
    "Measured",
    "OneSidedMatrix",
    "Solution",
    "Stop",
    "equilibrium",
    "measure",
    "solve_cfr_plus",
    "solve_lp",
    "solve_mmd",
    "solve_structured",
]
