"""Fine-tuning by the regret loss: a model plays repeated matrix games and learns to have had little to regret."""

from __future__ import annotations

from .config import RegretConfig
from .loss import external_regret, regret_loss
from .recipe import RegretRun, regret

__all__ = ["RegretConfig", "RegretRun", "external_regret", "regret", "regret_loss"]
