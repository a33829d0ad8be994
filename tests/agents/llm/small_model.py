"""A small random model in the architecture of `tiny`, made once a session."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

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
