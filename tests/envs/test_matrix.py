"""Matrix games: tables, repetition, and the players against known equilibria."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from fixtures.classic import mean_returns, play

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, NotSupported, OutOfTurn
from agentarena.core.text import Unreadable
from agentarena.envs.matrix import MatrixGame, PrisonersDilemma, RockPaperScissors, bimatrix, symmetric, zero_sum
from agentarena.envs.matrix.bots import past_rounds
from agentarena.envs.matrix.options import NAMED
from agentarena.envs.matrix.solver import equilibria

IDS = [
    "MatrixGame-v0",
    "RockPaperScissors-v0",
    "BiasedRockPaperScissors-v0",
    "RockPaperScissorsSpockLizard-v0",
    "PrisonersDilemma-v0",
    "StagHunt-v0",
    "BattleOfTheSexes-v0",
]
RNG = np.random.default_rng(0)


def after(game: MatrixGame, *profiles: tuple[int, ...]):
    state = game.start(RNG)
    for profile in profiles:
        state = game.step(state, dict(enumerate(profile)), RNG)
    return state


@pytest.mark.parametrize(
    ("env", "profile", "payoffs"),
    [
        ("RockPaperScissors-v0", (0, 2), (1, -1)),
        ("RockPaperScissors-v0", (1, 1), (0, 0)),
        ("BiasedRockPaperScissors-v0", (0, 1), (-25, 25)),
        ("BiasedRockPaperScissors-v0", (0, 2), (50, -50)),
        ("BiasedRockPaperScissors-v0", (1, 2), (-5, 5)),
        ("PrisonersDilemma-v0", (0, 0), (5, 5)),
        ("PrisonersDilemma-v0", (0, 1), (0, 10)),
        ("PrisonersDilemma-v0", (1, 1), (1, 1)),
        ("StagHunt-v0", (0, 1), (0, 1)),
        ("BattleOfTheSexes-v0", (0, 0), (3, 2)),
        ("BattleOfTheSexes-v0", (1, 1), (2, 3)),
        ("BattleOfTheSexes-v0", (0, 1), (0, 0)),
    ],
)
def test_payoffs(env, profile, payoffs):
    game = registry.game(env)
    assert game.rewards(after(game, profile)) == payoffs


def test_spock_lizard_is_the_known_tournament():
    names = registry.game("RockPaperScissorsSpockLizard-v0").names
    beats = {"rock": {"scissors", "lizard"}, "paper": {"rock", "spock"}, "scissors": {"paper", "lizard"}, "spock": {"rock", "scissors"}}
    beats["lizard"] = {"paper", "spock"}
    table = registry.game("RockPaperScissorsSpockLizard-v0").table[..., 0]
    assert {name: {names[b] for b in np.flatnonzero(table[a] > 0)} for a, name in enumerate(names)} == beats


@pytest.mark.parametrize(
    ("name", "kind"),
    [("matching_pennies", "zero"), ("prisoners_dilemma", "general"), ("coordination", "common"), ("shapley", "general")],
)
def test_kinds_of_sum(name, kind):
    assert registry.game("MatrixGame-v0", preset=name).info.sum == kind


def test_constant_sum():
    info = MatrixGame(payoffs=bimatrix(((3, 1), (0, 2)), ((1, 3), (4, 2))), rounds=5).info
    assert (info.sum, info.total, info.low, info.high) == ("constant", 20.0, 0.0, 20.0)


def test_returns_add_up_over_rounds():
    game = PrisonersDilemma(rounds=3)
    episode = play(game, [agent("prisonersdilemma/titfortat"), agent("prisonersdilemma/always?action=1")])
    assert episode.returns == [0 + 1 + 1, 10 + 1 + 1]
    assert episode.steps == 3


def test_three_seats_with_different_numbers_of_actions():
    payoffs = tuple(tuple(tuple((a, b, a + b + c) for c in range(2)) for b in range(3)) for a in range(2))
    game = MatrixGame(payoffs=payoffs, actions=("low", "middle", "high"), rounds=2)
    assert game.info.seats == 3
    assert [game.legal(after(game), seat) for seat in range(3)] == [(0, 1), (0, 1, 2), (0, 1)]
    state = after(game, (1, 2, 0))
    assert game.rewards(state) == (1.0, 2.0, 3.0)
    assert past_rounds(game.observe(state, 1), game.table.shape).tolist() == [[2, 0, 1]]
    with pytest.raises(IllegalAction):
        game.step(state, {0: 2, 1: 0, 2: 0}, RNG)


def test_observation_shows_the_latest_rounds_first():
    game = RockPaperScissors(rounds=4, memory=2)
    state = after(game, (0, 1), (1, 2), (2, 0))
    seen = game.observe(state, 1)
    assert seen[:3].tolist() == [0, 1, 1]  # seat 1, one round left
    assert seen[3:].reshape(2, 2, 3).argmax(axis=2).tolist() == [[0, 2], [2, 1]]
    assert seen in game.observation_space(1)
    assert past_rounds(game.observe(after(game), 0), game.table.shape).shape == (0, 2)


def test_information_remembers_everything_even_when_the_observation_does_not():
    game = RockPaperScissors(rounds=4, memory=1)
    one, two = after(game, (0, 1), (1, 1)), after(game, (2, 1), (1, 1))
    assert game.observe(one, 0).tobytes() == game.observe(two, 0).tobytes()
    assert game.information(one, 0) != game.information(two, 0)


def test_a_round_is_made_known_to_all_once_everybody_has_chosen():
    game = PrisonersDilemma()
    assert game.news(game.start(RNG)) == ()
    (event,) = game.news(after(game, (0, 1)))
    assert event.data == {"number": 1, "actions": [0, 1], "payoffs": [0.0, 10.0]}
    assert event.audience is None


@pytest.mark.parametrize("env", IDS)
def test_options_survive_json(env):
    game = registry.game(env)
    again = registry.game(env, **json.loads(json.dumps(game.options)))
    assert again == game
    assert hash(again) == hash(game)
    assert pickle.loads(pickle.dumps(game)).info == game.info


@pytest.mark.parametrize(
    "options",
    [
        {"payoffs": ((1, 2), (3,))},
        {"payoffs": ((1, 2), (3, 4))},
        {"payoffs": 3},
        {"payoffs": "pd"},
        {"payoffs": ()},
        {"payoffs": bimatrix(((float("nan"), 0), (0, 1)), ((0, 0), (0, 0)))},
        {"actions": ("a",)},
        {"actions": ("a", "A ")},
        {"actions": ("a", "<b>")},
        {"actions": "ab"},
        {"rounds": 0},
        {"rounds": 1.5},
        {"memory": -1},
    ],
)
def test_bad_options(options):
    with pytest.raises(BadOption):
        MatrixGame(**options)


def test_bad_moves():
    game = RockPaperScissors(rounds=1)
    state = game.start(RNG)
    for actions in ({0: 0}, {}, {0: 0, 1: 0, 2: 0}):
        with pytest.raises(OutOfTurn):
            game.step(state, actions, RNG)
    for action in (3, -1, True, "rock", 0.0):
        with pytest.raises(IllegalAction):
            game.step(state, {0: 0, 1: action}, RNG)
    with pytest.raises(MatchOver):
        game.step(after(game, (0, 0)), {0: 0, 1: 0}, RNG)


def test_words():
    game = PrisonersDilemma(rounds=2)
    rules = game.text.rules(1)
    assert "- you cooperate, player 0 defect: you +0, player 0 +10" in rules
    state = after(game, (0, 1))
    assert "Totals: you +0, player 1 +10." in game.text.look(state, 0)
    assert game.text.tell(game.news(state)[0], 1) == "Round 1: player 0 cooperate, you defect."
    assert game.text.read(state, 0, "<answer>Defect</answer>") == 1
    assert isinstance(game.text.read(state, 0, "cooperate or defect"), Unreadable)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("matching_pennies", [((0.5, 0.5), (0.5, 0.5))]),
        ("rock_paper_scissors", [((1 / 3,) * 3, (1 / 3,) * 3)]),
        ("biased_rock_paper_scissors", [((1 / 16, 10 / 16, 5 / 16),) * 2]),
        ("spock_lizard", [((0.2,) * 5, (0.2,) * 5)]),
        ("prisoners_dilemma", [((0, 1), (0, 1))]),
        ("battle_of_the_sexes", [((3 / 5, 2 / 5), (2 / 5, 3 / 5)), ((1, 0), (1, 0)), ((0, 1), (0, 1))]),
        ("stag_hunt", [((0.5, 0.5), (0.5, 0.5)), ((1, 0), (1, 0)), ((0, 1), (0, 1))]),
        ("chicken", [((0.5, 0.5), (0.5, 0.5)), ((1, 0), (0, 1)), ((0, 1), (1, 0))]),
        ("shapley", [((1 / 3,) * 3, (1 / 3,) * 3)]),
    ],
)
def test_equilibria(name, expected):
    found = equilibria(np.array(NAMED[name], float))
    assert len(found) == len(expected)
    for (first, second), (row, column) in zip(found, expected, strict=True):
        np.testing.assert_allclose(first, row, atol=1e-12)
        np.testing.assert_allclose(second, column, atol=1e-12)


def decide(spec: str, game: MatrixGame, state, seat: int) -> dict[int, float]:
    return dict(agent(spec).policy(View(game, state, seat)))


def certain(spec: str, game: MatrixGame, *profiles: tuple[int, ...], seat: int = 0) -> int:
    policy = decide(spec, game, after(game, *profiles), seat)
    return max(policy, key=policy.__getitem__)


def test_players_of_the_dilemma():
    game = PrisonersDilemma()
    assert certain("prisonersdilemma/titfortat", game) == 0
    assert certain("prisonersdilemma/titfortat", game, (0, 1), (1, 0)) == 0
    assert certain("prisonersdilemma/titfortat", game, (1, 0), (1, 0), seat=1) == 1
    assert certain("prisonersdilemma/titfortat?first=1", game) == 1
    assert certain("prisonersdilemma/grim", game, (0, 1), (1, 0), (1, 0)) == 1
    assert certain("prisonersdilemma/grim", game, (0, 0), (0, 0)) == 0
    assert certain("prisonersdilemma/winstay", game, (0, 0)) == 0
    assert certain("prisonersdilemma/winstay", game, (0, 1)) == 1  # 0 is below the mean of 4
    assert certain("prisonersdilemma/winstay", game, (1, 1)) == 0
    assert certain("prisonersdilemma/winstay", game, (0, 1), seat=1) == 1
    assert certain("prisonersdilemma/nash", game) == 1


def test_fictitious_play_answers_the_past():
    game = RockPaperScissors()
    assert certain("rockpaperscissors/fictitious", game, (0, 0), (0, 0), (0, 1)) == 1  # paper against rock
    assert certain("rockpaperscissors/fictitious", game, (2, 0), (2, 1), seat=1) == 0  # rock against scissors
    cube = tuple(tuple(tuple((float(a == b == c),) * 3 for c in range(2)) for b in range(2)) for a in range(2))
    three = MatrixGame(payoffs=cube)
    assert certain("matrixgame/fictitious", three, (0, 1, 1), (0, 1, 1), seat=0) == 1
    assert certain("matrixgame/fictitious", three, (0, 1, 0), (0, 1, 0), seat=1) == 0


def test_mixed_play_has_the_frequencies_asked_for():
    game = RockPaperScissors(rounds=1)
    returns = mean_returns(game, [agent("rockpaperscissors/mixed?p=0.5,0.25,0.25"), agent("rockpaperscissors/always?action=2")], 2000)
    assert abs(returns[:, 0].mean() - 0.25) < 4 * returns[:, 0].std() / np.sqrt(2000)  # .5 won, .25 lost
    assert decide("rockpaperscissors/mixed", game, after(game), 0) == pytest.approx({0: 1 / 3, 1: 1 / 3, 2: 1 / 3})
    for bad in ("p=0.5,0.4,0.4", "p=-1,1,1", "p=rock"):
        with pytest.raises(BadOption):
            agent(f"rockpaperscissors/mixed?{bad}")
    with pytest.raises(BadOption):
        decide("rockpaperscissors/mixed?p=0.5,0.5", game, after(game), 0)


def test_nash_cannot_be_exploited_in_the_biased_game():
    game = registry.game("BiasedRockPaperScissors-v0")
    policy = decide("biasedrockpaperscissors/nash", game, after(game), 0)
    expected = np.array(list(policy.values())) @ game.table[..., 0]
    np.testing.assert_allclose(expected, 0, atol=1e-12)
    with pytest.raises(NotSupported):
        decide("matrixgame/nash", MatrixGame(payoffs=((1.0,), (2.0,))), after(MatrixGame(payoffs=((1.0,), (2.0,)))), 0)


def test_helpers_of_payoffs():
    assert symmetric(((5, 0), (10, 1))) == (((5, 5), (0, 10)), ((10, 0), (1, 1)))
    assert zero_sum(((1, -2),)) == (((1, -1), (-2, 2)),)
    preset = registry.game("BiasedRockPaperScissors-v0", preset="fiftieth")
    np.testing.assert_allclose(preset.table[0, :, 0], [0, -0.5, 1])


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1e-12), (1e9, 1.0), (-1e3, 1e-3), (0.0, 1e200)])
def test_equilibria_of_any_shift_and_scale(shift, scale):
    """Biased rock-paper-scissors in another unit: 1/16, 10/16, 5/16 still; a row that is far worse changes nothing either."""
    row = np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]]) * scale + shift
    for table in (row, np.vstack([row, np.full(3, shift - 1e9 * scale)])):
        ((first, second),) = equilibria(np.stack([table, -table], axis=-1))
        np.testing.assert_allclose(first[:3], [1 / 16, 10 / 16, 5 / 16], rtol=1e-6)
        np.testing.assert_allclose(second, [1 / 16, 10 / 16, 5 / 16], rtol=1e-6)
