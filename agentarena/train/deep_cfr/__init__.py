"""Deep CFR: counterfactual regret minimisation with networks in place of tables, on any game with a vector face and listed actions."""

from .config import DeepCFRConfig
from .solver import DeepCFR
from .training import DeepCFRRun, train

__all__ = ["DeepCFR", "DeepCFRConfig", "DeepCFRRun", "train"]
