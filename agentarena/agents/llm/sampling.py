"""Choosing the next tokens of a batch: each row by its own temperature, cut-offs, legal replies and random stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch

from .engine import Request

__all__ = ["Draw", "Sampled", "choose"]


class Sampled(Protocol):
    """A row whose next token is chosen."""

    request: Request
    rng: np.random.Generator


class Draw(NamedTuple):
    """A token and the distribution it was drawn from; see `agentarena.core.agent.TokenSample` for the conventions."""

    token: int
    logprob: float
    log_normalizer: float = 0.0
    allowed_ids: tuple[int, ...] | None = None


def choose(logits: torch.Tensor, rows: Sequence[Sampled], allowed: Sequence[np.ndarray | None]) -> list[Draw]:
    """The next token of each row with its log-probability under the distribution it was drawn from, in nats.

    The order of restrictions is vLLM's: legal replies, temperature, top-k, top-p. Greedy rows ignore top-k and top-p.

    A free row draws one uniform number a token from its own stream and takes the token whose cumulated probability first
    exceeds it; a row under legal replies draws one number a token of the vocabulary and takes the allowed token of the
    greatest Gumbel-perturbed score. Neither depends on the other rows.

    Args:
        logits: Shape (B, V), V entries of the vocabulary.
        rows: Their rows, in the same order.
        allowed: The legal tokens of each row, `None` where all are. Shape (B,), each (A,).
    """
    scores = torch.log_softmax(logits.float(), -1)
    draws: list[Draw | None] = [None] * len(rows)
    greedy, plain, cut, bound = _sorted(rows, allowed)
    if greedy:
        best = _rows(scores, greedy).max(-1)
        for place, token, logprob in zip(greedy, best.indices.tolist(), best.values.tolist(), strict=True):
            draws[place] = Draw(token, logprob)
    for places, choose_free in ((plain, _plain), (cut, _cut)):
        if places:
            for place, draw in zip(places, choose_free(_scaled(scores, rows, places), [rows[p] for p in places]), strict=True):
                draws[place] = draw
    if bound:
        for place, draw in zip(bound, _bound(scores, rows, allowed, bound), strict=True):
            draws[place] = draw
    return [draw for draw in draws if draw is not None]


def _sorted(rows: Sequence[Sampled], allowed: Sequence[np.ndarray | None]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Places of the rows that are greedy, free, free with cut-offs, and under legal replies."""
    kinds: tuple[list[int], list[int], list[int], list[int]] = ([], [], [], [])
    for place, row in enumerate(rows):
        request = row.request
        if allowed[place] is not None:
            kind = 3
        elif request.temperature == 0:
            kind = 0
        else:
            kind = 2 if request.top_k or request.top_p < 1 else 1
        kinds[kind].append(place)
    return kinds


def _temperature(row: Sampled) -> float:
    """The temperature of a distribution: 1 where it is greedy or not specified."""
    return row.request.temperature or 1.0


def _double(scores: torch.Tensor) -> torch.dtype:
    return torch.float32 if scores.device.type == "mps" else torch.float64


def _scaled(scores: torch.Tensor, rows: Sequence[Sampled], places: Sequence[int]) -> torch.Tensor:
    """Scores of some rows over their temperatures. Shape (R, V)."""
    temperatures = torch.tensor([_temperature(rows[place]) for place in places], device=scores.device, dtype=_double(scores))
    return _rows(scores, places).to(_double(scores)) / temperatures.unsqueeze(1)


