"""Reference players of the commons. They act on observations and know the constants of the resource from the options."""

from __future__ import annotations

from agentarena.core.agent import Agent

from .harvesters import Conditional, Constant, Greedy, Sustainable, Threshold
from .imitator import Imitator
from .member import Member
from .norms import NormFollower, Punisher

__all__ = ["BOTS", "Conditional", "Constant", "Greedy", "Imitator", "Member", "NormFollower", "Punisher", "Sustainable", "Threshold"]

BOTS: dict[str, type[Agent]] = {
    "commons/constant": Constant,
    "commons/greedy": Greedy,
    "commons/sustainable": Sustainable,
    "commons/threshold": Threshold,
    "commons/conditional": Conditional,
    "commons/norm_follower": NormFollower,
    "commons/punisher": Punisher,
    "commons/imitator": Imitator,
}
"""Names of the reference players -> class."""
