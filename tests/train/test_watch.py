"""What a run says about itself and does about it: alerts, remedies, its log, its samples."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.core.errors import BadOption, UsageError  # noqa: E402
from agentarena.core.replay import verify  # noqa: E402
from agentarena.train import checkpoint, logs, monitor  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)
COLLAPSE = {"entropy_ratio": 0.5, "draws": 0.02, "kl_step": 0.098}
HEALTHY = {"entropy_ratio": 0.72, "draws": 0.4, "kl_step": 0.01}


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {"games": {"KuhnPoker-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "max_steps": 4, "matches": 12}
    return SelfPlayConfig(**{**fields, "learning_rate": 1e-3, "eval_steps": 0, "save_steps": 0, **changes})


def watched(sequence, statistics=None, **changes):
    """The monitor's words of each update, and its state."""
    state = SimpleNamespace(statistics=statistics if statistics is not None else {})
    settings = config(Path("nowhere"), **changes)
    watch = monitor.Monitor(settings, state)
    return [watch.watch(dict(signals)) for signals in sequence], watch, state, settings


@pytest.mark.parametrize(
    ("signals", "signs"),
    [
        ({"tokens_ratio": 2.5}, ["length"]),
        ({"tokens_ratio": 0.3}, ["length"]),
        ({"grad_norm_ratio": 11.0}, ["gradient"]),
        ({"clipping_bias_norm": 1.2}, ["clipping_bias"]),
        ({"tokens_ratio": 1.5, "grad_norm_ratio": 5.0, "clipping_bias_norm": 0.9}, []),
    ],
)
def test_what_is_out_of_proportion_is_said(signals, signs):
    assert [alert.sign for alert in monitor.alerts(signals)] == signs


def test_a_remedy_needs_a_sign_that_stands():
    words, _, state, settings = watched([COLLAPSE, COLLAPSE, HEALTHY, COLLAPSE, COLLAPSE], on_alert="remedy", entropy_coef=0.02)
    assert not any("remedy:" in line for lines in words for line in lines)
    assert monitor.entropy_coef(settings, state) == 0.02
    words, _, state, settings = watched([COLLAPSE] * 3, on_alert="remedy", entropy_coef=0.02)
    assert words[2][-1] == "remedy: entropy_coef is 0.04 from now on"
    assert monitor.entropy_coef(settings, state) == 0.04


def test_remedies_end_and_begin_above_nothing():
    words, _, state, settings = watched([COLLAPSE] * 40, on_alert="remedy", alert_entropy_factor=3.0)
    assert sum("remedy:" in line for lines in words for line in lines) == monitor.MOST_RAISES
    assert monitor.entropy_coef(settings, state) == pytest.approx(0.01 * 3**4)


def test_reports_change_nothing_and_a_stop_names_its_sign():
    _, watch, state, settings = watched([COLLAPSE] * 9)
    assert (watch.stopped_by, monitor.entropy_coef(settings, state)) == ("", 0.0)
    _, watch, _, _ = watched([COLLAPSE] * 3, on_alert="stop")
    assert watch.stopped_by.startswith("entropy: ")


def test_what_the_monitor_remembers_survives_json():
    sequence = [{**COLLAPSE, "tokens": 5.0 + n, "grad_norm": 1.0} for n in range(16)]
    whole, *_ = watched(sequence, on_alert="remedy")
    first, _, state, _ = watched(sequence[:8], on_alert="remedy")
    second, *_ = watched(sequence[8:], json.loads(json.dumps(state.statistics)), on_alert="remedy")
    assert whole == first + second


def test_length_is_judged_by_its_own_moving_mean():
    words, *_ = watched([{"tokens": 10.0}] * 12 + [{"tokens": 25.0}])
    assert [bool(lines) for lines in words] == [False] * 12 + [True]
    assert "2.5 times as long" in words[-1][0]


def test_a_raised_entropy_bonus_reaches_the_loss(tmp_path: Path):
    def weights(raises: int, coefficient: float) -> dict:
        run = SelfPlay(config(tmp_path, entropy_coef=coefficient, alert_entropy_factor=4.0))
        run.state.statistics["monitor"] = {"raises": raises, "standing": {}, "usual": {}}
        assert run.update()["entropy_coef"] == pytest.approx(coefficient * 4.0**raises)
        return checkpoint.weights(run.state.policy)

    raised, same, lower = weights(1, 0.05), weights(0, 0.2), weights(0, 0.05)
    assert all(torch.equal(raised[name], same[name]) for name in raised)
    assert any(not torch.equal(raised[name], lower[name]) for name in raised)


def test_a_stopped_run_leaves_a_checkpoint(tmp_path: Path, monkeypatch):
    alert = monitor.Alert("monopoly", "one seat wins", "help it")
    monkeypatch.setattr(monitor, "alerts", lambda signals: [alert])
    with pytest.raises(UsageError, match=r"update 2: stopped by on_alert\. monopoly: one seat wins; help it\. .*checkpoint-2"):
        selfplay(config(tmp_path, on_alert="stop", alert_patience=2))
    assert (tmp_path / "checkpoint-2" / "run.json").is_file()


# --- restarts ------------------------------------------------------------------------------------------------------------


def collapsing(monkeypatch, *updates: int) -> None:
    """Some updates show a sign of a collapse; which one it is, is read from the figures."""
    alert = monitor.Alert("monopoly", "one seat wins", "help it")
    monkeypatch.setattr(monitor, "alerts", lambda signals: [alert] if signals["step"] in updates else [])


