"""Learning from records: the turns of matches as examples, cloning of them, and files for TRL's SFT and DPO trainers.

A turn is shown as at the table, the present decision alone: rules in the system message, the view in the user's. What is learned
is the reply as it was written, or, where an agent answered without words, its move as `<answer>MOVE</answer>`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentarena.agents.llm.chat import Chat
from agentarena.agents.llm.settings import Prompting, Sampling
from agentarena.agents.llm.template import Template
from agentarena.core.errors import UsageError
from agentarena.core.record import Record
from agentarena.core.replay import steps
from agentarena.core.rng import stream

from .policy import Policy

__all__ = ["Example", "Pair", "clone", "examples", "preference_pairs", "write_dpo", "write_sft"]

ORDER = 9
"""First step of the path of the stream that orders examples: `stream(seed, ORDER, epoch)`."""


@dataclass(frozen=True, slots=True)
class Example:
    """One turn.

    Attributes:
        env: Id of the environment.
        match: Number of the match.
        seat: The seat.
        system: The rules.
        user: The view.
        reply: What was replied.
        total: The seat's return in that match, in the game's unit.
    """

    env: str
    match: int
    seat: int
    system: str
    user: str
    reply: str
    total: float

    @property
    def messages(self) -> list[dict[str, str]]:
        """The prompt as a chat."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replies to one prompt, the first of which went with the greater mean return.

    Attributes:
        example: A turn with the better reply.
        worse: The other reply.
        margin: Difference of their mean returns, in the game's unit.
    """

    example: Example
    worse: str
    margin: float


def examples(
    records: Iterable[Record], *, agents: Collection[str] = (), envs: Collection[str] = (), won: bool = False, above: float | None = None
) -> Iterator[Example]:
    """The turns of records whose replies were accepted, one after the other.

    Args:
        records: The matches; cut-short ones are left out.
        agents: Names of the agents whose turns are taken; of all by default.
        envs: Ids of the environments; all by default.
        won: Whether only the turns of winning seats and sides are taken.
        above: Least return of the seat.
    """
    chat = Chat(Prompting(memory="state"), Sampling(), 0, None)
    for record in records:
        if (envs and record.env not in envs) or record.outcome == "truncated":
            continue
        taken = {seat for seat, _ in enumerate(record.seats) if _wanted(record, seat, agents, won, above)}
        if taken:
            yield from _turns(record, taken, chat)


def _wanted(record: Record, seat: int, agents: Collection[str], won: bool, above: float | None) -> bool:
    one = record.seats[seat]
    if agents and one.agent not in agents:
        return False
    if won and (record.winner is None or record.winner not in (seat, one.team)):
        return False
    return above is None or one.return_ >= above


def _turns(record: Record, seats: set[int], chat: Chat) -> Iterator[Example]:
    texts = {
        (reply["step"], reply["seat"]): str(attempt["text"])
        for reply in record.replies
        for attempt in reply["attempts"]
        if attempt["outcome"] == "read"
    }
    for match, actions in steps(record):
        number = match.episode.steps
        for seat, action in actions.items():
            if seat not in seats or seat not in match.pending():
                continue
            view = match.view(seat)
            system, user = (message["content"] for message in chat.prompt(view).messages)
            reply = texts.get((number, seat)) or f"<answer>{view.write(action)}</answer>"
            yield Example(record.env, record.match, seat, system, user, reply, record.seats[seat].return_)


def preference_pairs(turns: Iterable[Example], *, least: int = 1, margin: float = 0.0) -> list[Pair]:
    """For each prompt with several replies, the replies of greatest and least mean return.

    Means are over the matches in which the reply was given at that prompt, so luck is in them: `least` and `margin` keep it small.

    Args:
        turns: The turns.
        least: Matches that a reply must have been given in.
        margin: Difference of the means that a pair must exceed, in the game's unit.
    """
    by_prompt: dict[tuple[str, str, str], dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for one in turns:
        by_prompt[one.env, one.system, one.user][one.reply].append(one)
    pairs = []
    for replies in by_prompt.values():
        means = {reply: float(np.mean([one.total for one in group])) for reply, group in replies.items() if len(group) >= least}
        if len(means) < 2:
            continue
        best, worst = max(means, key=lambda reply: means[reply]), min(means, key=lambda reply: means[reply])
        if means[best] - means[worst] > margin:
            pairs.append(Pair(replies[best][0], worst, means[best] - means[worst]))
    return pairs


def write_sft(turns: Iterable[Example], path: str | Path) -> int:
    """Write turns as JSON lines of TRL's conversational prompt-completion format; returns how many."""
    rows = [{"prompt": one.messages, "completion": [{"role": "assistant", "content": one.reply}]} for one in turns]
    return _write(rows, path)


