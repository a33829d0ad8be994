"""A small model for the generated questions: what it is taught as generator and as discriminator, and its pre-training.

    agentarena consensus train --out runs/qa --minutes 12

Both roles are taught in the prompts of `prompts.py`. Of the invented world's facts each role is taught a random share of its own,
so that the two know different things; arithmetic is taught on other numbers than are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agentarena.agents.llm.scoring import Continuations
from agentarena.core.rng import stream
from agentarena.models.corpus import Decision

from .generated import TOPICS, Fact, Sum, drawn, facts
from .prompts import VALUES, Wording
from .questions import Question

__all__ = ["Recipe", "taught", "train"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the model is taught.

    Attributes:
        examples: Prompts with replies.
        minutes: Time of training.
        knows: Share of the facts that each role is taught, drawn for each by itself.
        discriminator: Share of the examples that teach the discriminator.
        incorrect: Share of the generator's examples that ask for an incorrect answer.
        world: Which invented world.
        seed: Of the examples, the initial weights and the order.
        hidden: Width of the model.
        layers: Its layers.
        base: Folder of a finished model to go on from, whose shape then holds; empty to begin from nothing.
    """

    examples: int = 120_000
    minutes: float = 12.0
    knows: float = 0.7
    discriminator: float = 0.5
    incorrect: float = 0.3
    world: int = 0
    seed: int = 0
    hidden: int = 128
    layers: int = 3
    base: str = ""


def taught(recipe: Recipe) -> list[Decision]:
    """The examples: prompts of both roles with their replies."""
    rng = stream(recipe.world, 3)  # what each role knows does not depend on the seed, so that a run can go on with new examples
    everything = facts(recipe.world)
    known = [[fact for fact, draw in zip(everything, rng.random(len(everything)), strict=True) if draw < recipe.knows] for _ in range(2)]
    wording, rng = Wording(), stream(recipe.seed, 4)
    return [_example(recipe, known, wording, rng) for _ in range(recipe.examples)]


def _example(recipe: Recipe, known: list[list[Fact]], wording: Wording, rng: np.random.Generator) -> Decision:
    judging = bool(rng.random() < recipe.discriminator)
    item = _item(known[judging], rng)
    value = str(item.value)
    (wrong,) = item.wrong(rng, 1)
    question = Question("taught", item.question, (value, wrong), (0,))
    if judging:
        truth = int(rng.integers(2))
        return _decision(wording.discriminator(question, (value, wrong)[truth]), f" {VALUES[truth]}")
    lie = bool(rng.random() < recipe.incorrect)
    return _decision(wording.generator(question, (value, wrong), int(lie)), f" {(value, wrong)[lie]}")


def _item(known: list[Fact], rng: np.random.Generator) -> Fact | Sum:
    topic = TOPICS[int(rng.integers(len(TOPICS)))]
    if topic == "knowledge":
        return known[int(rng.integers(len(known)))]
    while True:
        item = drawn(topic, rng)
        if not item.held_out:
            return item


def _decision(prompt: Continuations, reply: str) -> Decision:
    system, user = prompt.messages
    return Decision("Consensus-v0", system["content"], user["content"], reply)


def train(recipe: Recipe, out: str | Path, say: Callable[[str], None] = lambda line: None) -> None:
    """Trains the model and saves it into a folder; it is then `hf:FOLDER`.

    Args:
        recipe: How.
        out: The folder; a run that was broken off goes on from its checkpoint.
        say: Takes lines on how far it is.
    """
    from agentarena.models.pretrain import Settings, pretrain

    settings = Settings(
        minutes=recipe.minutes,
        decisions=recipe.examples,
        hidden=recipe.hidden,
        layers=recipe.layers,
        feed_forward=3 * recipe.hidden,
        vocabulary=900,
        rate=6e-3,
        batch=64,
        micro=64,
        seed=recipe.seed,
        base=recipe.base,
    )
    pretrain(settings, Path(out), say, taught(recipe))
