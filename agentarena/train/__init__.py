"""Learning by self-play: `advantages` (numpy or torch), `losses` (torch); each is imported when first used."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["advantages", "losses"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
