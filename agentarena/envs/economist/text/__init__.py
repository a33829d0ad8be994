"""The tax economy in words."""

from .face import EconomistText

__all__ = ["EconomistText"]
