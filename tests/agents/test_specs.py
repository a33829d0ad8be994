"""Spec strings: names without secrets, made once; near misses; agents that cannot play a game."""

from __future__ import annotations

import json
import logging
import pickle
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

import agentarena as aa
from agentarena.agents.catalogue import catalogue, described, playing
from agentarena.agents.specs import agent, harmless
from agentarena.agents.spelling import kept, public, redacted, secret
from agentarena.agents.suitability import refusal
from agentarena.core import registry
from agentarena.core.agent import Agent, View
from agentarena.core.errors import BadOption, NotSupported, UnknownName, UsageError, suggest

SECRET = "sk-4f9a81c2"  # appears in no word of ours

LEAKY = [
    f"openai:m?base_url=http://localhost:1/v1&api_key={SECRET}",
    f"openai:m?api_key={SECRET}&temperature=.5",
    f"openai:m?base_url=http://me:{SECRET}@localhost:1/v1",
    f"openai:m?base_url=http://localhost:1/v1%3Fkey={SECRET}",
    f"mcts?rollout=random%3Fapi_key%3D{SECRET}",
]


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(
        "from agentarena import Agent\n\n\n"
        "class Mine(Agent):\n"
        "    name = 'not what the spec says'\n\n"
        "    def __init__(self, depth: int = 3, **rest):\n        self.depth = int(depth)\n\n"
        "    def choose(self, view):\n        return view.choices[0]\n\n\n"
        "class Named(Mine):\n"
        "    def __init__(self, name='me'):\n        self.given = name\n\n\n"
        "NUMBER = 3\n"
    )
    return str(path)


# --- names -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("random", "random"),
        (" random ", "random"),
        ("random?", "random"),
        ("mcts?simulations=5&c=.5", "mcts?simulations=5&c=.5"),
        ("mcts?simulations=5&name=quick", "quick"),
        ("mcts?name=two+words%21", "two words!"),
        ("openai:m?temperature=.5&base_url=http://localhost:1/v1&concurrency=3&budget_tokens=5", "openai:m?temperature=.5"),
        (f"openai:m?api_key={SECRET}", "openai:m"),
        ("openai:m?name=first&base_url=http://localhost:1/v1", "first"),
        ("tictactoe/perfect", "tictactoe/perfect"),
    ],
)
def test_an_agent_is_called_what_its_spec_says_in_its_own_spelling(spec: str, name: str) -> None:
    made = agent(spec)
    made.close()
    assert made.name == name


def test_a_class_with_a_name_of_its_own_is_called_by_its_spec_all_the_same(mine: str) -> None:
    assert agent(f"{mine}:Mine?depth=2").name == f"{mine}:Mine?depth=2"
    named = agent(f"{mine}:Named?name=her")
    assert (named.name, named.given) == ("her", "her")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "%20", "a%0Ab", "a%1b[31m", "x" * 501])
def test_names_are_one_printable_line(name: str) -> None:
    with pytest.raises(BadOption, match="one line of 1 to 500 printable characters"):
        agent(f"random?name={name}")


def test_a_spec_too_long_to_be_a_name_is_asked_for_one() -> None:
    with pytest.raises(BadOption, match=r"\?name="):
        agent("mcts?simulations=5&rollout=random?name=" + "y" * 600)


@pytest.mark.parametrize("spec", LEAKY)
def test_no_name_holds_a_secret(spec: str) -> None:
    assert SECRET not in public(spec)
    assert SECRET not in str(kept(spec))


@pytest.mark.parametrize(
    "query", [f"api_kee={SECRET}", f"api_key={SECRET}&api_key={SECRET}", f"api_key=a&{SECRET}", f"api_key={SECRET}&top_p=7"]
)
def test_no_error_shows_a_secret(query: str) -> None:
    with pytest.raises(BadOption) as caught:
        agent(f"openai:m?{query}")
    assert SECRET not in str(caught.value)
    with pytest.raises(UnknownName) as unknown:
        agent(f"opnai:m?{query}" if "&api_key" not in query and "&sk" not in query else f"opnai:m?api_key={SECRET}")
    assert SECRET not in str(unknown.value)


def test_what_is_secret() -> None:
    hidden = [
        "api_key",
        "apikey",
        "API_KEY",
        "hfToken",
        "accesstoken",
        "secret",
        "client_secret",
        "password",
        "Authorization",
        "pw",
        "api_keys",
    ]
    assert [name for name in hidden if not secret(name)] == []
    assert [name for name in ("max_tokens", "budget_tokens", "keep_thinking", "seed", "temperature", "tokenizer") if secret(name)] == []
    assert redacted("https://me:pw@host/x?key=1#access_token=2") == "https://***@host/x?key=***#access_token=***"


