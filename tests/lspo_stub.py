"""A speaker that is a table of sentences, and its tuning: LSPO without a language model."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np

from agentarena.core.errors import BadOption

MOVES = ("rock", "paper", "scissors", "spock", "lizard")
FORMS = ("I throw {}.", "My throw is {} this time.", "Let me play {} now!", "{} it is.")
BIASED = {"rock": 0.45, "paper": 0.25, "scissors": 0.15, "spock": 0.1, "lizard": 0.05}


class TableSpeaker:
    """Says one of `FORMS` with a word of the table; candidates are drawn independently."""

    def __init__(self, weights, forms=FORMS):
        self.name, self.counts, self.weights, self.forms = "table", Counter(), weights, forms

    def propose(self, prompts, n, seeds):
        words, p = list(self.weights), np.array(list(self.weights.values()))
        out = []
        for _, seed in zip(prompts, seeds, strict=True):
            rng = np.random.default_rng(seed)
            out.append([self.forms[rng.integers(len(self.forms))].format(words[rng.choice(len(words), p=p / p.sum())]) for _ in range(n)])
        return out

    def close(self):
        pass


def save(folder: Path, weights) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.json").write_text(json.dumps(dict(weights)))


def load(spec: str) -> TableSpeaker:
    """ "table" is biased; a folder holds a tuned table."""
    if spec == "table":
        return TableSpeaker(BIASED)
    path = Path(spec) / "table.json"
    if not path.is_file():
        raise BadOption(f"no speaker in {spec}")
    return TableSpeaker(json.loads(path.read_text()))


def tune(spec, pairs, settings, out):
    """Full-batch DPO of the table's logits."""
    weights = load(spec).weights
    words = list(weights)
    place = {word: number for number, word in enumerate(words)}
    wins = np.zeros((len(words), len(words)))
    for pair in pairs:
        winner, loser = (next(word for word in words if word in text.lower()) for text in (pair.chosen, pair.rejected))
        wins[place[winner], place[loser]] += 1
    share, logits, beta = wins / wins.sum(), np.zeros(len(words)), settings["beta"]
    for _ in range(settings.get("steps", 2000)):
        pull = share / (1 + np.exp(np.clip(beta * (logits[:, None] - logits[None]), -50, 50)))
        logits += (pull.sum(1) - pull.sum(0)) * 2
    tuned = np.array([weights[word] for word in words]) * np.exp(logits)
    save(Path(out), dict(zip(words, (tuned / tuned.sum()).tolist(), strict=True)))
    return {"pairs": len(pairs)}
