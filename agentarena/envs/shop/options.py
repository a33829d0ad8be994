"""The options of the shop, their ranges, and named configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from agentarena.core.game import option

__all__ = ["ShopOptions"]

_SWITCH = (False, True)


@dataclass(frozen=True)
class ShopOptions:
    """The options. `Store` adds the catalogue that follows from them, and the game inherits both."""

    products: int = option(1000, "Number of products of the generated catalogue.", low=10, high=2_000_000)
    catalogue_seed: int = option(0, "Seed of the generated catalogue, and of prices and caps with files.", low=0, high=2**31)
    siblings: int = option(6, "Most products that nearly fit what a customer wants; each family has from 0 to this many.", low=0, high=20)
    paraphrase: int = option(50, "Percentage of wanted attributes that customers say in other words.", low=0, high=100)
    goals: str = option("human", "Whose words the instructions are: people's, or a template's.", choices=("human", "synthetic"))
    files: str = option("", "Folder of WebShop's own files; empty for a generated catalogue.")
    split: str = option("train", "Which goals: the first 500, the next 1000, the rest, or all.", choices=("train", "dev", "test", "all"))
    difficulty: int = option(-1, "Only goals with exactly so many siblings; -1 for any.", low=-1, high=20)
    goal: int = option(-1, "Always this goal of the split, from 0; -1 draws one.", low=-1, high=100_000_000)
    max_steps: int = option(15, "Commands until the session ends without a purchase.", low=1, high=1000)
    format: str = option("lines", "Pages in lines, or as WebShop's text or rich text.", choices=("lines", "plain", "rich"))
    attributes_tab: bool = option(False, "Whether a product's page has a tab with its attributes.", choices=_SWITCH)
    feedback: str = option("explain", "What follows a command without effect: nothing, or the reason.", choices=("plain", "explain"))
    nouns: str = option("lexicon", "Who finds the nouns of titles: our lexicon, or spaCy's small model.", choices=("lexicon", "spacy"))
    engine: str = option("bm25s", "Which search engine; tantivy is for a million products.", choices=("bm25s", "tantivy"))
    original_options: bool = option(False, "Defect of the original: wanted options of a template match by name and value.", choices=_SWITCH)
    special_queries: bool = option(
        False, "Defect of the original: queries <r>, <a>, <c>, <q> look past the search engine.", choices=_SWITCH
    )
    ascii_marks: bool = option(
        False, "Defect of the original: rich text marks no chosen option that has other characters than ASCII.", choices=_SWITCH
    )
    buy_again: bool = option(False, "Defect of the original: play goes on after a purchase, and another is paid again.", choices=_SWITCH)

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "webshop": {"format": "plain", "feedback": "plain"},
        "synthetic": {"format": "plain", "feedback": "plain", "goals": "synthetic"},
        "hard": {"products": 2000, "siblings": 12, "paraphrase": 100},
        "defects": {
            "format": "rich",
            "feedback": "plain",
            "goals": "synthetic",
            "original_options": True,
            "special_queries": True,
            "ascii_marks": True,
            "buy_again": True,
        },
    }
