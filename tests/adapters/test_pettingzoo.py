"""PettingZoo's own checks on every registered game and on the fixtures, in both forms and both views; unexpected warnings fail."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pettingzoo
import pytest
from adapter_games import FIXTURES, Climb, Tips
from gymnasium import spaces
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, render_test, seed_test

import agentarena as aa
from agentarena.core.errors import UsageError
from agentarena.core.game import Game
from agentarena.core.registry import env_ids, game

SUBJECTS = [pytest.param(env_id, id=env_id) for env_id in env_ids()] + [pytest.param(g, id=repr(g)) for g in FIXTURES]
VIEWS = ("vector", "text")


def expected(env: Any) -> list[tuple[str, bool]]:
    """What PettingZoo's checker warns of for lack of anything better, and whether it may say so of this environment."""
    agent = env.possible_agents[0]
    seen, acts = env.observation_space(agent), env.action_space(agent)
    nested = isinstance(seen, spaces.Dict)
    inner = seen.spaces.get("observation", seen) if nested else seen
    shapes = [getattr(env.observation_space(a), "spaces", {}).get("observation", env.observation_space(a)) for a in env.possible_agents]
    differ = any(env.observation_space(a) != seen for a in env.possible_agents)
    image = isinstance(inner, spaces.Box) and (inner.low < 0).any() and len(inner.shape) in (2, 3)
    return [
        ("Observation space for each agent probably should be", not isinstance(seen, spaces.Box | spaces.Discrete)),
        ("Observation is not a NumPy array", nested or isinstance(seen, spaces.Discrete)),
        ("Action space for each agent probably should be", not isinstance(acts, spaces.Box | spaces.Discrete)),
        ("Observation numpy array is all zeros.", _holds_zeros(inner)),
        ("Observation is a single number", isinstance(inner, spaces.Box) and inner.shape == (1,)),
        ("Observation has more than 3 dimensions", isinstance(inner, spaces.Box) and len(inner.shape) > 3),
        ("Agents have different observation space sizes", differ),
        ("Observations are different shapes", differ and any(s.shape != shapes[0].shape for s in shapes)),
        ("The observation contains negative numbers", bool(image)),
    ]


def _holds_zeros(space: Any) -> bool:
    return isinstance(space, spaces.Box) and bool(np.all(space.low <= 0) and np.all(space.high >= 0))


@contextmanager
def only_expected(env: Any) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    allowed = [text for text, may in expected(env) if may]
    surprises = [str(w.message) for w in caught if not any(str(w.message).startswith(text) for text in allowed)]
    assert not surprises, surprises


def builder(subject: str | Game[Any], form: str, **arguments: Any) -> Callable[..., Any]:
    """A constructor: registered games through PettingZoo's own `make`, fixtures through ours; a new game each time."""
    if isinstance(subject, str):
        return lambda **more: pettingzoo.make(form, f"agentarena/{subject}", **arguments, **more)
    ours = aa.make if form == "aec" else aa.make_parallel
    return lambda **more: ours(type(subject)(**subject.options), **arguments, **more)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_aec_api(subject: str | Game[Any], view: str) -> None:
    env = builder(subject, "aec", view=view)()
    with only_expected(env):
        api_test(env, num_cycles=60)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_parallel_api(subject: str | Game[Any], view: str) -> None:
    env = builder(subject, "parallel", view=view)()
    with only_expected(env):
        parallel_api_test(env, num_cycles=40)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_seeds(subject: str | Game[Any]) -> None:
    seed_test(builder(subject, "aec", view="text"), num_cycles=30)
    parallel_seed_test(builder(subject, "parallel"), num_cycles=30)


