"""The consensus game: the worked numbers of its solvers, the potential, symmetry, broken input, and what the seats see."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.classic import of_agent, play, sight, uniform, value

import agentarena as aa
from agentarena.agents.specs import agent
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, NotSupported, OutOfTurn, UsageError
from agentarena.core.text import Unreadable
from agentarena.envs.consensus import (
    ConsensusGame,
    State,
    best_responses,
    equilibrium_ranking,
    expected_payoff,
    fixed_point,
    initial_policies,
    potential,
)
from agentarena.envs.consensus.solver import residuals, separation

GAME = ConsensusGame()
RNG = np.random.default_rng(0)
A = ([[0.5, 0.3, 0.2], [0.4, 0.2, 0.4]], [0.4, 0.7, 0.2])
UNIFORM = ([[0.5, 0.5], [0.5, 0.5]], [0.5, 0.5])
LOPSIDED = ([[0.6, 0.4], [0.4, 0.6]], [0.6, 0.4])


def random_sets(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Candidate sets of four: standard normal log-probabilities and log-odds."""
    rng = np.random.default_rng(seed)
    weight = np.exp(rng.normal(size=(count, 2, 4)))
    return weight / weight.sum(axis=-1, keepdims=True), 1 / (1 + np.exp(-rng.normal(size=(count, 4))))


