"""Trains the speaker from scratch: a small Qwen3 that reads a short view and says one thing.

    python -m agentarena.models.speaker.recipe --out agentarena/models/speaker/weights       # the full recipe, 15 minutes on one core
    python -m agentarena.models.speaker.recipe --minutes 2 --decisions 8000 --out runs/speaker

Corpus (`corpus.py`), tokenizer and loop are those of `agentarena.models.pretrain`, with other pieces: a run of words is one piece
and a name is another without its space, so that a sentence is a few tokens and a name is the same token wherever it stands.
The weights are written in half precision.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentarena.models.pretrain import Settings, pretrain

from .corpus import TABLE, corpus

__all__ = ["PIECES", "SPEAKER", "halve", "teach"]

PIECES = (
    r"[A-Z][a-z]+"  # a name, or the first word of a sentence
    r"| ?(?:[a-z]+|I\b)(?:[ '](?:[a-z]+|I\b))*[.,:;?!]* ?"  # a run of words with the punctuation and the space after it
    r"|\n| ?\d{1,3}"  # a line break; a number
    r"|[^\sA-Za-z\d]+(?: [^\sA-Za-z\d]+)* ?|\s"  # signs; a space
)
"""Pieces within which merges happen."""

SPEAKER = Settings(
    minutes=12.0, decisions=50_000, hidden=128, layers=3, heads=4, feed_forward=256, vocabulary=1536, copying=1.0, rate=7e-3,
    embeddings=0.1, batch=12, micro=12, seed=0,
)  # fmt: skip
"""The full recipe."""


def teach(settings: Settings, out: Path, say: Any = lambda line: None) -> None:
    """Runs the recipe; `out` is then a model folder of transformers."""
    pretrain(settings, out, say, corpus(settings.decisions, settings.seed), PIECES)
    halve(out)
    TABLE.write(out)


def halve(folder: Path) -> None:
    """Rewrites a folder's weights in half precision."""
    import torch
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in Settings.__slots__:
        default = getattr(SPEAKER, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--out", type=Path, required=True)
    arguments = vars(parser.parse_args())
    out = arguments.pop("out")
    began = time.monotonic()
    teach(replace(SPEAKER, **arguments), out, lambda line: sys.stderr.write(f"[{time.monotonic() - began:6.0f} s] {line}\n"))


if __name__ == "__main__":
    main()
