"""Logits after replies that grow token by token: keys and values of what was computed stay, so that only new tokens pass through.

Axis letters: N sequences, L places of a pass with padding, V entries of the vocabulary.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .grouping import groups, pass_cost
from .policy import Policy

__all__ = ["Growing"]

Tokens = tuple[int, ...]

_MOST_BYTES = 2**28
"""Keys and values that one object holds at most."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """Keys and values of some sequences.

    Attributes:
        layers: Keys and values of each layer. Shape (N, heads, L, width) each.
        mask: Where a token is, and no padding. Shape (N, L), bool.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    mask: Tensor


@dataclass(frozen=True, slots=True)
class _Place:
    """A sequence that was computed: the beginning of its reply, the pass that holds it, and its row there."""

    beginning: Tokens
    held: _Pass
    row: int


class Growing:
    """The logits after prompts and beginnings of replies, of which later ones continue earlier ones. Without gradient.

    A sequence whose beginning is not held is computed whole: the first ones, those over `most_bytes`, and all of models whose
    layers do not attend to every earlier token.

    Args:
        policy: The model, which must not change meanwhile.
        most_bytes: Keys and values that are held at most.
    """

    def __init__(self, policy: Policy, most_bytes: int = _MOST_BYTES) -> None:
        self._policy = policy
        self._left = most_bytes if _can_grow(policy.model) else 0
        self._places: dict[Tokens, list[_Place]] = {}

    @torch.no_grad()
    def logits(self, sequences: Sequence[tuple[Tokens, Tokens]]) -> Tensor:
        """Logits of the token after each prompt and beginning of a reply. Shape (N, V)."""
        states: dict[int, Tensor] = {}
        whole: list[int] = []
        continued: dict[int, list[tuple[int, _Place]]] = {}
        for i, (prompt, beginning) in enumerate(sequences):
            place = self._longest(prompt, beginning)
            if place is None:
                whole.append(i)
            else:
                continued.setdefault(id(place.held), []).append((i, place))
        for members in continued.values():
            numbers, places = zip(*members, strict=True)
            tails = [sequences[i][1][len(place.beginning) :] for i, place in members]
            states |= zip(numbers, self._continue(places, tails, [sequences[i] for i in numbers]), strict=True)
        states |= zip(whole, self._begin([sequences[i] for i in whole]), strict=True)
        return self._policy.head(torch.stack([states[i] for i in range(len(sequences))]))

    def _longest(self, prompt: Tokens, beginning: Tokens) -> _Place | None:
        """The longest sequence held that this one continues."""
        fitting = [one for one in self._places.get(prompt, ()) if one.beginning == beginning[: len(one.beginning)] != beginning]
        return max(fitting, key=lambda one: len(one.beginning), default=None)

    def _begin(self, sequences: Sequence[tuple[Tokens, Tokens]]) -> list[Tensor]:
        """The last layer's output at the end of whole sequences. Shape (H,) each."""
        out: list[Tensor] = [torch.empty(0)] * len(sequences)
        joined = [prompt + beginning for prompt, beginning in sequences]
        device = self._policy.device
        for group, shared in groups(joined, [len(one) - 1 for one in joined], pass_cost(device.type)):
            tails = [joined[i][shared:] for i in group]
            if not self._fits(len(group) * (shared + max(map(len, tails)))):
                ends = self._policy.end_states([joined[i] for i in group])
            else:
                ids, mask = _padded(tails)
                more = {}
                if shared:
                    cache = self._policy.forward(torch.tensor([joined[group[0]][:shared]])).past_key_values
                    for layer in cache.layers:
                        layer.keys, layer.values = (x.expand(len(group), -1, -1, -1) for x in (layer.keys, layer.values))
                    more = {"past_key_values": cache}
                output = self._policy.forward(ids, **more)
                before = torch.ones(len(group), shared, dtype=torch.bool)
                self._hold(output, torch.cat([before, mask], 1), [sequences[i] for i in group])
                ends = list(output.last_hidden_state[torch.arange(len(group)), mask.sum(1) - 1])
            for i, state in zip(group, ends, strict=True):
                out[i] = state
        return out

    def _continue(self, places: Sequence[_Place], tails: Sequence[Tokens], sequences: Sequence[tuple[Tokens, Tokens]]) -> list[Tensor]:
        """The same for sequences that continue some of one pass."""
        from transformers import DynamicCache

        held, rows = places[0].held, torch.tensor([place.row for place in places])
        ids, new = _padded(tails)
        before = held.mask[rows]
        mask = torch.cat([before, new], 1)
        positions = before.sum(1, keepdim=True) + torch.arange(ids.shape[1])
        cache, device = DynamicCache(), self._policy.device
        for number, (keys, values) in enumerate(held.layers):
            cache.update(keys[rows.to(device)], values[rows.to(device)], number)
        more = {"attention_mask": mask.long().to(device), "position_ids": positions.to(device), "past_key_values": cache}
        output = self._policy.forward(ids, **more)
        if self._fits(mask.numel()):
            self._hold(output, mask, sequences)
        return list(output.last_hidden_state[torch.arange(len(rows)), new.sum(1) - 1])

    def _hold(self, output: Any, mask: Tensor, sequences: Sequence[tuple[Tokens, Tokens]]) -> None:
        layers = tuple((layer.keys, layer.values) for layer in output.past_key_values.layers)
        held = _Pass(layers, mask)
        self._left -= sum(keys.nbytes + values.nbytes for keys, values in layers)
        for row, (prompt, beginning) in enumerate(sequences):
            self._places.setdefault(prompt, []).append(_Place(beginning, held, row))

    def _fits(self, places: int) -> bool:
        return self._left > 0 and places * _bytes_a_token(self._policy.model) <= self._left


def _padded(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Sequences as rows with padding on the right, and where there is none. Shapes (N, L), (N, L)."""
    lengths = torch.tensor([len(one) for one in sequences])
    ids = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.long)
    for row, one in enumerate(sequences):
        ids[row, : len(one)] = torch.tensor(one)
    return ids, torch.arange(ids.shape[1]) < lengths.unsqueeze(1)


def _can_grow(model: Any) -> bool:
    """Whether every layer attends to all earlier tokens, and tokens may be told their positions."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    bare = model.get_base_model() if hasattr(model, "get_base_model") else model
    layers = DynamicCache(config=bare.config).layers
    told = "position_ids" in inspect.signature(bare.model.forward).parameters
    return told and all(type(layer) is DynamicLayer for layer in layers)


def _bytes_a_token(model: Any) -> int:
    """Keys and values of one token, in bytes."""
    config = model.config
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * width * model.dtype.itemsize)
