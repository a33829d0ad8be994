"""The model that is trained: what it would reply at a prompt, and the log-probabilities of what it sampled, with gradients.

Both are worked out the same way: at each place the tokens that could be drawn are known, and the distribution is the model's
at a temperature, restricted to them and renormalised. Equal prompts and replies are computed once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from agentarena.core.agent import TokenSample

__all__ = ["Policy", "Samples", "chosen", "taken"]

_TOKENS_AT_ONCE = 32_768
"""Tokens of one forward pass, padding included."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Distinct samples in tensors, and which of them each row is.

    Axis letters: D distinct samples, B rows, T places of a reply.

    Attributes:
        distinct: The samples, each once.
        row: Index of each row's sample. Shape (B,).
        mask: 1 where a place was a choice: more than one token could be drawn. Shape (D, T).
        old_logprobs: As recorded when they were sampled. Shape (D, T).
        uniform: Entropy of a uniform draw among the tokens that could be drawn, in nats. Shape (D, T); 0 where all could.
    """

    distinct: tuple[TokenSample, ...]
    row: Tensor
    mask: Tensor
    old_logprobs: Tensor
    uniform: Tensor

    @classmethod
    def of(cls, samples: Sequence[TokenSample]) -> Samples:
        """The samples of some turns, one a row."""
        index: dict[tuple[Any, ...], int] = {}
        distinct: list[TokenSample] = []
        row = []
        for sample in samples:
            key = (sample.prompt_ids, sample.token_ids, sample.logprobs, sample.temperature, sample.allowed_ids)
            if key not in index:
                index[key] = len(distinct)
                distinct.append(sample)
            row.append(index[key])
        longest = max((len(sample.token_ids) for sample in distinct), default=0)
        mask, old, uniform = (torch.zeros(len(distinct), longest) for _ in range(3))
        for place, sample in enumerate(distinct):
            length = len(sample.token_ids)
            mask[place, :length] = torch.tensor([float(chosen(sample, t)) for t in range(length)])
            old[place, :length] = torch.tensor(sample.logprobs)
            uniform[place, :length] = torch.tensor(
                [math.log(len(allowed)) if allowed else 0.0 for allowed in sample.allowed_ids or [None] * length]
            )
        return cls(tuple(distinct), torch.tensor(row, dtype=torch.long), mask, old, uniform)

    def spread(self, values: Tensor) -> Tensor:
        """Values of the N choices at their places. Shape (D, T), 0 elsewhere."""
        return torch.zeros(self.mask.shape, dtype=values.dtype).index_put(tuple(self.mask.argwhere().T), values.cpu())


def taken(samples: Samples, scores: Tensor) -> Tensor:
    """The log-probability of the token that was drawn at each choice. Shape (N,)."""
    tokens = [samples.distinct[d].token_ids[t] for d, t in samples.mask.argwhere().tolist()]
    return scores.gather(1, torch.tensor(tokens, dtype=torch.long, device=scores.device).unsqueeze(1)).squeeze(1)


def chosen(sample: TokenSample, place: int) -> bool:
    """Whether more than one token could be drawn at a place of a reply."""
    allowed = sample.allowed_ids[place] if sample.allowed_ids else None
    return allowed is None or len(allowed) > 1


class Policy:
    """A causal language model of transformers with its tokenizer.

    Args:
        model: The model; its own precision and device are kept.
        tokenizer: Its tokenizer, with a chat template.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = model, tokenizer

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return torch.device(self.model.device)

    def logits(self, sequences: Sequence[Sequence[int]], places: Sequence[Sequence[int]]) -> list[Tensor]:
        """Logits of the token after each of some places of each sequence.

        Args:
            sequences: Token ids, each at least one.
            places: For each sequence, indices of tokens in it.

        Returns:
            One tensor a sequence, shape (P, V), P places.
        """
        order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
        out: list[Tensor] = [torch.empty(0)] * len(sequences)
        begun = 0
        while begun < len(order):
            end = begun + 1
            while end < len(order) and len(sequences[order[end]]) * (end + 1 - begun) <= _TOKENS_AT_ONCE:
                end += 1
            group = order[begun:end]
            width = len(sequences[group[-1]])
            ids = torch.zeros((len(group), width), dtype=torch.long)
            for row, i in enumerate(group):
                ids[row, : len(sequences[i])] = torch.tensor(sequences[i])
            rows = torch.tensor([row for row, i in enumerate(group) for _ in places[i]], dtype=torch.long)
            columns = torch.tensor([place for i in group for place in places[i]], dtype=torch.long)
            hidden = self._hidden(ids.to(self.device))[rows.to(self.device), columns.to(self.device)]
            logits = self.model.get_output_embeddings()(hidden).float()
            for i, part in zip(group, logits.split([len(places[i]) for i in group]), strict=True):
                out[i] = part
            begun = end
        return out

    def _hidden(self, ids: Tensor) -> Tensor:
        """The last layer's output. Padding is on the right, where a causal model does not look: no mask is needed."""
        return self.model.model(input_ids=ids, use_cache=False).last_hidden_state

    def scores(self, samples: Samples) -> Tensor:
        """The distributions that the sampled tokens were drawn from, with these weights, at every place that was a choice.

        Returns:
            Log-probabilities in nats, minus infinity where a token could not be drawn. Shape (N, V): N choices in the order of
            `samples.mask.argwhere()`.
        """
        distinct = samples.distinct
        rows = [(distinct[d], d, t) for d, t in samples.mask.argwhere().tolist()]
        places: dict[int, list[int]] = {}
        for sample, d, t in rows:
            places.setdefault(d, []).append(len(sample.prompt_ids) - 1 + t)
        if not places:
            return torch.zeros(0, 1)
        sequences = [(*distinct[d].prompt_ids, *distinct[d].token_ids[:-1]) for d in places]
        flat = torch.cat(self.logits(sequences, list(places.values())))
        return torch.log_softmax(self._restricted(flat, [(sample, t) for sample, _, t in rows]), -1)

    def logprobs(self, samples: Samples) -> Tensor:
        """Log-probabilities of the sampled tokens under the distribution that they were sampled from, with these weights.

        Returns:
            In nats, 0 where nothing was chosen. Shape (D, T).
        """
        return samples.spread(taken(samples, self.scores(samples)))

    def _restricted(self, logits: Tensor, rows: Sequence[tuple[TokenSample, int]]) -> Tensor:
        """Logits over the temperature, minus infinity where a token could not be drawn. Shape (R, V)."""
        temperatures = torch.tensor([sample.temperature or 1.0 for sample, _ in rows], device=logits.device)
        barred = torch.zeros(logits.shape, dtype=torch.bool)
        for row, (sample, place) in enumerate(rows):
            allowed = sample.allowed_ids[place] if sample.allowed_ids else None
            if allowed is not None:
                barred[row] = True
                barred[row, list(allowed)] = False
        return (logits / temperatures.unsqueeze(1)).masked_fill(barred.to(logits.device), -torch.inf)
