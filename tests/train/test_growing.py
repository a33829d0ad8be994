"""Replies that grow token by token: what is held gives the logits that the whole sequence gives."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import agentarena as aa  # noqa: E402
from agentarena.train import checkpoint, grouping  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.growing import Growing  # noqa: E402
from agentarena.train.player import PolicyPlayer  # noqa: E402
from agentarena.train.policy import Policy  # noqa: E402

PROMPTS = [(5, 6, 7, 8), (5, 6, 7, 9, 10, 11, 12, 13), (5, 6, 14), (30,)]
ROUNDS = [
    [(prompt, ()) for prompt in PROMPTS],
    [(PROMPTS[0], (20, 21)), (PROMPTS[1], (22,)), (PROMPTS[1], (23, 24, 25)), (PROMPTS[3], (26,)), ((40, 41), ())],
    [(PROMPTS[1], (23, 24, 25, 27)), (PROMPTS[0], (20, 21, 28, 29)), (PROMPTS[2], (31,)), ((40, 41), (42,))],
]
"""Later rounds continue earlier ones, one of them twice; one prompt is new, and one is left out for a round."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    shape = ScratchModel(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=400)
    return checkpoint.model(SelfPlayConfig(games={"TicTacToe-v0": 1.0}, model=shape), [aa.game("TicTacToe-v0")])


def whole(policy: Policy, places: list) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([policy.logits([prompt + beginning], [[len(prompt + beginning) - 1]])[0] for prompt, beginning in places])


@pytest.mark.parametrize("most_bytes", [0, 3_000, 2**28])
@pytest.mark.parametrize("pass_cost", [0, 512])
def test_logits_are_those_of_whole_sequences(policy: Policy, most_bytes: int, pass_cost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(grouping._PASS_COST, "cpu", pass_cost)
    growing = Growing(policy, most_bytes)
    for places in ROUNDS:
        torch.testing.assert_close(growing.logits(places), whole(policy, places), atol=1e-5, rtol=0)


def test_only_new_tokens_pass_through(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    forward = policy.forward
    monkeypatch.setattr(policy, "forward", lambda ids, **more: sizes.append(tuple(ids.shape)) or forward(ids, **more))
    growing = Growing(policy)
    growing.logits([(PROMPTS[1], ()), ((5, 6, 7, 9, 10, 11, 12, 14), ())])
    growing.logits([(PROMPTS[1], (20, 21))])
    assert sizes == [(1, 7), (2, 1), (1, 2)]


def test_held_keys_and_values_are_bounded(policy: Policy) -> None:
    growing = Growing(policy, most_bytes=4096)  # 256 bytes a token
    growing.logits([((5,) * 15, ())])
    assert growing._left == 256
    growing.logits([((6,) * 2, ())])
    assert list(growing._places) == [(5,) * 15]


def test_models_that_do_not_look_at_every_token_are_computed_whole(policy: Policy) -> None:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(**{**policy.model.config.to_dict(), "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1})
    config.layer_types = ["full_attention", "sliding_attention"]
    windowed = Policy(Qwen3ForCausalLM(config).eval(), policy.tokenizer)
    growing = Growing(windowed)
    for places in ROUNDS:
        torch.testing.assert_close(growing.logits(places), whole(windowed, places), atol=1e-5, rtol=0)
    assert not growing._places


def test_replies_are_those_of_a_player_that_holds_nothing(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    def play() -> list:
        game = aa.game("Household-v0", max_steps=4)
        records = aa.play(game, [PolicyPlayer(policy)], matches=4, seed=2).records
        return [[attempt["text"] for reply in record.replies for attempt in reply["attempts"]] for record in records]

    replies = play()
    monkeypatch.setattr("agentarena.train.growing._can_grow", lambda model: False)
    assert play() == replies
