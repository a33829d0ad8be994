"""The games, one folder each. The package is itself callable: `agentarena.envs()` lists them with their cards.

(Importing any game sets the attribute `envs` of `agentarena` to this package, so a plain function of that name could
not last.)
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from agentarena.core.registry import load


class _CallablePackage(ModuleType):
    """A package that can be called like its main function."""

    def __call__(self) -> list[Any]:
        """See `agentarena.adapters.registration.envs`."""
        found: list[Any] = load("agentarena.adapters.registration:envs")()
        return found


sys.modules[__name__].__class__ = _CallablePackage
