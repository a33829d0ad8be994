"""Named settings: the games of the papers and contests, as far as their rules are known. The card says what each deviates in."""

from __future__ import annotations

from typing import Any

__all__ = ["PRESETS"]

PRESETS: dict[str, dict[str, Any]] = {
    "lspo7": {"players": 7, "wolves": 2, "max_days": 10},
    "lspo4": {"players": 4, "wolves": 1, "doctor": False, "max_days": 10},
    "arena8": {
        "players": 8, "wolves": 2, "majority": True, "discussion": "bidding", "rounds": 8, "seer_sees": "role", "seer_repeat": False,
        "wolf_rule": "random",
    },
    "kaggle7": {
        "players": 7, "wolves": 2, "self_save": False, "wolf_rule": "vote", "voting": "sequential", "discussion": "round_robin",
        "reveal": "role", "seer_sees": "role",
    },
    "aiwolf5": {
        "players": 5, "wolves": 1, "doctor": False, "possessed": True, "first_attack": False, "tie": "revote", "wolf_rule": "vote",
        "discussion": "simultaneous", "rounds": 4,
    },
    "aiwolf13": {
        "players": 13, "wolves": 3, "doctor": False, "possessed": True, "medium": True, "guard": True, "guard_self": False,
        "guard_repeat": True, "first_attack": False, "tie": "revote", "wolf_rule": "vote", "discussion": "simultaneous", "rounds": 4,
    },
    "textarena7": {
        "players": 7, "wolves": 2, "self_save": False, "wolf_rule": "vote", "voting": "sequential", "rounds": 3,
    },
    "mini4": {"players": 4, "wolves": 1, "doctor": False, "seer": True, "discussion": "none", "names": "numbers", "max_days": 4},
}  # fmt: skip
