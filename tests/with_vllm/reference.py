"""The distributions that vLLM must sample from, worked out by transformers in float32."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from agentarena.agents.llm.engine import Completion, Request
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.rng import stream

ENVS = ("TicTacToe-v0", "KuhnPoker-v0", "ConnectFour-v0", "LeducPoker-v0")


def chats(count: int) -> list[tuple[dict[str, str], ...]]:
    """Openings of several games as an agent is asked them."""
    openings = []
    for number in range(count):
        game = registry.game(ENVS[number % len(ENVS)])
        state = game.start(stream(5, number))
        view = View(game, state, game.to_move(state)[0])
        openings.append(({"role": "system", "content": view.rules}, {"role": "user", "content": view.text}))
    return openings


def answers(engine: Any, requests: Sequence[Request]) -> list[Completion | Exception]:
    """Submits requests together and returns what came of each, in the same order."""
    box: SimpleQueue[tuple[int, Completion | Exception]] = SimpleQueue()
    for index, request in enumerate(requests):
        engine.submit(request, lambda answer, index=index: box.put((index, answer)))
    by_index = dict(box.get(timeout=300) for _ in requests)
    return [by_index[index] for index in range(len(requests))]


def completions(results: Iterable[Completion | Exception]) -> list[Completion]:
    """The results, none of which may be a failure."""
    out: list[Completion] = []
    for result in results:
        if isinstance(result, Exception):
            raise result
        out.append(result)
    return out


def logits(model: Any, token_ids: Sequence[int]) -> np.ndarray:
    """What a model of transformers gives at each token of a text. Shape (T, V)."""
    import torch

    with torch.no_grad():
        return np.asarray(model(torch.tensor([list(token_ids)])).logits[0].double())


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    shifted = scores - scores.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def full(model: Any, token_ids: Sequence[int], temperature: float = 1.0) -> list[float]:
    """Log-probability of each token of a text after the first. Shape (T - 1,)."""
    scores = log_softmax(logits(model, token_ids)[:-1] / temperature)
    return [float(row[token]) for row, token in zip(scores, token_ids[1:], strict=True)]


def sampled(model: Any, completion: Completion, temperature: float) -> np.ndarray:
    """Log-softmax over the whole vocabulary at each sampled place. Shape (T, V)."""
    rows = logits(model, completion.prompt_ids + completion.token_ids)[len(completion.prompt_ids) - 1 : -1]
    return log_softmax(rows / (temperature or 1.0))


def check_logprobs(completion: Completion, rows: np.ndarray, atol: float = 1e-4) -> None:
    """The log-probabilities of a reply are those of `rows`, restricted to the allowed tokens. Shape (T, V)."""
    assert len(completion.token_ids) == len(completion.logprobs) == len(completion.allowed_ids) == len(rows) > 0
    for row, token, logprob, ids in zip(rows, completion.token_ids, completion.logprobs, completion.allowed_ids, strict=True):
        mass = 0.0 if ids is None else np.logaddexp.reduce(row[list(ids)])
        assert abs(logprob - (row[token] - mass)) <= atol


def perturbed(model: Any, folder: Path, seed: int, scale: float = 0.02) -> Any:
    """A copy of a model, every weight moved a little, saved in a folder."""
    import copy

    import torch

    other = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in other.parameters():
            weight.add_(scale * torch.randn(weight.shape, generator=generator))
    other.save_pretrained(folder)
    return other
