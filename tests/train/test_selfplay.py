"""Self-play of a tiny random model: what is sampled, what is learned from it, and what a run that was killed comes to."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import agentarena as aa  # noqa: E402
from agentarena.agents.search.tree import tree_of  # noqa: E402
from agentarena.core.agent import View  # noqa: E402
from agentarena.core.config import RunConfig  # noqa: E402
from agentarena.core.errors import BadOption, NotSupported, UsageError  # noqa: E402
from agentarena.core.match import Match  # noqa: E402
from agentarena.core.record import Fixture  # noqa: E402
from agentarena.core.rng import CHANCE, stream  # noqa: E402
from agentarena.train import checkpoint, grouping, judges, losses  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.monitor import alerts  # noqa: E402
from agentarena.train.player import PolicyPlayer, ReplyTree  # noqa: E402
from agentarena.train.policy import Samples  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import batch_of, fixtures, play, seat_trajectories  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {
        "games": {"KuhnPoker-v0": 1.0},
        "model": SMALL,
        "output_dir": str(folder),
        "max_steps": 4,
        "matches": 12,
        "learning_rate": 1e-3,
    }
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 0, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SelfPlay:
    return SelfPlay(config(tmp_path_factory.mktemp("run"), games={"KuhnPoker-v0": 1.0, "TicTacToe-v0": 1.0}))


@pytest.fixture(scope="module")
def trajectories(run: SelfPlay):
    return [one for record in run.rollout() for one in seat_trajectories(record, "policy")]


def samples_of(trajectories):
    return [sample for one in trajectories for turn in one.turns for sample in turn.samples]


# --- the policy at the table --------------------------------------------------------------------------------------------


def test_a_reply_tree_has_every_reply_and_no_other():
    tree = ReplyTree.of([(1, 2, 9), (1, 3, 4, 9), (5, 9)])
    assert tree.children == {(): (1, 5), (1,): (2, 3), (1, 2): (9,), (1, 3): (4,), (1, 3, 4): (9,), (5,): (9,)}
    assert tree.forced((1, 3)) == (1, 3, 4, 9)
    assert tree.forced(()) == ()


def test_a_policys_distribution_adds_up_to_one_and_is_what_it_samples_from(run: SelfPlay):
    game = run.games["TicTacToe-v0"]
    view = View(game, game.start(stream(0, CHANCE, 0)), 0)
    player = PolicyPlayer.like(run.player)
    chances = player.distribution(view)
    assert set(chances) == set(view.options.replies)
    assert sum(chances.values()) == pytest.approx(1)
    draws = [View(game, view._state, 0, match=number) for number in range(1500)]
    counts = dict.fromkeys(chances, 0)
    for reply in player.act(draws):
        counts[view.write(view.read(reply.text))] += 1
    statistic = sum((counts[move] - 1500 * chance) ** 2 / (1500 * chance) for move, chance in chances.items())
    assert statistic < 26.1  # chi-squared, 8 degrees of freedom, p = .001


def test_greedy_play_takes_the_most_likely_token(run: SelfPlay):
    game = run.games["TicTacToe-v0"]
    view = View(game, game.start(stream(0, CHANCE, 0)), 0)
    (reply,) = PolicyPlayer.like(run.player, temperature=0.0).act([view])
    (same,) = PolicyPlayer.like(run.player, temperature=0.0).act([View(game, view._state, 0, match=99)])
    assert reply.text == same.text


def test_replies_that_are_not_listed_are_refused_with_the_reason(run: SelfPlay):
    game = aa.game("Commons-v0")
    view = View(game, game.start(stream(0, CHANCE, 0)), game.to_move(game.start(stream(0, CHANCE, 0)))[0])
    with pytest.raises(NotSupported, match="not listed"):
        PolicyPlayer.like(run.player).act([view])


# --- what is learned from ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_sampled_and_recomputed_log_probabilities_are_equal(run: SelfPlay, temperature):
    game = run.games["TicTacToe-v0"]
    player = PolicyPlayer.like(run.player, temperature=temperature)
    records = [one.record for one in play(game, [player], [Fixture(n, n, (0, 0)) for n in range(8)], seed=1)]
    batch = Samples.of(samples_of([one for record in records for one in seat_trajectories(record, "policy")]))
    with torch.no_grad():
        new = run.state.policy.logprobs(batch)
    torch.testing.assert_close(new, batch.old_logprobs, atol=1e-4, rtol=0)
    assert (batch.mask.sum(1) >= 0).all()
    assert batch.mask.any()


def test_log_normalizers_say_how_much_the_legal_replies_hold(run: SelfPlay, trajectories):
    sample = next(one for one in samples_of(trajectories) if any(one.log_normalizers))
    place = next(t for t, value in enumerate(sample.log_normalizers) if value)
    with torch.no_grad():
        (logits,) = run.state.policy.logits([(*sample.prompt_ids, *sample.token_ids[:place])], [[len(sample.prompt_ids) - 1 + place]])
    chances = logits[0].softmax(-1)
    assert math.exp(sample.log_normalizers[place]) == pytest.approx(float(chances[list(sample.allowed_ids[place])].sum()), rel=1e-4)


def test_computing_equal_samples_once_changes_no_gradient(run: SelfPlay, trajectories):
    samples = samples_of(trajectories)[:20]
    weights = torch.linspace(-1, 1, len(samples))
    batch = Samples.of([*samples, *samples])
    assert len(batch.distinct) <= len(samples)

    def gradient(parts) -> list[torch.Tensor]:
        run.state.policy.model.zero_grad()
        total = 0.0
        for part, weight in parts:
            new = run.state.policy.logprobs(part)
            total = total + (losses.ratios(new[part.row], part.old_logprobs[part.row], part.mask[part.row]) * weight.unsqueeze(1)).sum()
        total.backward()
        return [parameter.grad.clone() for parameter in run.state.policy.model.parameters()]

    together = gradient([(batch, torch.cat([weights, weights]))])
    apart = gradient([(Samples.of([one]), 2 * weights[i : i + 1]) for i, one in enumerate(samples)])
    run.state.policy.model.zero_grad()
    for a, b in zip(together, apart, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_a_trajectorys_rewards_add_up_to_its_return(trajectories):
    batch = batch_of(trajectories)
    initial = np.array([one.initial for one in trajectories])
    np.testing.assert_allclose(batch.rewards.sum(1) + initial, [one.total for one in trajectories])
    assert {one.game for one in trajectories} == {"KuhnPoker-v0", "TicTacToe-v0"}
    assert batch.anchors[0][0] == trajectories[0].turns[0].information


def test_matches_come_in_the_shares_that_were_asked_for():
    planned = fixtures(3, 7, {"a": 3.0, "b": 1.0}, {"self": 1.0, "random": 1.0}, 40)
    assert sum(game == "a" for game, _, _ in planned) == 30
    assert sum(opponent == "random" for _, opponent, _ in planned) == 20
    assert planned == fixtures(3, 7, {"a": 3.0, "b": 1.0}, {"self": 1.0, "random": 1.0}, 40)
    assert planned != fixtures(3, 8, {"a": 3.0, "b": 1.0}, {"self": 1.0, "random": 1.0}, 40)
    odd = [
        sum(game == "a" for game, _, _ in fixtures(3, update, {"a": 1.0, "b": 1.0, "c": 1.0}, {"self": 1.0}, 10)) for update in range(60)
    ]
    assert set(odd) == {3, 4}


def test_opponents_are_fixed_in_each_match_and_named_by_their_weights(tmp_path: Path):
    run = SelfPlay(config(tmp_path, opponents={"past": 1.0, "random": 1.0}, past_steps=1))
    run.update()
    run.opponents.remember()
    records = run.rollout()
    names = {seat.agent for record in records for seat in record.seats}
    weights = {f"policy@{checkpoint.digest(snapshot)}" for snapshot in run.state.past.values()}
    assert "random" in names
    assert names <= {"policy", "random", *weights}
    assert names & weights
    for record in records:
        assert sum(seat.agent == "policy" for seat in record.seats) == 1
    held = [next(n for n, seat in enumerate(record.seats) if seat.agent == "policy") for record in records]
    assert set(held) == {0, 1}


# --- a run -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ["marshal", "rae", "gigpo"])
def test_a_run_that_was_killed_goes_on_to_the_same_weights(tmp_path: Path, estimator):
    changes = {"estimator": estimator, "opponents": {"self": 1.0, "past": 1.0}, "past_steps": 2, "beta": 0.1, "ref_model_mixup_alpha": 0.1}
    whole = selfplay(config(tmp_path / "whole", **changes))
    cut = SelfPlay(config(tmp_path / "cut", **changes))
    cut.update()
    cut.update()
    checkpoint.save(cut.state, cut.config)
    cut.update()  # lost
    (tmp_path / "cut" / "checkpoint-3").mkdir()  # a checkpoint that was never finished
    again = selfplay(config(tmp_path / "cut", **changes))
    for one, other in ((whole.state.policy, again.state.policy), (whole.state.reference, again.state.reference)):
        first, second = checkpoint.weights(one), checkpoint.weights(other)
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert whole.state.baselines == again.state.baselines
    assert set(whole.state.past) == set(again.state.past)


def test_learning_changes_the_policy_and_the_reference_follows(tmp_path: Path):
    run = SelfPlay(config(tmp_path, ref_model_mixup_alpha=0.25))
    before = checkpoint.weights(run.state.policy)
    run.update()
    after, reference = checkpoint.weights(run.state.policy), checkpoint.weights(run.state.reference)
    assert any(not torch.equal(before[name], after[name]) for name in before)
    for name in before:
        torch.testing.assert_close(reference[name], before[name] + 0.25 * (after[name] - before[name]))


def test_a_run_logs_judges_and_saves_what_others_can_load(tmp_path: Path):
    folder = tmp_path / "run"
    selfplay(config(folder, max_steps=2, eval_steps=2, judges=("exact", "random"), judge_matches=4))
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert 0 < lines[1]["KuhnPoker-v0 nash_conv"] < 2
    assert {"loss", "entropy", "clip_ratio", "kl_step", "grad_norm", "zero_advantages", "draws"} <= set(lines[0])
    results = aa.play("KuhnPoker-v0", [f"hf:{folder}/checkpoint-2?constrain=true&memory=state&max_tokens=16", "random"], matches=4)
    assert not results.table()[0]["forfeits"]


def test_another_configuration_does_not_go_on_with_a_run(tmp_path: Path):
    selfplay(config(tmp_path, max_steps=1))
    with pytest.raises(UsageError, match="belongs to another run: matches is 12 there, 13 here"):
        SelfPlay(config(tmp_path, matches=13))


def test_the_exact_judge_knows_the_worth_of_uniform_play(run: SelfPlay):
    """A policy without preferences between the legal replies has the NashConv of uniform play, 11/12."""
    flat = SelfPlay(config(Path("nowhere")))
    with torch.no_grad():
        for parameter in flat.state.policy.model.parameters():
            parameter.zero_()
    assert judges.exact(flat.player, flat.games["KuhnPoker-v0"]) == pytest.approx(11 / 12)


def test_a_run_without_a_finite_loss_ends_and_names_the_last_good_checkpoint(tmp_path: Path):
    run = SelfPlay(config(tmp_path))
    run.update()
    checkpoint.save(run.state, run.config)
    played = [one for record in run.rollout() for one in seat_trajectories(record, "policy")]
    with torch.no_grad():
        next(run.state.policy.model.parameters()).fill_(torch.nan)
    with pytest.raises(UsageError, match=r"update 2: the loss is nan; the last good checkpoint is .*checkpoint-1"):
        run.learner.learn(played)


@pytest.mark.parametrize(
    ("signals", "signs"),
    [
        ({"entropy_ratio": 0.72, "draws": 0.4, "kl_step": 0.01, "monopoly": 0.6, "zero_advantages": 0.1, "clip_ratio": 0.1}, []),
        ({"entropy_ratio": 0.5, "draws": 0.02, "kl_step": 0.098}, ["entropy"]),
        ({"monopoly": 1.0, "zero_advantages": 1.0}, ["monopoly", "stall"]),
        ({"clip_ratio": 0.34}, ["clipping"]),
        ({"faults": 0.9}, ["faults"]),
        ({}, []),
    ],
)
def test_a_collapse_is_said_in_words_with_a_remedy(signals, signs):
    said = alerts(signals)
    assert [one.sign for one in said] == signs
    assert all(one.reason and one.remedy for one in said)


# --- configurations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "games is missing"),
        ({"games": {}}, "games must be a table"),
        ({"games": {"KuhnPoker-v0": -1}}, "games.*must be a number of at least 0, got -1"),
        ({"games": {"KuhnPoker-v0": 0}}, "some share must be positive"),
        ({"games": {"KuhnPoker-v0": float("inf")}}, "finite"),
        ({"games": {"KuhnPoker-v0": 1}, "max_step": 3}, "unknown setting 'max_step'. Did you mean max_steps"),
        ({"games": {"KuhnPoker-v0": 1}, "max_steps": 1.5}, "max_steps must be a whole number from 1 to 10,000,000, got 1.5"),
        ({"games": {"KuhnPoker-v0": 1}, "learning_rate": float("nan")}, "learning_rate must be a number"),
        ({"games": {"KuhnPoker-v0": 1}, "estimator": "ppo"}, "estimator must be one of marshal"),
        ({"games": {"KuhnPoker-v0": 1}, "scale": 1}, "scale must be true or false"),
        ({"games": {"KuhnPoker-v0": 1}, "delta": 0.5}, "delta must be"),
        ({"games": {"KuhnPoker-v0": 1}, "judges": "exact"}, "judges must be a list"),
        ({"games": {"KuhnPoker-v0": 1}, "options": {"Nim-v0": {}}}, "options has 'Nim-v0'"),
        ({"games": {"KuhnPoker-v0": 1}, "model": {"hidden": 3}}, "unknown setting 'model.hidden'"),
        ({"games": {"KuhnPoker-v0": 1}, "model": {"hidden_size": 50, "num_attention_heads": 4}}, "multiple of num_attention_heads"),
    ],
)
def test_bad_configurations_are_named(data, message):
    with pytest.raises(BadOption, match=message):
        SelfPlayConfig.of(data)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path):
    path = tmp_path / "bad.toml"
    path.write_text("games = [")
    with pytest.raises(UsageError, match=r"bad\.toml' is no TOML file"):
        SelfPlayConfig.load(path)


RECIPES = [path for path in sorted((Path(__file__).parents[2] / "recipes").glob("*.toml")) if "games" in tomllib.loads(path.read_text())]
"""The recipes of `agentarena train selfplay`; others name one `env`."""


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_recipes_are_valid(path: Path):
    assert SelfPlayConfig.load(path, seed=3).seed == 3


def test_a_group_is_cut_where_padding_costs_more_than_another_pass():
    sequences = [(1, 2, *range(10, 10 + length)) for length in (8, 2, 2, 3)]
    assert grouping.groups(sequences, [2] * 4, 512) == [([1, 2, 3, 0], 2)]
    assert grouping.groups(sequences, [2] * 4, 10) == [([1, 2, 3], 2), ([0], 0)]


@pytest.mark.parametrize("pass_cost", [0, 512])
def test_sequences_that_begin_alike_give_the_logits_and_gradients_that_each_gives_alone(
    run: SelfPlay, pass_cost: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(grouping._PASS_COST, "cpu", pass_cost)
    policy = run.state.policy
    sequences = [(5, 6, 7, 8, 9), (5, 6, 7, 8, 9, 10, 11), (5, 6, 7, 8, 12), (20, 21, 22), (20, 21, 22, 23), (5, 6, 7, 8, 9)]
    places = [[3, 4], [4, 6], [4], [0, 2], [3], [4]]

    def gradient(logits):
        policy.model.zero_grad()
        sum((one * torch.arange(one.numel()).view(one.shape)).sum() for one in logits).backward()
        return torch.cat([parameter.grad.flatten() for parameter in policy.model.parameters()])

    together = policy.logits(sequences, places)
    alone = [policy.logits([one], [at])[0] for one, at in zip(sequences, places, strict=True)]
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    expected = gradient(alone)
    assert (gradient(together) - expected).abs().max() < 1e-5 * expected.abs().max()


@pytest.mark.parametrize("name", ["KuhnPoker-v0", "LeducPoker-v0"])
def test_an_exact_judge_asks_at_every_information_set_what_is_asked_in_a_match(name):
    game, texts = aa.game(name), {}
    for seat, side in enumerate(tree_of(game).sides):
        for information_set in side.sets:
            view = information_set.view(game, seat)
            texts[seat, view.information] = view.rules, view.text, view.turn
    for number in range(30):
        with Match(RunConfig(game), Fixture(number, number)) as match:
            while not match.over:
                for seat in match.pending():
                    view = match.view(seat)
                    assert texts[seat, view.information] == (view.rules, view.text, view.turn)
                    match.answer(seat, view.sample())


def test_listed_replies_are_written_as_the_model_is_used_to() -> None:
    """`tiny` was taught a space before the move: it means what it plays only where it is read in that spelling."""
    from agentarena.core import registry
    from agentarena.core.errors import BadOption
    from agentarena.train.checkpoint import pretrained
    from agentarena.train.judges import exact
    from agentarena.train.player import PolicyPlayer

    policy = pretrained("tiny")
    game = registry.game("KuhnPoker-v0")
    usual, spaced = PolicyPlayer(policy), PolicyPlayer(policy, listed_reply="<answer> {move}</answer>")
    assert PolicyPlayer.like(spaced, temperature=0.5)._listed_reply == "<answer> {move}</answer>"
    assert exact(spaced, game) < 0.5 < exact(usual, game)
    with pytest.raises(BadOption, match=r"\{move\}"):
        PolicyPlayer(policy, listed_reply="move")
