"""Many short texts from one model at once: prompts are read once, and every candidate goes on from there.

Rows of similar length share a batch. A prompt is cut where its candidates' prompts part: the keys and values of what they share
stay in the cache, which is set back to that place before the next candidate. The cache is laid out once; nothing is copied as
it grows. Axis letters: B rows of a batch, T tokens, V entries of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from transformers.cache_utils import Cache, DynamicLayer

__all__ = ["Continuations", "draw", "shared_length"]


class _Layer(DynamicLayer):
    """Keys and values of one layer in a buffer of fixed size, filled up to `length`."""

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, room: int) -> None:
        super().__init__()
        self.length, self._room = 0, room

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        rows, heads, _, width = key_states.shape
        self.keys = key_states.new_empty((rows, heads, self._room, width))
        self.values = value_states.new_empty((rows, heads, self._room, value_states.shape[-1]))
        self.is_initialized = True

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[-2]
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        return self.length


class Continuations:
    """A batch of prompts that were read, from which any number of texts go on.

    Args:
        model: A causal model of transformers whose layers keep all keys and values.
        prefixes: The tokens of each prompt that all its texts share; none is empty. Shape (B,), each (T,).
        room: Tokens that may follow: the longest suffix and the longest text.
        pad: Any token; it fills up rows and is never looked at.
    """

    def __init__(self, model: Any, prefixes: Sequence[Sequence[int]], room: int, pad: int) -> None:
        self._model, self._pad, self._device = model, pad, model.device
        self._lengths = [len(ids) for ids in prefixes]
        self._read = max(self._lengths)
        layers = model.config.get_text_config().num_hidden_layers
        self._layers = [_Layer(self._read + room) for _ in range(layers)]
        self._cache = Cache(layers=list(self._layers))
        self._mask = torch.zeros((len(prefixes), self._read + room), dtype=torch.long, device=self._device)
        tokens = torch.full((len(prefixes), self._read), pad, device=self._device)
        for row, ids in enumerate(prefixes):  # padded at the end, so that a padding token sees some token
            tokens[row, : len(ids)] = torch.tensor(list(ids))
            self._mask[row, : len(ids)] = 1
        self._step(tokens, torch.arange(self._read, device=self._device).expand_as(tokens))

    @torch.inference_mode()
    def _step(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Read tokens that follow those in the cache; the scores of what comes next. Shape (B, V)."""
        end = self._layers[0].length + tokens.shape[1]
        logits = self._model(
            input_ids=tokens,
            attention_mask=self._mask[:, :end],
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        return logits[:, -1].float()

    def sample(
        self, suffixes: Sequence[Sequence[int]], ends: Collection[int], uniforms: np.ndarray, temperature: float, top_p: float = 1.0
    ) -> list[list[int]]:
        """One text a row, without the token that ends it.

        Args:
            suffixes: What comes between a row's prefix and its text; none is empty. Shape (B,), each (T,).
            ends: The tokens that end a text.
            uniforms: Numbers in [0, 1), one a row and token; their number of columns is the longest text. Shape (B, T).
            temperature: 0 is greedy.
            top_p: Nucleus (top-p) threshold in (0, 1].
        """
        for layer in self._layers:
            layer.length = self._read
        self._mask[:, self._read :] = 0
        width = max(map(len, suffixes))
        tokens = torch.full((len(suffixes), width), self._pad, device=self._device)
        positions = torch.zeros_like(tokens)
        for row, ids in enumerate(suffixes):  # padded at the beginning, so that the last column is everybody's last token
            tokens[row, width - len(ids) :] = torch.tensor(list(ids))
            positions[row, width - len(ids) :] = torch.arange(self._lengths[row], self._lengths[row] + len(ids))
            self._mask[row, self._read + width - len(ids) : self._read + width] = 1
        scores = self._step(tokens, positions)
        return self._decode(scores, positions[:, -1:] + 1, self._read + width, frozenset(ends), uniforms, temperature, top_p)

    def _decode(
        self,
        scores: torch.Tensor,
        position: torch.Tensor,
        place: int,
        ends: frozenset[int],
        uniforms: np.ndarray,
        temperature: float,
        top_p: float,
    ) -> list[list[int]]:
        numbers = torch.from_numpy(uniforms).to(self._device)
        texts: list[list[int]] = [[] for _ in range(len(numbers))]
        under_way = set(range(len(numbers)))
        for column in range(numbers.shape[1]):
            chosen = draw(scores, numbers[:, column], temperature, top_p)
            for row, token in enumerate(chosen.tolist()):
                if row in under_way:
                    if token in ends:
                        under_way.discard(row)
                    else:
                        texts[row].append(token)
            if not under_way or column + 1 == numbers.shape[1]:
                break
            self._mask[:, place + column] = 1
            scores = self._step(chosen.unsqueeze(1), position + column)
        return texts


def draw(scores: torch.Tensor, uniforms: torch.Tensor, temperature: float, top_p: float = 1.0) -> torch.Tensor:
    """One token a row: the first whose cumulated probability exceeds the row's number; the best where the temperature is 0.

    Args:
        scores: Shape (B, V).
        uniforms: In [0, 1). Shape (B,).
        temperature: 0 is greedy.
        top_p: Only the most likely tokens that together have this probability are drawn.

    >>> draw(torch.tensor([[0.0, 0.0]]), torch.tensor([0.6], dtype=torch.float64), 1.0)
    tensor([1])
    """
    if temperature == 0:
        return scores.argmax(-1)
    chances = torch.softmax(scores.double() / temperature, -1)
    if top_p < 1:
        ordered, places = chances.sort(-1, descending=True)
        ordered[ordered.cumsum(-1) - ordered >= top_p] = 0
        chances = torch.zeros_like(chances).scatter(-1, places, ordered)
    mass = chances.cumsum(-1)
    target = uniforms.double().unsqueeze(1) * mass[:, -1:]
    return torch.searchsorted(mass, target, right=True).squeeze(1).clamp(max=scores.shape[1] - 1)


def shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts share at their beginning.

    >>> shared_length((1, 2, 3), (1, 2, 4, 5))
    2
    """
    same = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        same += 1
    return same
