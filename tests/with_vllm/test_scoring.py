"""Given replies scored by vLLM: as transformers scores them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from agentarena.agents.llm.scoring import Continuations, scorer

CHAT = ({"role": "system", "content": "You answer questions."}, {"role": "user", "content": "What is 6 times 7?"})
ITEMS = [Continuations(CHAT, (" 42", " 41", " forty-two")), Continuations(CHAT[1:], (" correct", " incorrect"))]


def test_replies_score_as_under_transformers(engine: Any, judge: Any) -> None:
    scores = scorer(engine).scores(ITEMS)
    tokenizer = engine.template.tokenizer
    for item, row in zip(ITEMS, scores, strict=True):
        prompt = engine.template.prompt(item.messages)
        for reply, score in zip(item.replies, row, strict=True):
            ids = torch.tensor([[*prompt, *tokenizer(reply, add_special_tokens=False).input_ids, tokenizer.eos_token_id]])
            with torch.inference_mode():
                logprobs = judge(ids).logits[0].log_softmax(-1)
            expected = sum(float(logprobs[k - 1, ids[0, k]]) for k in range(len(prompt), ids.shape[1]))
            np.testing.assert_allclose(score.logprob, expected, atol=1e-3)
            assert score.tokens == ids.shape[1] - len(prompt)
