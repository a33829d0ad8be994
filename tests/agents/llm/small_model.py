"""A small random model in the architecture of `tiny`, built once a session; an engine on it, and prompts for it."""

from __future__ import annotations

import threading
from functools import cache
from itertools import islice
from typing import Any

import numpy as np

import agentarena as aa
from agentarena.agents.llm.engine import Request
from agentarena.agents.llm.hf import HFEngine
from agentarena.models.corpus import LESSONS, decisions
from agentarena.models.pretrain import Settings, build
from agentarena.models.tokenizer import train


@cache
def small() -> tuple[Any, Any]:
    """Model and tokenizer."""
    (lesson,) = (one for one in LESSONS if one.env == "TicTacToe-v0")
    taught = list(islice(decisions(lesson, seed=0), 60))
    texts = [text for one in taught for text in (one.rules, one.view, one.reply)]
    tokenizer = train(texts, 600)
    model = build(Settings(hidden=48, layers=2, heads=3, feed_forward=64, vocabulary=600, seed=3), tokenizer)
    return model.eval(), tokenizer


def engine(**settings) -> HFEngine:
    """An engine on the small model."""
    model, tokenizer = small()
    return HFEngine(model, tokenizer=tokenizer, **settings)


def ask(backend: HFEngine, requests, *, close: bool = True) -> list:
    """The answers to requests, all sent at once; exceptions in place of those that failed."""
    answers: list = [None] * len(requests)
    done = threading.Semaphore(0)
    for index, request in enumerate(requests):

        def take(completion, index=index):
            answers[index] = completion
            done.release()

        backend.submit(request, take)
    for _ in requests:
        assert done.acquire(timeout=120)
    if close:
        backend.close()
    return answers


def questions(count: int, **settings) -> list[Request]:
    """Requests for moves in different positions of tic-tac-toe, each with a length and seed of its own."""
    game = aa.game("TicTacToe-v0")
    out = []
    for number in range(count):
        rng = np.random.default_rng(number)
        state = game.start(rng)
        for _ in range(number % 5):
            seat = game.to_move(state)[0]
            state = game.step(state, {seat: int(rng.choice(game.legal(state, seat)))}, rng)
        seat = game.to_move(state)[0]
        messages = ({"role": "system", "content": game.text.rules(seat)}, {"role": "user", "content": game.text.view(state, seat)})
        out.append(Request(messages, **{"max_tokens": 4 + number % 9, "seed": number, **settings}))
    return out
