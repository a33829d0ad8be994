"""Searching products by words: BM25 by a library, and the same interface for an engine that takes millions of products.

`Bm25Index` (the library bm25s) is the default. It is exact, keeps its scores in plain arrays that workers share through memory mapping, and
needs 0.1 ms at 1,000 products. `TantivyIndex` (extra `search`) is for a million.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.errors import CorruptRecord, MissingExtra

__all__ = ["MOST_RESULTS", "Bm25Index", "SearchIndex", "TantivyIndex", "stem", "words"]

MOST_RESULTS = 50
"""How many products a search finds at most."""
K1, B = 0.9, 0.4
"""The parameters of BM25 that the original's search engine has by default."""
_MOST_WORDS = 200
"""Words of a query that are looked at."""
_WORD = re.compile(r"[a-z0-9]+")
_STOPPED = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with"
)
_STOP_WORDS = frozenset(_STOPPED.split())


def stem(word: str) -> str:
    """A word without its plural ending: Harman's S stemmer.

    Reference: Harman, "How effective is suffixing?" (1991).

    >>> [stem(word) for word in ("berries", "shoes", "dress", "lens", "gas", "toes")]
    ['berry', 'shoe', 'dress', 'len', 'gas', 'toe']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    return word[:-1]


def words(text: str) -> list[str]:
    """The words of a text as they are indexed: lower case, without stop words and plural endings.

    >>> words("The Shoes of a dancer, size 7")
    ['shoe', 'dancer', 'size', '7']
    """
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]


class SearchIndex(ABC):
    """Finds products by words."""

    @abstractmethod
    def search(self, query: str) -> tuple[int, ...]:
        """The numbers of at most `MOST_RESULTS` products that share words with the query, best first, equal ones by their numbers."""


class Bm25Index(SearchIndex):
    """BM25 as Lucene counts it, with k1 = 0.9 and b = 0.4.

    Args:
        engine: A `bm25s.BM25` with its scores.
        vocabulary: Word -> its number.
    """

    def __init__(self, engine: Any, vocabulary: dict[str, int]) -> None:
        self._engine, self._vocabulary = engine, vocabulary

    @classmethod
    def build(cls, texts: Iterable[str]) -> Bm25Index:
        """The index of these texts, in their order."""
        bm25s = _bm25s()
        vocabulary: dict[str, int] = {}
        numbers = [[vocabulary.setdefault(word, len(vocabulary)) for word in words(text)] for text in texts]
        engine = bm25s.BM25(method="lucene", k1=K1, b=B)
        engine.index((numbers, vocabulary), show_progress=False)
        return cls(engine, vocabulary)

    def search(self, query: str) -> tuple[int, ...]:
        terms = dict.fromkeys(self._vocabulary[word] for word in words(query) if word in self._vocabulary)
        if not terms:
            return ()
        scores = self._engine.get_scores_from_ids(list(terms)[:_MOST_WORDS])
        hits = np.flatnonzero(scores > 0.0)
        # rounded, so that the last bits of a sum, which differ between machines, decide nothing
        ranks = np.round(scores[hits], 4)
        if len(hits) > MOST_RESULTS:
            bound = np.partition(ranks, len(ranks) - MOST_RESULTS)[len(ranks) - MOST_RESULTS]
            above = ranks >= bound
            hits, ranks = hits[above], ranks[above]
        best = np.lexsort((hits, -ranks))[:MOST_RESULTS]
        return tuple(hits[best].tolist())

    def save(self, folder: Path) -> None:
        """Write the index as arrays that `load` maps."""
        folder.mkdir(parents=True, exist_ok=True)
        self._engine.save(str(folder), show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Bm25Index:
        """An index that was saved, its arrays mapped: processes share one copy.

        Raises:
            CorruptRecord: A file is missing or damaged.
        """
        try:
            engine = _bm25s().BM25.load(str(folder), mmap=True, load_vocab=True)
            return cls(engine, dict(engine.vocab_dict))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CorruptRecord(
                f"the index in {folder} cannot be read ({type(error).__name__}); delete the folder to have it made anew"
            ) from error


class TantivyIndex(SearchIndex):
    """BM25 by tantivy (k1 = 1.2, b = 0.75, which it fixes): at a million products ten times as quick, in an eighth of the space.

    Args:
        folder: Where the index lies.
    """

    def __init__(self, folder: Path) -> None:
        self._index = _tantivy().Index.open(str(folder))
        self._searcher = self._index.searcher()

    @classmethod
    def build(cls, texts: Iterable[str], folder: Path) -> TantivyIndex:
        """Index these texts, in their order, into an empty folder."""
        tantivy = _tantivy()
        folder.mkdir(parents=True, exist_ok=True)
        schema = tantivy.SchemaBuilder().add_text_field("text", stored=False, tokenizer_name="default")
        schema = schema.add_integer_field("number", stored=False, indexed=False, fast=True).build()
        writer = tantivy.Index(schema, path=str(folder)).writer(128_000_000, 1)
        for number, text in enumerate(texts):
            writer.add_document(tantivy.Document(text=" ".join(words(text)), number=number))
        writer.commit()
        writer.wait_merging_threads()
        return cls(folder)

    def search(self, query: str) -> tuple[int, ...]:
        terms = list(dict.fromkeys(words(query)))[:_MOST_WORDS]
        if not terms:
            return ()
        parsed = self._index.parse_query(" ".join(terms), ["text"])
        hits = self._searcher.search(parsed, MOST_RESULTS).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        ranked = sorted(zip((-round(score, 4) for score, _ in hits), numbers, strict=True))
        return tuple(int(number) for _, number in ranked)


def _bm25s() -> Any:
    import bm25s

    return bm25s


def _tantivy() -> Any:
    try:
        import tantivy
    except ImportError:
        raise MissingExtra("tantivy", "search") from None
    return tantivy
