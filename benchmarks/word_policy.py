"""A small policy for text games: it scores each admissible command by its words, the task's, the last answer's and its own past commands.

The same network plays every one-seat game that lists commands and tells its task, so what it learns in one can be taken to another. Words
are hashed; beside them stand numbers that hold in any world, such as whether an object of the command is named in the task.

Axis letters: R decisions, K commands of one decision, C commands of all decisions of a batch, D width, F numbers of a command.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from agentarena.core.game import Game

__all__ = ["Decision", "Episode", "WordPolicy", "collate", "features", "play"]

BUCKETS = 4096
"""Entries of the table that words are hashed into."""
FEATURES = 15
_DECAY = 0.8
"""Weight of a past command's words, for each command since."""
_PAST = 12
"""Past commands whose words are read."""
_WORD = re.compile(r"[a-z]+|\d+")
_JOINTS = frozenset(("from", "to", "in", "on", "into", "with", "at", "the"))


@lru_cache(maxsize=200_000)
def words(text: str) -> tuple[str, ...]:
    """Words and numbers of a text, in lower case."""
    return tuple(_WORD.findall(text.lower()))


@lru_cache(maxsize=200_000)
def hashed(text: str) -> np.ndarray:
    """The entries of a text's words. Shape (W,), at least one."""
    return np.array([zlib.crc32(word.encode()) % BUCKETS for word in words(text)] or [0], np.int64)


@lru_cache(maxsize=200_000)
def parts(command: str) -> tuple[str, tuple[str, ...]]:
    """The verb of a command, and up to two things that it names.

    >>> parts("take egg 2 from sinkbasin 1")
    ('take', ('egg 2', 'sinkbasin 1'))
    >>> parts("go to garden")
    ('go', ('garden',))
    """
    verb, *rest = words(command) or ("",)
    groups: list[list[str]] = [[]]
    for word in rest:
        if word in _JOINTS:
            groups.append([])
        else:
            groups[-1].append(word)
    return verb, tuple(" ".join(group) for group in groups if group)[:2]


def _share(thing: str, text: frozenset[str]) -> float:
    """The part of a thing's words, numbers left out, that a text has."""
    own = [word for word in thing.split(" ") if not word.isdigit()]
    return sum(word in text for word in own) / len(own) if own else 0.0


class Decision(NamedTuple):
    """What the policy sees at one decision: entries of words, and numbers."""

    task: np.ndarray
    answer: np.ndarray
    past: np.ndarray
    past_weights: np.ndarray
    commands: tuple[np.ndarray, ...]
    numbers: np.ndarray


def features(task: str, answer: str, past: Sequence[str], commands: Sequence[str], progress: float) -> Decision:
    """A decision as numbers.

    Args:
        task: The task in words.
        answer: What the last command brought, in words.
        past: Commands so far, oldest first.
        commands: Admissible commands, K of them.
        progress: Share of the allowed steps that is spent.
    """
    in_task, in_answer, given = frozenset(words(task)), frozenset(words(answer)), Counter(past)
    named = Counter(thing for command in past for thing in parts(command)[1])
    last, last_verb = (past[-1], parts(past[-1])[0]) if past else ("", "")
    rows = np.zeros((len(commands), FEATURES), np.float32)
    for k, command in enumerate(commands):
        verb, things = parts(command)
        one, two = (*things, "", "")[:2]
        rows[k] = (
            min(given[command], 3) / 3, given[command] > 0, command == last, verb in in_task, verb == last_verb, len(things) / 2,
            _share(one, in_task), _share(two, in_task), _share(one, in_answer), _share(two, in_answer),
            min(named[one], 3) / 3, min(named[two], 3) / 3, bool(one) and named[one] > 0, bool(two) and named[two] > 0, progress,
        )  # fmt: skip
    recent = [hashed(command) for command in past[-_PAST:]]
    weights = [np.full(len(ids), _DECAY ** (len(recent) - k - 1), np.float32) for k, ids in enumerate(recent)]
    nothing = np.zeros(1, np.int64), np.zeros(1, np.float32)
    past_ids, past_weights = (np.concatenate(recent), np.concatenate(weights)) if recent else nothing
    return Decision(hashed(task), hashed(answer), past_ids, past_weights, tuple(hashed(one) for one in commands), rows)


class Collated(NamedTuple):
    """Decisions as one batch: `(entries, offsets)` of bags of words, and for each command the row of its decision."""

    task: tuple[Tensor, Tensor]
    answer: tuple[Tensor, Tensor]
    past: tuple[Tensor, Tensor]
    past_weights: Tensor
    commands: tuple[Tensor, Tensor]
    numbers: Tensor
    row: Tensor
    starts: Tensor


