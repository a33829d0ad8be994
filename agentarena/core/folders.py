"""Folders of the user."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Where what can be made again lies: `$AGENTARENA_CACHE`, else `agentarena` in the user's folder of caches."""
    own = os.environ.get("AGENTARENA_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentarena"
