"""Many replies in one batch with a KV cache: rows join between steps, leave when they are finished, and share their rules.

A batch is right-aligned: the next token of every row is written to the same column. Keys and values have room to grow, so
that a step writes one column and copies nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

__all__ = ["Batch", "Prefixes", "Sequenced", "alike", "prefill", "score"]

R = TypeVar("R", bound="Sequenced")

_ROOM = 32
_READ_AT_ONCE = 16384
_LOGITS_AT_ONCE = 1 << 27
"""Most logits of a batch that is scored, half a gigabyte in float32."""
_SCORED_AT_ONCE = 256
Pairs = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of each layer. Shape of each (B, heads, T, width)."""


class Sequenced(Protocol):
    """A row before it joins: its prompt, and how much of that it shares with others."""

    ids: tuple[int, ...]
    prefix: tuple[int, ...]


class _Roomy(DynamicLayer):
    """Keys and values in a buffer with spare columns at its end."""

    def __init__(self) -> None:
        super().__init__()
        self._buffers: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        length = self.get_seq_length()
        self.reserve(key_states, length + key_states.shape[-2])
        assert self._buffers is not None
        after = length + key_states.shape[-2]
        for buffer, new in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[:, :, length:after] = new
        self.keys, self.values = (buffer[:, :, :after] for buffer in self._buffers)
        return self.keys, self.values

    def reserve(self, like: torch.Tensor, columns: int) -> None:
        """Make room for so many columns."""
        if self._buffers is not None and self._buffers[0].shape[-2] >= columns:
            return
        length = self.get_seq_length()
        size = (like.shape[0], like.shape[1], columns + _ROOM, like.shape[3])
        grown = (torch.zeros(size, dtype=like.dtype, device=like.device), torch.zeros(size, dtype=like.dtype, device=like.device))
        if length:
            assert self.keys is not None
            assert self.values is not None
            grown[0][:, :, :length] = self.keys
            grown[1][:, :, :length] = self.values
        self._buffers = grown

    def fill(self, keys: torch.Tensor, values: torch.Tensor, room: int) -> None:
        """Begin with these keys and values, shape (1 or B, heads, T, width), and `room` free columns."""
        self.lazy_initialization(keys, values)
        self.reserve(keys, keys.shape[-2] + room - _ROOM)
        self.update(keys, values)

    def adopt(self, keys: torch.Tensor, values: torch.Tensor, length: int) -> None:
        """Use these buffers, of which `length` columns are filled."""
        self.is_initialized, self.dtype, self.device = True, keys.dtype, keys.device
        self._buffers = (keys, values)
        self.keys, self.values = keys[:, :, :length], values[:, :, :length]


def _pairs(cache: Any) -> Pairs:
    return [(layer.keys, layer.values) for layer in cache.layers]


