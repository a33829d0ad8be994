"""Skill games: worlds of typed skills from JSON specifications. See card.md."""

from .engine.schema import SKILLS_SCHEMA
from .game import SkillGame
from .state import State

__all__ = ["SKILLS_SCHEMA", "SkillGame", "State"]
