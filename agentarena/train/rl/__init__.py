"""Reinforcement learning on vectors: MaskablePPO and a masked DQN on top of Stable-Baselines3, with self-play and pools of opponents.

    from agentarena.train.rl import RLConfig, train
    run = train(RLConfig(env="ConnectFour-v0", total_steps=100_000, output_dir="runs/four"))

What trains is imported when first used, because it needs torch and Stable-Baselines3; `docs/rl-training.md` is its page.
"""

from __future__ import annotations

from typing import Any

from agentarena.core.errors import MissingExtra

from .config import RLConfig

__all__ = ["RLConfig", "RLRun", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    try:
        from . import trainer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "stable_baselines3", "sb3_contrib"):
            raise
        raise MissingExtra(str(error.name), "rl") from error
    value = globals()[name] = getattr(trainer, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
