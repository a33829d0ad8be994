"""Making a catalogue ready: its goals and its index, in memory, or for large ones in a cache folder that workers share."""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from agentarena.core.errors import BadOption, CorruptRecord, UsageError
from agentarena.core.folders import cache_folder

from .files import FileCatalogue
from .generator import GeneratedCatalogue
from .search import Bm25Index, SearchIndex, TantivyIndex

__all__ = ["CACHED_FROM", "cache_folder", "file_catalogue", "generated_catalogue"]

CACHED_FROM = 20_000
"""Catalogues of so many products have their index in the cache folder."""
_FORMAT = 4
"""Raised when what lies in the cache folder is made differently."""
_TABLES = ("goal_families", "goal_combinations", "weights", "difficulties", "order")


@functools.lru_cache(maxsize=8)
def generated_catalogue(size: int, seed: int, siblings: int, paraphrase: int, human: bool, engine: str) -> GeneratedCatalogue:
    """A generated catalogue with its goals and its index; one for each process."""
    catalogue = GeneratedCatalogue(size, seed, siblings, paraphrase, human)
    if size < CACHED_FROM:
        catalogue.index = _memory_index(engine, [p.indexed_text for family in catalogue.make_goals() for p in family.products])
        return catalogue

    def make(folder: Path) -> None:
        texts = (product.indexed_text for family in catalogue.make_goals() for product in family.products)
        _write_index(engine, texts, folder)
        for name in _TABLES:
            np.save(folder / f"{name}.npy", getattr(catalogue, name))

    folder = _cached(f"generated {size} {seed} {siblings} {paraphrase} {human} {engine}", make)
    try:
        for name in _TABLES:
            setattr(catalogue, name, np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError) as error:
        raise CorruptRecord(f"the catalogue in {folder} cannot be read; delete the folder to have it made anew") from error
    catalogue.index = _read_index(engine, folder)
    return catalogue


@functools.lru_cache(maxsize=4)
def file_catalogue(folder: str, seed: int, human: bool, engine: str) -> FileCatalogue:
    """The original's files in a folder, with their goals and an index; one for each process."""
    catalogue = FileCatalogue(Path(folder), seed, human)
    if len(catalogue) < CACHED_FROM:
        catalogue.index = _memory_index(engine, [product.indexed_text for product in catalogue.products()])
        return catalogue
    place = _cached(
        f"files {catalogue.signature} {engine}", lambda new: _write_index(engine, (p.indexed_text for p in catalogue.products()), new)
    )
    catalogue.index = _read_index(engine, place)
    return catalogue


def _memory_index(engine: str, texts: list[str]) -> SearchIndex:
    if engine == "tantivy":
        raise BadOption(f"Shop: option 'engine' is 'tantivy'; it is for catalogues of {CACHED_FROM:,} products and more, use 'bm25s'")
    return Bm25Index.build(texts)


def _write_index(engine: str, texts: object, folder: Path) -> None:
    if engine == "tantivy":
        TantivyIndex.build(texts, folder / "index")  # type: ignore[arg-type]  # strings
    else:
        Bm25Index.build(texts).save(folder / "index")  # type: ignore[arg-type]


def _read_index(engine: str, folder: Path) -> SearchIndex:
    return TantivyIndex(folder / "index") if engine == "tantivy" else Bm25Index.load(folder / "index")


def _cached(description: str, make: Callable[[Path], None]) -> Path:
    """The folder of a description in the cache, made by one process and seen by others when it is whole."""
    name = hashlib.blake2b(f"{_FORMAT} {description}".encode(), digest_size=12).hexdigest()
    place = cache_folder() / "shop" / name
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=place.parent))
    except OSError as error:
        raise UsageError(
            f"the cache folder {place.parent} cannot be written ({error}); name another with AGENTARENA_CACHE=FOLDER"
        ) from error
    try:
        make(new)
        (new / "description.txt").write_text(description + "\n", encoding="utf-8")
        try:
            new.rename(place)
        except OSError:
            if not place.is_dir():  # another process was first: its folder is as good
                raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return place
