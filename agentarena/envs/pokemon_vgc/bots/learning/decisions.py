"""Decisions as arrays, to be cloned: noted while policies play, played again from match records, or read from Showdown logs.

All observations are made by the code that plays, so what is cloned is what will be seen. Axis letters: R decisions, A = 55 choices.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.record import Record
from agentarena.core.replay import steps
from agentarena.envs.pokemon_vgc.actions import PASS, SIZE, joint_masks
from agentarena.envs.pokemon_vgc.engine.protocol import Side
from agentarena.envs.pokemon_vgc.observation import STATUS, slices

__all__ = ["Decisions", "Noted", "from_logs", "from_records", "read_log"]

_LARGEST_LOG = 4 * 2**20


@dataclass
class Decisions:
    """Decisions, as they come.

    Attributes:
        observations: What was seen. Each of shape (n,), float32.
        masks: The legal pairs, packed: `np.packbits` of shape (A * A,).
        actions: What was played: 55 times the left choice plus the right one.
        matches: Number of the match, from 0.
        skipped: Decisions of logs that do not tell the choice of both slots, or whose choice is not in the mask.
    """

    observations: list[np.ndarray] = field(default_factory=list)
    masks: list[np.ndarray] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    matches: list[int] = field(default_factory=list)
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.actions)

    def add(self, observation: np.ndarray, mask: np.ndarray, action: int, match: int) -> None:
        """Note a decision, unless there was but one choice. Shapes (n,), (A * A,)."""
        if np.count_nonzero(mask) > 1:
            self.observations.append(np.asarray(observation[: slices()["status"].stop], np.float32))
            self.masks.append(np.packbits(np.asarray(mask, bool).ravel()))
            self.actions.append(int(action))
            self.matches.append(match)

    def rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observations (R, n), masks (R, A * A) bool and actions (R,) of some decisions."""
        masks = np.unpackbits(np.stack([self.masks[row] for row in rows]), axis=1, count=SIZE * SIZE).astype(bool)
        return np.stack([self.observations[row] for row in rows]), masks, np.array([self.actions[row] for row in rows], np.int64)


