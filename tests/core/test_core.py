"""Streams, legal moves, options, episodes, views, errors, names."""

from __future__ import annotations

import inspect
import json
import pickle
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from agentarena.agents.specs import agent, parse
from agentarena.core import errors, registry, rng
from agentarena.core.actions import Box, Product, Spoken, Text, canonical, decode, encode, sample, violation
from agentarena.core.agent import Agent, PolicyAgent, View
from agentarena.core.episode import Episode
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, OutOfTurn, UnknownName, UsageError
from agentarena.core.rng import CHANCE, DECISION, stream
from agentarena.envs.tictactoe import TicTacToe


def test_streams_are_functions_of_seed_and_path() -> None:
    first = stream(3, CHANCE, 5).integers(1 << 30, size=8)
    assert (first == stream(3, CHANCE, 5).integers(1 << 30, size=8)).all()
    others = [stream(4, CHANCE, 5), stream(3, CHANCE, 6), stream(3, DECISION, 5), stream(3, CHANCE, 5, 0)]
    assert all((first != other.integers(1 << 30, size=8)).any() for other in others)


@pytest.mark.parametrize("value", [True, np.bool_(True), 1.0, "1", None, np.float64(1.0), 7, -1, np.nan])
def test_only_legal_integers_are_legal(value: Any) -> None:
    assert violation((0, 1, 2), value)


def test_numpy_integers_count() -> None:
    assert violation((0, 1, 2), np.int64(2)) is None
    assert violation((0, 1, 2), np.uint8(0)) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1, [0.5], "half", "1", True, None, [[0.5], [0.5, 0.5]]])
def test_a_box_refuses_what_is_outside(value: Any) -> None:
    box = Box(0.0, 1.0)
    assert box.violation(value)
    assert box.violation(0.5) is None


def test_bounded_actions_survive_json_exactly() -> None:
    rng = stream(0)
    legal = Product({"target": (1, 4), "say": Text(20), "effort": Box(0, 1, (3,))})
    action = {"target": 4, "say": "hé, 你好", "effort": rng.random(3)}
    assert legal.violation(action) is None
    back = decode(legal, encode(legal, action))
    assert back["target"] == 4
    assert back["say"] == action["say"]
    assert (back["effort"] == action["effort"]).all()
    assert legal.violation(sample(legal, rng)) is None
    assert "target" in str(legal.violation({**action, "target": 2}))
    assert "too long" in str(legal.violation({**action, "say": "x" * 21}))
    assert legal.violation({"target": 1})


def test_options_are_checked() -> None:
    with pytest.raises(BadOption, match="allowed"):
        registry.game("TicTacToe-v0", draw=float("nan"))
    with pytest.raises(UnknownName, match="Did you mean draw"):
        registry.game("TicTacToe-v0", drawn=0.1)
    with pytest.raises(UnknownName, match="mars"):
        registry.game("TicTacToe-v0", preset="mers")
    assert registry.game("TicTacToe-v0", preset="mars") == TicTacToe(draw=0.1)
    assert registry.game("TicTacToe-v0", preset="mars", draw=0.0) == TicTacToe()


def test_names_of_environments() -> None:
    for name in ("TicTacToe-v0", "TicTacToe", "agentarena/TicTacToe-v0", "agentarena.envs.tictactoe:TicTacToe"):
        assert registry.game(name) == TicTacToe()
    with pytest.raises(UnknownName, match="Did you mean TicTacToe-v0"):
        registry.game("TikTacToe-v0")
    with pytest.raises(UsageError, match="no such module"):
        registry.game("no.such.module:Game")
    with pytest.raises(UsageError, match="has no 'Chess'"):
        registry.game("agentarena.envs.tictactoe:Chess")
    with pytest.raises(UsageError, match="not a subclass"):
        registry.game("agentarena.core.errors:ArenaError")


def test_tables_and_folders_agree() -> None:
    from pathlib import Path

    import agentarena.envs

    folders = {path.parent.name for path in Path(str(agentarena.envs.__file__)).parent.glob("*/game.py")}
    named = {reference.split(":")[0].removeprefix("agentarena.envs.") for reference in registry.ENVS.values()}
    assert named == folders
    agents = registry.agents()
    assert len(agents) > 90
    for name, maker in agents.items():
        assert callable(registry.load(maker) if isinstance(maker, str) else maker), name


