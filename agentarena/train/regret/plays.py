"""Plays of repeated matrix games: what a model was shown in each round, what each action would have lost, and how likely the model plays it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agentarena.core.agent import Agent, Decision, View
from agentarena.core.game import Game
from agentarena.core.record import Fixture
from agentarena.core.trajectory import Trajectory
from agentarena.evaluate.regret import repeated_losses
from agentarena.train.player import PolicyPlayer, ReplyTree
from agentarena.train.policy import Policy
from agentarena.train.rollout import play

__all__ = ["MixedAtRandom", "Play", "action_logprobs", "plays", "policies"]

Tokens = tuple[int, ...]


class MixedAtRandom(Agent):
    """Plays a mixed action that it draws in each match from all of them, uniformly.

    Args:
        name: How records name it.
        switch: Probability of drawing another one after a round.
    """

    def __init__(self, name: str, switch: float = 0.0) -> None:
        self.name, self.version, self.switch = name, "0", switch

    def choose(self, view: View) -> Decision:
        mix = view.memory.get("mix")
        if mix is None or view.rng.random() < self.switch:
            mix = view.memory["mix"] = view.rng.dirichlet(np.ones(len(view.choices))).tolist()
        return int(view.choices[int(view.rng.choice(len(mix), p=mix))])


@dataclass(frozen=True, slots=True)
class Play:
    """One seat of one match, as the model played it.

    Attributes:
        prompts: What it was shown in each round, in tokens. T of them.
        replies: Each action as a reply, in tokens; the same in every round. A of them.
        losses: What each action would have lost in each round, the others' actions as they were; 0 to 1. Shape (T, A).
    """

    prompts: tuple[Tokens, ...]
    replies: tuple[Tokens, ...]
    losses: np.ndarray


def plays(game: Game[Any], player: PolicyPlayer, other: Agent | None, matches: range, seed: int) -> list[Play]:
    """Matches of the model, as plays of its seats.

    Args:
        game: A repeated matrix game; it has a `table`.
        player: The model.
        other: Who sits in all other seats, the model's changing from match to match; `None`: the model sits in all.
        matches: Their numbers.
        seed: Of the draws of all.
    """
    seats = game.info.seats
    agents: list[Agent] = [player] if other is None else [player, other]
    holders = [tuple(0 if other is None or seat == number % seats else 1 for seat in range(seats)) for number in matches]
    seating = [Fixture(number, number, seated) for number, seated in zip(matches, holders, strict=True)]
    turns: dict[int, Trajectory] = {}
    play(game, agents, seating, seed=seed, turns=turns)
    table: np.ndarray = game.table  # type: ignore[attr-defined]  # the configuration lets matrix games pass alone
    replies = [player.replies(_first_view(game, seat)) for seat in range(seats)]
    out = []
    for number, seated in zip(matches, holders, strict=True):
        by_seat = [[turn for turn in turns[number].of(seat) if turn.action is not None] for seat in range(seats)]
        actions = np.array([[int(turn.action) for turn in own] for own in by_seat]).T
        for seat in (seat for seat in range(seats) if seated[seat] == 0):
            prompts = tuple(turn.samples[0].prompt_ids for turn in by_seat[seat])
            out.append(Play(prompts, replies[seat], repeated_losses(table, actions, seat)))
    return out


def _first_view(game: Game[Any], seat: int) -> View:
    return View(game, game.start(np.random.default_rng(0)), seat)


def policies(policy: Policy, own: Sequence[Play], temperature: float = 1.0) -> list[Tensor]:
    """The distribution over actions in each round of each play, with gradient. One tensor a play, shape (T, A)."""
    keys = list(dict.fromkeys((prompt, one.replies) for one in own for prompt in one.prompts))
    rows = {key: k for k, key in enumerate(keys)}
    chances = [logs.exp() for logs in action_logprobs(policy, keys, temperature)]
    return [torch.stack([chances[rows[prompt, one.replies]] for prompt in one.prompts]) for one in own]


def action_logprobs(policy: Policy, keys: Sequence[tuple[Tokens, tuple[Tokens, ...]]], temperature: float = 1.0) -> list[Tensor]:
    """The log-probability of each reply after each prompt, replies drawn token by token among these. With gradient, in nats.

    Args:
        policy: The model.
        keys: Prompts, each with its replies, of which none continues another.
        temperature: Of sampling.

    Returns:
        One tensor a prompt, shape (A,); the probabilities add up to 1.
    """
    trees = {replies: ReplyTree.of(replies) for _, replies in keys}
    open_ = {replies: [head for head, after in tree.children.items() if len(after) > 1] for replies, tree in trees.items()}
    sequences = [(*prompt, *head) for prompt, replies in keys for head in open_[replies]]
    logits = iter(policy.logits(sequences, [[len(sequence) - 1] for sequence in sequences]))
    out = []
    for _, replies in keys:
        tree = trees[replies]
        chances = {head: torch.log_softmax(next(logits)[0, list(tree.children[head])] / temperature, 0) for head in open_[replies]}
        rows = []
        for reply in replies:
            choices = [(head, tree.children[head].index(reply[len(head)])) for head in open_[replies] if reply[: len(head)] == head]
            rows.append(torch.stack([chances[head][place] for head, place in choices]).sum() if choices else torch.zeros(()))
        out.append(torch.stack(rows))
    return out
