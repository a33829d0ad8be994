"""The options of a battle: format, team sheets, where teams come from, and how the engine is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.display import shown
from agentarena.core.errors import BadOption
from agentarena.core.game import option

__all__ = ["FORMATS", "HELD_OUT", "LEAST_OFFERED", "MOST_OFFERED", "POOLS", "TEAM_SIZE", "VGCOptions"]

FORMATS: Mapping[str, str] = {
    "champions-reg-mb": "gen9championsvgc2026regmb",
    "champions-reg-ma": "gen9championsvgc2026regma",
    "reg-i": "gen9vgc2025regi",
    "reg-g": "gen9vgc2024regg",
    "random-doubles": "gen9randomdoublesbattle",
}
"""Short names of formats, and the simulator's ids."""
POOLS = ("1", "4", "16", "64")
"""Names of training pools: as many teams, a smaller pool being the beginning of a larger one."""
HELD_OUT = "heldout"
"""Name of the pool that shares no set with a training pool."""
TEAM_SIZE = 6
LEAST_OFFERED = 12
MOST_OFFERED = 24
"""Most sets that a side can be offered to build a team of: the largest team that the simulator's validator looks at."""
_ID = re.compile(r"[a-z0-9]{3,80}")
_RULE = re.compile(r"[\w !+\-*:;=.'&()/%]{1,200}")


@dataclass(frozen=True)
class VGCOptions:
    """One configuration. The defaults are the official format of the day with open team sheets and a pool of 16 teams."""

    format: str = option(
        "champions-reg-mb",
        "champions-reg-mb, champions-reg-ma, reg-i, reg-g, random-doubles, or a Showdown id of a doubles format, with custom rules after @@@.",
    )
    sheets: str = option("open", "Whether each side sees the other's team sheet, stats apart.", choices=("open", "closed"))
    teams: str = option(
        "16",
        "Where teams come from: 1, 4, 16 or 64 (training pools), heldout, a file or folder of teams, or one packed team.",
    )
    foe_teams: str = option("", "Where the teams of seat 1 come from; empty for the same place.")
    pool: int = option(0, "Number of the generated pool that 1, 4, 16, 64 and heldout mean.", low=0, high=9999)
    mirror: bool = option(False, "Whether both sides play the same team.", choices=(True, False))
    team_building: int = option(
        0, "Sets that each side is offered to build its team of, as a first phase of the match; 0 leaves it out.", low=0, high=MOST_OFFERED
    )
    max_turns: int = option(100, "Turns after which a battle is cut short.", low=1, high=1000)
    prune: bool = option(True, "Whether targets that have fainted are left out of the legal choices.", choices=(True, False))
    patch: bool = option(False, "Whether the engine runs with the faster look-up of event handlers.", choices=(True, False))
    processes: int = option(1, "Processes of the engine; battles are spread over them.", low=1, high=64)
    trace: bool = option(False, "Whether infos hold the digest of the battle and its input log.", choices=(True, False))

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "champions": {},
        "reg-i": {"format": "reg-i"},
        "random-doubles": {"format": "random-doubles"},
        "closed-sheets": {"sheets": "closed"},
        "one-team": {"teams": "1", "mirror": True},
        "team-building": {"team_building": 18},
    }

    @property
    def format_id(self) -> str:
        """The simulator's id of the format, without custom rules."""
        name = self.format.partition("@@@")[0].strip()
        return FORMATS.get(name, name)

    @property
    def rules(self) -> tuple[str, ...]:
        """Custom rules, as the simulator spells them."""
        return tuple(rule.strip() for rule in self.format.partition("@@@")[2].split(",") if rule.strip())

    @property
    def draws_teams(self) -> bool:
        """Whether the format draws the teams itself."""
        return "random" in self.format_id

    def check_combination(self) -> None:
        """Refuse options that cannot be, or contradict each other.

        Raises:
            BadOption: A value cannot be one, or two options cannot go together.
        """
        if not _ID.fullmatch(self.format_id):
            raise BadOption(
                f"PokemonVGC: option 'format' is {shown(self.format)}; allowed: {', '.join(FORMATS)}, or an id of small letters and digits "
                "such as gen9vgc2025regi, with custom rules after @@@"
            )
        for rule in self.rules:
            if not _RULE.fullmatch(rule):
                raise BadOption(f"PokemonVGC: the custom rule {shown(rule)} cannot be one; e.g. 'Max Team Size = 4'")
        if self.team_building and self.draws_teams:
            raise BadOption(f"PokemonVGC: {self.format_id} draws the teams; leave team_building at 0")
        if 0 < self.team_building < LEAST_OFFERED:
            raise BadOption(f"PokemonVGC: option 'team_building' is {self.team_building}; allowed: 0, or {LEAST_OFFERED} to {MOST_OFFERED}")
        if self.mirror and self.foe_teams:
            raise BadOption("PokemonVGC: with mirror both sides play one team; leave foe_teams empty")
