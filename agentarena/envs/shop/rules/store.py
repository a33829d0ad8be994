"""The shop under its options: the catalogue, and which customers come.

Arrays have shape (G,): one entry for each goal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agentarena.core.errors import BadOption
from agentarena.envs.shop.engine.build import file_catalogue, generated_catalogue
from agentarena.envs.shop.engine.catalogue import Catalogue, Goal
from agentarena.envs.shop.options import ShopOptions

from .nouns import lexicon_nouns, spacy_nouns
from .reward import Nouns

__all__ = ["SPLITS", "Store"]

SPLITS: dict[str, slice] = {"test": slice(0, 500), "dev": slice(500, 1500), "train": slice(1500, None), "all": slice(None)}
"""Which of the goals, in their shuffled order, belong to a split."""
_MOST_GOALS = 20_000
"""Goals that are remembered."""


@dataclass(frozen=True)
class Store(ShopOptions):
    """The options with what follows from them."""

    @cached_property
    def catalogue(self) -> Catalogue:
        """The products with their goals and index: made when first needed, one for each process."""
        human = self.goals == "human"
        if self.files:
            return file_catalogue(self.files, self.catalogue_seed, human, self.engine)
        return generated_catalogue(self.products, self.catalogue_seed, self.siblings, self.paraphrase, human, self.engine)

    @cached_property
    def numbers(self) -> np.ndarray:
        """The goals that may be drawn, shape (G,).

        Raises:
            BadOption: There is none.
        """
        catalogue = self.catalogue
        numbers = np.asarray(catalogue.order[SPLITS[self.split]])
        if self.difficulty >= 0:
            numbers = numbers[np.asarray(catalogue.difficulties)[numbers] == self.difficulty]
        if not len(numbers):
            level = f" of difficulty {self.difficulty}" if self.difficulty >= 0 else ""
            raise BadOption(
                f"Shop: the split {self.split!r} has no goal{level}; the catalogue has {len(catalogue.order)} goals in all. "
                "Take more products, another difficulty, or split='all'"
            )
        if self.goal >= len(numbers):
            raise BadOption(f"Shop: option 'goal' is {self.goal}; the split {self.split!r} has goals 0 to {len(numbers) - 1}")
        return numbers

    @cached_property
    def cumulative(self) -> np.ndarray:
        """Running sum of the weights of `numbers`, the last 1; shape (G,)."""
        total = np.cumsum(np.asarray(self.catalogue.weights)[self.numbers])
        return np.asarray(total / total[-1])

    @cached_property
    def noun_finder(self) -> Nouns:
        """From a title to its nouns."""
        return lexicon_nouns if self.nouns == "lexicon" else spacy_nouns()

    def goal_of(self, number: int) -> Goal:
        """A goal by its number in the catalogue, remembered."""
        goal = self._goals.get(number)
        if goal is None:
            if len(self._goals) >= _MOST_GOALS:
                self._goals.clear()
            goal = self._goals[number] = self.catalogue.goal(number)
        return goal

    @cached_property
    def _goals(self) -> dict[int, Goal]:
        return {}

    @cached_property
    def queries(self) -> dict[str, tuple[int, ...]]:
        """What the last queries found."""
        return {}
