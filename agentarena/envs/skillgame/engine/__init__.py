"""Worlds of skills: specifications, their validation, sampled games, and the scene that commands change."""
