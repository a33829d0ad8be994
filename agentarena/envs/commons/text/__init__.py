"""The commons in words."""

from .face import CommonsText

__all__ = ["CommonsText"]
