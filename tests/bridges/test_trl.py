"""Our games in TRL's trainers, offline."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of TRL and its dependencies

import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config, Qwen3ForCausalLM  # noqa: E402
from trl import DPOConfig, DPOTrainer, GRPOConfig  # noqa: E402

import agentarena as aa  # noqa: E402
from agentarena.bridges.trl import GameRollout, GameTrainer, rows  # noqa: E402
from agentarena.cli import main  # noqa: E402
from agentarena.core.errors import BadOption, UsageError  # noqa: E402

TINY = Path(__file__).parents[2] / "agentarena" / "models" / "tiny"


def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(TINY)


def random_model() -> Any:
    words = tokenizer()
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    return Qwen3ForCausalLM(Qwen3Config(vocab_size=len(words), head_dim=8, eos_token_id=words.eos_token_id, **sizes))


def trainer(folder: Path, model: Any, data: list[dict[str, Any]], rollout: GameRollout, **changes: Any) -> GameTrainer:
    settings: dict[str, Any] = {
        "output_dir": str(folder), "max_steps": 2, "per_device_train_batch_size": 4, "num_generations": 4, "use_cpu": True,
        "report_to": "none", "save_strategy": "no", "logging_steps": 1, "learning_rate": 1e-3, "disable_tqdm": True, "bf16": False,
    }  # fmt: skip
    args = GRPOConfig(**{**settings, **changes})
    return GameTrainer(model=model, args=args, train_dataset=Dataset.from_list(data), processing_class=tokenizer(), rollout=rollout)


def moved(before: dict[str, torch.Tensor], model: Any) -> bool:
    return any(not torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_random_model_trains_and_forfeits(tmp_path: Path) -> None:
    """It writes nothing legal, so every match is forfeited: a row has its retries in it, and returns of a group are equal."""
    run = trainer(tmp_path, random_model(), rows("KuhnPoker-v0", range(4), seats=[0]), GameRollout(("random",), max_tokens=4))
    run.train()
    assert run.state.global_step == 2
    assert all(len(lengths) == 3 for lengths in run._lengths)  # the first reply and two retries
    assert all(one is not None and one.total < 0 for one in run._trajectories)


@pytest.mark.parametrize("estimator", [None, "marshal"])
def test_the_tiny_model_trains_in_self_play(tmp_path: Path, estimator: str | None) -> None:
    model = AutoModelForCausalLM.from_pretrained(TINY)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run = trainer(tmp_path, model, rows("TicTacToe-v0", range(2)), GameRollout(estimator=estimator), num_iterations=1)
    run.train()
    assert run.state.global_step == 2
    assert moved(before, model)
    assert any(len(lengths) > 1 for lengths in run._lengths)


def batch(folder: Path, rollout: GameRollout, **changes: Any) -> tuple[GameTrainer, dict[str, Any]]:
    run = trainer(folder, AutoModelForCausalLM.from_pretrained(TINY), rows("TicTacToe-v0", [5]), rollout, **changes)
    inputs = [{"prompt": "", "env": "TicTacToe-v0", "deal": 5, "seat": seat} for seat in (0, 0, 1, 1)]
    return run, run._generate_and_score_completions(inputs)


def test_sampled_logprobs_are_those_that_trl_computes(tmp_path: Path) -> None:
    """Same tokens, same temperature, no restriction: what was recorded while playing is what the loss works out."""
    run, out = batch(tmp_path, GameRollout(), temperature=0.7)
    ids = torch.cat([out["prompt_ids"], out["completion_ids"]], 1)
    seen = torch.cat([out["prompt_mask"], out["completion_mask"]], 1)
    keep = out["completion_ids"].shape[1]
    logprobs, *_ = run._get_per_token_logps_and_entropies(run.model, ids, seen, keep)
    sampled = out["tool_mask"].bool()
    assert sampled.any()
    assert (~sampled & out["completion_mask"].bool()).any()  # and what was shown in between is masked
    torch.testing.assert_close(logprobs[sampled].detach(), out["sampling_per_token_logps"][sampled], atol=1e-4, rtol=0)


def test_advantages_of_turns_reach_the_tokens(tmp_path: Path) -> None:
    run, out = batch(tmp_path, GameRollout(estimator="marshal"))
    assert out["advantages"].shape == out["completion_ids"].shape
    assert not out["advantages"][out["tool_mask"] == 0].any()
    seats = [one.seat for one in run._trajectories]
    assert seats == [0, 0, 1, 1]
    for seat in (0, 1):  # each turn weighs the same in the mean of its seat
        turns = []
        for b, lengths in enumerate(run._lengths):
            if seats[b] == seat:
                values, at = out["advantages"][b][out["tool_mask"][b] == 1], 0
                for length in lengths:
                    assert len(set(values[at : at + length].tolist())) == 1
                    turns.append(float(values[at]))
                    at += length
        assert sum(turns) == pytest.approx(0, abs=1e-5)


def test_a_group_shares_its_deal_and_rewards_are_returns(tmp_path: Path) -> None:
    run, _ = batch(tmp_path, GameRollout(("random",)))
    records = run.play_rows()
    assert [record.deal for record in records] == [5] * 4
    assert len({record.match for record in records}) == 4
    fields = run.tokens_of(records)
    assert fields["seat_return"] == [record.seats[seat].return_ for record, seat in zip(records, (0, 0, 1, 1), strict=True)]
    assert fields["turns_left_out"] == [0] * 4


def test_dpo_learns_from_the_pairs_that_we_export(tmp_path: Path) -> None:
    """Two steps on the pairs of random matches: the loss begins at log 2, the policy being its own reference, and falls."""
    matches, pairs = tmp_path / "kuhn.jsonl", tmp_path / "dpo.jsonl"
    aa.play("KuhnPoker-v0", ["random", "random"], matches=60, seed=0, out=matches)
    main(["train", "export-dpo", str(matches), "-o", str(pairs)])
    data = Dataset.from_list([json.loads(line) for line in pairs.read_text().splitlines()])
    assert len(data) >= 6
    settings: dict[str, Any] = {"output_dir": str(tmp_path), "max_steps": 2, "per_device_train_batch_size": len(data), "logging_steps": 1}
    settings |= {"report_to": "none", "save_strategy": "no", "learning_rate": 1e-2, "use_cpu": True, "bf16": False, "disable_tqdm": True}
    random_model().save_pretrained(tmp_path / "model")  # a folder: the trainer loads it again as its reference
    run = DPOTrainer(model=str(tmp_path / "model"), args=DPOConfig(**settings), train_dataset=data, processing_class=tokenizer())
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train()
    losses = [entry["loss"] for entry in run.state.log_history if "loss" in entry]
    assert losses[0] == pytest.approx(math.log(2), abs=1e-3)
    assert 0 < losses[1] < losses[0]
    assert moved(before, run.model)


def test_bad_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="marshal"):
        GameRollout(estimator="gae")
    with pytest.raises(BadOption, match="opponents"):
        GameRollout(opponents="self")
    run = trainer(tmp_path, random_model(), rows("KuhnPoker-v0", [0]), GameRollout())
    with pytest.raises(UsageError, match="seat must be from 0 to 1"):
        run._generate_and_score_completions([{"prompt": "x", "env": "KuhnPoker-v0", "deal": 0, "seat": 2}])
