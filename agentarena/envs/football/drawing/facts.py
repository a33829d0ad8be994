"""What may be drawn for whom: the type, the ball, the targets."""

from __future__ import annotations

from typing import Any

from agentarena.envs.football.rules.football import FootballSystem
from agentarena.envs.football.rules.plays import carrier
from agentarena.envs.football.rules.transitions import finished
from agentarena.envs.football.state import ATTACK

__all__ = ["ball", "carriers", "known_type", "labels", "names", "time_line", "types_drawn"]


def known_type(game: Any, state: Any, seats: tuple[int, ...]) -> int | None:
    """The type where `seats` know it: attackers do, and everybody at the end; `None` where they do not."""
    informed = any(game.layout.side(seat) == ATTACK for seat in seats)
    return int(state.secret) if informed or bool(finished(game.system, state)) else None


def types_drawn(game: Any, knows: int | None) -> tuple[int, ...]:
    """The types that may be the one that is."""
    return tuple(range(game.system.types)) if knows is None else (knows,)


def carriers(game: Any, knows: int | None) -> tuple[int, ...]:
    """Numbers of the attackers who may have the ball; `()` in games without one."""
    system = game.system
    if not isinstance(system, FootballSystem):
        return ()
    return tuple(dict.fromkeys(carrier(system.plays[number], system.roster) for number in types_drawn(game, knows)))


def ball(game: Any, knows: int | None) -> str:
    """Who has the ball, or may have it, in words; "" in games without one."""
    roles = [game.system.roster.attack[number].name for number in carriers(game, knows)]
    return " or ".join(roles)


def labels(game: Any, side: int) -> tuple[str, ...]:
    """What stands for each player of a side: its role, its number, or A and D."""
    system = game.system
    if isinstance(system, FootballSystem):
        return tuple(role.name for role in (system.roster.attack, system.roster.defence)[side])
    if system.players == 1:
        return ("A",) if side == ATTACK else ("D",)
    return tuple(str(number + 1) for number in range(system.players))


def names(game: Any) -> tuple[str, ...]:
    """The types in short."""
    system = game.system
    if isinstance(system, FootballSystem):
        return tuple(play.replace("_", " ") for play in system.plays)
    return tuple(f"target {number + 1}" for number in range(system.types))


def time_line(game: Any, state: Any, knows: int | None) -> str:
    """The step, the time, and what is known of the play, in a line."""
    step, system = int(state.step), game.system
    parts = [f"Step {step} of {system.steps}, time {step * system.dt:.2f} of {system.steps * system.dt:.2f}"]
    if knows is not None:
        parts.append(f"play: {names(game)[knows]}")
    if carrier_ := ball(game, knows):
        parts.append(f"ball: {carrier_}")
    if bool(state.announced):
        parts.append("the attackers have acted")
    return "; ".join(parts)
