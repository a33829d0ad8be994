"""Boards that agents are submitted to, and reports of finished matches; each is imported when first used."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["Board", "Leaderboard", "Placement", "report", "submit"]

_HOMES = {"Board": "board", "Leaderboard": "leaderboard", "Placement": "leaderboard", "submit": "leaderboard"}
"""Name -> the module that has it; other names are modules."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    module = importlib.import_module(f"{__name__}.{_HOMES.get(name, name)}")
    value = globals()[name] = getattr(module, name) if name in _HOMES else module
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