def _rows(scores: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
    """Some rows, in ascending order; without a copy where they are all. Shape (R, V)."""
    return scores if len(places) == len(scores) else scores[torch.tensor(places, device=scores.device)]


def _plain(scaled: torch.Tensor, rows: Sequence[Sampled]) -> list[Draw]:
    """Draws from all of the vocabulary. Shape of `scaled`: (R, V)."""
    tokens = _drawn(scaled, rows)
    logprobs = scaled.gather(1, tokens.unsqueeze(1)).squeeze(1) - scaled.logsumexp(-1)
    return [Draw(token, logprob) for token, logprob in zip(tokens.tolist(), logprobs.tolist(), strict=True)]


def _cut(scaled: torch.Tensor, rows: Sequence[Sampled]) -> list[Draw]:
    """Draws from the most likely tokens. Shape of `scaled`: (R, V)."""
    likely = _top(scaled, [row.request.top_k for row in rows], [row.request.top_p for row in rows])
    restricted = scaled.masked_fill(~likely, -torch.inf)
    tokens = _drawn(restricted, rows)
    among = restricted.logsumexp(-1)
    logprobs = (restricted.gather(1, tokens.unsqueeze(1)).squeeze(1) - among).tolist()
    normalizers = (among - scaled.logsumexp(-1)).tolist()
    draws = []
    for place, (token, mask) in enumerate(zip(tokens.tolist(), likely.cpu().numpy(), strict=True)):
        if mask.all():
            draws.append(Draw(token, logprobs[place]))
        else:
            draws.append(Draw(token, logprobs[place], normalizers[place], tuple(np.flatnonzero(mask).tolist())))
    return draws


def _drawn(scaled: torch.Tensor, rows: Sequence[Sampled]) -> torch.Tensor:
    """One token of each row by inversion of its cumulated probabilities. Shape (R,)."""
    cdf = torch.softmax(scaled, -1).cumsum(-1)
    uniforms = torch.tensor([row.rng.random() for row in rows], device=scaled.device, dtype=scaled.dtype)
    return torch.searchsorted(cdf, (uniforms * cdf[:, -1]).unsqueeze(1), right=True).squeeze(1).clamp(max=scaled.shape[1] - 1)


def _top(scaled: torch.Tensor, top_k: Sequence[int], top_p: Sequence[float]) -> torch.Tensor:
    """Whether a token is among the `top_k` most likely (0: all), and of these among the fewest that add up to `top_p`. Shape (R, V)."""
    ordered, places = scaled.sort(descending=True, stable=True)
    width = scaled.shape[-1]
    limits = torch.tensor([k or width for k in top_k], device=scaled.device).unsqueeze(1)
    likely = torch.arange(width, device=scaled.device) < limits
    thresholds = torch.tensor(top_p, device=scaled.device, dtype=scaled.dtype).unsqueeze(1)
    chances = torch.softmax(ordered.masked_fill(~likely, -torch.inf), -1)
    likely &= (chances.cumsum(-1) - chances < thresholds) | (thresholds >= 1)
    return torch.zeros_like(likely).scatter(1, places, likely)


def _bound(scores: torch.Tensor, rows: Sequence[Sampled], allowed: Sequence[np.ndarray | None], places: Sequence[int]) -> list[Draw]:
    """Draws under legal replies: only the scores of allowed tokens leave the device, all in one piece."""
    ids = [ids for place in places if (ids := allowed[place]) is not None]
    lengths = [len(one) for one in ids]
    owners = torch.from_numpy(np.repeat(np.asarray(places, np.int64), lengths)).to(scores.device)
    flat = scores[owners, torch.from_numpy(np.concatenate(ids).astype(np.int64)).to(scores.device)].cpu().numpy().astype(np.float64)
    hot = [place for place in places if _temperature(rows[place]) != 1]
    totals = dict.fromkeys(places, 0.0)  # log of the sum over all of the vocabulary; scores are normalized at temperature 1
    if hot:
        totals.update(zip(hot, _scaled(scores, rows, hot).logsumexp(-1).tolist(), strict=True))
    draws, begun = [], 0
    for place, own, length in zip(places, ids, lengths, strict=True):
        row = rows[place]
        draws.append(_one_bound(flat[begun : begun + length] / _temperature(row), own, row, totals[place], scores.shape[1]))
        begun += length
    return draws


def _one_bound(scaled: np.ndarray, ids: np.ndarray, row: Sampled, total: float, width: int) -> Draw:
    """One draw among the allowed tokens `ids`, whose scores over the temperature are `scaled`. Shape of both: (A,)."""
    request = row.request
    keys = scaled
    if request.temperature != 0:
        if len(ids) == 1:  # the stream moves on as if a number had been drawn for each token
            bits = row.rng.bit_generator
            assert isinstance(bits, np.random.PCG64)
            bits.advance(width)
        else:
            keys = scaled + _gumbel(row.rng.random(width)[ids])
            if request.top_k or request.top_p < 1:
                likely = _top(torch.from_numpy(scaled).unsqueeze(0), [request.top_k], [request.top_p])[0].numpy()
                scaled, ids, keys = scaled[likely], ids[likely], keys[likely]
    best = int(keys.argmax())
    top = scaled.max()
    among = float(top + np.log(np.exp(scaled - top).sum()))
    return Draw(int(ids[best]), float(scaled[best]) - among, among - total, tuple(ids.tolist()))


def _gumbel(uniforms: np.ndarray) -> np.ndarray:
    """Standard Gumbel numbers from uniform ones in [0, 1), as numpy makes them."""
    return np.asarray(-np.log(-np.log1p(-np.maximum(uniforms, 2.0**-54))))
