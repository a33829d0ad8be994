"""The shop's faces: words, Gymnasium and PettingZoo, players, people, metrics and the sampler."""

from __future__ import annotations

import functools
import io
import re
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import agentarena as aa
from agentarena.agents.human import Human
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.text import Choices, Pattern, Unreadable
from agentarena.envs.shop import Shop
from agentarena.envs.shop.analysis.adaptive import LEVELS, AdaptiveEnv, AdaptiveSampler
from agentarena.envs.shop.analysis.metrics import figures
from agentarena.envs.shop.bots import Rule

GAME = Shop(goal=0)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("search[red shirts]", "search[red shirts]"),
        ("<think>hm</think> <answer>click[Buy Now]</answer>", "click[Buy Now]"),
        ("<answer>click[< Prev]</answer>", "click[< Prev]"),
        ("click[next >]", "click[next >]"),
    ],
)
def test_replies(reply: str, action: str) -> None:
    assert GAME.text.read(GAME.start(RNG), 0, reply) == action


@pytest.mark.parametrize(
    "reply", ["", "<answer></answer>", "<answer>a</answer><answer>b</answer>", "<answer>" + "x" * 1001 + "</answer>", "x" * 100_000]
)
def test_replies_that_name_nothing(reply: str) -> None:
    assert isinstance(GAME.text.read(GAME.start(RNG), 0, reply), Unreadable)


def test_what_may_be_replied() -> None:
    state = GAME.start(RNG)
    assert isinstance(GAME.text.options(state, 0), Pattern)
    state = GAME.step(state, {0: "search[shirts]"}, RNG)
    options = GAME.text.options(state, 0)
    assert isinstance(options, Choices)
    assert "click[next >]" in options.replies
    for action in ("<answer>x</answer>", "  ", "click[< prev]", "search[" + "y" * 900 + "]"):
        assert isinstance(GAME.text.read(state, 0, GAME.text.write(state, 0, action)), str)


def test_gymnasium() -> None:
    env = gymnasium.make("agentarena/Shop-v0", view="text")
    observation, info = env.reset(seed=3)
    assert "Instruction: " in observation["text"]
    assert info["admissible_commands"][0].startswith("search[")
    assert info["available_actions"] == {"has_search_bar": True, "clickables": []}
    first = info["state_hash"]
    _, reward, terminated, truncated, info = env.step("fly to the moon")
    assert (reward, terminated, truncated, info["action_valid"], info["parse_ok"], info["state_hash"]) == (
        0.0,
        False,
        False,
        False,
        False,
        first,
    )
    env.step(info["admissible_commands"][0])
    _, _, _, _, info = env.step("click[next >]")
    assert info["page"] == "results"
    _, _, _, _, info = env.step(next(c for c in info["admissible_commands"] if c.startswith("click[b0")))
    assert "buy now" in info["available_actions"]["clickables"]
    _, reward, terminated, _, info = env.step("click[buy now]")
    assert terminated
    assert info["bought"]
    assert info["score"] == reward
    assert info["won"] == (reward == 1.0)
    assert info["admissible_commands"] == []


def test_control_characters_and_long_commands_end_in_words() -> None:
    env = gymnasium.make("agentarena/Shop-v0")
    env.reset(seed=0)
    _, reward, terminated, _, _ = env.step("search[\x1b[31m\x00]")
    assert (reward, terminated) == (0.0, False)
    _, _, terminated, _, info = env.step("x" * 100_000)
    assert terminated
    assert "too long: 100000 characters" in info["illegal"]


def test_numbers_show_the_page_alone() -> None:
    state = GAME.step(GAME.start(RNG), {0: "search[shirts]"}, RNG)
    observation = GAME.observe(state, 0)
    kinds = observation["labels"][:, 0]
    assert kinds[:2].tolist() == [1.0, 1.0]
    assert kinds[2:12].tolist() == [4.0] * 10
    assert not kinds[12:].any()
    assert observation["scene"][3] == 50.0


