"""One seat through Gymnasium: its own checker over the registry, opponents, seats, masks, forfeits."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from adapter_games import FIXTURES, Bids, Climb, Majority, Talk, Tips
from gymnasium.utils.env_checker import check_env

import agentarena
from agentarena.adapters.solo import ArenaSolo
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, UnknownName, UsageError, WrongSeats
from agentarena.core.game import Game
from agentarena.core.registry import env_ids

VIEWS = ("vector", "text")


# hours and percentages are moves in their own units; a wrapper scales them for those who train on them
@pytest.mark.filterwarnings("ignore:.*we recommend using a symmetric and normalized space")
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("env_id", env_ids())
def test_gymnasium_checks_every_game(env_id: str, view: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_env(gymnasium.make(f"agentarena/{env_id}", view=view).unwrapped)


@pytest.fixture
def fixture_id(request: pytest.FixtureRequest) -> Any:
    name = "agentarena-tests/Fixture-v0"
    gymnasium.register(name, entry_point="agentarena.adapters.solo:make_solo", kwargs={"env_id": request.param}, order_enforce=False)
    yield name
    del gymnasium.registry[name]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("fixture_id", FIXTURES, indirect=True, ids=repr)
def test_gymnasium_checks_the_fixtures(fixture_id: str, view: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_env(gymnasium.make(fixture_id, view=view).unwrapped)


def test_ids_with_a_module_and_register_envs() -> None:
    gymnasium.register_envs(agentarena)
    assert isinstance(gymnasium.make("agentarena:agentarena/TicTacToe-v0").unwrapped, ArenaSolo)
    spec = gymnasium.spec("agentarena/TicTacToe-v0")
    assert gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(spec.to_json())).unwrapped.game == agentarena.game("TicTacToe-v0")


class First(Agent):
    """Takes the first legal action and notes what it was shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int, Any, dict[str, Any]]] = []
        self.batches: list[int] = []
        self.closed = 0

    def act(self, views: Any) -> list[Any]:
        self.batches.append(len(views))
        return super().act(views)

    def choose(self, view: View) -> Any:
        self.seen.append((view.seat, view.turn, view.news, dict(view.memory)))
        view.memory["turns"] = view.memory.get("turns", 0) + 1
        return view.legal[0]

    def close(self) -> None:
        self.closed += 1


class Says(Agent):
    """Answers with fixed words."""

    def __init__(self, text: str) -> None:
        self.text = text

    def choose(self, view: View) -> Reply:
        return Reply(self.text)


def test_opponents_play_the_other_seats() -> None:
    bot = First()
    env = gymnasium.make("agentarena/TicTacToe-v0", opponents=bot, seat=1).unwrapped
    observation, info = env.reset(seed=0)
    assert info["seat"] == 1
    assert observation["observation"][0, 0].tolist() == [0, 1], "X moved first, to the first cell"
    observation, reward, terminated, truncated, info = env.step(4)
    assert (reward, terminated, truncated) == (0.0, False, False)
    env.step(8)
    assert [entry[:2] for entry in bot.seen] == [(0, 0), (0, 1), (0, 2)]
    assert [len(entry[2]) for entry in bot.seen] == [0, 2, 2], "its own move and the reply"
    assert bot.seen[2][3] == {"turns": 2}
    env.reset(seed=0)
    assert bot.seen[3][1:] == (0, (), {}), "a new match, a new notebook"
    env.close()
    assert bot.closed == 1


def test_the_end_of_a_match() -> None:
    env = gymnasium.make("agentarena/TicTacToe-v0", opponents=First(), seat=1).unwrapped
    env.reset(seed=0)
    env.step(4)
    observation, reward, terminated, truncated, info = env.step(8)  # X: 0, 1, then 2
    assert (reward, terminated, truncated) == (-1.0, True, False)
    assert info["returns"].tolist() == [1.0, -1.0]
    assert not info["action_mask"].any()
    assert not observation["action_mask"].any()
    with pytest.raises(MatchOver, match=r"call reset\(\)"):
        env.step(5)


