"""Games by number: drawn until the plan is no longer than allowed, and kept while in use."""

from __future__ import annotations

from functools import lru_cache

from agentarena.core.errors import BadOption

from .generator import generate
from .loading import load_spec
from .planner import plan_length
from .scene import first_scene, won
from .world import Key, World

__all__ = ["trial_problems", "world_of"]

_MOST_DRAWS = 40


@lru_cache(maxsize=1024)
def world_of(source: str, key: Key) -> World:
    """The game of a specification with this key: its plan does the task within `key.longest` commands, and nothing is done at the start.

    Raises:
        BadOption: The specification cannot make such a game.
    """
    spec, shortest = load_spec(source), -1
    for attempt in range(_MOST_DRAWS):
        world = generate(spec, source, key, attempt, world_of)
        length = plan_length(world)
        if 0 < length <= key.longest and not won(world, first_scene(world)):
            return world
        shortest = length if shortest < 0 else min(shortest, length) if length > 0 else shortest
    reason = f"the shortest of {_MOST_DRAWS} has {shortest} commands" if shortest > 0 else "no plan was seen"
    raise BadOption(f"SkillGame: {spec.name} makes no game that is done within {key.longest} commands; {reason}")


def trial_problems(source: str, games: int = 50, longest: int = 200) -> list[str]:
    """What goes wrong with sample games of a specification that has the right form; `[]` when all can be done."""
    problems: dict[str, None] = {}
    for number in range(games):
        try:
            world_of(source, Key("train", number, longest=longest))
        except BadOption as error:
            problems[str(error)] = None
    return list(problems)[:20]