@pytest.mark.parametrize("form", ["aec", "parallel"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_render(subject: str | Game[Any], form: str, capsys: pytest.CaptureFixture[str]) -> None:
    if form == "aec":
        render_test(builder(subject, "aec"), custom_tests={"ansi": lambda text: bool(text.strip())})
    said = builder(subject, form, render_mode="ansi")()
    said.reset(seed=3)
    capsys.readouterr()
    aloud = builder(subject, form, render_mode="human")()
    aloud.reset(seed=3)
    assert aloud.render() is None
    assert capsys.readouterr().out == said.render() + "\n"
    silent = builder(subject, form)()
    silent.reset(seed=3)
    with pytest.warns(UserWarning, match="render_mode='ansi'"):
        silent.render()


def _always_legal(rules: Game[Any]) -> bool:
    """Whether raw samples are always legal and every match lasts longer than the test plays."""
    state = rules.start(np.random.default_rng(0))
    discrete = all(isinstance(rules.action_space(seat), spaces.Discrete) for seat in range(rules.info.seats))
    if not discrete or len(rules.to_move(state)) != rules.info.seats or rules.info.max_steps <= 4:
        return False
    return all(len(rules.legal(state, seat)) == rules.action_space(seat).n for seat in rules.to_move(state))  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_max_cycles(subject: str | Game[Any]) -> None:
    """The shipped test plays without masks, so it fits only games in which everything is always legal; others are cut in masked play."""
    rules = game(subject)
    if _always_legal(rules):
        max_cycles_test(SimpleNamespace(env=builder(subject, "aec"), parallel_env=builder(subject, "parallel")))
    env = builder(subject, "parallel", max_cycles=2)()
    *_, last = parallel_trace(env, 0, 1)
    _, _, _, terminations, truncations, _ = last
    assert env.episode.steps <= 2
    assert all(truncations.values()) is env.episode.truncated
    assert all(terminations.values()) is not env.episode.truncated


@pytest.mark.parametrize("actions", [None, [0, 0], 0, "player_0"])
def test_parallel_actions_are_a_dict(actions: Any) -> None:
    env = aa.make_parallel("RockPaperScissors-v0")
    env.reset(seed=0)
    with pytest.raises(UsageError, match="expected a dict of agents"):
        env.step(actions)


def test_max_cycles_truncates_and_does_not_terminate() -> None:
    env = aa.make(Climb(top=20), max_cycles=3)
    env.reset(seed=0)
    for _ in range(3):
        env.step(2)
    assert (env.terminations, env.truncations) == ({"player_0": False}, {"player_0": True})


# --- what the shipped tests leave out -------------------------------------------------------------------------------


def masked(env: Any, observation: Any, info: dict[str, Any], agent: str, rng: np.random.Generator) -> Any:
    mask = observation.get("action_mask") if isinstance(observation, dict) else None
    if mask is None:
        env.action_space(agent).seed(int(rng.integers(2**31)))
        return env.action_space(agent).sample()
    assert np.array_equal(mask, info.get("action_mask", mask))
    assert mask.dtype == np.int8
    assert mask.any()
    joint = observation.get("joint_mask", mask)
    assert info["to_move"] or not np.flatnonzero(joint).any(), "an agent that waits may send the first action alone"
    if isinstance(env.action_space(agent), spaces.MultiDiscrete):
        return rng.choice(np.argwhere(joint))
    return int(rng.choice(np.flatnonzero(mask)))


def parallel_trace(env: Any, seed: int, matches: int) -> Iterator[Any]:
    rng = np.random.default_rng(seed)
    for match in range(matches):
        observations, infos = env.reset(seed=seed if match == 0 else None)
        yield observations, infos
        while env.agents:
            actions = {a: masked(env, observations[a], infos[a], a, rng) for a in env.agents}
            observations, rewards, terminations, truncations, infos = env.step(actions)
            yield actions, observations, rewards, terminations, truncations, infos


@pytest.mark.parametrize("subject", SUBJECTS)
def test_parallel_play_repeats_step_by_step_and_interleaved(subject: str | Game[Any]) -> None:
    """Two whole matches, one seed; two environments in lockstep and a third alone give the same bytes."""
    build = builder(subject, "parallel", view="text")
    alone = list(parallel_trace(build(), 5, 2))
    assert len(alone) > 2
    for first, second, reference in zip(parallel_trace(build(), 5, 2), parallel_trace(build(), 5, 2), alone, strict=True):
        np.testing.assert_equal(first, second)
        np.testing.assert_equal(first, reference)


def test_later_resets_continue_the_stream_and_a_seed_starts_it_again() -> None:
    def starts(env: Any, seeds: list[int | None]) -> list[Any]:
        out = []
        for seed in seeds:
            env.reset(seed=seed)
            out.append(env.episode.state.order)
        return out

    env = aa.make(Tips())
    first = starts(env, [3, None, None, None])
    assert len(set(first)) > 1
    assert starts(env, [3, None, None, None]) == first
    assert starts(aa.make(Tips()), [3, None, None, None]) == first
    assert starts(env, [None]) != first[:1]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_global_generators_are_left_alone(subject: str | Game[Any]) -> None:
    import random

    before = random.getstate(), np.random.get_state()[1].tobytes()  # noqa: NPY002
    for _ in parallel_trace(builder(subject, "parallel")(), 1, 1):
        pass
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before  # noqa: NPY002


@pytest.mark.parametrize("form", ["aec", "parallel"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_raw_samples_never_break_an_environment(subject: str | Game[Any], form: str) -> None:
    """Unmasked samples may be illegal: the match then ends, and its offender alone is charged."""
    env = builder(subject, form)()
    price = env.game.info.forfeit_return
    for seed in range(8):
        env.reset(seed=seed)
        for index, agent in enumerate(env.possible_agents):
            env.action_space(agent).seed(seed * 100 + index)
        totals = dict.fromkeys(env.possible_agents, 0.0)
        guilty: set[str] = set()
        for _ in range(env.game.info.max_steps * env.max_num_agents * 2 + 8):
            if not env.agents:
                break
            if form == "aec":
                agent = env.agent_selection
                ended = env.terminations[agent] or env.truncations[agent]
                env.step(None if ended else env.action_space(agent).sample())
                rewards = env.rewards
            else:
                _, rewards, *_ = env.step({a: env.action_space(a).sample() for a in env.agents})
            for name, reward in rewards.items():
                totals[name] += reward
            guilty |= set(env.faults)
        assert not env.agents
        for name, total in totals.items():
            if name in guilty:
                assert total == pytest.approx(price)
            else:
                assert total >= env.game.info.low - 1e-9 or guilty
