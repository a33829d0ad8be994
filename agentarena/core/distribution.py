"""The installed distribution: its name, its version, and the command that adds an extra to it.

The distribution is called `agentarena-suite`, the package and the command `agentarena`: the name `agentarena` on PyPI
belongs to somebody else's project.
"""

from __future__ import annotations

import functools
import json
import shlex
from importlib import metadata
from typing import Any

__all__ = ["DISTRIBUTION", "install_command", "other_distribution", "version"]

DISTRIBUTION = "agentarena-suite"


@functools.cache
def version() -> str:
    """Version of this package."""
    return metadata.version(DISTRIBUTION)


def install_command(extra: str = "") -> str:
    """The command that installs this very package with an extra, from where it was installed: a folder, a file, a repository or an index.

    >>> install_command("rl").startswith("pip install ")
    True
    """
    return _command(_origin(), f"[{extra}]" if extra else "")


def _origin() -> dict[str, Any]:
    """Where the package was installed from (PEP 610); `{}` for an index."""
    text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    return dict(json.loads(text)) if text else {}


def _command(origin: dict[str, Any], extras: str) -> str:
    url = origin.get("url", "")
    if "dir_info" in origin and url.startswith("file://"):
        from urllib.request import url2pathname

        path = url2pathname(url.removeprefix("file://")) + extras
        return ("pip install -e " if origin["dir_info"].get("editable") else "pip install ") + _quoted(path)
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}"
    return f"pip install {_quoted(f'{DISTRIBUTION}{extras} @ {url}' if url else DISTRIBUTION + extras)}"


def _quoted(argument: str) -> str:
    return shlex.quote(argument) if shlex.quote(argument) != argument else f"'{argument}'"


def other_distribution() -> str | None:
    """Version of another distribution that calls itself `agentarena` and shares this package's folder and command; `None` without one."""
    try:
        return metadata.version("agentarena")
    except metadata.PackageNotFoundError:
        return None