def test_rewards_are_those_since_the_last_decision_and_add_up_to_the_return() -> None:
    for seat in range(3):
        env = ArenaSolo(Tips(), opponents="random", seat=seat)
        for seed in range(30):
            _, info = env.reset(seed=seed)
            total, terminated = 0.0, False
            while not terminated:
                _, reward, terminated, _, info = env.step(1)
                total += reward
            assert total == pytest.approx(0.1 * (4 - env.episode.state.order.count(seat)))
            assert total == pytest.approx(info["returns"][seat])


def test_matches_that_never_ask_the_seat_are_passed_over() -> None:
    env = ArenaSolo(Tips(), opponents="random", seat=2)
    passed = [env.reset(seed=seed)[1]["skipped"] for seed in range(300)]
    # a match misses the seat with probability (2/3)**4 = 16/81: geometric with mean 16/65, variance 16*81/65**2
    assert abs(np.mean(passed) - 16 / 65) < 4 * np.sqrt(16 * 81 / 65**2 / 300)


@pytest.mark.parametrize("seat", ["random", "rotate"])
def test_seats_may_change_between_matches(seat: Any) -> None:
    env = ArenaSolo(Majority(), seat=seat)
    env.reset(seed=0)
    seats = [env.seat, *(env.reset()[1]["seat"] for _ in range(59))]
    if seat == "rotate":
        assert seats == [0, 1, 2] * 20
    else:
        assert set(seats) == {0, 1, 2}
        env.reset(seed=0)
        assert [env.seat, *(env.reset()[1]["seat"] for _ in range(59))] == seats
    assert env.reset(options={"seat": 2})[1]["seat"] == 2


def test_same_seed_same_play_with_random_opponents() -> None:
    def trace(env: ArenaSolo) -> list[Any]:
        out, rng = [], np.random.default_rng(1)
        for match in range(5):
            observation, info = env.reset(seed=11 if match == 0 else None)
            terminated = False
            while not terminated:
                action = int(rng.choice(np.flatnonzero(env.action_masks())))
                observation, reward, terminated, _, info = env.step(action)
                out.append((observation, reward, info))
        return out

    for rules in (Majority(resting=True), Tips(), agentarena.game("TicTacToe-v0")):
        one = trace(ArenaSolo(rules, seat="random", view="text"))
        np.testing.assert_equal(trace(ArenaSolo(rules, seat="random", view="text")), one)


def test_own_illegal_action_forfeits_or_raises() -> None:
    env = ArenaSolo(Tips(), seat=0)
    env.reset(seed=0)
    before = env.episode.returns[0]
    _, reward, terminated, truncated, info = env.step(0)
    assert reward + before == pytest.approx(Tips().info.forfeit_return + before)
    assert info["returns"][0] == Tips().info.forfeit_return
    assert (terminated, truncated, info["forfeit"]) == (True, False, ["player_0"])
    assert "legal: 1, 3" in info["illegal"]
    strict = ArenaSolo(Tips(), seat=0, on_illegal="raise")
    strict.reset(seed=0)
    with pytest.raises(IllegalAction, match="legal: 1, 3"):
        strict.step(0)
    strict.step(1)


@pytest.mark.parametrize(("text", "reason"), [("7", "legal"), ("hm", "unreadable"), ("", "empty")])
def test_an_opponent_that_plays_illegally_ends_the_match_at_its_own_cost(text: str, reason: str) -> None:
    env = ArenaSolo(Majority(), opponents=["random", Says(text)])
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(1)
    assert (reward, terminated, info["forfeit"]) == (0.0, True, ["player_2"])
    assert info["returns"].tolist() == [0.0, 0.0, Majority().info.forfeit_return]
    assert "illegal" not in info


def test_opponents_that_answer_in_words() -> None:
    env = ArenaSolo(Talk(), opponents=Says("<say>one</say><answer>1</answer>"), view="text")
    env.reset(seed=0)
    _, reward, terminated, _, _ = env.step("<say>hello</say><answer>1</answer>")
    assert (reward, terminated) == (1.0, True)
    assert env.episode.state.words == ("hello", "one")


def test_opponents_that_answer_from_threads_of_their_own() -> None:
    import threading

    class Slow(Agent):
        def submit(self, views: Any, answer: Any) -> None:
            for index, view in enumerate(views):
                threading.Thread(target=answer, args=(index, view.legal[0])).start()

    class Fails(Agent):
        def submit(self, views: Any, answer: Any) -> None:
            answer(0, RuntimeError("the line is dead"))

    env = ArenaSolo(Tips(), opponents=Slow())
    env.reset(seed=1)
    env.step(1)
    with pytest.raises(
        UsageError, match="forfeited 10 matches before the seat was asked; the last fault: seat 0: RuntimeError: the line is dead"
    ):
        ArenaSolo(agentarena.game("TicTacToe-v0"), opponents=Fails(), seat=1).reset(seed=0)


