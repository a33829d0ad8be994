"""Populations of policies: meta-solvers, payoff tables with intervals, PSRO, double oracle, fictitious play, leagues and their report.

    from agentarena.train.populations import ExactOracle, psro
    run = psro("KuhnPoker-v0", ExactOracle(), "nash", folder="runs/psro-kuhn")

A member of a population is a spec string. Everything is imported when first used; `docs/populations.md` is its page.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adaptive import fill_adaptively
    from .exact import ExactGame
    from .exploiter import exploit
    from .leagues import League, LeagueConfig, league
    from .matrix import double_oracle, matrix_fictitious_play
    from .meta_solvers import META_SOLVERS, meta_solver
    from .oracles import CandidateOracle, CloningOracle, ExactOracle, LanguageModelOracle, Oracle, RLOracle
    from .payoffs import PayoffTable
    from .report import write as write_report
    from .response_oracles import PSRO, psro
    from .risk import risk_averse

__all__ = [
    "META_SOLVERS",
    "PSRO",
    "CandidateOracle",
    "CloningOracle",
    "ExactGame",
    "ExactOracle",
    "LanguageModelOracle",
    "League",
    "LeagueConfig",
    "Oracle",
    "PayoffTable",
    "RLOracle",
    "double_oracle",
    "exploit",
    "fill_adaptively",
    "league",
    "matrix_fictitious_play",
    "meta_solver",
    "psro",
    "risk_averse",
    "write_report",
]

_HOMES = {
    "META_SOLVERS": "meta_solvers",
    "PSRO": "response_oracles",
    "CandidateOracle": "oracles",
    "CloningOracle": "oracles",
    "ExactGame": "exact",
    "ExactOracle": "oracles",
    "LanguageModelOracle": "oracles",
    "League": "leagues",
    "LeagueConfig": "leagues",
    "Oracle": "oracles",
    "PayoffTable": "payoffs",
    "RLOracle": "oracles",
    "double_oracle": "matrix",
    "exploit": "exploiter",
    "fill_adaptively": "adaptive",
    "league": "leagues",
    "matrix_fictitious_play": "matrix",
    "meta_solver": "meta_solvers",
    "psro": "response_oracles",
    "risk_averse": "risk",
    "write_report": "report:write",
}
"""Name -> the module that has it, and its name there where that differs."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    module, _, inner = _HOMES[name].partition(":")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{module}"), inner or name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
