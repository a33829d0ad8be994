"""Tests of games that need an outside program: skipped, with the reason, where it is not installed."""

from __future__ import annotations

from typing import Any

import pytest

from agentarena.core.game import Game
from agentarena.core.registry import ENVS, game_class


def _missing(value: Any) -> str | None:
    """What keeps a parameter of a test, an environment's id or a game, from being played."""
    if isinstance(value, Game):
        return value.missing()
    return game_class(value).missing() if isinstance(value, str) and value in ENVS else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that is parametrized by such a game is skipped; what its rules do without the program has tests of its own."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        for value in callspec.params.values() if callspec is not None else ():
            if reason := _missing(value):
                item.add_marker(pytest.mark.skip(reason=reason))