def test_agent_specs() -> None:
    assert parse("a/b?x=1&y=two&z=0.5&w=false&v=%26") == ("a/b", {"x": 1, "y": "two", "z": 0.5, "w": False, "v": "&"})
    assert agent("random").name == "random"
    for bad in ("random?x", "random?x=1&x=2", "random?1=2"):
        with pytest.raises(BadOption):
            agent(bad)
    with pytest.raises(BadOption, match="has no parameter 'simulations'"):
        agent("random?simulations=3")
    with pytest.raises(UnknownName, match="random"):
        agent("randon")
    with pytest.raises(UsageError):
        agent("")


def test_an_agent_from_a_file(tmp_path: Any) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from agentarena.core.agent import Agent\n\nclass First(Agent):\n    def choose(self, view):\n        return view.legal[0]\n"
    )
    made = agent(f"{path}:First")
    assert isinstance(made, Agent)
    with pytest.raises(UsageError, match="no file"):
        agent(f"{tmp_path / 'none.py'}:First")
    with pytest.raises(UsageError, match="defines no"):
        agent(f"{path}:Second")


def test_an_episode_adds_up_and_ends() -> None:
    episode = Episode(TicTacToe(), stream(0))
    for cell in (0, 3, 1, 4, 2):
        episode.step({episode.to_move[0]: cell})
    assert episode.over
    assert not episode.truncated
    assert episode.returns == [1.0, -1.0]
    with pytest.raises(MatchOver):
        episode.step({0: 5})
    assert episode.steps == 5


def test_an_episode_cut_short_is_truncated_and_asks_nobody() -> None:
    episode = Episode(TicTacToe(), stream(0), limit=2)
    episode.step({0: 0})
    episode.step({1: 1})
    assert episode.truncated
    assert episode.to_move == ()
    assert episode.returns == [0.0, 0.0]


@pytest.mark.parametrize(
    ("actions", "error"),
    [
        ({0: 9}, IllegalAction),
        ({0: True}, IllegalAction),
        ({0: 1.0}, IllegalAction),
        ({1: 0}, OutOfTurn),
        ({}, OutOfTurn),
        ({0: 0, 1: 1}, OutOfTurn),
    ],
)
def test_errors_leave_an_episode_as_it_was(actions: dict[int, Any], error: type[Exception]) -> None:
    episode = Episode(TicTacToe(), stream(0))
    before = pickle.dumps((episode.state, episode.returns, episode.steps, episode.log))
    with pytest.raises(error):
        episode.step(actions)
    assert pickle.dumps((episode.state, episode.returns, episode.steps, episode.log)) == before


def test_news_is_told_once() -> None:
    episode = Episode(TicTacToe(), stream(0))
    episode.step({0: 4})
    assert [event.data for event in episode.unread(1)] == [{"seat": 0, "cell": 4}]
    episode.mark_read(1)
    assert episode.unread(1) == ()
    assert len(episode.unread(0)) == 1


def test_a_view_survives_the_journey_to_another_process() -> None:
    game = TicTacToe()
    state = game.step(game.start(stream(0)), {0: 4}, stream(0))
    view = View(game, state, 1, news=game.news(state), seed=5, match=2, turn=0)
    copy = pickle.loads(pickle.dumps(view))
    assert copy.text == view.text
    assert copy.legal == view.legal
    assert (copy.observation == view.observation).all()
    assert copy.rng.integers(1 << 30) == view.rng.integers(1 << 30)
    assert pickle.loads(pickle.dumps(copy)).text == view.text


def test_who_is_asked_cannot_draw_the_others_random_moves() -> None:
    seed = 987654321
    view = View(TicTacToe(), TicTacToe().start(stream(0)), 0, seed=seed, match=2)
    assert str(seed).encode() not in pickle.dumps(view.rng)
    copy = pickle.loads(pickle.dumps(view))
    assert seed not in vars(copy).values()
    assert str(seed).encode() not in pickle.dumps(copy)
    assert seed.to_bytes(4, "little") not in pickle.dumps(copy)