def collate(decisions: Sequence[Decision]) -> Collated:
    """Joins decisions into one batch."""

    def bag(texts: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        lengths = np.array([len(text) for text in texts])
        return torch.from_numpy(np.concatenate(texts)), torch.from_numpy(np.cumsum(lengths) - lengths)

    counts = np.array([len(one.commands) for one in decisions])
    return Collated(
        bag([one.task for one in decisions]),
        bag([one.answer for one in decisions]),
        bag([one.past for one in decisions]),
        torch.from_numpy(np.concatenate([one.past_weights for one in decisions])),
        bag([command for one in decisions for command in one.commands]),
        torch.from_numpy(np.concatenate([one.numbers for one in decisions])),
        torch.from_numpy(np.repeat(np.arange(len(decisions)), counts)),
        torch.from_numpy(np.cumsum(counts) - counts),
    )


class WordPolicy(nn.Module):
    """Scores of commands, and the value of the scene.

    Args:
        width: D, of the words.
        hidden: Units of the layers.
    """

    def __init__(self, width: int = 32, hidden: int = 96) -> None:
        super().__init__()
        self.words = nn.Embedding(BUCKETS, width)
        nn.init.normal_(self.words.weight, std=0.3)
        self.scene = nn.Linear(3 * width, hidden)
        self.command = nn.Linear(4 * width + FEATURES, hidden)
        self.mixed = nn.Linear(hidden, hidden)
        self.score, self.value = nn.Linear(hidden, 1), nn.Linear(hidden, 1)

    def forward(self, batch: Collated) -> tuple[Tensor, Tensor]:
        """Log-probabilities of all commands, shape (C,), and values, shape (R,)."""
        table = self.words.weight
        task, answer, commands = (
            functional.embedding_bag(ids, table, offsets, mode="mean") for ids, offsets in (batch.task, batch.answer, batch.commands)
        )
        past = functional.embedding_bag(batch.past[0], table, batch.past[1], mode="sum", per_sample_weights=batch.past_weights)
        scene = torch.relu(self.scene(torch.cat((task, answer, past), 1)))
        row = batch.row
        pairs = torch.cat((commands, commands * task[row], commands * answer[row], commands * past[row], batch.numbers), 1)
        hidden = torch.relu(self.mixed(torch.relu(self.command(pairs) + scene[row])))
        return _log_softmax(self.score(hidden).squeeze(1), row, len(scene)), self.value(scene).squeeze(1)


def _log_softmax(scores: Tensor, row: Tensor, rows: int) -> Tensor:
    """Log-softmax within each decision. Shape (C,)."""
    most = torch.full((rows,), -torch.inf).scatter_reduce(0, row, scores.detach(), "amax")
    shifted = scores - most[row]
    total = torch.zeros(rows).index_add(0, row, shifted.exp())
    return shifted - total.log()[row]


# --- play -------------------------------------------------------------------------------------------------------------------


@dataclass
class Episode:
    """A game under way or over, and the decisions in it.

    Attributes:
        game: The rules.
        state: The present state.
        rng: The stream of its chance.
        past: Commands so far.
        decisions: What was seen at each.
        chosen: Index of each command among the admissible ones.
        rewards: What each brought.
    """

    game: Game[Any]
    state: Any
    rng: np.random.Generator
    past: list[str]
    decisions: list[Decision]
    chosen: list[int]
    rewards: list[float]

    @classmethod
    def begin(cls, game: Game[Any], seed: int) -> Episode:
        """A fresh game; the seed draws which one."""
        rng = np.random.default_rng(seed)
        return cls(game, game.start(rng), rng, [], [], [], [])

    @property
    def over(self) -> bool:
        return not self.game.to_move(self.state)

    @property
    def won(self) -> bool:
        return bool(self.game.diagnostics(self.state, 0)["won"])

    def look(self) -> tuple[str, ...]:
        """Notes the present decision; the admissible commands."""
        legal = self.game.legal(self.state, 0)
        commands = tuple(legal if isinstance(legal, tuple) else legal.suggestions)
        seen = self.game.diagnostics(self.state, 0)
        progress = len(self.past) / self.game.info.max_steps
        self.decisions.append(features(seen["task"], seen["feedback"], self.past, commands, progress))
        return commands

    def act(self, commands: Sequence[str], index: int) -> None:
        """Gives a command."""
        self.chosen.append(index)
        self.past.append(commands[index])
        self.state = self.game.step(self.state, {0: commands[index]}, self.rng)
        self.rewards.append(float(self.game.rewards(self.state)[0]))


def play(episodes: list[Episode], policy: WordPolicy, rng: np.random.Generator, greedy: bool = False) -> None:
    """Plays all episodes to their ends, one decision of each at a time; commands are drawn from the policy, or are its likeliest."""
    while running := [one for one in episodes if not one.over]:
        commands = [one.look() for one in running]
        with torch.no_grad():
            batch = collate([one.decisions[-1] for one in running])
            logs, _ = policy(batch)
        noise = 0.0 if greedy else rng.gumbel(size=len(logs))
        values, ends = logs.numpy() + noise, [*batch.starts.tolist()[1:], len(logs)]
        for one, listed, start, end in zip(running, commands, batch.starts.tolist(), ends, strict=True):
            one.act(listed, int(values[start:end].argmax()))
