"""Python agents in a sandbox: the command that runs an entry point `module:attribute`."""

from __future__ import annotations

import sys
from pathlib import Path

from agentarena.core.display import shown
from agentarena.core.errors import UsageError

from . import serve
from .launches import PACKAGE

__all__ = ["python_command"]


def python_command(entry: str, folder: str | Path) -> tuple[str, ...]:
    """The command for `CommandAgent` that runs a Python entry point of a folder.

    The entry is an `Agent` class (made without arguments) or object, or a function `act(view) -> reply`. It sees a view with the
    text, the legal actions, the observation, news and its own memory, without the game's state.

    Args:
        entry: `"module:attribute"`, the module relative to the folder.
        folder: The agent's folder.

    Raises:
        UsageError: The entry is spelled otherwise, or its module is not in the folder.
    """
    module, _, attribute = entry.partition(":")
    names = module.split(".")
    if not all(name.isidentifier() for name in (*names, *attribute.split("."))):
        raise UsageError(f"entry {shown(entry)} is not 'module:attribute', e.g. 'agent:act'")
    place = Path(folder).resolve()
    file = place.joinpath(*names)
    if not (file.with_suffix(".py").is_file() or (file / "__init__.py").is_file()):
        raise UsageError(f"entry {shown(entry)}: there is no {'/'.join(names)}.py in {str(place)!r}")
    return (sys.executable, "-I", serve.__file__, str(PACKAGE.parent), str(place), entry)