class Noted:
    """A policy on arrays that notes what it decides; a decision counts as a match of its own for holding out, by blocks of `block`.

    Args:
        policy: Whose decisions they are.
        into: Where they go.
        block: Decisions that are held out together.
    """

    def __init__(self, policy: Any, into: Decisions, block: int = 200) -> None:
        self.policy, self.into, self.block = policy, into, block

    def act(self, observations: Any, masks: Any, rng: np.random.Generator) -> np.ndarray:
        actions: np.ndarray = self.policy.act(observations, masks, rng)
        for observation, mask, action in zip(observations, masks, actions, strict=True):
            self.into.add(observation, mask, int(action), len(self.into) // self.block)
        return actions


def from_records(records: Iterable[Record], *, agents: Collection[str] = (), won: bool = False) -> Decisions:
    """The decisions of match records, played again in the engine.

    Args:
        records: Matches of this game without team building.
        agents: Names of the agents whose decisions are taken; of all by default.
        won: Whether only those of the winners are taken.
    """
    out = Decisions()
    for number, record in enumerate(records):
        seats = {
            seat for seat, one in enumerate(record.seats) if (not agents or one.agent in agents) and (not won or record.winner == seat)
        }
        for match, played in steps(record):
            for seat in seats & set(played):
                view = match.view(seat)
                first, second = (int(part) for part in played[seat])
                out.add(view.observation, view.mask, first * SIZE + second, number)
    return out


# --- logs of Showdown -----------------------------------------------------------------------------------------------------------


def from_logs(engine: Any, format_id: str, logs: Iterable[Sequence[str]], *, won: bool = True) -> Decisions:
    """The decisions of logs of open-team-sheet battles, followed by the engine's own code for views and features.

    A decision is left out where the log does not tell the choice of both slots: e.g. of a Pokemon that fainted before it moved.

    Args:
        engine: The engine (`engine.shared()`).
        format_id: The simulator's id of the format.
        logs: The protocol lines of each battle (`read_log`).
        won: Whether only the winner's decisions are taken.

    Raises:
        EngineError: A log cannot be followed; the reason says why.
    """
    out = Decisions()
    for number, lines in enumerate(logs):
        winner = _winner(lines) if won else None
        for turn in engine.follow(format_id, winner, lines):
            _follow(out, turn, number)
    return out


def _follow(out: Decisions, turn: dict[str, Any], match: int) -> None:
    """The decision, or the two of a preview, that the engine found in a log."""
    left, right = turn["slots"]
    raw = (turn["features"], turn["options"], turn["ids"])
    side = Side(turn["kind"], None, (tuple(left), tuple(right)), turn["passes"], int(turn["pick"]), raw, {}, ())
    action = turn["action"]
    pairs = [action[place : place + 2] for place in range(0, len(action), 2)] if side.kind == "preview" else [action]
    chosen: list[int] = []
    for pair in pairs:
        first, second = (*pair, PASS)[:2]
        slots = _slots(side, chosen)
        mask = joint_masks(slots[None], np.array([-1 if side.passes is None else side.passes]))[0]
        if first is None or second is None or not mask[first, second]:
            out.skipped += 1
            return
        out.add(_observation(side, int(turn["turn"]), chosen), mask.ravel(), first * SIZE + second, match)
        chosen += [first, second]


def _slots(side: Side, chosen: Sequence[int]) -> np.ndarray:
    allowed = np.zeros((2, SIZE), bool)
    for slot in (0, 1):
        allowed[slot, [number for number in side.slots[slot] if side.kind != "preview" or number not in chosen]] = True
    return allowed


def _observation(side: Side, turn: int, chosen: Sequence[int]) -> np.ndarray:
    """What `observation.observe` gives for a side; the cap on turns is the default one."""
    places = slices()
    out = np.zeros(places["status"].stop, np.float32)
    out[places["features"]], out[places["options"]], out[places["ids"]] = side.features, side.options.ravel(), side.ids.ravel()
    status = dict.fromkeys(STATUS, 0.0) | {f"kind_{side.kind}": 1.0, "turn": turn, "turns_left": max(0, 100 - turn), "pick": side.pick}
    status["must_pass"] = -1 if side.passes is None else side.passes
    status |= {f"lineup_{place}": number for place, number in enumerate(chosen, 1)}
    out[places["status"]] = list(status.values())
    return out


def _winner(lines: Sequence[str]) -> int | None:
    """The side that won; `None` (both sides are taken) in a tie."""
    names = {line.split("|")[3]: line.split("|")[2] for line in lines if line.startswith("|player|") and line.count("|") > 3}
    won = next((line.split("|")[2] for line in lines if line.startswith("|win|")), None)
    return None if won is None or won not in names else int(names[won] == "p2")


def read_log(path: str | Path) -> tuple[str, list[str]]:
    """The format's id and the protocol lines of a log file: the text of a replay (`.log`, `.txt`) or its JSON (`.json`, key "log").

    Raises:
        UsageError: There is no such file, or it is too large.
        BadOption: It is no log.
    """
    source = Path(path)
    if not source.is_file() or source.stat().st_size > _LARGEST_LOG:
        raise UsageError(f"log {shown(str(path), 300)}: no such file, or larger than {_LARGEST_LOG:,} bytes")
    text = source.read_text(encoding="utf-8", errors="replace")
    try:
        text = str(json.loads(text)["log"]) if source.suffix == ".json" else text
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadOption(f"log {shown(str(path), 300)}: no JSON with a key 'log'") from None
    lines = text.splitlines()
    tier = next((line.split("|")[2] for line in lines if line.startswith("|tier|")), "")
    if not tier:
        raise BadOption(f"log {shown(str(path), 300)}: it has no |tier| line, so it is no battle log")
    return re.sub(r"[^a-z0-9]", "", tier.lower()), lines
