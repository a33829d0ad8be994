"""The settings of model-free learning on public beliefs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.registry import game as game_of
from agentarena.train.settings import FromTOML, check_fields, setting

__all__ = ["BeliefRLConfig"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BeliefRLConfig(FromTOML):
    """Everything that shapes a run. A round is a batch of matches and what is learned from it.

    Attributes:
        env: Id of the environment: Football-v0 or one of Hexner's games.
        preset: A preset of its options; `belief="public"` makes the attackers state a strategy for all types, else they learn a control
            for each type, without the structure of beliefs.
        options: Its options by name.
        method: "ppo" (clipped, with an entropy bonus) or "mmd" (magnetic mirror descent: held near the last policy and a magnet).
        rounds: Rounds of the run.
        matches: Matches of a round.
        epochs: Passes over a round.
        batch_size: Decisions of one side in an optimizer step.
        hidden: Units of the hidden layers, of policies and critics.
        learning_rate: Of Adam.
        lr_schedule: "constant", or "linear": it falls to 0 with the last round.
        scale: What a raw number of 1 is as a control, as a share of its greatest absolute value.
        sharpness: What a raw number of 1 is as a logit of a chance: the sharper, the faster chances change beside controls.
        deviation: The first standard deviation of raw numbers; the magnet's too.
        last_deviation: PPO and MMD: the greatest standard deviation at the end; the allowed one falls geometrically to it.
        random_beliefs: Share of matches that begin at a belief drawn uniformly, so that networks learn all beliefs.
        freed_by: Share of the run by which the attackers choose their chances at all steps: at the last step from the beginning, then
            backward in time; 0 for at all steps from the beginning.
        pull: Weight of the loss that pulls chances to even ones where they are held even.
        gae_lambda: Weight of longer returns in the advantages.
        max_grad_norm: The gradient of each side is scaled down to this norm.
        vf_coef: Weight of the value loss.
        clip_range: PPO: clip of the ratio.
        ent_coef: PPO: weight of the entropy bonus in the first round; it falls linearly to 0.
        step_size: MMD: eta of the first round, of advantages of deviation 1.
        magnet: MMD: alpha of the first round.
        annealing: MMD: eta and alpha fall as 1 / (1 + annealing * round) ** 0.5.
        seed: Seed of everything.
        evaluate_every: Rounds between two exact evaluations of the mean policies against each other; 0 for the end alone.
        save_every: Rounds between two checkpoints.
        output_dir: Folder of checkpoint, log and policy.

    Raises:
        BadOption: A setting is out of range.
    """

    env: str
    preset: str | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    method: str = setting("ppo", choices=("ppo", "mmd"))
    rounds: int = setting(400, low=1, high=10**7)
    matches: int = setting(1024, low=1, high=10**6)
    epochs: int = setting(4, low=1, high=1000)
    batch_size: int = setting(1024, low=1, high=10**7)
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = setting(1e-3, low=1e-9, high=1.0)
    lr_schedule: str = setting("linear", choices=("constant", "linear"))
    scale: float = setting(0.33, low=1e-6, high=10.0)
    sharpness: float = setting(4.0, low=1e-3, high=100.0)
    deviation: float = setting(0.5, low=1e-4, high=10.0)
    last_deviation: float = setting(0.05, low=1e-4, high=10.0)
    random_beliefs: float = setting(0.5, low=0.0, high=1.0)
    freed_by: float = setting(0.7, low=0.0, high=1.0)
    pull: float = setting(1.0, low=0.0, high=1e3)
    gae_lambda: float = setting(0.95, low=0.0, high=1.0)
    max_grad_norm: float = setting(0.5, low=1e-6, high=1e6)
    vf_coef: float = setting(0.5, low=0.0, high=100.0)
    clip_range: float = setting(0.2, low=1e-3, high=10.0)
    ent_coef: float = setting(0.0, low=0.0, high=10.0)
    step_size: float = setting(10.0, low=1e-6, high=1e6)
    magnet: float = setting(0.02, low=0.0, high=1e3)
    annealing: float = setting(0.05, low=0.0, high=1e3)
    seed: int = setting(0, low=0, high=2**63 - 1)
    evaluate_every: int = setting(25, low=0, high=10**7)
    save_every: int = setting(50, low=1, high=10**7)
    output_dir: str = "runs/belief-rl"

    def __post_init__(self) -> None:
        check_fields(self, "")
        if not self.hidden:
            raise BadOption("hidden must have a layer, got []")
        if not self.output_dir:
            raise BadOption("output_dir must be a folder, got an empty string")

    def game(self) -> Any:
        """The rules that the settings name.

        Raises:
            BadOption: They are no game on the field, or every player is a seat.
        """
        from agentarena.envs.football import FieldGame

        game = game_of(self.env, preset=self.preset, options=self.options)
        if not isinstance(game, FieldGame) or game.mode != "team" or game.report:
            raise BadOption(
                f"belief-rl trains Football-v0 and Hexner's games with mode='team' and report=False, got {shown(self.env)} with "
                f"{shown(dict(self.options), 200)}"
            )
        return game