def same(one, other) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def moments(run: SelfPlay) -> dict[int, torch.Tensor]:
    return {number: entry["exp_avg"].clone() for number, entry in run.state.optimizer.state_dict()["state"].items()}


def test_a_restart_goes_back_to_the_last_checkpoint_without_signs_and_lowers_the_rate(tmp_path: Path, monkeypatch):
    """Update 4 is saved, too, but with a sign: the run goes back to update 2. The newest checkpoints alone are left."""
    collapsing(monkeypatch, 4, 5)
    settings = config(
        tmp_path, max_steps=6, on_alert="restart", alert_patience=2, save_steps=2, save_total_limit=1, ref_model_mixup_alpha=0.1,
        lr_scheduler_type="constant", estimator="rae",
    )  # fmt: skip
    run, weights, references, adam, baselines = SelfPlay(settings), [], [], [], []
    for step in range(1, 6):
        figures = run.update()
        weights.append(checkpoint.weights(run.state.policy))
        references.append(checkpoint.weights(run.state.reference))
        adam.append(moments(run))
        baselines.append(dict(run.state.baselines))
        if step % 2 == 0:
            checkpoint.save(run.state, settings)
    assert figures["alerts"][-1] == "restart: back to update 2, learning rates are 0.5 of what they were from now on"
    assert run.state.step == 5
    assert same(weights[4], weights[1])
    assert same(references[4], references[1])
    assert same(adam[4], adam[1])
    assert baselines[4] == baselines[1]
    assert not same(weights[4], weights[3])
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == ["checkpoint-2", "checkpoint-4"]
    assert run.update()["learning_rate"] == pytest.approx(0.5e-3)


@pytest.mark.parametrize("killed_after", [3, 4, 5])
def test_a_run_with_a_restart_that_is_killed_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch, killed_after):
    collapsing(monkeypatch, 3, 4)
    changes = {"max_steps": 6, "on_alert": "restart", "alert_patience": 2, "save_steps": 2, "beta": 0.1, "ref_model_mixup_alpha": 0.1}
    whole = selfplay(config(tmp_path / "whole", **changes))
    cut = config(tmp_path / "cut", **changes)
    run = SelfPlay(cut)
    for step in range(1, killed_after + 1):
        run.update()
        if step % 2 == 0:
            checkpoint.save(run.state, cut)
    again = selfplay(cut)
    assert same(checkpoint.weights(whole.state.policy), checkpoint.weights(again.state.policy))
    assert whole.state.statistics["monitor"] == again.state.statistics["monitor"]
    assert whole.state.statistics["monitor"]["restarts"] == 1


def test_without_a_good_checkpoint_a_restart_begins_anew(tmp_path: Path, monkeypatch):
    collapsing(monkeypatch, 1, 2)
    settings = config(tmp_path, on_alert="restart", alert_patience=1, save_steps=1, estimator="turn_gae", beta=0.1)
    run = SelfPlay(settings)
    first = checkpoint.weights(run.state.policy)
    figures = run.update()
    assert figures["alerts"][-1].startswith("restart: back to update 0")
    assert same(checkpoint.weights(run.state.policy), first)
    assert not run.state.optimizer.state_dict()["state"]
    assert not any(value.any() for name, value in run.state.critic.tensors().items())


def test_restarts_are_bounded_and_need_checkpoints(tmp_path: Path):
    state = SimpleNamespace(statistics={}, step=1)
    watch = monitor.Monitor(config(tmp_path, on_alert="restart", save_steps=2, alert_patience=1), state)
    restarts = []
    for _ in range(9):
        watch.watch(dict(COLLAPSE))
        restarts.append(watch.restarts)
    assert restarts == [True] * monitor.MOST_RESTARTS + [False] * (9 - monitor.MOST_RESTARTS)
    with pytest.raises(BadOption, match="save_steps to at least 1, got 0"):
        config(tmp_path, on_alert="restart")


def test_a_checkpoint_that_was_taken_away_is_named(tmp_path: Path):
    run = SelfPlay(config(tmp_path))
    with pytest.raises(UsageError, match=r"goes back to .*checkpoint-7, which is not there"):
        checkpoint.restore(run.state, run.config, 7, run.games.values())


def test_a_run_that_goes_on_has_each_update_once_in_its_log(tmp_path: Path):
    cut = SelfPlay(config(tmp_path))
    for step in (1, 2, 3):
        cut.log(cut.update())
        if step == 2:
            checkpoint.save(cut.state, cut.config)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')
    selfplay(config(tmp_path))
    assert [line["step"] for line in logs.log_lines(tmp_path)] == [1, 2, 3, 4]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 4


def test_samples_are_readable_verify_and_change_nothing(tmp_path: Path):
    plain = selfplay(config(tmp_path / "plain", max_steps=3))
    run = selfplay(config(tmp_path / "run", max_steps=3, sample_steps=1, eval_steps=1, judges=("exact",)))
    first, second = checkpoint.weights(plain.state.policy), checkpoint.weights(run.state.policy)
    assert all(torch.equal(first[name], second[name]) for name in first)
    text = (tmp_path / "run" / "samples" / "step-2-KuhnPoker-v0.txt").read_text()
    assert "--- step 0" in text
    assert "seat 0 replies" in text
    assert "winner: " in text
    outcome = verify(str(tmp_path / "run" / "samples" / "step-2-KuhnPoker-v0.jsonl"))
    assert (outcome.ok, outcome.matches) == (True, 1)