def test_redaction_is_linear() -> None:
    for text in ("://" * 100_000, "a=" * 100_000, "?key=" * 100_000, "%25" * 100_000):
        start = time.process_time()
        public(text)
        redacted(text)
        assert time.process_time() - start < 5


def test_records_ledger_and_results_use_one_name(tmp_path: Path) -> None:
    specs = ["mcts?simulations=2&c=.5", "random?name=x[/]y"]
    results = aa.play("TicTacToe-v0", specs, matches=2, out=tmp_path / "a.jsonl")
    names = {"mcts?simulations=2&c=.5", "x[/]y"}
    assert {seat.agent for record in results.records for seat in record.seats} == names
    assert set(results.ledger) == {row["agent"] for row in results.table()} == names
    assert len(aa.play("TicTacToe-v0", specs, matches=4, out=tmp_path / "a.jsonl")) == 4


def test_agents_in_their_own_process_have_the_same_name() -> None:
    results = aa.play("TicTacToe-v0", ["mcts?simulations=1&c=.5", "random"], matches=1, isolate=True)
    assert results.records[0].seats[0].agent == "mcts?simulations=1&c=.5"


def test_logs_name_the_agent_without_its_secrets(mine: str, caplog: pytest.LogCaptureFixture) -> None:
    spec = f"{mine}:Mine?api_key={SECRET}"
    with caplog.at_level(logging.DEBUG):
        made = agent(spec)
        made.choose = lambda view: 1 / 0  # type: ignore[method-assign, assignment]
        results = aa.play("TicTacToe-v0", [made, "random"], matches=1)
    assert SECRET not in caplog.text
    assert SECRET not in results.records[0].line()
    assert caplog.records