def write_dpo(pairs: Iterable[Pair], path: str | Path) -> int:
    """Write pairs as JSON lines of TRL's conversational preference format; returns how many."""
    rows = [
        {
            "prompt": pair.example.messages,
            "chosen": [{"role": "assistant", "content": pair.example.reply}],
            "rejected": [{"role": "assistant", "content": pair.worse}],
        }
        for pair in pairs
    ]
    return _write(rows, path)


def _write(rows: Sequence[dict[str, Any]], path: str | Path) -> int:
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return len(rows)


def clone(
    policy: Policy,
    turns: Sequence[Example],
    *,
    epochs: int = 1,
    batch_size: int = 64,
    learning_rate: float = 1e-4,
    lr_min_ratio: float = 1.0,
    held_out: float = 0.1,
    seed: int = 0,
    report: Callable[[dict[str, float]], None] | None = None,
) -> dict[str, float]:
    """Behaviour cloning: least cross-entropy of the replies' tokens, prompts given. The policy is changed in place.

        loss = - sum over all reply tokens of a batch of log p(token | prompt, tokens before) / number of such tokens

    Args:
        policy: The model.
        turns: What it learns; a share of the matches is held out.
        epochs: Passes over the turns.
        batch_size: Turns of an optimizer step.
        learning_rate: Greatest rate of AdamW.
        lr_min_ratio: Rate at the end over the greatest; it falls linearly. 1 is constant.
        held_out: Share of the matches that are not learned, in [0, 1).
        seed: Of the order and of what is held out.
        report: Called after every pass.

    Returns:
        Figures of the last pass: `epoch`, `loss`, `held_out_loss` in nats a token (nan where nothing is held out), `tokens`.

    Raises:
        UsageError: There is nothing to learn.
    """
    template = Template(policy.tokenizer)
    end = int(policy.tokenizer.eos_token_id)
    matches = sorted({(one.env, one.match) for one in turns})
    apart = {matches[i] for i in stream(seed, ORDER).permutation(len(matches))[: int(held_out * len(matches))]}
    pairs = [((one.env, one.match), template.prompt(one.messages), (*template._tokens(one.reply), end)) for one in turns]
    learned = [(prompt, reply) for match, prompt, reply in pairs if match not in apart]
    others = [(prompt, reply) for match, prompt, reply in pairs if match in apart]
    if not learned:
        raise UsageError(f"there is nothing to learn: {len(turns)} turns are left by the filters, {len(others)} of them held out")
    optimizer = torch.optim.AdamW(policy.model.parameters(), lr=learning_rate)
    figures: dict[str, float] = {}
    steps = epochs * -(-len(learned) // batch_size)
    for epoch in range(epochs):
        order = stream(seed, ORDER, epoch + 1).permutation(len(learned))
        total = tokens = 0.0
        for begin in range(0, len(order), batch_size):
            step = epoch * (steps // epochs) + begin // batch_size
            optimizer.param_groups[0]["lr"] = learning_rate * (1 - (1 - lr_min_ratio) * step / steps)
            loss, count = _cross_entropy(policy, [learned[i] for i in order[begin : begin + batch_size]])
            optimizer.zero_grad()
            (loss / count).backward()
            torch.nn.utils.clip_grad_norm_(policy.model.parameters(), 1.0)
            optimizer.step()
            total, tokens = total + float(loss.detach()), tokens + count
        figures = {"epoch": epoch + 1, "loss": total / tokens, "held_out_loss": _mean_loss(policy, others, batch_size), "tokens": tokens}
        if report is not None:
            report(figures)
    return figures


def _cross_entropy(policy: Policy, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[torch.Tensor, int]:
    """Sum of the negative log-probabilities of the replies' tokens, and how many there are."""
    sequences = [(*prompt, *reply[:-1]) for prompt, reply in pairs]
    places = [range(len(prompt) - 1, len(prompt) - 1 + len(reply)) for prompt, reply in pairs]
    logits = torch.cat(policy.logits(sequences, places))
    targets = torch.tensor([token for _, reply in pairs for token in reply], device=logits.device)
    return torch.nn.functional.cross_entropy(logits, targets, reduction="sum"), len(targets)


def _mean_loss(policy: Policy, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], batch_size: int) -> float:
    total = count = 0.0
    with torch.no_grad():
        for begin in range(0, len(pairs), batch_size):
            loss, tokens = _cross_entropy(policy, pairs[begin : begin + batch_size])
            total, count = total + float(loss), count + tokens
    return total / count if count else float("nan")
