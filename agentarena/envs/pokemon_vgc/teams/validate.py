"""What the simulator says against a team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentarena.core.display import printable
from agentarena.envs.pokemon_vgc.engine import Engine
from agentarena.envs.pokemon_vgc.engine.errors import BadTeam

from .showdown import PokemonSet, pack, read_team, unpack

__all__ = ["legal_team", "spelled", "team_problems"]

_SHOWN = 5


def team_problems(engine: Engine, format: str, text: str, rules: Sequence[str] = ()) -> list[str]:
    """Why a team may not be played in a format, in the simulator's words; an empty list for a legal one.

    Args:
        engine: Where the validator runs.
        format: Id of the format.
        text: The team, packed or in the export format.
        rules: Custom rules on top of the format's.

    Raises:
        BadTeam: The text is in neither format.
    """
    return [printable(problem, 300) for problem in engine.validate(format, pack(read_team(text)), rules)]


def legal_team(engine: Engine, format: str, text: str, rules: Sequence[str] = ()) -> str:
    """The packed team, if it may be played.

    Raises:
        BadTeam: It may not; the message has the reasons.
    """
    problems = team_problems(engine, format, text, rules)
    if problems:
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise BadTeam(f"this team may not be played in {format}: {' · '.join(problems[:_SHOWN])}{more}")
    return pack(read_team(text))


def spelled(engine: Engine, team: str) -> tuple[PokemonSet, ...]:
    """The sets of a packed team with names as the simulator spells them, e.g. `Will-O-Wisp` and `Stunfisk-Galar`.

    Raises:
        BadTeam: It is not a packed team.
    """
    return tuple(
        replace(
            one,
            species=str(names["species"]),
            item=str(names.get("item", "")),
            ability=str(names.get("ability", "")),
            moves=tuple(map(str, names.get("moves", ()))),
        )
        for one, names in zip(unpack(team), engine.unpack(team), strict=True)
    )
