"""Specifications by name, path or text, checked before use."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from agentarena.core import jsonl
from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError

from .spec import Spec
from .validation import SpecError, checked_spec

__all__ = ["LONGEST", "WORLDS", "json_of", "load_spec"]

_FOLDER = Path(__file__).parent / "worlds"
WORLDS = tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))
"""Names of the specifications in the package."""
LONGEST = 1_000_000
"""Longest specification, in bytes."""


def json_of(source: str) -> Any:
    """The parsed JSON of a specification: a name of `WORLDS`, the path of a file, or the text itself, which begins with a brace.

    Raises:
        BadOption: There is none, or it is no JSON.
    """
    try:
        if source.lstrip().startswith("{"):
            text = source
            if len(text) > LONGEST:
                raise ValueError(f"it has more than {LONGEST} characters")
        else:
            path = _FOLDER / f"{source}.json" if source in WORLDS else Path(os.path.expanduser(source))
            if not path.is_file():
                known = ", ".join(WORLDS)
                raise BadOption(f"there is no world {shown(source, 200)}; give one of {known}, the path of a JSON file, or JSON text")
            if path.stat().st_size > LONGEST:
                raise ValueError(f"it has more than {LONGEST} bytes")
            text = path.read_text(encoding="utf-8")
        return jsonl.parse(text)
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise BadOption(f"the specification {shown(source, 60)} cannot be read: {shown(str(error), 200)}") from None


@lru_cache(maxsize=64)
def load_spec(source: str) -> Spec:
    """The specification of a source.

    Raises:
        BadOption: It cannot be read or used; the message lists what is wrong.
    """
    data = json_of(source)
    try:
        return checked_spec(data)
    except SpecError as error:
        raise BadOption(f"SkillGame: {shown(source, 60)}: {error}") from None
