"""Examples of records, cloning, and files for TRL."""

from __future__ import annotations

import json
import math

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import agentarena as aa  # noqa: E402
from agentarena.core.errors import UsageError  # noqa: E402
from agentarena.train import checkpoint, judges  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.player import PolicyPlayer  # noqa: E402
from agentarena.train.supervised import Example, clone, examples, preference_pairs, write_dpo, write_sft  # noqa: E402


@pytest.fixture(scope="module")
def records():
    return aa.play("KuhnPoker-v0", ["kuhnpoker/nash", "random"], matches=60, seed=3).records


def policy():
    config = SelfPlayConfig(
        games={"KuhnPoker-v0": 1.0},
        model=ScratchModel(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=400),
    )
    return checkpoint.model(config, [aa.game("KuhnPoker-v0")])


def test_an_example_is_a_turn_as_it_is_shown_at_the_table(records):
    turns = list(examples(records[:1]))
    assert len(turns) == len([move for moves in records[0].actions for move in moves])
    first = turns[0]
    assert first.system.startswith("You play Kuhn poker")
    assert "You are dealt" in first.user
    assert first.reply in ("<answer>pass</answer>", "<answer>bet</answer>")
    assert first.total == records[0].returns[first.seat]


def test_examples_are_filtered(records):
    mine = list(examples(records, agents=["kuhnpoker/nash"]))
    assert {records[one.match].seats[one.seat].agent for one in mine} == {"kuhnpoker/nash"}
    assert all(one.total > 0 for one in examples(records, won=True))
    assert all(one.total >= 2 for one in examples(records, above=2))
    assert not list(examples(records, envs=["LeducPoker-v0"]))


def example(reply: str, total: float, user: str = "u") -> Example:
    return Example("Kuhn", 0, 0, "s", user, reply, total)


def test_pairs_are_the_replies_of_greatest_and_least_mean_return_to_one_prompt():
    turns = [example("a", 1.0), example("a", 3.0), example("b", 0.0), example("c", -1.0), example("a", 9.0, "other")]
    (pair,) = preference_pairs(turns)
    assert (pair.example.reply, pair.worse, pair.margin) == ("a", "c", 3.0)
    assert preference_pairs(turns, least=2) == []
    assert preference_pairs(turns, margin=3.0) == []


def test_files_have_the_formats_of_trl(tmp_path):
    turns = [example("a", 1.0), example("b", 0.0)]
    assert write_sft(turns, tmp_path / "sft.jsonl") == 2
    prompt = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    first = json.loads((tmp_path / "sft.jsonl").read_text().splitlines()[0])
    assert first == {"prompt": prompt, "completion": [{"role": "assistant", "content": "a"}]}
    assert write_dpo(preference_pairs(turns), tmp_path / "dpo.jsonl") == 1
    (line,) = (tmp_path / "dpo.jsonl").read_text().splitlines()
    chosen, rejected = ([{"role": "assistant", "content": reply}] for reply in ("a", "b"))
    assert json.loads(line) == {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def test_a_clone_replies_as_its_teacher_does_and_twice_the_same(records):
    turns = list(examples(records, agents=["kuhnpoker/nash"]))
    learned = []
    for _ in range(2):
        student = policy()
        before = judges.exact(PolicyPlayer(student), aa.game("KuhnPoker-v0"))
        figures = clone(student, turns, epochs=12, batch_size=16, learning_rate=5e-3)
        learned.append(student)
    assert figures["loss"] < 0.3
    assert figures["held_out_loss"] < 0.6
    assert judges.exact(PolicyPlayer(student), aa.game("KuhnPoker-v0")) < before
    for one, other in zip(*(student.model.parameters() for student in learned), strict=True):
        assert torch.equal(one, other)


def test_the_rate_of_cloning_falls_linearly(records, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self, *args: rates.append(self.param_groups[0]["lr"]) or step(self, *args))
    turns = list(examples(records))[:20]
    clone(policy(), turns, epochs=2, batch_size=10, learning_rate=1.0, lr_min_ratio=0.2, held_out=0.0)
    assert rates == pytest.approx([1.0, 0.8, 0.6, 0.4])


def test_nothing_to_learn_is_an_error():
    with pytest.raises(UsageError, match="nothing to learn"):
        clone(policy(), [])
    assert math.isnan(clone(policy(), [example("<answer>bet</answer>", 1.0)], held_out=0.0)["held_out_loss"])
