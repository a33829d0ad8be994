"""Named configurations: the norm-based societies, GovSim's villages, and the laboratory of Ostrom, Walker and Gardner."""

from __future__ import annotations

from typing import Any

__all__ = ["GOVSIM", "LABORATORY", "PROPOSED"]

Preset = dict[str, Any]

# [PROP]: the 2 x 2 design is the paper's, every constant is ours
PROPOSED: dict[str, Preset] = {
    f"{name}_{disposition}": {"growth": growth, "disposition": disposition}
    for name, growth in (("rich", 0.5), ("scarce", 0.2))
    for disposition in ("altruistic", "selfish")
}
"""Resource-rich or scarce, altruistic or selfish beginnings; all four modules."""

_VILLAGE: Preset = {
    "players": 5, "rounds": 12, "resource": "doubling", "capacity": 100.0, "theta": 0.05, "consumption": 0.0, "harvests": "public",
    "sanction": "none", "learning": "none", "voting": "none", "talk": 10, "reflection": True, "explain": True,
}  # fmt: skip

GOVSIM: dict[str, Preset] = {
    **{f"govsim_{scenario}": {**_VILLAGE, "scenario": scenario} for scenario in ("fishery", "pasture", "pollution")},
    "govsim_universalization": {**_VILLAGE, "scenario": "fishery", "universalization": True},
    "govsim_silent": {**_VILLAGE, "scenario": "fishery", "talk": 0},
    "govsim_newcomer": {**_VILLAGE, "scenario": "fishery", "newcomer": 3, "rounds": 15},
}
"""Five villagers, 100 units that double each month, collapse below 5; ten utterances a month (Piatti et al., arXiv 2404.16698)."""

_LAB: Preset = {
    "players": 8, "rounds": 20, "resource": "static", "consumption": 0.0, "harvests": "private", "sanction": "none", "learning": "none",
    "voting": "none", "reflection": False, "scenario": "laboratory", "explain": True, "sanction_cost": 10.0, "fine": 40.0, "watch_cost": 0.0,
}  # fmt: skip

LABORATORY: dict[str, Preset] = {
    "owg10": {**_LAB, "tokens": 10},
    "owg25": {**_LAB, "tokens": 25},
    "owg_both": {**_LAB, "tokens": 25, "talk": 1, "floor": "together", "talk_when": "before", "sanction": "chosen", "harvests": "public"},
}
"""Eight investors with 10 or 25 tokens; the last with talk and with sanctions at a fee of 10 and a fine of 40 cents."""
