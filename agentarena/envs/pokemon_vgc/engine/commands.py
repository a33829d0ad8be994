"""What Python says to Node: commands as JSON objects, checked before they are sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core.display import shown

from .errors import BadCommand, BadFormat, BadTeam

__all__ = [
    "ACTIONS",
    "WANTS",
    "Choice",
    "Joint",
    "Setup",
    "check_format",
    "check_seed",
    "check_snapshot",
    "check_team",
    "choice_command",
    "fork_command",
    "line_of",
    "seed_words",
    "setup_command",
]

ACTIONS = 55
"""Actions of one slot; see `actions.py`."""
WANTS = ("features", "view", "lines")
_LONGEST_TEAM = 20_000
_LONGEST_SNAPSHOT = 4 * 2**20
_MOST_RULES = 64
_FORMAT = re.compile(r"[a-z0-9]{1,80}")
_RULE = re.compile(r"[\w !+\-*:;=,.'&()/%]{1,200}")
_SEED = re.compile(r"\d{1,5},\d{1,5},\d{1,5},\d{1,5}")

Choice = tuple[int, ...]
"""One side's choice: an action for each slot; at team preview the members from left to right, counted from 1."""
Joint = tuple[Choice | None, Choice | None]
"""The choices of both sides; `None` for a side that waits."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A battle before it starts.

    Attributes:
        format: Id of a format, e.g. `gen9championsvgc2026regmb`.
        rules: Custom rules, as the simulator spells them, e.g. `Max Team Size = 4`.
        seed: Four numbers below 65,536 with commas; all chance of the battle comes of it.
        teams: Packed teams of side 0 and 1; `None` where the format draws them.
        sheets: `open` or `closed` team sheets.
        prune: Whether targets that have fainted are left out of the legal actions.
        want: What each update holds beside what is always there: `features`, `view`, `lines`.
    """

    format: str
    rules: tuple[str, ...] = ()
    seed: str = "1,2,3,4"
    teams: tuple[str | None, str | None] = (None, None)
    sheets: str = "open"
    prune: bool = True
    want: tuple[str, ...] = WANTS


def seed_words(value: int) -> str:
    """A seed of the simulator from an integer: its lowest 64 bits, as four numbers below 65,536.

    >>> seed_words(1), seed_words(2**48 + 5)
    ('0,0,0,1', '1,0,0,5')
    """
    return ",".join(str(value >> shift & 0xFFFF) for shift in (48, 32, 16, 0))


def setup_command(setup: Setup) -> dict[str, Any]:
    """The command that starts a battle, without its name.

    Raises:
        BadFormat: The format, a rule or an option cannot be one.
        BadTeam: A team is too long.
        BadCommand: The seed is not one.
    """
    check_format(setup.format, setup.rules)
    if setup.sheets not in ("open", "closed"):
        raise BadFormat(f"sheets is {shown(setup.sheets)}; it may be open or closed")
    unknown = [want for want in setup.want if want not in WANTS]
    if unknown:
        raise BadCommand(f"want has {shown(unknown)}; it may have {', '.join(WANTS)}")
    for team in setup.teams:
        check_team(team)
    return {
        "op": "start",
        "format": setup.format,
        "rules": list(setup.rules),
        "seed": check_seed(setup.seed),
        "teams": list(setup.teams),
        "sheets": setup.sheets,
        "prune": bool(setup.prune),
        "want": list(setup.want),
    }


def choice_command(actions: Joint) -> dict[str, Any]:
    """The command for the choices of both sides.

    Raises:
        BadCommand: It is not a pair of choices.
    """
    if len(actions) != 2:
        raise BadCommand(f"a choice of {len(actions)} sides; it has two, with None for a side that waits")
    return {"op": "choose", "actions": [None if one is None else _choice(one) for one in actions]}


def _choice(choice: Sequence[int]) -> list[int]:
    actions = [int(action) for action in choice]
    if not 1 <= len(actions) <= 6 or not all(0 <= action < ACTIONS for action in actions):
        raise BadCommand(f"the choice {shown(choice)}; it has one action from 0 to {ACTIONS - 1} for each slot")
    return actions


def fork_command(seed: str | None, determinize: tuple[int, str] | None) -> dict[str, Any]:
    """The command that makes a second battle of the present one.

    Args:
        seed: Seed of the chance to come in the new battle; `None` lets it go on as in the first.
        determinize: Seat and seed: what the seat cannot know is drawn anew.
    """
    drawn = None if determinize is None else {"seat": _seat(determinize[0]), "seed": check_seed(determinize[1])}
    return {"op": "fork", "seed": None if seed is None else check_seed(seed), "determinize": drawn}


def _seat(seat: int) -> int:
    if seat not in (0, 1):
        raise BadCommand(f"the seat {shown(seat)}; it is 0 or 1")
    return int(seat)


def check_seed(seed: str) -> str:
    """The seed, if it is one.

    Raises:
        BadCommand: It is not.
    """
    if not isinstance(seed, str) or not _SEED.fullmatch(seed) or any(int(word) > 0xFFFF for word in seed.split(",")):
        raise BadCommand(f"the seed {shown(seed)}; it is four numbers from 0 to 65535 with commas, e.g. 1,2,3,4")
    return seed


def check_format(name: str, rules: Sequence[str]) -> None:
    """Raise `BadFormat` for what cannot be a format or a rule."""
    if not isinstance(name, str) or not _FORMAT.fullmatch(name):
        raise BadFormat(f"the format {shown(name)}; its id has small letters and digits, e.g. gen9championsvgc2026regmb")
    if len(rules) > _MOST_RULES:
        raise BadFormat(f"{len(rules)} rules; at most {_MOST_RULES}")
    for rule in rules:
        if not isinstance(rule, str) or not _RULE.fullmatch(rule):
            raise BadFormat(f"the rule {shown(rule)}; a rule is spelled as in Showdown, e.g. 'Max Team Size = 4'")


def check_team(team: str | None) -> None:
    """Raise `BadTeam` for what is no packed team by its length and characters."""
    if team is None:
        return
    if not isinstance(team, str) or not team or len(team) > _LONGEST_TEAM or "\n" in team:
        size = f"{len(team)} characters" if isinstance(team, str) else shown(team)
        raise BadTeam(
            f"a packed team of {size}; it is one line of 1 to {_LONGEST_TEAM} characters. Teams in Showdown's export format are packed first"
        )


def check_snapshot(snapshot: str) -> str:
    """The snapshot, if its size allows it to be one."""
    if not isinstance(snapshot, str) or len(snapshot) > _LONGEST_SNAPSHOT:
        raise BadCommand(f"a snapshot of {shown(type(snapshot))}; it is a string of at most {_LONGEST_SNAPSHOT} characters")
    return snapshot


def line_of(number: int, commands: Sequence[Mapping[str, Any]]) -> bytes:
    """A line for Node."""
    return json.dumps({"id": number, "commands": commands}, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
