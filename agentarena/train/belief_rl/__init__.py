"""Reinforcement learning on public beliefs, for games with one-sided information: PPO and magnetic mirror descent.

    from agentarena.train.belief_rl import BeliefRLConfig, train
    run = train(BeliefRLConfig(env="Hexner-v0", preset="public", options={"steps": 4}, output_dir="runs/hexner"))

What trains is imported when first used, because it needs torch; `docs/football-learning.md` is its page.
"""

from __future__ import annotations

from typing import Any

from agentarena.core.errors import MissingExtra

from .config import BeliefRLConfig

__all__ = ["BeliefRLConfig", "BeliefRLRun", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    try:
        from . import training
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingExtra(str(error.name), "rl") from error
    value = globals()[name] = getattr(training, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
