"""Honest evaluation: ratings, rankings, equilibria, exploitability, intervals and tests.

    import agentarena as aa
    aa.evaluate.alpharank(payoffs).distribution
    aa.evaluate.bradley_terry(wins, draws).elo
    aa.evaluate.exploitability("KuhnPoker-v0", "uniform")

`docs/evaluation.md` says which to use when. Everything is imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .alpha_rank import AlphaRank, alpharank
    from .completer import Completer, NotWritten
    from .efg import extensive_form, to_efg
    from .exact import BestResponse, best_response, expected_returns, exploitability, nash_conv
    from .game_words import GameFromWords, game_from_words
    from .generalization import Generalization, generalization_gaps
    from .match_table import Comparisons, MatchTable
    from .mean_bounds import payoff_intervals
    from .nash import NashAverage, ZeroSum, nash_average, solve_zero_sum
    from .online_elo import EloSpread, elo, elo_spread
    from .pair_contrasts import Contrast, contrasts
    from .power import expected_score, games_needed, gsprt, sprt_bounds, sprt_games
    from .rank_decisions import elo_ranks
    from .rank_intervals import alpharank_bounds, alpharank_ranks
    from .ratings import Ratings, bradley_terry, bradley_terry_pairs
    from .regret import (
        RegressionTest,
        TrendTest,
        dynamic_regret,
        external_regret,
        follow_the_leader,
        hedge,
        regression_test,
        repeated_losses,
        trend_test,
    )
    from .response_graph import ResponseGraph, ResponseGraphUCB
    from .sequential import betting_log_e, confidence_sequence, mixture_log_e
    from .share import Share, shares, win_interval
    from .skill_words import skill_world_from_words
    from .standing import Standings, standings
    from .stats import (
        Interval,
        Welch,
        benjamini_hochberg,
        bonferroni,
        bootstrap,
        clopper_pearson,
        cohens_d,
        hedges_g,
        holm,
        welch,
        wilson,
    )

__all__ = [
    "AlphaRank",
    "BestResponse",
    "Comparisons",
    "Completer",
    "Contrast",
    "EloSpread",
    "GameFromWords",
    "Generalization",
    "Interval",
    "MatchTable",
    "NashAverage",
    "NotWritten",
    "Ratings",
    "RegressionTest",
    "ResponseGraph",
    "ResponseGraphUCB",
    "Share",
    "Standings",
    "TrendTest",
    "Welch",
    "ZeroSum",
    "alpharank",
    "alpharank_bounds",
    "alpharank_ranks",
    "benjamini_hochberg",
    "best_response",
    "betting_log_e",
    "bonferroni",
    "bootstrap",
    "bradley_terry",
    "bradley_terry_pairs",
    "clopper_pearson",
    "cohens_d",
    "confidence_sequence",
    "contrasts",
    "dynamic_regret",
    "elo",
    "elo_ranks",
    "elo_spread",
    "expected_returns",
    "expected_score",
    "exploitability",
    "extensive_form",
    "external_regret",
    "follow_the_leader",
    "game_from_words",
    "games_needed",
    "generalization_gaps",
    "gsprt",
    "hedge",
    "hedges_g",
    "holm",
    "mixture_log_e",
    "nash_average",
    "nash_conv",
    "payoff_intervals",
    "regression_test",
    "repeated_losses",
    "shares",
    "skill_world_from_words",
    "solve_zero_sum",
    "sprt_bounds",
    "sprt_games",
    "standings",
    "to_efg",
    "trend_test",
    "welch",
    "wilson",
    "win_interval",
]

_HOMES = {
    "AlphaRank": "alpha_rank",
    "BestResponse": "exact",
    "Comparisons": "match_table",
    "Completer": "completer",
    "Contrast": "pair_contrasts",
    "EloSpread": "online_elo",
    "GameFromWords": "game_words",
    "Generalization": "generalization",
    "Interval": "stats",
    "MatchTable": "match_table",
    "NashAverage": "nash",
    "NotWritten": "completer",
    "Ratings": "ratings",
    "RegressionTest": "regret",
    "ResponseGraph": "response_graph",
    "ResponseGraphUCB": "response_graph",
    "Share": "share",
    "Standings": "standing",
    "TrendTest": "regret",
    "Welch": "stats",
    "ZeroSum": "nash",
    "alpharank": "alpha_rank",
    "alpharank_bounds": "rank_intervals",
    "alpharank_ranks": "rank_intervals",
    "benjamini_hochberg": "stats",
    "best_response": "exact",
    "betting_log_e": "sequential",
    "bonferroni": "stats",
    "bootstrap": "stats",
    "bradley_terry": "ratings",
    "bradley_terry_pairs": "ratings",
    "clopper_pearson": "stats",
    "cohens_d": "stats",
    "confidence_sequence": "sequential",
    "contrasts": "pair_contrasts",
    "dynamic_regret": "regret",
    "elo": "online_elo",
    "elo_ranks": "rank_decisions",
    "elo_spread": "online_elo",
    "expected_returns": "exact",
    "expected_score": "power",
    "exploitability": "exact",
    "extensive_form": "efg",
    "external_regret": "regret",
    "follow_the_leader": "regret",
    "game_from_words": "game_words",
    "games_needed": "power",
    "generalization_gaps": "generalization",
    "gsprt": "power",
    "hedge": "regret",
    "hedges_g": "stats",
    "holm": "stats",
    "mixture_log_e": "sequential",
    "nash_average": "nash",
    "nash_conv": "exact",
    "payoff_intervals": "mean_bounds",
    "regression_test": "regret",
    "repeated_losses": "regret",
    "shares": "share",
    "skill_world_from_words": "skill_words",
    "solve_zero_sum": "nash",
    "sprt_bounds": "power",
    "sprt_games": "power",
    "standings": "standing",
    "to_efg": "efg",
    "trend_test": "regret",
    "welch": "stats",
    "wilson": "stats",
    "win_interval": "share",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