def test_pettingzoo_and_vectors() -> None:
    env = aa.make("Shop-v0")
    env.reset(seed=0)
    for _ in env.agent_iter(40):
        _, _, terminated, truncated, info = env.last()
        env.step(None if terminated or truncated else info["admissible_commands"][-1])
    vec = gymnasium.make_vec("agentarena/Shop-v0", num_envs=3)
    vec.reset(seed=0)
    _, rewards, *_ = vec.step(["search[shirts]"] * 3)
    assert rewards.tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("bot", "low", "high"), [("random", 0.0, 0.5), ("shop/rule", 0.3, 0.7), ("shop/options", 0.7, 0.95), ("shop/oracle", 1.0, 1.0)]
)
def test_players(bot: str, low: float, high: float) -> None:
    returns = aa.play("Shop-v0", [bot], matches=40, seed=1).returns
    assert low <= returns.mean() <= high


def test_players_play_template_goals() -> None:
    assert (
        aa.play(
            aa.game("Shop-v0", preset="defects", buy_again=False, original_options=False), ["shop/oracle"], matches=5, seed=0
        ).returns.min()
        == 1.0
    )
    with pytest.raises(BadOption):
        Rule(0)


def test_a_person_shops() -> None:
    typed = io.StringIO("help\nsearch[shirts]\nclick[next >]\nclick[back to search]\nsearch[shirts]\nquit\n")
    shown = io.StringIO()
    runs = aa.play("Shop-v0", [Human(typed, shown)], matches=1, seed=0)
    text = shown.getvalue()
    assert "[Back to Search] [< Prev]" not in text.partition("Page 1")[0]
    assert "Page 1 (Total results: 50)" in text
    assert "Page 2 (Total results: 50)" in text
    assert runs.returns[0, 0] == -1.0  # gave up


def test_figures() -> None:
    result = figures([1.0, 0.5, 0.0, 0.0])
    assert (result.score, result.success, result.visits) == (37.5, 25.0, 4)
    assert result.success_low < 25.0 < result.success_high
    with pytest.raises(UsageError):
        figures([])


@pytest.mark.parametrize("target", [0.3, 0.5, 0.7])
def test_the_sampler_holds_its_target(target: float) -> None:
    """An agent that succeeds with probability 0.95 on the easiest level and 0.05 on the hardest."""
    sampler, rng = AdaptiveSampler(target=target), np.random.default_rng(0)
    outcomes = []
    for _ in range(4000):
        level = sampler.draw(rng)
        outcomes.append(rng.random() < 0.95 - 0.15 * level)
        sampler.update(outcomes[-1])
    assert abs(np.mean(outcomes[1000:]) - target) < 0.03
    assert not sampler.is_at_end
    other = AdaptiveSampler(target=target)
    other.restore(sampler.state())
    assert other.state() == sampler.state()


def test_an_agent_that_always_wins_ends_on_the_hardest_level() -> None:
    sampler = AdaptiveSampler()
    for _ in range(300):
        sampler.update(True)
    assert sampler.is_at_end
    assert sampler.draw(RNG) == len(LEVELS) - 1


def test_an_adaptive_environment_reads_its_difficulty_back() -> None:
    sampler = AdaptiveSampler(position=2.5)
    env = AdaptiveEnv(functools.partial(gymnasium.make, "agentarena/Shop-v0", split="all"), sampler)
    seen = set()
    for seed in range(12):
        _, info = env.reset(seed=seed)
        assert info["difficulty"]["siblings"] == info["level"]
        seen.add(info["level"])
        env.step(info["admissible_commands"][0])
        _, _, terminated, truncated, _ = env.step("x" * 2000)
        assert terminated or truncated
    assert seen >= {2}
    assert sampler.matches == 12
    assert sampler.position < 2.5
    env.close()


@pytest.mark.parametrize("arguments", [{"target": 0.0}, {"target": 1.0}, {"gain": 0.0}, {"levels": ()}, {"target": "half"}])
def test_samplers_that_cannot_be(arguments) -> None:
    with pytest.raises(BadOption):
        AdaptiveSampler(**arguments)


def test_the_page_of_the_docs_runs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "shop.md").read_text(encoding="utf-8")
    scope: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, scope)
    assert scope["info"]["level"] == scope["info"]["difficulty"]["siblings"]


def test_pages_are_pictures() -> None:
    pytest.importorskip("PIL")
    env = gymnasium.make("agentarena/Shop-v0", render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step("search[shirts]")
    second = env.render()
    assert first.shape == second.shape
    assert (first != second).any()
