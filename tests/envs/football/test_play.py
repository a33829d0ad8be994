"""Play on the field gives the values of the closed forms, and nobody sees what they must not."""

from __future__ import annotations

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import BadOption
from agentarena.core.namespace import Arrays
from agentarena.core.rng import CHANCE, stream
from agentarena.core.text import Unreadable
from agentarena.envs.football import ATTACK, DEFENCE, Football, Hexner, Hexner22
from agentarena.envs.football.rules import transitions
from agentarena.envs.football.rules.transitions import Strategy
from agentarena.envs.football.solver import exact_value
from agentarena.envs.football.solver.equilibrium import Equilibrium

EQUILIBRIUM = ["hexner/equilibrium", "hexner/equilibrium"]


def mean_cost(game, agents: list[str], matches: int = 24) -> float:
    """What the informed side pays, each type with its chance; these players draw nothing, so all matches of a type are alike."""
    costs: dict[int, set[float]] = {}
    for record in aa.play(game, agents, matches=matches, seed=3).records:
        assert not record.faults, record.faults
        secret = int(game.start(stream(record.seed, CHANCE, record.deal)).secret)
        costs.setdefault(secret, set()).add(round(-record.returns[ATTACK], 12))
    assert sorted(costs) == list(range(game.system.types))
    assert all(len(values) == 1 for values in costs.values()), costs
    return sum(chance * costs[number].pop() for number, chance in enumerate(game.chances))


@pytest.mark.parametrize("belief", ["hidden", "public"])
@pytest.mark.parametrize("kind", ["split", "sim"])
@pytest.mark.parametrize("steps", [1, 4, 10])
def test_the_equilibrium_played_out_is_the_value(steps: int, kind: str, belief: str) -> None:
    game = Hexner(steps=steps, discretization=kind, belief=belief, prior=(0.3, 0.7))
    assert mean_cost(game, EQUILIBRIUM) == pytest.approx(exact_value(0.3, steps=steps, discretization=kind).value, abs=1e-9)


def test_hidden_belief_and_other_start() -> None:
    start = (-0.3, 0.1, 0.2, 0.4, 0.3, -0.1, -0.2, 0.1)
    game = Hexner(start_at=start, horizon=0.75, steps=6, discretization="split")
    assert mean_cost(game, EQUILIBRIUM) == pytest.approx(exact_value(0.5, steps=6, start=start, t=0.25).value, abs=1e-9)


def test_scale_halves_the_value() -> None:
    game = Hexner.build("halved", discretization="split")
    assert mean_cost(game, EQUILIBRIUM) == pytest.approx(exact_value(0.5, steps=10).value / 2, abs=1e-9)


@pytest.mark.parametrize("kind", ["split", "sim"])
def test_twenty_two_players(kind: str) -> None:
    game = Hexner22(discretization=kind)
    assert mean_cost(game, EQUILIBRIUM) == pytest.approx(Equilibrium(game.system, kind).value(game.chances), abs=1e-9)


def test_three_types() -> None:
    game = Hexner.build("three_types", steps=3, discretization="split")
    assert mean_cost(game, EQUILIBRIUM) == pytest.approx(Equilibrium(game.system).value(game.chances), abs=1e-9)


def test_revealing_at_another_step_costs_more() -> None:
    """The best of all fixed steps is the equilibrium's, for Hexner's game and for twenty-two players."""
    for game in (Hexner(discretization="split"), Hexner22(discretization="split")):
        plan = Equilibrium(game.system)
        prices = plan.prices(game.chances)
        for step in range(game.steps + 1):
            cost = mean_cost(game, [f"hexner/reveal?step={step}"] * 2)
            assert cost == pytest.approx(plan.base(game.chances) + prices[step], abs=1e-9)
        assert int(np.argmin(prices)) == plan.reveal_step


def test_concealing_is_never_revealing() -> None:
    game = Hexner(discretization="split")
    assert mean_cost(game, ["hexner/conceal"] * 2) == pytest.approx(mean_cost(game, ["hexner/reveal?step=10"] * 2), abs=1e-12)


GAMES = [
    Hexner(), Hexner(discretization="split"), Hexner.build("public"), Hexner(reward="terminal"), Hexner(report=True), Hexner22(steps=3),
    Football(steps=3), Football(steps=3, mode="player"), Football.build("public", steps=3), Football.build("paper", steps=3),
]  # fmt: skip


@pytest.mark.parametrize(
    "game", GAMES, ids=lambda game: f"{type(game).__name__}-{game.discretization}-{game.mode}-{game.belief}-{game.reward}-{game.report}"
)
def test_defenders_see_the_same_whatever_the_type(game) -> None:
    """Under equal actions everything a defender may know is equal in every bit until the match is over; rewards too, and they add up to 0."""
    states = [_frozen(game, number) for number in range(game.system.types)]
    rng = np.random.default_rng(5)
    defenders = game.layout.seats_of(DEFENCE)
    while game.to_move(states[0]):
        actions = {seat: game.legal(states[0], seat).sample(rng) for seat in game.to_move(states[0])}
        if game.layout.states_strategy and ATTACK in actions:  # alike for all types, or what happens depends on the type
            actions[ATTACK][-(game.system.types**2) :] = 1.0
        states = [game.step(state, actions, np.random.default_rng(7)) for state in states]
        for state in states:
            assert sum(game.rewards(state)) == pytest.approx(0.0, abs=1e-12)
        if game.to_move(states[0]):
            for seat in defenders:
                shown = [(game.observe(s, seat).tobytes(), game.text.view(s, seat), game.rewards(s)[seat], game.news(s)) for s in states]
                assert all(one == shown[0] for one in shown)


