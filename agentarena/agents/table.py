"""Tabular policies in files: information key -> action probabilities, as JSON, and the agent that plays one (`table:PATH`)."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentarena.core import jsonl, registry
from agentarena.core.agent import PolicyAgent, View
from agentarena.core.display import shown
from agentarena.core.errors import UsageError
from agentarena.core.game import Game

__all__ = ["FORMAT", "LARGEST", "TableAgent", "save_table"]

FORMAT = 1
"""Version of the files."""
LARGEST = 64_000_000
"""Largest file that is read, in bytes."""
_SLACK = 1e-6
"""By how much the probabilities of a row may miss 1."""

Table = Mapping[str, Mapping[int, float]]


def save_table(path: str | os.PathLike[str], game: Game[Any], seats: Mapping[int, Table], about: Mapping[str, Any] | None = None) -> str:
    """Write a tabular policy; the same policy gives the same bytes.

    Actions of probability 0 are left out.

    Args:
        path: The file; its folder is made where it is missing.
        game: The rules that it is for.
        seats: For each seat that it plays, information key -> {action: probability}.
        about: Anything JSON-ready to be kept beside it.

    Returns:
        The SHA-256 digest of the file.
    """
    policy = {
        str(seat): {key: {str(action): float(p) for action, p in row.items() if p > 0} for key, row in sorted(table.items())}
        for seat, table in sorted(seats.items())
    }
    data = {"format": FORMAT, "env": registry.env_id_of(game), "options": _options(game), "about": dict(about or {}), "policy": policy}
    text = json.dumps(data, separators=(",", ":")) + "\n"
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)
    return hashlib.sha256(text.encode()).hexdigest()


def _options(game: Game[Any]) -> Any:
    return json.loads(json.dumps(game.options))


class TableAgent(PolicyAgent):
    """Plays a tabular policy from a JSON file that `save_table` wrote, in the game and the seats that the file is for.

    Args:
        path: The file.

    Raises:
        UsageError: There is no such file, or it holds no policy.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        data, digest = _read(path)
        self.env, self._options, self._rows = data["env"], data["options"], data["policy"]
        self.version = digest[:12]

    @property
    def seats(self) -> tuple[int, ...]:
        """The seats that it plays."""
        return tuple(sorted(self._rows))

    def cannot_play(self, game: Game[Any]) -> str | None:
        """Why the file is for another game; `None` when it is for this one."""
        env = registry.env_id_of(game)
        if env != self.env:
            return f"its table is for {shown(self.env)}, not for {env}"
        if _options(game) != self._options:
            return f"its table is for other options of {env}: {shown(self._options, 200)}"
        return None

    def policy(self, view: View) -> Mapping[int, float]:
        """The row of the view's information key."""
        rows = self._rows.get(view.seat)
        if rows is None:
            raise UsageError(f"{shown(self.path, 200)} plays seat {' and '.join(map(str, self.seats))}, and was asked for seat {view.seat}")
        row = rows.get(view.information)
        if row is None:
            raise UsageError(f"{shown(self.path, 200)} has no row for information {shown(view.information)} of seat {view.seat}")
        choices = view.choices
        if not set(row) <= set(choices):
            raise UsageError(f"{shown(self.path, 200)} plays {sorted(row)} at {shown(view.information)}; legal are {list(choices)}")
        return {action: row.get(action, 0.0) for action in choices}


def _read(path: str) -> tuple[dict[str, Any], str]:
    """The file's contents and digest."""
    name = shown(str(path), 300)
    try:
        with jsonl.open_plain(path) as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}; a table is named 'table:PATH.json'") from None
    if len(raw) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST:,} bytes, and is not read as a table")
    try:
        data = jsonl.parse(raw.rstrip(b"\n"))
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"it is no table of format {FORMAT}")
        if not isinstance(data.get("env"), str) or not isinstance(data.get("options"), dict) or not isinstance(data.get("policy"), dict):
            raise ValueError("it lacks env, options or policy")
        data["policy"] = {_number(seat): {key: _row(row) for key, row in table.items()} for seat, table in data["policy"].items()}
    except (ValueError, AttributeError) as error:
        raise UsageError(f"{name} holds no tabular policy: {error}") from None
    return data, hashlib.sha256(raw).hexdigest()


def _row(row: Any) -> dict[int, float]:
    values = {_number(action): p for action, p in row.items()}
    if not all(isinstance(p, int | float) and not isinstance(p, bool) and math.isfinite(p) and p >= 0 for p in values.values()):
        raise ValueError(f"a row is {shown(row)}; expected probabilities by action")
    if not math.isclose(sum(values.values()), 1.0, abs_tol=_SLACK):
        raise ValueError(f"a row adds up to {sum(values.values())}, expected 1")
    return {action: float(p) for action, p in values.items()}


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise ValueError(f"{shown(text)} is no number of a seat or an action")
    return int(text)
