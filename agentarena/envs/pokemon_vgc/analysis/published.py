"""Figures of VGC-Bench, for comparison. Win rate of the first against the second; "1v4": trained on 1 team against trained on 4.

Source: the repository cameronangliss/VGC-Bench (MIT): the two result tables of an earlier README, and the heat maps of its snapshot of
August 2025, which belong to an earlier version of the benchmark. Formats, teams, training and heuristics differ from ours.
"""

from __future__ import annotations

__all__ = ["CROSS_PLAY", "EDGE_OVER_HEURISTIC"]

CROSS_PLAY = {
    "a team both know": {"1v4": 0.699, "1v16": 0.740, "1v64": 0.698, "4v16": 0.594, "4v64": 0.672, "16v64": 0.644},
    "72 unseen teams": {"1v4": 0.405, "1v16": 0.375, "1v64": 0.331, "4v16": 0.453, "4v64": 0.422, "16v64": 0.436},
}
EDGE_OVER_HEURISTIC = {
    "1 team": {"random": 0.035, "BC + self-play": 0.87, "language model": 0.11},
    "30 teams": {"BC": 0.322, "self-play": 0.558, "BC + self-play": 0.693, "BC + fictitious play": 0.743, "language model": 0.11},
}
"""Win rates against poke-env's simple heuristics."""
