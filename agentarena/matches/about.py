"""What a tournament is, as the file `tournament.json` in its folder says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentarena.core import limits
from agentarena.core.display import printable
from agentarena.core.errors import CorruptRecord
from agentarena.core.jsonl import open_plain, parse
from agentarena.core.schema import either, entries, flag, json_value, mapping, natural, number, one_of, problem_of, seed, structure, text

__all__ = ["ABOUT", "read_about", "write_about"]

ABOUT = "tournament.json"
"""Name of the file."""

_SCHEMA = structure(
    {
        "env": text(limits.NAME),
        "options": mapping(json_value),
        "agents": entries(text(limits.NAME), least=2),
        "matches": natural,
        "rounds": natural,
        "seed": seed,
        "duplicate": flag,
        "alpha": number(0.0, above=True),
        "level": number(0.0, 1.0, above=True),
        "unit": text(limits.NAME),
    },
    {"specs": entries(either(one_of(None), text(limits.REPLY))), "openings": natural},
)


def write_about(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the file whole, in place of an older one."""
    partial = folder / f"{ABOUT}.part"
    partial.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder / ABOUT)


def read_about(folder: Path) -> dict[str, Any]:
    """What the file says.

    Raises:
        FileNotFoundError: There is none.
        UsageError: It is no plain file.
        CorruptRecord: It does not describe a tournament; the message says why.
    """
    path = folder / ABOUT
    with open_plain(path) as file:
        data = file.read(limits.LINE + 1)
    try:
        if len(data) > limits.LINE:
            raise ValueError(f"it is longer than {limits.LINE:,} bytes")
        about = parse(data.removesuffix(b"\n"))
    except ValueError as error:
        raise CorruptRecord(f"{printable(str(path))} cannot be read: {error}. {_ADVICE}") from None
    problem = problem_of(about, _SCHEMA) or _repeated(about["agents"])
    if problem is not None:
        raise CorruptRecord(f"{printable(str(path))} does not describe a tournament: {problem}. {_ADVICE}")
    return {"openings": 0, **about}


def _repeated(names: list[str]) -> str | None:
    return None if len(set(names)) == len(names) else "agents has one name twice"


_ADVICE = "Mend it; or remove it, and the same call of the tournament writes it again and keeps the matches that are recorded"