# --- near misses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("opnai:gpt-4.1", "Did you mean openai:gpt-4.1"),
        ("OpenAI:gpt-4.1", "Did you mean openai:gpt-4.1"),
        ("opeani:gpt", "Did you mean openai:gpt"),
        ("hff:Qwen/Qwen3-0.6B", "Did you mean hf:Qwen/Qwen3-0.6B"),
        ("vlm:a/b", "Did you mean vllm:a/b"),
        ("openai/gpt-4", "Did you mean openai:gpt-4"),
        ("hf:", "names no model"),
        ("openai", "openai:"),
        ("tiny:x", "takes no model"),
        ("randm", "Did you mean random"),
        ("dhumball/aggresive", "Did you mean dhumbal/aggressive"),
        ("nosuchmodule:Clas", "no such module"),
        ("agentarena.agents.random:RandomAgnt", "Did you mean RandomAgent"),
        ("mcts?simulation=5", "Did you mean simulations"),
        ("mcts?simulation=5", "Parameters: c, name, rollout, rollout_limit, rollouts, simulations, time_s"),
        ("tiny?temprature=1", "Did you mean temperature"),
        ("openai:m?max_token=1", "Did you mean max_tokens"),
        ("kuhnpoker/nash?alpa=0.1", "Did you mean alpha"),
        ("economist/ppo", "needs the parameter 'path'"),
    ],
)
def test_a_misspelt_spec_is_answered_with_what_was_meant(spec: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        agent(spec)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        (":Mien", "Did you mean Mine"),
        ("", "which agent of"),
        (":NUMBER", "expected a class or function that makes an agent"),
        (":Mine?depth=three", "cannot be made: ValueError"),
        (":Named?depht=3", "no parameter 'depht'"),
    ],
)
def test_a_misspelt_agent_of_a_file_is_answered_with_what_the_file_has(mine: str, attribute: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        agent(mine + attribute)
    assert words in str(caught.value)


def test_a_misspelt_file_and_a_broken_one(mine: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Did you mean .*mine\.py"):
        agent(f"{tmp_path}/mien.py:Mine")
    (tmp_path / "broken.py").write_text("def x(:\n")
    with pytest.raises(UsageError, match="cannot be imported: SyntaxError"):
        agent(f"{tmp_path}/broken.py:Mine")


@pytest.mark.parametrize("env", ["KuhnPokr-v0", "kuhnpoker-v0", "Kuhn"])
def test_a_misspelt_environment_is_answered_with_what_was_meant(env: str) -> None:
    with pytest.raises(UnknownName, match="Did you mean KuhnPoker-v0"):
        aa.play(env, ["random"], matches=1)


def test_names_of_any_size_are_answered_at_once_and_in_bounds() -> None:
    start = time.process_time()
    for bad in ("x" * 1_000_000, "openai:" + "x" * 1_000_000 + "?name=", "a\x1b[31m", "mcts?simulations=" + "(" * 100_000):
        with pytest.raises(UsageError) as caught:
            agent(bad)
        assert len(str(caught.value)) < 1500
        assert str(caught.value).isprintable()
    assert time.process_time() - start < 20
    assert suggest("x" * 1_000_000, ["y"]) == " Known: y."


def test_unknown_names_travel_whole() -> None:
    error = UnknownName("agent", "randm", ["random"], hint="List them.")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


# --- who can play what -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "env", "words"),
    [
        ("dhumbal/aggressive", "TicTacToe-v0", "it is made for Dhumbal-v0. Agents that can: tictactoe/tactical, tictactoe/perfect, random"),
        ("minimax", "KuhnPoker-v0", "hidden information, chance. Agents that can: kuhnpoker/always_bet"),
        ("minimax", "ConnectFour-v0", "give it a depth"),
        ("cfr", "Werewolf-v0", "cannot play Werewolf-v0"),
        ("cfr", "ConnectFour-v0", "it solves games of up to 1,000,000 histories"),
        ("cfr", "TicTacToe-v0", "does not tell the seat's own past"),
        ("mcts", "Commons-v0", "it needs listed actions"),
        ("mcts?rollout=dhumbal/aggressive", "TicTacToe-v0", "its rollouts are played by dhumbal/aggressive, and it is made for Dhumbal-v0"),
        ("rockpaperscissors/always?action=2", "PrisonersDilemma-v0", "the actions of every seat are 0 to 1"),
        ("rockpaperscissors/mixed?p=.5,.25,.25", "StagHunt-v0", "3 probabilities"),
    ],
)
def test_an_agent_that_cannot_play_is_refused_with_those_that_can(spec: str, env: str, words: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with pytest.raises(NotSupported) as caught:
        aa.play(env, [spec, "random"], matches=1, out=out)
    assert words in str(caught.value)
    assert not out.exists()
    with pytest.raises(NotSupported):
        aa.tournament(env, ["random", spec], rounds=1, out=tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_options_count_too() -> None:
    with pytest.raises(NotSupported, match="it plays the game of 2 players; this one has 3"):
        aa.play("KuhnPoker-v0", ["kuhnpoker/nash", "random"], matches=1, players=3)
    with pytest.raises(NotSupported, match="exact up to height 3"):
        aa.play("LevineHats-v0", ["levinehats/optimal"], matches=1, height=4)
    assert refusal(agent("minimax?depth=2"), aa.game("ConnectFour-v0")) is None
    assert refusal(agent("minimax"), aa.game("ConnectFour-v0", rows=4, columns=4, connect=3)) is None


def test_opponents_and_isolated_agents_are_asked_too() -> None:
    import gymnasium

    with pytest.raises(NotSupported, match="it is made for Dhumbal-v0"):
        gymnasium.make("agentarena/TicTacToe-v0", opponents="dhumbal/aggressive")
    with pytest.raises(NotSupported, match="it is made for Dhumbal-v0"):
        aa.make_vec("TicTacToe-v0", 2, opponents="dhumbal/aggressive")
    with pytest.raises(NotSupported, match="Agents that can: kuhnpoker/always_bet"):
        aa.play("KuhnPoker-v0", ["minimax", "random"], matches=1, isolate=True)


def test_bots_of_a_family_play_all_of_it_and_games_made_from_it() -> None:
    assert refusal(agent("prisonersdilemma/titfortat"), aa.game("StagHunt-v0")) is None
    assert refusal(agent("hanabi/cautious"), aa.game("MiniHanabi-v0")) is None
    tictactoe = type(aa.game("TicTacToe-v0"))
    derived = type("Derived", (tictactoe,), {"__module__": "elsewhere"})
    assert refusal(agent("tictactoe/perfect"), derived()) is None
    assert refusal(agent("kuhnpoker/honest"), derived()) is not None


def test_an_agent_of_ones_own_says_what_it_cannot_play() -> None:
    class OnlySmall(Agent):
        def cannot_play(self, game: aa.Game[Any]) -> str | None:
            return "it is tired" if game.info.seats > 2 else None

        def choose(self, view: View) -> int:
            return int(view.choices[0])

    assert len(aa.play("TicTacToe-v0", [OnlySmall(), "random"], matches=1)) == 1
    with pytest.raises(NotSupported, match="it is tired"):
        aa.play("Dhumbal-v0", [OnlySmall()], matches=1)


# --- the catalogue ---------------------------------------------------------------------------------------------------------


NEED_AN_OPTION = {"household/expert", "levinehats/circle", "skillgame/solver"}
"""Players of options that are not the default: hints, hats in rings."""


def test_the_catalogue_says_what_every_agent_is_and_plays() -> None:
    cards = {card.name: card for card in catalogue()}
    assert list(cards) == aa.list_agents()
    for card in cards.values():
        assert card.summary.endswith("."), card.name
        assert card.plays or card.name in NEED_AN_OPTION, card.name
        assert all(one.type or one.default for one in card.parameters), card.name
    assert cards["random"].plays == tuple(registry.env_ids())
    assert cards["minimax"].plays == ("TicTacToe-v0",)
    assert cards["dhumbal/aggressive"].plays == ("Dhumbal-v0",)
    assert "Commons-v0" not in cards["mcts"].plays
    by_name = {one.name: one for one in cards["mcts"].parameters}
    assert (by_name["simulations"].type, by_name["simulations"].default) == ("int", "100")
    assert by_name["simulations"].doc == "Passes through the tree a decision."
    assert {one.name for one in cards["openai:"].parameters} >= {"base_url", "temperature", "strategy", "budget_usd"}
    assert {one.name: one.default for one in cards["tiny"].parameters}["max_tokens"] == "64"
    assert not cards["human"].parameters, "a spec string cannot give an open file"


def test_those_that_can_play_a_game_can() -> None:
    names = [card.name for card in playing(aa.game("KuhnPoker-v0", players=3))]
    assert "kuhnpoker/honest" in names
    assert "cfr" in names
    assert "kuhnpoker/nash" not in names
    assert "minimax" not in names
    for name in names:
        if ":" not in name and name not in ("human", "tiny"):
            assert len(aa.play("KuhnPoker-v0", [name, "random"], matches=1, players=3)) == 1


def test_an_agent_of_a_file_is_described_too(mine: str) -> None:
    card = described(f"{mine}:Mine")
    assert [(one.name, one.type, one.default) for one in card.parameters] == [("depth", "int", "3")]
    with pytest.raises(UnknownName, match="Did you mean mcts"):
        described("mctss")


# --- specs found in files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec",
    [
        "x.py:X",
        "os:system",
        "openai:m?base_url=http://elsewhere",
        "tiny?adapter=x",
        "mcts?rollout=x.py:X",
        "mcts?rollout=x.py%3AX",
        "tiny?strategy=os:system",
        "economist/ppo?path=x",
        "nobody",
        "random?x",
    ],
)
def test_a_spec_from_a_file_that_could_do_harm_is_not_harmless(spec: str) -> None:
    assert not harmless(spec)


def test_what_files_keep_makes_the_agent_again() -> None:
    assert kept("openai:m?base_url=http://h/v1&api_key=abc&name=me") == "openai:m?base_url=http://h/v1&name=me"
    assert kept("openai:m?base_url=http://me:pw@h/v1") is None
    assert json.dumps(kept("mcts?c=.5")) == '"mcts?c=.5"'


@pytest.mark.parametrize(
    "raised",
    ["ValueError(f'bad key {api_key}')", "BadOption(f'bad key {api_key}')", "KeyError(api_key)", "OSError(f'http://me:{api_key}@h')"],
)
@pytest.mark.parametrize("key", [SECRET, "s3c"])
def test_no_error_of_a_factory_quotes_a_secret(tmp_path: Path, raised: str, key: str) -> None:
    path = tmp_path / f"factory_{len(raised)}_{len(key)}.py"
    path.write_text(f"from agentarena.core.errors import BadOption\n\n\ndef make(api_key, size=1):\n    raise {raised}\n")
    with pytest.raises(UsageError) as caught:
        agent(f"{path}:make?api_key={key}")
    assert key not in "".join(traceback.format_exception(caught.value))
    assert "***" in str(caught.value)


def test_an_error_of_a_factory_that_quotes_no_secret_keeps_its_words_and_its_cause(tmp_path: Path) -> None:
    path = tmp_path / "plain_factory.py"
    path.write_text("def make(api_key, size=1):\n    raise ValueError(f'size is {size}')\n")
    with pytest.raises(UsageError, match="size is 5") as caught:
        agent(f"{path}:make?api_key=k&size=5")
    assert isinstance(caught.value.__cause__, ValueError)