def _frozen(game, number: int):
    from agentarena.envs.football.state import frozen

    return frozen(transitions.begin(game.system, Arrays(), game.chances, np.asarray(number)))


def test_the_posted_belief_is_a_martingale() -> None:
    """Over the type and the drawn prototype the mean posterior is the belief; a strategy that tells is answered by certainty."""
    game = Hexner(belief="public", prior=(0.2, 0.8))
    rng = np.random.default_rng(0)
    count = 40_000
    a, types = Arrays(), rng.choice(2, size=count, p=game.chances)
    field = transitions.begin(game.system, a, game.chances, types)
    chances = np.broadcast_to(np.array([[0.9, 0.1], [0.35, 0.65]]), (count, 2, 2))
    prototypes = np.zeros((count, 2, 1, 2))
    _, belief = transitions.announce(field, Strategy(prototypes, chances), rng.random(count))
    assert belief.mean(0) == pytest.approx(game.chances, abs=0.006)  # three standard errors
    assert np.unique(belief[:, 0].round(9)).tolist() == pytest.approx([0.2 * 0.1 / (0.02 + 0.52), 0.2 * 0.9 / (0.18 + 0.28)])
    _, sure = transitions.announce(field, Strategy(prototypes, np.broadcast_to(np.eye(2), (count, 2, 2))), rng.random(count))
    assert (sure.argmax(1) == types).all()
    assert sure.max(1).min() > 1 - 1e-6
    _, none = transitions.announce(field, Strategy(prototypes, np.zeros((count, 2, 2))), rng.random(count))
    assert none == pytest.approx(field.belief)


def test_reports_are_scored() -> None:
    game = Hexner(report=True, steps=2, prior=(0.5, 0.5))
    state = _frozen(game, 1)
    for chances in ((1.0, 3.0), (0.0, 1.0)):
        state = game.step(state, {0: np.zeros(2), 1: np.array([0.0, 0.0, *np.clip(chances, 0, 1)])}, np.random.default_rng(0))
    facts = game.diagnostics(state, 1)
    assert facts["log_score"] == pytest.approx((np.log(0.5) + 0.0) / 2)
    assert facts["brier_score"] == pytest.approx((0.5 + 0.0) / 2)


def test_calls_and_numbers_are_read() -> None:
    game = Hexner(report=True)
    state = _frozen(game, 0)
    assert game.text.read(state, 0, "<answer>To  Target 1</answer>") == pytest.approx(
        game.system.called("to target 1", 0, _motion(state), np.asarray(0)).ravel()
    )
    assert game.text.read(state, 0, "0.5, -1.25e0").tolist() == [0.5, -1.25]
    assert game.text.read(state, 1, "hold; believe 0.9, 0.1").tolist() == [0.0, 0.0, 0.9, 0.1]
    assert game.text.read(state, 1, "hold").tolist() == [0.0, 0.0, 0.5, 0.5]
    for reply in (
        "nowhere",
        "1",
        "1, 2, 3",
        "nan, 1",
        "1e999, 0",
        "hold; believe 1",
        "hold; hope 1, 2",
        "0x10, 1",
        "1," * 5000,
        "to target 1; believe 1, 0",
    ):
        assert isinstance(game.text.read(state, 0, f"<answer>{reply}</answer>"), Unreadable), reply


def _motion(state):
    from agentarena.envs.football.rules.system import Motion

    return Motion(state.position, state.velocity, state.alive)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Hexner(prior=(1.0,)), "prior"),
        (lambda: Hexner(prior=(0.0, 0.0)), "prior"),
        (lambda: Hexner(prior=(float("nan"), 1.0)), "prior"),
        (lambda: Hexner(targets=((0.0, 1.0),)), "targets"),
        (lambda: Hexner(targets=((0.0, 1.0), (0.0,))), "targets"),
        (lambda: Hexner(r1=(0.0, 0.1)), "r1"),
        (lambda: Hexner(start_at=(0.0,)), "start_at"),
        (lambda: Hexner(belief="public", mode="player"), "public belief"),
        (lambda: Football(plays=("run",)), "plays"),
        (lambda: Football(plays=("run", "kick")), "plays"),
        (lambda: Football(plays=("run", "run")), "plays"),
    ],
)
def test_bad_options_are_named(build, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        build()


def test_one_dimension_and_three() -> None:
    line = Hexner(targets=((1.0,), (-1.0,)), r1=(0.025,), r2=(0.1,), start_at=(0.0, 0.0, 0.0, 0.0), discretization="split")
    assert mean_cost(line, EQUILIBRIUM) == pytest.approx(exact_value(0.5, steps=10).value, abs=1e-9)
    space = Hexner(
        targets=((0.0, 1.0, 0.0), (0.0, -1.0, 0.0)), r1=(0.05, 0.025, 0.05), r2=(0.05, 0.1, 0.05), start_at=(-0.5, *[0.0] * 5, 0.5, *[0.0] * 5),
        discretization="split",
    )  # fmt: skip
    assert mean_cost(space, EQUILIBRIUM) == pytest.approx(exact_value(0.5, steps=10).value, abs=1e-9)
