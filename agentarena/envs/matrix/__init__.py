"""Repeated matrix games."""

from .game import (
    BattleOfTheSexes,
    BiasedRockPaperScissors,
    MatrixGame,
    PrisonersDilemma,
    RockPaperScissors,
    RockPaperScissorsSpockLizard,
    StagHunt,
    State,
)
from .options import bimatrix, symmetric, zero_sum

__all__ = [
    "BattleOfTheSexes",
    "BiasedRockPaperScissors",
    "MatrixGame",
    "PrisonersDilemma",
    "RockPaperScissors",
    "RockPaperScissorsSpockLizard",
    "StagHunt",
    "State",
    "bimatrix",
    "symmetric",
    "zero_sum",
]
