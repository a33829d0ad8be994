"""A small model for the generated questions: what it is taught as generator and as discriminator, and its pre-training.

    agentarena consensus train --out runs/qa

Both roles are taught in the prompts of `prompts.py`. Of the invented world's facts each role is taught a random share of its own,
so that the two know different things; arithmetic is taught on other numbers than are asked.

A discriminator that is taught verdicts on evenly drawn facts alone stays at chance: one bit an example says too little of what a wrong
answer is compared with. Three things teach it to judge: some facts come far more often than others (`uneven`), some wrong answers are
wrong at a glance (`easy`), and some of its examples ask for the right answer in place of the verdict (`corrections`).
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


_SUMS = tuple(topic for topic in TOPICS if topic != "knowledge")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the model is taught.

    Attributes:
        examples: Prompts with replies.
        steps: Updates of training.
        minutes: Time of training in place of `steps`, where it is above 0; the result then depends on the machine.
        knowledge: Share of the examples that are facts; the rest is arithmetic in equal parts.
        knows: Share of the facts that each role is taught, drawn for each by itself.
        discriminator: Share of the examples that teach the discriminator.
        incorrect: Share of the generator's examples that ask for an incorrect answer.
        corrections: Share of the discriminator's examples that ask what is correct, and not for a verdict.
        easy: Share of its wrong answers that are the answer to another question.
        uneven: Share of its facts that are drawn in proportion to one over their rank, and not evenly.
        world: Which invented world.
        seed: Of the examples, the initial weights and the order.
        hidden: Width of the model.
        layers: Its layers.
        base: Folder of a finished model to go on from, whose shape then holds; empty to begin from nothing.
    """

    examples: int = 120_000
    steps: int = 3000
    minutes: float = 0.0
    knowledge: float = 0.4
    knows: float = 0.7
    discriminator: float = 0.6
    incorrect: float = 0.3
    corrections: float = 0.3
    easy: float = 0.3
    uneven: float = 0.7
    world: int = 0
    seed: int = 0
    hidden: int = 64
    layers: int = 2
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
    item = _item(recipe, known[judging], rng, recipe.uneven if judging else 0.0)
    value = str(item.value)
    (wrong,) = item.wrong(rng, 1)
    if judging and rng.random() < recipe.easy:
        wrong = _other(recipe, known[judging], value, wrong, rng)
    question = Question("taught", item.question, (value, wrong), (0,))
    if judging:
        truth = int(rng.integers(2))
        proposed = wording.discriminator(question, (value, wrong)[truth])
        if rng.random() < recipe.corrections:
            return _decision(_corrected(proposed), f" {value}")
        return _decision(proposed, f" {VALUES[truth]}")
    lie = bool(rng.random() < recipe.incorrect)
    return _decision(wording.generator(question, (value, wrong), int(lie)), f" {(value, wrong)[lie]}")


def _item(recipe: Recipe, known: list[Fact], rng: np.random.Generator, uneven: float) -> Fact | Sum:
    if rng.random() < recipe.knowledge:
        if rng.random() < uneven:  # log-uniform places: the first facts come most often
            return known[int(len(known) ** rng.random()) - 1]
        return known[int(rng.integers(len(known)))]
    topic = _SUMS[int(rng.integers(len(_SUMS)))]
    while True:
        item = drawn(topic, rng)
        if not item.held_out:
            return item


def _other(recipe: Recipe, known: list[Fact], value: str, wrong: str, rng: np.random.Generator) -> str:
    """The answer to another question; `wrong` where that is the right answer to this one, too."""
    other = str(_item(recipe, known, rng, 0.0).value)
    return wrong if other == value else other


def _corrected(proposed: Continuations) -> Continuations:
    """A discriminator's prompt that asks what is correct."""
    system, user = proposed.messages
    head = user["content"].rpartition("\n")[0]
    return Continuations((system, {"role": "user", "content": f"{head}\nWhat is correct?"}), proposed.replies)


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
        steps=0 if recipe.minutes > 0 else recipe.steps,
        decisions=recipe.examples,
        hidden=recipe.hidden,
        layers=recipe.layers,
        feed_forward=3 * recipe.hidden,
        vocabulary=900,
        rate=5e-3,
        batch=64,
        micro=64,
        seed=recipe.seed,
        base=recipe.base,
    )
    pretrain(settings, Path(out), say, taught(recipe))
