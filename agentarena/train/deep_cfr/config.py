"""The settings of Deep CFR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of
from agentarena.train.settings import check_known, merged, read_toml

__all__ = ["DeepCFRConfig"]


@dataclass(frozen=True, kw_only=True)
class DeepCFRConfig:
    """Everything that decides a run. The defaults solve Kuhn poker; see the page on CFR for those of Leduc poker.

    Attributes:
        env: The environment's id.
        preset: A preset of its options.
        options: Its options by name.
        output_dir: Folder of checkpoint, log and policies.
        seed: Of everything random.
        iterations: How often every seat traverses and learns.
        traversals: Traversals of a seat in an iteration.
        parallel: Traversals that run in lockstep, so that a network is asked once a depth for all of them.
        hidden: Units of each hidden layer, of all networks.
        sampling: "external": every action of the traversing seat is followed; "outcome": one, for games too long for that.
        steps: Optimizer steps of an advantage network in an iteration.
        batch_size: Rows of an optimizer step.
        learning_rate: Of Adam; it falls linearly to 0 within each fit.
        reinitialise: Whether advantage networks begin anew in every iteration, or go on from the last.
        average_steps: Optimizer steps of an average network.
        average_batch_size: Rows of its steps.
        buffer: Rows that each reservoir holds.
        save_every: Iterations between checkpoints.
        judge_every: Iterations between exact judgements of the average of all iterates, in games small enough; 0 for the end alone.
        allow_ambiguous: Go on although two information sets look alike to the networks.

    Raises:
        BadOption: A setting is out of range.
    """

    env: str
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    output_dir: str = "runs/deep-cfr"
    seed: int = 0
    iterations: int = 25
    traversals: int = 300
    parallel: int = 500
    sampling: str = "external"
    hidden: tuple[int, ...] = (64, 64)
    steps: int = 200
    batch_size: int = 256
    learning_rate: float = 3e-3
    reinitialise: bool = True
    average_steps: int = 1500
    average_batch_size: int = 256
    buffer: int = 1_000_000
    save_every: int = 10
    judge_every: int = 5
    allow_ambiguous: bool = False

    def __post_init__(self) -> None:
        for name, low in _LEAST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _MOST:
                raise BadOption(f"deep-cfr: {name} is {shown(value)}; expected a whole number from {low} to {_MOST:,}")
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0.0 < rate <= 1.0:
            raise BadOption(f"deep-cfr: learning_rate is {shown(rate)}; expected a number above 0 and at most 1")
        for name in ("reinitialise", "allow_ambiguous"):
            if not isinstance(getattr(self, name), bool):
                raise BadOption(f"deep-cfr: {name} is {shown(getattr(self, name))}; expected true or false")
        if self.sampling not in ("external", "outcome"):
            raise BadOption(f"deep-cfr: sampling is {shown(self.sampling)}; allowed: 'external', 'outcome'")
        if not isinstance(self.hidden, tuple):
            raise BadOption(f"deep-cfr: hidden is {shown(self.hidden)}; expected a list of layer sizes")
        if not isinstance(self.output_dir, str) or not self.output_dir or not isinstance(self.env, str):
            raise BadOption("deep-cfr: env and output_dir must be strings, and not empty")

    def game(self) -> Game[Any]:
        """The rules that the settings name."""
        return game_of(self.env, preset=self.preset, **self.options)

    @classmethod
    def load(cls, path: str | Path, **changes: Any) -> DeepCFRConfig:
        """Read a TOML file; `changes` override it.

        Raises:
            UsageError: The file is no TOML.
            BadOption: A setting is unknown or out of range; the message names it.
        """
        return cls.of(read_toml(path, changes))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> DeepCFRConfig:
        """The configuration of these settings, as JSON or TOML have them; "options.NAME" is one entry of `options`."""
        data = merged({}, data)
        check_known(cls, data, "")
        if "env" not in data:
            raise BadOption('env is missing: which environment, e.g. env = "KuhnPoker-v0"')
        hidden = {"hidden": tuple(data["hidden"])} if isinstance(data.get("hidden"), list) else {}
        return cls(**{**data, **hidden})


_MOST = 1_000_000_000
_LEAST = {
    "seed": 0,
    "iterations": 1,
    "traversals": 1,
    "parallel": 1,
    "steps": 1,
    "batch_size": 1,
    "average_steps": 1,
    "average_batch_size": 1,
    "buffer": 1,
    "save_every": 1,
    "judge_every": 0,
}
"""Whole-number settings and the least that each may be."""
