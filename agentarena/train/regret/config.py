"""The configuration of a fine-tuning by the regret loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from agentarena.train.config import ScratchModel
from agentarena.train.settings import FromTOML, check_fields, check_shares, known_fields, merged, setting

__all__ = ["OPPONENTS", "RegretConfig"]

OPPONENTS = ("self", "drawn", "switching")
"""Opponents with a meaning here; others are spec strings of agents."""


@dataclasses.dataclass(frozen=True, slots=True)
class RegretConfig(FromTOML):
    """Everything that shapes a run.

    Attributes:
        game: A repeated matrix game of two or more seats.
        options: Its options, e.g. `{"rounds": 25}`.
        opponents: Who sits in the other seats, and their shares of the matches: "self"; "drawn" (in each match a mixed action drawn
            from all of them, the same in every round), "switching" (as "drawn", with a new one after a tenth of the rounds), or the
            spec string of any agent.
        model: A folder in the format of transformers, a name on the hub, "tiny", or a `ScratchModel`.
        output_dir: Where the model and log.jsonl go.
        max_steps: Optimizer steps.
        matches: Matches of one step.
        sharpness: How much more the plays of most regret weigh in the loss.
        positive: Whether only positive regret counts.
        temperature: Of play, in training and when measured.
        learning_rate: Of Adam; it falls to a tenth.
        max_grad_norm: Gradients are scaled down to this norm.
        eval_steps: Steps between two measurements; 0 measures before and after alone.
        eval_matches: Matches of a measurement, against each opponent but "self".
        seed: Seed of everything.
    """

    game: str = "MatrixGame-v0"
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    opponents: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"drawn": 1.0})
    model: str | ScratchModel = "tiny"
    output_dir: str = "runs/regret"
    max_steps: int = setting(100, low=1, high=10**6)
    matches: int = setting(16, low=1, high=10**5)
    sharpness: float = setting(0.0, low=0.0, high=1e6)
    positive: bool = True
    temperature: float = setting(1.0, low=1e-3, high=100.0)
    learning_rate: float = setting(1e-3, low=1e-12, high=10.0)
    max_grad_norm: float = setting(1.0, low=1e-12)
    eval_steps: int = setting(0, low=0)
    eval_matches: int = setting(32, low=2, high=10**5)
    seed: int = setting(0, low=0, high=2**63)

    def __post_init__(self) -> None:
        check_fields(self, "")
        check_shares("opponents", self.opponents)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> RegretConfig:
        """The configuration of these settings; `model` may be a table, the fields of `ScratchModel`."""
        fields = known_fields(cls, merged({}, data))
        if isinstance(fields.get("model"), Mapping):
            fields["model"] = ScratchModel(**known_fields(ScratchModel, fields["model"], "model."))
        return cls(**fields)
