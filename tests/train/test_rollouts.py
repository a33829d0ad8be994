"""Who plays what against whom: curricula, opponents, seats, groups; and what failed and shaped plays come to."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from fixtures.games import Adventure  # noqa: E402

import agentarena as aa  # noqa: E402
from agentarena.core.agent import Agent, Reply, TokenSample  # noqa: E402
from agentarena.core.errors import BadOption  # noqa: E402
from agentarena.core.record import Fixture  # noqa: E402
from agentarena.core.trajectory import Turn  # noqa: E402
from agentarena.train import checkpoint  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.curriculum import Curriculum, mean_advantages, shares, update  # noqa: E402
from agentarena.train.opponents import Opponents, prioritized  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402
from agentarena.train.rollout import SeatTrajectory, fixtures, play, policy_seats, seat_trajectories, sides  # noqa: E402
from agentarena.train.shaping import length_reward, shaped  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)
KUHN, BOARD = "KuhnPoker-v0", "TicTacToe-v0"


def config(folder: Path | str = "nowhere", **changes) -> SelfPlayConfig:
    fields = {"games": {KUHN: 1.0}, "model": SMALL, "output_dir": str(folder), "max_steps": 4, "matches": 12, "learning_rate": 1e-3}
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 0, **changes})


def seat_trajectory(game: str = KUHN, *turns: Turn, total: float = 0.0, **fields) -> SeatTrajectory:
    return SeatTrajectory(game, 0, None, (game, 0), turns or (Turn(0, 0),), 0.0, total, fields.pop("truncated", False), **fields)


# --- curricula ------------------------------------------------------------------------------------------------------------


def test_the_bandit_prefers_games_with_greater_advantages():
    state = {"a": {"value": 0.2}, "b": {"value": 0.0}}
    even = {"a": 1.0, "b": 1.0}
    odds = np.exp(2)
    assert shares(state, "bandit", even, temperature=0.1, floor=0.0) == pytest.approx({"a": odds / (1 + odds), "b": 1 / (1 + odds)})
    floored = shares(state, "bandit", even, temperature=0.1, floor=0.5)
    assert floored == pytest.approx({"a": 0.25 + 0.5 * odds / (1 + odds), "b": 0.25 + 0.5 / (1 + odds)})
    assert shares(state, "bandit", {"a": 1.0, "b": 1.0, "c": 0.0}, temperature=0.1, floor=0.5)["c"] == 0
    assert shares(state, "fixed", {"a": 3, "b": 1}, temperature=0.1, floor=0.0) == {"a": 0.75, "b": 0.25}


def test_averages_move_by_hand_and_only_of_the_games_that_were_played():
    state = update({}, "bandit", {"a": 1.0}, decay=0.9)
    assert state == {"a": {"value": pytest.approx(0.1)}}
    assert update(state, "bandit", {"b": 2.0}, decay=0.5) == {**state, "b": {"value": 1.0}}
    first = update({}, "learning_progress", {"a": 1.0, "b": 1.0}, decay=0.5)
    assert shares(first, "learning_progress", {"a": 3, "b": 1}, temperature=1, floor=0.2) == {"a": 0.75, "b": 0.25}  # no progress yet
    second = update(first, "learning_progress", {"a": 2.0, "b": 1.0}, decay=0.5)
    assert second["a"] == {"fast": 1.5, "slow": pytest.approx(2 - 0.5**0.2)}
    assert shares(second, "learning_progress", {"a": 3, "b": 1}, temperature=1, floor=0.2) == pytest.approx({"a": 0.95, "b": 0.05})
    assert first["a"] == {"fast": 1.0, "slow": 1.0}


@pytest.mark.parametrize("rule", ["bandit", "learning_progress"])
def test_the_floor_keeps_every_game_alive(rule):
    rng = np.random.default_rng(0)
    weights = {"a": 1.0, "b": 2.0, "c": 5.0}
    state: dict = {}
    for _ in range(50):
        state = update(state, rule, {game: float(rng.exponential() * 10.0 ** rng.integers(-3, 4)) for game in weights}, decay=0.5)
        out = shares(state, rule, weights, temperature=0.01, floor=0.2)
        assert sum(out.values()) == pytest.approx(1)
        assert all(out[game] >= 0.2 * weights[game] / 8 - 1e-12 for game in weights)


def test_mean_advantages_leave_out_what_was_cut_short():
    two = (Turn(0, 0), Turn(0, 1))
    batch = [seat_trajectory(KUHN, *two), seat_trajectory(KUHN), seat_trajectory(BOARD), seat_trajectory(BOARD, truncated=True)]
    advantages = np.array([[1.0, -2.0], [3.0, 0.0], [-4.0, 0.0], [0.0, 0.0]])
    assert mean_advantages(batch, advantages) == {KUHN: 2.0, BOARD: 4.0}


def test_the_score_of_a_game_is_its_return_where_returns_say_anything():
    games = {name: aa.game(name) for name in (KUHN, BOARD, "MiniHanabi-v0")}
    tables = {KUHN: {"self": 1.0}, BOARD: {"self": 1.0, "random": 1.0}, "MiniHanabi-v0": {"self": 1.0}}
    curriculum = Curriculum(config(), games, dict.fromkeys(games, 1.0), tables, checkpoint.State(None, None, None))
    names = {1: ("policy", "policy"), 2: ("policy", "random")}
    records = [aa.play(BOARD, ["random", "random"], matches=1).records[0] for _ in names]
    for (number, agents), record in zip(names.items(), records, strict=True):
        record.match = number
        for seat, name in zip(record.seats, agents, strict=True):
            seat.agent = name
    hanabi = games["MiniHanabi-v0"].info
    trajectories = [
        seat_trajectory(KUHN, total=2.0),
        seat_trajectory(BOARD, total=-1.0, match=1),
        seat_trajectory(BOARD, total=1.0, match=2),
        seat_trajectory("MiniHanabi-v0", total=hanabi.high),
    ]
    assert curriculum.scores(records, trajectories, {KUHN: 0.3, BOARD: 0.4}) == {KUHN: 0.3, BOARD: 1.0, "MiniHanabi-v0": 1.0}


@pytest.mark.parametrize("rule", ["bandit", "learning_progress"])
def test_a_run_with_curriculum_and_prioritized_past_goes_on_exactly(tmp_path: Path, rule):
    changes = {
        "games": {KUHN: 1.0, BOARD: 1.0},
        "opponents": {"self": 1.0, "past": 1.0},
        "past_steps": 1,
        "past_size": 2,
        "past_sampling": "prioritized",
        "curriculum": rule,
        "curriculum_decay": 0.5,
        "max_steps": 3,
        "matches": 4,
    }
    whole = selfplay(config(tmp_path / "whole", **changes))
    cut = SelfPlay(config(tmp_path / "cut", **changes))
    cut.update()
    checkpoint.save(cut.state, cut.config)
    cut.update()  # lost
    again = selfplay(config(tmp_path / "cut", **changes))
    first, second = checkpoint.weights(whole.state.policy), checkpoint.weights(again.state.policy)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert whole.state.statistics == again.state.statistics
    assert set(whole.state.statistics["curriculum"]) <= {KUHN, BOARD}
    assert whole.state.statistics["opponents"]
    lines = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert lines[0][f"share/{KUHN}"] == 0.5
    assert all(line[f"share/{KUHN}"] + line[f"share/{BOARD}"] == pytest.approx(1) for line in lines)
    assert {f"advantage/{KUHN}", f"advantage/{BOARD}"} <= set(lines[0])


# --- opponents ------------------------------------------------------------------------------------------------------------


def test_prioritized_draws_prefer_whom_the_policy_loses_to():
    rates = np.array([(1 + 0) / (2 + 4), (1 + 2) / (2 + 4), (1 + 4) / (2 + 4)])  # four losses, four draws, four wins
    expected = (1 - rates) ** 2
    np.testing.assert_allclose(prioritized([[0, 4], [2, 4], [4, 4]], 2.0), expected / expected.sum())
    np.testing.assert_allclose(prioritized([[0, 4], [4, 4]], 0.0), [0.5, 0.5])


def test_results_against_the_past_are_the_games_own_outcomes(tmp_path: Path):
    run = SelfPlay(config(tmp_path, opponents={"past": 1.0}, past_steps=1, past_size=2, past_sampling="latest"))
    run.update()
    run.opponents.remember()
    records = run.rollout()
    newest = checkpoint.digest(run.state.past[1])
    assert {seat.agent for record in records for seat in record.seats} == {"policy", f"policy@{newest}"}
    records[0].winner, records[1].outcome = None, "truncated"
    own = [next(n for n, seat in enumerate(record.seats) if seat.agent == "policy") for record in records]
    points = 0.5 + sum(record.winner == seat for record, seat in zip(records[2:], own[2:], strict=True))
    run.opponents.count(records)
    assert run.state.statistics["opponents"][KUHN][newest] == [points, 11]
    run.state.step = 2
    run.state.past[2] = checkpoint.weights(run.state.policy)
    run.state.step = 3
    run.opponents.remember()
    assert set(run.state.past) == {2, 3}


def test_players_of_past_policies_share_the_pools_memory(tmp_path: Path):
    run = SelfPlay(config(tmp_path, opponents={"past": 1.0}))
    run.opponents.remember()
    (snapshot,) = run.state.past.values()
    player = run.opponents.of("past", 0, KUHN)
    for name, parameter in player._policy.model.named_parameters():
        assert parameter.data_ptr() == snapshot[name].data_ptr()
    before = {name: tensor.clone() for name, tensor in snapshot.items()}
    run.update()
    assert all(torch.equal(before[name], snapshot[name]) for name in before)


def test_games_may_have_opponents_of_their_own():
    planned = fixtures(3, 0, {"a": 1.0, "b": 1.0}, {"self": 1.0, "random": 1.0}, 40, opponents_of={"b": {"minimax": 3.0, "self": 1.0}})
    assert {opponent for game, opponent, _ in planned if game == "a"} <= {"self", "random"}
    own = [opponent for game, opponent, _ in planned if game == "b"]
    assert (len(own), own.count("minimax")) == (20, 15)


def test_an_opponent_that_cannot_play_a_game_is_refused_before_the_first_match():
    with pytest.raises(BadOption, match=r'"?minimax.* cannot play KuhnPoker-v0: .*opponents_of."KuhnPoker-v0" = \{ self = 1.0 \}'):
        SelfPlay(config(games={KUHN: 1.0, BOARD: 1.0}, opponents={"self": 1.0, "minimax": 1.0}))
    table = {"self": 1.0, "past": 1.0}
    with pytest.raises(BadOption, match="one seat, which the policy holds"):
        Opponents(config(), None, None).check({"Adventure": Adventure()}, {"Adventure": table})
    Opponents(config(), None, None).check({"Adventure": Adventure()}, {"Adventure": {"self": 1.0, "past": 0.0}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"opponents_of": {BOARD: {"self": 1.0}}}, "opponents_of names 'TicTacToe-v0', which is not among the games"),
        ({"opponents_of": {KUHN: {}}}, "opponents_of.KuhnPoker-v0 must be a table"),
        ({"opponents_of": "self"}, "opponents_of must be a table"),
        ({"num_generations": 5}, "matches=12 must be a multiple of num_generations=5"),
        ({"length_min": 9, "length_max": 9}, "length_min=9 must be less than length_max=9"),
        ({"past_sampling": "best"}, "past_sampling must be one of"),
        ({"curriculum": "ucb"}, "curriculum must be one of"),
        ({"seats_of_policy": "both"}, "seats_of_policy must be one of"),
    ],
)
def test_bad_settings_are_named(changes, message):
    with pytest.raises(BadOption, match=message):
        config(**changes)


# --- seats and groups -----------------------------------------------------------------------------------------------------


def test_the_policy_holds_one_seat_or_one_side():
    teams = ["red", "blue", "red", "blue"]
    assert [sorted(policy_seats(teams, "side", turn)) for turn in range(3)] == [[0, 2], [1, 3], [0, 2]]
    assert [sorted(policy_seats(teams, "one", turn)) for turn in range(5)] == [[0], [1], [2], [3], [0]]
    assert sorted(policy_seats(["all", "all"], "side", 1)) == [1]  # a whole table is self-play: one seat instead
    assert [sorted(policy_seats([0, 1, 2], "side", turn)) for turn in range(3)] == [[0], [1], [2]]
    assert sorted(policy_seats([0], "one", 3)) == [0]


def test_sides_are_those_of_the_deal_where_roles_are_dealt():
    game = aa.game("Werewolf-v0")
    record = aa.play(game, ["random"] * game.info.seats, matches=3, seed=5).records[1]
    assert sides(game, 5, record.deal) == [seat.team for seat in record.seats]
    assert len({tuple(sides(game, 5, deal)) for deal in range(5)}) > 1
    assert sides(aa.game(KUHN), 0, 0) == [0, 1]


def test_a_group_shares_deal_game_opponent_and_seat(tmp_path: Path):
    changes = {"games": {KUHN: 1.0, BOARD: 1.0}, "opponents": {"self": 1.0, "past": 1.0, "random": 1.0}, "past_steps": 1}
    run = SelfPlay(config(tmp_path, num_generations=4, estimator="gigpo", matches=24, **changes))
    run.update()
    run.opponents.remember()
    groups: dict[int, set] = {}
    for record in run.rollout():
        groups.setdefault(record.match // 4, set()).add((record.env, record.deal, tuple(seat.agent for seat in record.seats)))
    assert len(groups) == 6
    assert all(len(members) == 1 for members in groups.values())
    assert len({agents for members in groups.values() for _, _, agents in members}) > 2


@pytest.mark.parametrize(("game", "options", "seats"), [(KUHN, {"players": 3}, 3), ("LevineHats-v0", {}, 2), ("MiniHanabi-v0", {}, 2)])
def test_more_seats_and_cooperation_with_others(tmp_path: Path, game, options, seats):
    run = SelfPlay(config(tmp_path, games={game: 1.0}, options={game: options}, opponents={"past": 1.0}, matches=2 * seats))
    run.opponents.remember()
    held = []
    for record in run.rollout():
        own = [seat for seat, holder in enumerate(record.seats) if holder.agent == "policy"]
        held += own
        assert len(own) == 1
        assert [one.seat for one in seat_trajectories(record, "policy")] == own
    assert sorted(held) == sorted([*range(seats)] * 2)


# --- turns, failed plays, shaped rewards ----------------------------------------------------------------------------------


def test_turns_of_a_match_under_way_are_those_of_its_record(tmp_path: Path):
    run, turns = SelfPlay(config(tmp_path, games={KUHN: 1.0, BOARD: 1.0})), {}
    for record in run.rollout(turns):
        assert seat_trajectories(record, "policy", turns[record.match]) == seat_trajectories(record, "policy")


SAMPLE = TokenSample((1, 2), (3, 4), (-0.5, 0.0))


class Scripted(Agent):
    """Named as the policy is; gives these replies in turn."""

    def __init__(self, *replies: str) -> None:
        self.name, self.replies = "policy", list(replies)

    def choose(self, view):
        if not self.replies:
            raise RuntimeError("out of replies")
        return Reply(self.replies.pop(0), samples=(SAMPLE,))


def one_match(*replies: str) -> list[SeatTrajectory]:
    """Kuhn poker, the scripted policy first; its rival passes."""
    rival = Scripted(*["<answer>pass</answer>"] * 9)
    rival.name = "rival"
    (finished,) = play(aa.game(KUHN), [Scripted(*replies), rival], [Fixture(0, 0, (0, 1))], seed=0)
    return seat_trajectories(finished.record, "policy")


def test_a_refused_reply_is_a_turn_without_reward_and_shares_in_what_follows():
    (one,) = one_match("nonsense", "<answer>bet</answer>")
    assert [(turn.attempt, turn.fault, len(turn.samples)) for turn in one.turns] == [(0, "unreadable", 1), (1, None, 1)]
    assert [turn.reward for turn in one.turns] == [0.0, one.total]
    assert (one.total, one.failed, one.outcome) == (1.0, False, "won")


def test_a_forfeit_is_charged_to_the_last_turn_of_its_seat():
    (one,) = one_match("a", "b", "c")
    info = aa.game(KUHN).info
    assert [turn.reward for turn in one.turns] == [0.0, 0.0, info.forfeit_return]
    assert [len(turn.samples) for turn in one.turns] == [1, 1, 1]
    assert (one.failed, one.outcome, one.decided) == (True, "forfeited", True)
    (raised,) = one_match()
    assert [(turn.fault, turn.samples, turn.reward) for turn in raised.turns] == [("raised", (), info.forfeit_return)]


def test_rewards_are_as_they_were_without_shaping():
    (one,) = one_match("a", "b", "c")
    assert shaped([one], {KUHN: aa.game(KUHN)}, config()) == [one]


def test_an_offender_pays_and_nobody_gains_by_it():
    info = aa.game(KUHN).info
    settings = config(invalid_penalty=10.0)
    (offender,) = one_match("a", "b", "c")
    rival = seat_trajectory(total=info.high, outcome="forfeited", decided=True)
    winner = seat_trajectory(total=info.high, outcome="won", decided=True)
    out = shaped([offender, rival, winner], {KUHN: aa.game(KUHN)}, settings)
    assert [one.total for one in out] == [info.low - 10, 0.0, info.high]
    assert sum(turn.reward for turn in out[0].turns) == info.low - 10


def test_accepted_refused_and_long_replies_are_paid_by_the_turn():
    (one,) = one_match("nonsense", "<answer>bet</answer>")
    (out,) = shaped([one], {KUHN: aa.game(KUHN)}, config(format_reward=0.05, retry_penalty=0.2))
    assert [turn.reward for turn in out.turns] == pytest.approx([-0.2, 1.05])
    assert out.total == pytest.approx(one.total - 0.15)
    (out,) = shaped([one], {KUHN: aa.game(KUHN)}, config(length_penalty=0.5, length_min=0, length_max=1))
    assert [turn.reward for turn in out.turns] == [-0.5, 0.5]  # two tokens each, twice the longest
    assert length_reward(3000, 0.5, 11, 2048) == pytest.approx(0.5 * (1 - 2989 / 2037))
    assert dataclasses.replace(one) == one_match("nonsense", "<answer>bet</answer>")[0]  # the input stays as it was