class Prefixes:
    """Keys and values of the prompts' common beginnings, the least recently used dropped first.

    Each is worked out by itself, so that it does not depend on what else is in the batch.

    Args:
        model: The language model.
        limit: Greatest number of bytes.
    """

    def __init__(self, model: Any, limit: int) -> None:
        self._model, self._limit = model, limit
        self._stored: OrderedDict[tuple[str | None, tuple[int, ...]], Pairs] = OrderedDict()
        self._bytes = 0

    def get(self, ids: tuple[int, ...], adapter: str | None) -> Pairs:
        """Keys and values of a beginning. Shape of each (1, heads, T, width)."""
        key = (adapter, ids)
        known = self._stored.get(key)
        if known is not None:
            self._stored.move_to_end(key)
            return known
        cache = Cache(layers=[_Roomy() for _ in range(_layers(self._model))])
        tokens = torch.tensor([ids], device=self._model.device)
        self._model(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
        pairs = [(keys.contiguous(), values.contiguous()) for keys, values in _pairs(cache)]
        self._stored[key] = pairs
        self._bytes += _size(pairs)
        while self._bytes > self._limit and len(self._stored) > 1:
            self._bytes -= _size(self._stored.popitem(last=False)[1])
        return pairs

    def clear(self) -> None:
        """Forget all: the model has other weights now."""
        self._stored.clear()
        self._bytes = 0


def _size(pairs: Pairs) -> int:
    return sum(tensor.numel() * tensor.element_size() for pair in pairs for tensor in pair)


def _layers(model: Any) -> int:
    return int(model.config.get_text_config().num_hidden_layers)


class Batch:
    """Rows under way.

    Attributes:
        rows: Whatever the caller keeps of each row; `None` where a row has left.
        logits: For the next token of each row. Shape (B, V).
    """

    def __init__(self, model: Any, rows: Sequence[Any], cache: Any, mask: torch.Tensor, logits: torch.Tensor) -> None:
        self.rows: list[Any] = list(rows)
        self.logits = logits
        self._model, self._cache = model, cache
        self._length = mask.shape[1]
        self._mask = torch.nn.functional.pad(mask, (0, _ROOM))
        self._positions = mask.sum(1, keepdim=True)

    @property
    def live(self) -> list[int]:
        """Places of the rows that have not left."""
        return [place for place, row in enumerate(self.rows) if row is not None]

    def step(self, tokens: Sequence[int]) -> None:
        """Append one token to every row, and find the logits of the next."""
        if self._length == self._mask.shape[1]:
            self._mask = torch.nn.functional.pad(self._mask, (0, 4 * _ROOM))
        self._mask[:, self._length] = 1
        self._length += 1
        out = self._model(
            input_ids=torch.tensor(tokens, device=self._mask.device).unsqueeze(1),
            attention_mask=self._mask[:, : self._length],
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._positions = self._positions + 1
        self.logits = out.logits[:, -1]

    @staticmethod
    def joined(batches: Sequence[Batch]) -> Batch:
        """One batch of the rows of several that have not left."""
        parts = [(batch, batch.live) for batch in batches if batch.live]
        if len(parts) == 1 and len(parts[0][1]) == len(parts[0][0].rows):
            return parts[0][0]
        starts = [_first_column(batch, live) for batch, live in parts]
        length = max(batch._length - start for (batch, _), start in zip(parts, starts, strict=True))
        count = sum(len(live) for _, live in parts)
        first = parts[0][0]
        mask = first._mask.new_zeros((count, length))
        places = [torch.tensor(live, device=mask.device) for _, live in parts]
        layers = [_Roomy() for _ in first._cache.layers]
        for number, layer in enumerate(layers):
            like = first._cache.layers[number].keys
            size = (count, like.shape[1], length + _ROOM, like.shape[3])
            keys, values = like.new_zeros(size), like.new_zeros(size)
            row = 0
            for (batch, live), where, start in zip(parts, places, starts, strict=True):
                old, width = batch._cache.layers[number], batch._length - start
                rows = slice(row, row + len(live))
                keys[rows, :, length - width : length] = old.keys[where, :, start:]
                values[rows, :, length - width : length] = old.values[where, :, start:]
                row += len(live)
            layer.adopt(keys, values, length)
        row = 0
        for (batch, live), where, start in zip(parts, places, starts, strict=True):
            width = batch._length - start
            mask[row : row + len(live), length - width :] = batch._mask[where, start : batch._length]
            row += len(live)
        logits = torch.cat([batch.logits[where] for (batch, _), where in zip(parts, places, strict=True)])
        return Batch(first._model, [batch.rows[place] for batch, live in parts for place in live], Cache(layers=[*layers]), mask, logits)


def _first_column(batch: Batch, live: list[int]) -> int:
    """The first column that a row which is still there uses."""
    return int(batch._mask[live].any(0).int().argmax())


def prefill(model: Any, rows: Sequence[Sequenced], shared: Pairs | None, *, simple: bool = False) -> Batch:
    """A batch of new rows, their prompts read.

    Args:
        model: The language model.
        rows: Rows whose prompts begin with the same `prefix`.
        shared: Keys and values of that prefix; `None` when it is read with the rest.
        simple: Whether the model's own kind of cache is needed (sliding windows, recurrent layers): such a batch cannot join another.
    """
    begun = shared[0][0].shape[-2] if shared is not None else 0
    longest = max(len(row.ids) for row in rows) - begun
    tokens = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros((len(rows), begun + longest), dtype=torch.long)
    mask[:, :begun] = 1
    for place, row in enumerate(rows):
        rest = row.ids[begun:]
        tokens[place, longest - len(rest) :] = torch.tensor(rest)
        mask[place, begun + longest - len(rest) :] = 1
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, begun:]
    tokens, mask, positions = (tensor.to(model.device) for tensor in (tokens, mask, positions))
    cache: Any = DynamicCache(config=model.config) if simple else Cache(layers=[_Roomy() for _ in range(_layers(model))])
    if shared is not None:
        for layer, (keys, values) in zip(cache.layers, shared, strict=True):
            layer.fill(keys.expand(len(rows), -1, -1, -1), values.expand(len(rows), -1, -1, -1), longest + _ROOM)
    out = model(input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return Batch(model, rows, cache, mask, out.logits[:, -1])


def alike(rows: Sequence[R], *, simple: bool) -> Iterator[list[R]]:
    """Rows that are read together: of the same prefix and of similar length, and not too many tokens at once."""
    by_prefix: dict[tuple[int, ...], list[R]] = {}
    for row in rows:
        by_prefix.setdefault(row.prefix, []).append(row)
    for group in by_prefix.values():
        ordered = sorted(group, key=lambda row: len(row.ids))
        begun = len(group[0].prefix)
        part: list[R] = []
        tokens = 0
        for row in ordered:
            length = len(row.ids) - begun
            padded = length * (len(part) + 1)
            if part and not simple and (padded > _READ_AT_ONCE or padded > 1.3 * (tokens + length) + 256):
                yield part
                part, tokens = [], 0
            part.append(row)
            tokens += length
        yield part


def score(model: Any, ids: Sequence[int], temperature: float = 1.0) -> list[float]:
    """Log-probability in nats of each token after the first, at a temperature, in one pass without a cache. Shape (T - 1,)."""
    tokens = torch.tensor([list(ids)], device=model.device)
    logits = model(input_ids=tokens, use_cache=False).logits[0, :-1]
    out: list[float] = []
    for begun in range(0, len(logits), _SCORED_AT_ONCE):
        part = logits[begun : begun + _SCORED_AT_ONCE].float() / temperature
        following = tokens[0, begun + 1 : begun + 1 + len(part)].unsqueeze(1)
        out.extend((part.gather(1, following).squeeze(1) - part.logsumexp(-1)).tolist())
    return out


def score_rows(model: Any, rows: Sequence[Sequence[int]], temperature: float = 1.0) -> list[list[float]]:
    """As `score`, of several texts in padded batches that depend on the texts alone: equal calls give equal bits."""
    width = int(model.config.get_text_config().vocab_size)
    out: list[list[float]] = [[] for _ in rows]
    order = sorted((row for row in range(len(rows)) if len(rows[row]) > 1), key=lambda row: len(rows[row]))
    while order:
        longest = len(rows[order[-1]])
        batch = [order.pop() for _ in range(min(len(order), max(1, _LOGITS_AT_ONCE // (longest * width))))]
        tokens = torch.zeros((len(batch), longest), dtype=torch.long)
        mask = torch.zeros_like(tokens)
        for place, row in enumerate(batch):
            tokens[place, : len(rows[row])] = torch.tensor(list(rows[row]))
            mask[place, : len(rows[row])] = 1
        tokens, mask = tokens.to(model.device), mask.to(model.device)
        logits = model(input_ids=tokens, attention_mask=mask, use_cache=False).logits
        for place, row in enumerate(batch):
            part = logits[place, : len(rows[row]) - 1].float() / temperature
            following = tokens[place, 1 : len(rows[row])].unsqueeze(1)
            out[row] = (part.gather(1, following).squeeze(1) - part.logsumexp(-1)).tolist()
    return out