@pytest.mark.parametrize("chances", [{0: np.nan, 1: 1.0}, {0: 0.0, 1: 0.0}, {0: np.inf}, {}])
def test_a_policy_without_probabilities_makes_no_move(chances: dict[int, float]) -> None:
    class Odd(PolicyAgent):
        def policy(self, view: View) -> dict[int, float]:
            return chances

    with pytest.raises(errors.AgentNonsense, match="add up to"):
        Odd().choose(View(TicTacToe(), TicTacToe().start(stream(0)), 0))


def test_games_are_values() -> None:
    game = TicTacToe(draw=0.1)
    copy = pickle.loads(pickle.dumps(game))
    assert copy == game
    assert hash(copy) == hash(game)
    assert copy.options == {"draw": 0.1}
    with pytest.raises(TypeError, match=r"agentarena\.play"):
        list(game)


def test_lists_become_tuples_so_that_a_game_is_hashable() -> None:
    from agentarena.core.game import Game

    @dataclass(frozen=True)
    class Tabled(TicTacToe):
        table: tuple[Any, ...] = field(default=())

    assert issubclass(Tabled, Game)
    game = Tabled.build(table=[[1, 2], [3, [4]]])
    assert game.options["table"] == ((1, 2), (3, (4,)))
    hash(game)


def test_the_error_tree_is_complete_and_pickles() -> None:
    classes = [value for value in vars(errors).values() if inspect.isclass(value) and value.__module__ == errors.__name__]
    assert {cls.__name__ for cls in classes} | {"needs_posix", "suggest"} == set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)
    assert errors.__doc__ is not None
    for cls in classes:
        assert issubclass(cls, errors.ArenaError)
        assert cls.__name__ in errors.__doc__
    for error in (UnknownName("agent", "x", ["y"]), errors.MissingExtra("torch", "rl"), BadOption("bad")):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_canonical_form_is_what_a_record_gives_back():
    rng = np.random.default_rng(0)
    sets = [
        Box(0, 10),
        Box([0, -1], [1, 1], (2,)),
        Text(5, suggestions=("a", "b")),
        Product({"share": Box(0, 1), "side": (0, 1), "say": Text(9)}),
        Product([("left", "right"), (0, 1, 2)], allowed=lambda action: action[1] > 0),
        (0, 2, 5),
        ("look", "wait"),
    ]
    for legal in sets:
        for _ in range(20):
            action = sample(legal, rng)
            value, data = canonical(legal, action)
            assert data == encode(legal, action)
            assert repr(value) == repr(decode(legal, json.loads(json.dumps(data))))
    spoken = Spoken(2, "hm", {"wolves": [1]})
    value, _ = canonical((0, 2), spoken)
    assert (value, value.words, value.notes) == (2, "hm", {"wolves": [1]})


def test_streams_are_the_same_numbers_as_ever():
    """Records name their randomness by seed and path alone: a change here would change every recorded match."""
    pinned = {(0, 0): 472560973, (7, 0, 3): 215472470, (7, 1, 3, 1, 4): 16040838, (7, 2, 3, 1, 4): 189832053, (7, 3, 5, 0): 625604270}
    assert {path: int(rng.stream(*path).integers(10**9)) for path in pinned} == pinned
    assert (rng.CHANCE, rng.DECISION, rng.REFEREE, rng.OPENING) == (0, 1, 2, 3)
    drawn = {(0, 0): 0.34414265451003523, (7, 0, 3): 0.42076187915922836, (7, 1, 3, 1, 4): 0.8635887071143487}
    assert {path: rng.uniform(*path) for path in drawn} == drawn
    assert rng.uniform(3, *range(8)) < 1  # the longest path there is
    shares = np.histogram([rng.uniform(5, number) for number in range(2000)], 10, (0, 1))[0]
    assert shares.sum() == 2000
    assert ((shares - 200) ** 2 / 200).sum() < 27.9  # chi squared, 9 degrees of freedom: once in a thousand
    with pytest.raises(ValueError, match="non-negative"):
        rng.stream(-1)