def test_one_seat_games_need_no_opponents() -> None:
    env = ArenaSolo(Climb())
    env.reset(seed=0)
    total, ended = 0.0, False
    start = env.episode.state.at
    while not ended:
        _, reward, terminated, truncated, _ = env.step(2)
        total, ended = total + reward, terminated or truncated
    assert total == pytest.approx(0.1 * (env.episode.state.at - start))
    with pytest.raises(WrongSeats, match="expected 0 opponents"):
        ArenaSolo(Climb(), opponents=["random"])


def test_max_cycles_truncates() -> None:
    env = ArenaSolo(Climb(top=20), max_cycles=2)
    env.reset(seed=0)
    assert env.step(2)[2:4] == (False, False)
    assert env.step(2)[2:4] == (False, True)


def test_bad_arguments() -> None:
    with pytest.raises(WrongSeats, match="expected 2 opponents"):
        ArenaSolo(Majority(), opponents=["random"])
    with pytest.raises(UnknownName, match="Did you mean random"):
        ArenaSolo(Majority(), opponents="randm")
    for seat in (3, -1, True, "first"):
        with pytest.raises(BadOption, match="allowed: 0 to 2"):
            ArenaSolo(Majority(), seat=seat)  # type: ignore[arg-type]
    env = ArenaSolo(Majority())
    for call in (lambda: env.step(0), env.action_masks, env.render):
        with pytest.raises(UsageError, match=r"call reset\(seed=...\) before"):
            call()
    bids = ArenaSolo(Bids())
    bids.reset(seed=0)
    with pytest.raises(UsageError, match="not Discrete"):
        bids.action_masks()


def test_a_seat_that_is_never_asked_is_named() -> None:
    class Never(Tips):
        def start(self, rng: np.random.Generator) -> Any:
            state = super().start(rng)
            return type(state)(0, tuple(seat % 2 for seat in state.order), state.paid)

    with pytest.raises(UsageError, match="1000 matches ended before the seat was asked"):
        ArenaSolo(Never(), seat=2).reset(seed=0)


def _play_async(view: str, shared: bool) -> Any:
    vec = gymnasium.make_vec(
        "agentarena/TicTacToe-v0", num_envs=2, vectorization_mode="async", vector_kwargs={"shared_memory": shared}, view=view
    )
    try:
        first = vec.reset(seed=0)[0]
        return first, vec.step(np.array([4, 4]))[0]
    finally:
        vec.close()


def test_async_vectors_need_unshared_memory_for_text() -> None:
    """Gymnasium returns zeros for Text through shared memory; without it the words arrive, as in the synchronous form."""
    sync = gymnasium.make_vec("agentarena/TicTacToe-v0", num_envs=2, vectorization_mode="sync", view="text")
    expected = sync.reset(seed=0)[0], sync.step(np.array([4, 4]))[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking a process that has threads
        got = _play_async("text", shared=False)
        garbage = _play_async("text", shared=True)
        numbers = _play_async("vector", shared=True)
    np.testing.assert_equal(got, expected)
    assert "Board" in got[1]["text"][0]
    assert "Board" not in garbage[1]["text"][0], "Gymnasium can share text now: say so in docs/adapters.md"
    np.testing.assert_equal(numbers[1]["observation"], expected[1]["observation"])


def test_rules_come_with_the_text_view() -> None:
    env = gymnasium.make("agentarena/TicTacToe-v0", view="text")
    _, info = env.reset(seed=0)
    rules: Game[Any] = env.unwrapped.game
    assert info["rules"] == rules.text.rules(0)


def test_a_second_answer_to_one_question_is_ignored() -> None:
    class Twice(Agent):
        def submit(self, views: Any, answer: Any) -> None:
            for index, view in enumerate(views):
                for move in (view.legal[0], view.legal[-1]):
                    answer(index, move)

    env = ArenaSolo(Tips(), opponents=Twice())
    env.reset(seed=1)
    env.step(1)
