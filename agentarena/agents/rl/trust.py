"""Files that can run code when they are read: nothing is unpickled unless the caller says that the file is trusted."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError

__all__ = ["check_trusted", "existing", "file_version"]


def check_trusted(agent: str, trust: Any, reason: str) -> None:
    """Raise unless a pickled file is trusted; warn where it is.

    Args:
        agent: The spec string without its parameters.
        trust: What the spec says.
        reason: Why the file must be unpickled, e.g. "a checkpoint of RLlib is pickled".

    Raises:
        BadOption: It is not trusted, or `trust` is no truth value.
    """
    if not isinstance(trust, bool):
        raise BadOption(f"agent {shown(agent, 300)}: trust is {shown(trust)}; expected true or false")
    if not trust:
        raise BadOption(
            f"agent {shown(agent, 300)}: {reason}, and unpickling runs whatever code the file holds. "
            "If the file is your own, or of somebody you trust, say so: '...?trust=true'"
        )
    warnings.warn(f"agent {shown(agent, 300)} is unpickled: it runs whatever code its file holds", UserWarning, stacklevel=3)


def existing(agent: str, path: str) -> Path:
    """The path, known to exist.

    Raises:
        UsageError: There is nothing.
    """
    target = Path(path)
    if not target.exists():
        raise UsageError(f"agent {shown(agent, 300)}: nothing is at {shown(path, 300)}")
    return target


def file_version(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a file, or of the files of a folder in the order of their names."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    for one in files:
        if one != path:
            digest.update(f"{one.relative_to(path).as_posix()}\n".encode())
        with one.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
