"""Whom the learner meets: itself, its own checkpoints, any other agent; drawn for each stage from the run's seed, and named in its log.

Axis letters: P checkpoints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.adapters.layout import MAX_CHARS, Layout
from agentarena.adapters.vector import array_batch
from agentarena.agents.rl.agent import NetworkAgent
from agentarena.agents.specs import agent as agent_of
from agentarena.agents.suitability import refusal
from agentarena.core.agent import Agent
from agentarena.core.batch import BatchPolicy
from agentarena.core.errors import BadOption
from agentarena.core.game import Game
from agentarena.train.opponents import prioritized

from .config import POOL, RLConfig
from .env import Finished, Group

__all__ = ["SELF", "Pool", "check_opponents", "groups_of", "points", "slots_of"]

SELF = "self"


@dataclass
class Pool:
    """The run's checkpoints and what came of matches against them.

    Attributes:
        folder: Where they are.
        policies: Steps of each checkpoint, oldest first, and the digest of its weights.
        results: Digest -> points of the learner (1 a win, 1/2 a draw) and matches.
    """

    folder: Path
    policies: list[tuple[int, str]] = field(default_factory=list)
    results: dict[str, list[float]] = field(default_factory=dict)

    def path(self, steps: int) -> Path:
        """The policy file of a checkpoint."""
        return self.folder / f"policy-{steps}.safetensors"

    def draw(self, how: str, count: int, config: RLConfig, rng: np.random.Generator) -> list[int]:
        """The steps of `count` checkpoints, drawn with replacement: "last", "past" or "prioritized"."""
        members = self.policies[-config.past_size :]
        if how == "last":
            return [members[-1][0]] * count
        chances = None
        if how == "prioritized":
            chances = prioritized([self.results.get(digest, [0.0, 0.0]) for _, digest in members], config.past_exponent)
        return [members[int(index)][0] for index in rng.choice(len(members), size=count, p=chances)]

    def count(self, groups: Sequence[Group], matches: Iterable[Finished]) -> None:
        """Count matches against checkpoints."""
        digests = {f"policy@{digest[:8]}": digest for _, digest in self.policies}
        for match in matches:
            digest = digests.get(groups[match.group].name)
            if digest is not None:
                entry = self.results.setdefault(digest, [0.0, 0.0])
                entry[0] += points(match.returns, match.seat)
                entry[1] += 1


def points(returns: np.ndarray, seat: int) -> float:
    """1 where the seat's return is above all others', 1/2 where it is equal to the best of them, else 0. `returns` has shape (S,)."""
    others = np.delete(returns, seat)
    return 0.5 if not len(others) else float(np.sign(returns[seat] - others.max()) + 1) / 2


def slots_of(shares: Mapping[str, float], slots: int, seats_of_self: int, rng: np.random.Generator) -> dict[str, int]:
    """How many slots each opponent gets in a stage: its share of them on average over the stages, and less than one slot off it in each.

    Args:
        shares: By name; some positive.
        slots: To be given out.
        seats_of_self: "self" gets a multiple of it; what is left over goes to the opponent of greatest share.
        rng: One number is drawn.

    Raises:
        BadOption: There is nobody else for what is left over.

    >>> slots_of({"self": 3.0, "random": 1.0}, 8, 1, np.random.default_rng(0))
    {'self': 6, 'random': 2}
    """
    names = [name for name, share in shares.items() if share > 0]
    ends = np.cumsum([shares[name] for name in names])
    marks = np.floor(ends / ends[-1] * slots + rng.random())
    counts = dict(zip(names, np.diff(marks, prepend=0.0).astype(int).tolist(), strict=True))
    over = counts.get(SELF, 0) % seats_of_self
    if over:
        others = [name for name in names if name != SELF]
        if not others:
            raise BadOption(f"num_envs={slots} must be a multiple of {seats_of_self}, one slot for each seat of a self-play match")
        counts[SELF] -= over
        counts[max(others, key=lambda name: shares[name])] += over
    return {name: count for name, count in counts.items() if count}


def groups_of(config: RLConfig, game: Game[Any], pool: Pool, rng: np.random.Generator) -> list[Group]:
    """The slots of a stage and their opponents. A checkpoint is named `policy@<digest of its weights>`."""
    arrays = array_batch(Layout(game, "vector", MAX_CHARS)) is not None
    digests = dict(pool.policies)
    seats_of_self = game.info.seats if game.info.simultaneous else 1
    groups = []
    for name, slots in slots_of(config.opponents, config.num_envs, seats_of_self, rng).items():
        if name == SELF:
            groups.append(Group(SELF, slots))
        elif name not in POOL:
            groups.append(Group(name, slots, _seated(name, game, arrays)))
        else:
            drawn = pool.draw(name, min(slots, config.opponents_per_stage), config, rng)
            for steps, share in sorted(Counter(drawn[slot % len(drawn)] for slot in range(slots)).items()):
                groups.append(Group(f"policy@{digests[steps][:8]}", share, _policy(NetworkAgent(pool.path(steps)), game, arrays)))
    return groups


def _seated(spec: str, game: Game[Any], arrays: bool) -> str | Agent | BatchPolicy:
    """An opponent as `make_vec` takes it: policies on arrays where the game has array rules."""
    return spec if spec == "random" else _policy(agent_of(spec), game, arrays)


def _policy(agent: Agent, game: Game[Any], arrays: bool) -> Agent | BatchPolicy:
    batch_policy: Any = getattr(agent, "batch_policy", None)
    return batch_policy(game) if arrays and batch_policy is not None else agent


def check_opponents(config: RLConfig, game: Game[Any]) -> None:
    """Raise unless the game can be played as configured: its seats, and every opponent, those of evaluations as well.

    Raises:
        BadOption: The message names the setting, the reason and what to write instead.
    """
    if isinstance(config.seat, int) and not 0 <= config.seat < game.info.seats:
        raise BadOption(f"seat={config.seat}, and {config.env} has the seats 0 to {game.info.seats - 1}")
    named = [name for name, share in config.opponents.items() if share > 0]
    if game.info.seats == 1 and named != [SELF]:
        raise BadOption(f'opponents: {config.env} has one seat, which the learner holds; write opponents = "self"')
    for where, specs in (("opponents", [name for name in named if name not in (SELF, *POOL)]), ("eval", list(config.eval))):
        for spec in specs:
            agent = agent_of(spec)
            reason = refusal(agent, game)
            agent.close()
            if reason is not None:
                raise BadOption(f"{where}: {spec!r} cannot play {config.env}: {reason}")
