"""The battle in words."""

from .face import LONGEST_VIEW, VGCText

__all__ = ["LONGEST_VIEW", "VGCText"]