def digits(actual: np.ndarray, expected: list[float], places: int = 6) -> None:
    """Equal to the printed digits."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=0.51 * 10.0**-places)


# --- worked numbers -----------------------------------------------------------------------------------------------------


def test_example_a_initial_policies():
    generator, discriminator = initial_policies(*A)
    digits(generator[0], [0.373134, 0.402985, 0.223881])
    digits(generator[1], [0.294118, 0.264706, 0.441176])
    digits(discriminator, [0.465753, 0.753165, 0.246377])
    digits(expected_payoff(generator, discriminator), 0.543706)
    assert int(np.argmax(A[0][0])) == 0
    assert int(np.argmax(generator[0])) == 1  # the quotient over the values already prefers another


def test_example_a_first_update():
    result = equilibrium_ranking(*A, iterations=1)
    digits(result.generator[0], [0.333410, 0.338445, 0.328145])
    digits(result.generator[1], [0.333352, 0.328300, 0.338348])
    digits(result.discriminator, [0.500638, 0.504473, 0.494544])
    np.testing.assert_array_equal(result.average_generator, result.prior_generator)


def test_example_a_after_a_hundred_updates():
    result = equilibrium_ranking(*A, iterations=100)
    digits(result.generator[0], [0.336035, 0.469231, 0.194734])
    digits(result.discriminator, [0.497362, 0.705184, 0.282643])


def test_example_a_after_five_thousand_updates():
    result = equilibrium_ranking(*A)
    digits(result.generator[0], [0.090986, 0.904133, 0.004881])
    digits(result.generator[1], [0.055837, 0.005465, 0.938698])
    digits(result.discriminator, [0.516821, 0.994405, 0.004566])
    digits(result.payoff, 0.953771)
    digits(result.residual, [0.0142, 0.0072], places=4)


def test_example_a_fixed_point():
    result = fixed_point(*A)
    digits(result.generator[0], [0.059862, 0.936522, 0.003616])
    digits(result.generator[1], [0.062652, 0.003893, 0.933455])
    digits(result.discriminator, [0.462284, 0.996917, 0.003119])
    assert result.residual.max() < 1e-11


def test_example_a_with_a_strong_pull():
    result = equilibrium_ranking(*A, lam=1.0)
    digits(result.generator[0], [0.359591, 0.449836, 0.190573])
    digits(result.discriminator, [0.474681, 0.772758, 0.220633])
    limit = fixed_point(*A, lam=1.0)
    digits(limit.generator[0], [0.359413, 0.450765, 0.189822])
    digits(limit.discriminator, [0.474719, 0.773742, 0.219596])


def test_example_a_with_a_weak_pull():
    result = equilibrium_ranking(*A, lam=1e-3)
    digits(result.generator, [[0, 1, 0], [0, 0, 1]])
    digits(result.discriminator, [0.560993, 1, 0])
    digits(result.payoff, 1.0, places=3)


@pytest.mark.parametrize(("lam", "expected", "places"), [(0.1, 0.9927, 3), (0.2, 0.855, 3)])
def test_bifurcation_below_a_quarter(lam, expected, places):
    digits((1 + separation(lam)) / 2, expected, places)
    for start, sign in ((LOPSIDED, 1), (([[0.4, 0.6], [0.6, 0.4]], [0.4, 0.6]), -1)):
        result = fixed_point(*UNIFORM, lam=lam, start=start)
        np.testing.assert_allclose(result.discriminator, [(1 + sign * separation(lam)) / 2, (1 - sign * separation(lam)) / 2], atol=1e-10)


@pytest.mark.parametrize("lam", [0.26, 0.5, 1.0])
def test_bifurcation_above_a_quarter(lam):
    assert separation(lam) == separation(0.25) == 0.0
    result = fixed_point(*UNIFORM, lam=lam, start=LOPSIDED, iterations=20_000)
    np.testing.assert_allclose(result.discriminator, 0.5, atol=1e-9)


@pytest.mark.parametrize("lam", [1e-3, 0.1, 0.25, 1.0])
@pytest.mark.parametrize("count", [2, 4])
def test_uniform_priors_stay_uniform(lam, count):
    priors = (np.full((2, count), 1 / count), np.full(count, 0.5))
    for result in (equilibrium_ranking(*priors, lam=lam, iterations=2000), fixed_point(*priors, lam=lam)):
        assert np.ptp(result.generator, axis=-1).max() == 0.0  # candidates stay alike to the last bit, or the difference would grow
        np.testing.assert_allclose(result.generator, 1 / count, rtol=1e-15)
        np.testing.assert_allclose(result.discriminator, 0.5, rtol=1e-15)
        assert result.payoff == pytest.approx(0.5, abs=1e-15)


def test_random_sets_agree_as_often_as_expected():
    generator, discriminator = random_sets(400)

    def agree(result):
        return (result.generator[:, 0].argmax(-1) == result.discriminator.argmax(-1)).mean()

    before, half = (equilibrium_ranking(generator, discriminator, iterations=n) for n in (0, 500))
    after, strong = (equilibrium_ranking(generator, discriminator, lam=lam) for lam in (0.1, 1.0))
    # shares of 400 of another draw: four standard errors of a difference, at most 4 * 0.025 * sqrt(2)
    for share, expected in ((agree(before), 0.275), (agree(after), 0.918), (agree(strong), 0.41)):
        assert abs(share - expected) < 4 * np.sqrt(2 * expected * (1 - expected) / 400)
    assert (half.generator[:, 0].argmax(-1) == after.generator[:, 0].argmax(-1)).mean() > 0.94


# --- what must hold of any set ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [0.01, 0.1, (0.05, 0.5), 2.0])
def test_potential_never_falls_under_best_replies_in_turn(lam):
    result, path = best_responses(*random_sets(200), lam=lam, rounds=60)
    assert path.shape == (121, 200)
    assert np.diff(path, axis=0).min() > -1e-12
    np.testing.assert_allclose(
        path[-1], potential(result.generator, result.discriminator, result.prior_generator, result.prior_discriminator, lam=lam)
    )


def test_best_replies_beat_every_other_reply():
    result = fixed_point(*A)
    best = potential(result.generator, result.discriminator, result.prior_generator, result.prior_discriminator)
    rng = np.random.default_rng(1)
    for _ in range(200):
        other = rng.dirichlet(np.ones(3), 2)
        mixed = 0.9 * result.generator + 0.1 * other
        assert potential(mixed, result.discriminator, result.prior_generator, result.prior_discriminator) < best
        guess = 0.9 * result.discriminator + 0.1 * rng.random(3)
        assert potential(result.generator, guess, result.prior_generator, result.prior_discriminator) < best


def plain_ranking(generator, discriminator, eta, lam, iterations):
    """The slow twin: the formulas as they are written, with all policies remembered."""
    prior_g, prior_c = initial_policies(generator, discriminator)
    prior_d = np.stack([prior_c, 1 - prior_c])  # (2, Y), by value
    g, d = [prior_g], [prior_d]
    for t in range(1, iterations + 1):
        q_g, q_d = sum(d) / (2 * t), sum(g) / (2 * t)
        w_g = np.exp((q_g + lam[0] * np.log(prior_g)) / (1 / (eta[0] * t) + lam[0]))
        w_d = np.exp((q_d + lam[1] * np.log(prior_d)) / (1 / (eta[1] * t) + lam[1]))
        g.append(w_g / w_g.sum(axis=1, keepdims=True))
        d.append(w_d / w_d.sum(axis=0, keepdims=True))
    return g[-1], d[-1][0], sum(g[:-1]) / iterations, sum(d[:-1])[0] / iterations


@pytest.mark.parametrize(("eta", "lam"), [((0.1, 0.1), (0.1, 0.1)), ((0.3, 0.05), (0.02, 0.7)), ((2.0, 1.0), (0.0005, 0.0005))])
def test_the_fast_form_equals_the_plain_one(eta, lam):
    generator, discriminator = random_sets(3, seed=5)
    result = equilibrium_ranking(generator, discriminator, eta=eta, lam=lam, iterations=60)
    for i in range(3):
        parts = plain_ranking(generator[i], discriminator[i], eta, lam, 60)
        batch = (result.generator[i], result.discriminator[i], result.average_generator[i], result.average_discriminator[i])
        for actual, expected in zip(batch, parts, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)


def test_batches_threads_and_shapes():
    generator, discriminator = random_sets(1500, seed=2)
    one = equilibrium_ranking(generator, discriminator, iterations=50, workers=1)
    many = equilibrium_ranking(generator, discriminator, iterations=50, workers=3)
    np.testing.assert_array_equal(one.generator, many.generator)
    np.testing.assert_array_equal(one.discriminator, many.discriminator)
    shaped = equilibrium_ranking(generator.reshape(3, 500, 2, 4), discriminator.reshape(3, 500, 4), iterations=50)
    np.testing.assert_array_equal(shaped.generator.reshape(1500, 2, 4), one.generator)
    assert shaped.payoff.shape == (3, 500)
    assert shaped.residual.shape == (3, 500, 2)
    assert equilibrium_ranking(np.empty((0, 2, 4)), np.empty((0, 4))).payoff.shape == (0,)
    assert fixed_point(np.empty((0, 2, 4)), np.empty((0, 4))).payoff.shape == (0,)
    shared = equilibrium_ranking(generator[0], discriminator[:5], iterations=10)  # one generator for five discriminators
    assert shared.generator.shape == (5, 2, 4)


def test_the_order_of_candidates_does_not_matter():
    generator, discriminator = random_sets(50, seed=3)
    order = [2, 0, 3, 1]
    for solve in (equilibrium_ranking, fixed_point):
        plain, turned = (
            solve(g, d, iterations=300) for g, d in ((generator, discriminator), (generator[..., order], discriminator[:, order]))
        )
        np.testing.assert_allclose(turned.generator, plain.generator[..., order], atol=1e-11)


def test_impossible_candidates_stay_impossible():
    generator, discriminator = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]], [0.0, 1.0, 0.5]
    for result in (
        equilibrium_ranking(generator, discriminator, iterations=500),
        equilibrium_ranking(generator, discriminator, iterations=500, lam=0.0),
        equilibrium_ranking(generator, discriminator, iterations=500, lam=1e-5),
        fixed_point(generator, discriminator),
    ):
        assert np.isfinite(result.generator).all()
        np.testing.assert_allclose(result.generator.sum(axis=-1), 1.0)
        assert result.generator[:, 2].tolist() == [0.0, 0.0]
        assert result.generator[1, 0] == 0.0
        assert result.discriminator[:2].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("generator", "discriminator", "words"),
    [
        ([[0.5, 0.4], [0.5, 0.5]], [0.5, 0.5], "adds up to 0.9"),
        ([[0.5, np.nan], [0.5, 0.5]], [0.5, 0.5], "nan"),
        ([[1.5, -0.5], [0.5, 0.5]], [0.5, 0.5], "between 0 and 1"),
        ([[0.5, 0.5], [0.5, 0.5]], [0.5, 1.5], "between 0 and 1"),
        ([[0.5, 0.5], [0.5, 0.5]], [0.5, 0.5, 0.5], r"expected \(\.\.\., 2\)"),
        ([0.5, 0.5], [0.5, 0.5], r"expected \(\.\.\., 2, Y\)"),
        ([[1.0], [1.0]], [0.5], "2 to 1000 candidates"),
        ("nonsense", [0.5, 0.5], "array of probabilities"),
        (np.full((3, 2, 2), 0.5), np.full((2, 2), 0.5), "leading axes must agree"),
    ],
)
def test_broken_input_is_refused(generator, discriminator, words):
    for solve in (equilibrium_ranking, fixed_point):
        with pytest.raises(UsageError, match=words):
            solve(generator, discriminator)


@pytest.mark.parametrize(
    "wrong",
    [{"eta": 0}, {"eta": -1.0}, {"lam": -0.1}, {"lam": np.nan}, {"lam": (0.1,)}, {"iterations": 1.5}, {"iterations": -1}, {"eta": True}],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        equilibrium_ranking(*A, **wrong)
    with pytest.raises(UsageError):
        fixed_point(*A, lam=0.0)


def test_separate_strengths():
    result = fixed_point(*A, lam=(1e6, 0.1))
    np.testing.assert_allclose(result.generator, result.prior_generator, atol=1e-5)
    assert abs(result.discriminator - result.prior_discriminator).max() > 0.1
    gaps = residuals(result.generator, result.discriminator, result.prior_generator, result.prior_discriminator, lam=(1e6, 0.1))
    assert gaps.max() < 1e-10


# --- the game -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bot", "payoff"), [("babbling", 0.5), ("separating", 1.0), ("prior", 0.543706), ("equilibrium", 0.953771), ("fixed_point", 0.962782)]
)
def test_payoff_of_the_bots(bot, payoff):
    player = agent(f"consensus/{bot}")
    digits(value(GAME, [of_agent(GAME, player)] * 2), [payoff] * 2)


def test_payoff_of_random_players():
    assert value(GAME, [uniform(GAME)] * 2) == [0.5, 0.5]


@pytest.mark.parametrize("preset", ["uniform", "product"])
def test_separating_wins_every_set(preset):
    game = ConsensusGame.build(preset)
    assert value(game, [of_agent(game, agent("consensus/separating"))] * 2) == [1.0, 1.0]


def test_the_discriminator_sees_the_pick_alone():
    for pick in (-1, 0, 2):
        states = [State(value, pick) for value in (0, 1)]
        assert sight(GAME, states[0], 1) == sight(GAME, states[1], 1)
        assert sight(GAME, states[0], 0) != sight(GAME, states[1], 0)


def test_a_match():
    episode = play(GAME, [agent("consensus/separating")] * 2, seed=3)
    assert list(episode.returns) == [1.0, 1.0]
    assert episode.steps == 2
    with pytest.raises(MatchOver):
        GAME.step(episode.state, {0: 0}, RNG)
    with pytest.raises(OutOfTurn):
        GAME.step(State(0), {1: 0}, RNG)
    with pytest.raises(IllegalAction):
        GAME.step(State(0), {0: 3}, RNG)


def test_words():
    face = ConsensusGame.build("product").text
    assert '"What is 7 times 8?"' in face.rules(0)
    assert '2. "56"' in face.rules(1)
    assert face.read(State(0), 0, "<answer>2</answer>") == 1
    assert face.read(State(0, 1), 1, "Incorrect") == 1
    for seat, reply in ((0, "56"), (0, "correct"), (1, "2"), (1, "correct incorrect")):
        assert isinstance(face.read(State(0, 1 if seat else -1), seat, reply), Unreadable)


@pytest.mark.parametrize(
    "options",
    [
        {"candidates": ("A", "A", "B")},
        {"candidates": ("A",)},
        {"candidates": ("A", " ", "B")},
        {"candidates": ("A", "B")},
        {"generator": ((0.5, 0.5, 0.5), (0.4, 0.2, 0.4))},
        {"discriminator": (0.5, 0.5, float("nan"))},
        {"discriminator": "abc"},
        {"question": "x" * 2001},
    ],
)
def test_broken_sets_are_refused(options):
    with pytest.raises(BadOption, match=r"ConsensusGame: option"):
        ConsensusGame(**options)


def test_bots_refuse_what_they_cannot_do():
    for spec in ("consensus/equilibrium?lam=-1", "consensus/equilibrium?iterations=1.5", "consensus/fixed_point?lam=0"):
        with pytest.raises(BadOption):
            agent(spec)
    with pytest.raises(NotSupported, match="consensus/prior"):
        aa.play("KuhnPoker-v0", ["consensus/prior", "random"], matches=1)


def test_policies_add_up():
    bot = agent("consensus/equilibrium")
    assert sum(bot.policy(View(GAME, State(1), 0)).values()) == pytest.approx(1.0)
