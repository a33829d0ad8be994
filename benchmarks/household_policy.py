"""A small policy of the household: a transformer from random weights that imitates the searcher, so that training has a start.

The tokenizer has one piece for a receptacle with its number and one for each kind of object, and merges the words between them, so a
prompt has some 95 tokens. What is learned are the searcher's commands at its own prompts, the present decision alone.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.core.record import Fixture
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.household.engine.generator import split_size
from agentarena.envs.household.engine.tables import RECEPTACLE_TYPES
from agentarena.envs.household.observation import TYPES
from agentarena.models import tokenizer as tokenizers
from agentarena.train.checkpoint import scratch
from agentarena.train.config import ScratchModel
from agentarena.train.player import PolicyPlayer
from agentarena.train.policy import Policy
from agentarena.train.rollout import play
from agentarena.train.supervised import clone, examples

__all__ = ["GAME", "SPLITS", "Game", "WarmStart", "evaluate", "pieces", "save", "warm_start"]

GAME = "Household-v0"
SPLITS = ("valid_seen", "valid_unseen")
_STEP = re.compile(r"\nStep \d+ of \d+\.")
_EVALUATION = 1000
"""Seed of the evaluations: all policies meet the same games under the same draws."""


@dataclass(frozen=True, slots=True)
class WarmStart:
    """How the policy that all runs begin with is made.

    Attributes:
        model: Its shape.
        matches: Games of the searcher on `train`.
        epochs: Passes over them.
        learning_rate: At the beginning; it falls to a twentieth.
        batch_size: Turns of an optimizer step.
        max_steps: Commands of a match.
        seed: Of games, order and weights.
    """

    model: ScratchModel = field(default_factory=lambda: ScratchModel(64, 2, 4, 192, 1536))
    matches: int = 1000
    epochs: int = 5
    learning_rate: float = 2.5e-3
    batch_size: int = 32
    max_steps: int = 30
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Game:
    """One game of an evaluation.

    Attributes:
        number: Its number in the split.
        kind: Its task type.
        won: Whether the task was done.
        steps: Commands.
    """

    number: int
    kind: str
    won: bool
    steps: int


def pieces() -> str:
    """What the tokenizer never merges across: names of things, numbers, and the words between them."""
    places = _any(kind.lower() for kind in RECEPTACLE_TYPES)
    things = _any(TYPES)
    words = rf"\n?(?: ?(?!(?:{things})\b)[A-Za-z(][A-Za-z()'-]*[.,:;]*|[.,:;])+"
    return rf"</?answer>| ?(?:{places}) \d+| ?(?:{things})\b| ?\d+|{words}|\n|."


def timeless(tokenizer: Any) -> Any:
    """The tokenizer, which now leaves out the number of the step: prompts of equal situations are equal, and so computed once."""
    from tokenizers import Regex, normalizers

    tokenizer.backend_tokenizer.normalizer = normalizers.Replace(Regex(_STEP.pattern), "")
    return tokenizer


def _any(names: Any) -> str:
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


def warm_start(folder: Path, settings: WarmStart) -> dict[str, Any]:
    """Make the policy and save it; returns what it took and what it learned."""
    began = time.perf_counter()
    records = aa.play(GAME, ["household/searcher"], matches=settings.matches, seed=settings.seed, max_steps=settings.max_steps).records
    turns = list(examples(records))
    texts = [turns[0].system] * 30 + [text for turn in turns for text in (turn.user, turn.reply)]
    tokenizer = timeless(tokenizers.train([_STEP.sub("", text) for text in texts], settings.model.vocab_size, pieces()))
    policy = scratch(settings.model, tokenizer, settings.seed)
    how: dict[str, Any] = {"epochs": settings.epochs, "batch_size": settings.batch_size, "learning_rate": settings.learning_rate}
    figures = clone(policy, turns, **how, lr_min_ratio=0.05, held_out=0.05, seed=settings.seed, report=_say)
    save(policy, folder)
    return {
        "settings": asdict(settings),
        "seconds": time.perf_counter() - began,
        "matches": len(records),
        "turns": len(turns),
        "parameters": sum(parameter.numel() for parameter in policy.model.parameters()),
        "held_out_loss": figures["held_out_loss"],
    }


def _say(figures: dict[str, float]) -> None:
    print(
        f"imitation, pass {figures['epoch']:.0f}: {figures['loss']:.3f}, held out {figures['held_out_loss']:.3f} nats a token", flush=True
    )


def save(policy: Policy, folder: Path) -> None:
    """Write a policy in the format of transformers: "hf:<folder>?memory=state&constrain=true" plays it."""
    policy.model.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)


def evaluate(policy: Policy, split: str, *, rounds: int, max_steps: int, temperature: float = 1.0, games: int = 0) -> list[Game]:
    """Every game of a split, so many times each, in the order of their numbers.

    Args:
        policy: It draws commands from the admissible ones.
        split: Of the household.
        rounds: Matches of each game.
        max_steps: Commands of a match.
        temperature: Of its draws; 0 is greedy.
        games: Only so many games, the first; 0 is all.
    """
    game: Any = aa.game(GAME, split=split, max_steps=max_steps)
    deals = _deals(game, games or split_size(split))
    order = [(number, turn) for number in sorted(deals) for turn in range(rounds)]
    seating = [Fixture(match, deals[number], (0,)) for match, (number, _) in enumerate(order)]
    finished = play(game, [PolicyPlayer(policy, temperature=temperature)], seating, seed=_EVALUATION)
    out = []
    for (number, _), one in zip(order, finished, strict=True):
        kind = game.start(stream(_EVALUATION, CHANCE, one.record.deal)).house.goal.kind
        out.append(Game(number, kind, one.record.returns[0] == 1, len(one.record.actions)))
    return out


def _deals(game: Any, games: int) -> dict[int, int]:
    """For each of the first games of the split, the first deal that draws it."""
    deals: dict[int, int] = {}
    deal = 0
    while len(deals) < games:
        number = game.start(stream(_EVALUATION, CHANCE, deal)).house.key.game
        if number < games:
            deals.setdefault(number, deal)
        deal += 1
    return deals


def by_kind(games: Sequence[Game]) -> dict[str, float]:
    """Success by task type."""
    wins: dict[str, list[bool]] = defaultdict(list)
    for one in games:
        wins[one.kind].append(one.won)
    return {kind: float(np.mean(values)) for kind, values in sorted(wins.items())}
