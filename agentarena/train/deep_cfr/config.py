"""The settings of Deep CFR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.core.registry import game as game_of
from agentarena.train.settings import FromTOML, check_fields, setting

__all__ = ["DeepCFRConfig"]


_MOST = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class DeepCFRConfig(FromTOML):
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
    seed: int = setting(0, low=0, high=_MOST)
    iterations: int = setting(25, low=1, high=_MOST)
    traversals: int = setting(300, low=1, high=_MOST)
    parallel: int = setting(500, low=1, high=_MOST)
    sampling: str = setting("external", choices=("external", "outcome"))
    hidden: tuple[int, ...] = (64, 64)
    steps: int = setting(200, low=1, high=_MOST)
    batch_size: int = setting(256, low=1, high=_MOST)
    learning_rate: float = setting(3e-3, low=1e-12, high=1.0)
    reinitialise: bool = True
    average_steps: int = setting(1500, low=1, high=_MOST)
    average_batch_size: int = setting(256, low=1, high=_MOST)
    buffer: int = setting(1_000_000, low=1, high=_MOST)
    save_every: int = setting(10, low=1, high=_MOST)
    judge_every: int = setting(5, low=0, high=_MOST)
    allow_ambiguous: bool = False

    def __post_init__(self) -> None:
        check_fields(self, "")
        if not self.output_dir:
            raise BadOption("output_dir must be a folder, got an empty string")

    def game(self) -> Game[Any]:
        """The rules that the settings name."""
        return game_of(self.env, preset=self.preset, **self.options)
