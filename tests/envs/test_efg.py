"""Games from .efg texts: ten texts in the public format, broken ones, and play."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agentarena as aa
from agentarena.agents.search.cfr import solve
from agentarena.agents.search.lp import solve_lp
from agentarena.core.errors import BadOption, UsageError
from agentarena.envs.efg import EFG
from agentarena.envs.efg.engine.form import forgetful_sets
from agentarena.envs.efg.engine.played import Played
from agentarena.envs.efg.engine.reader import read_efg
from agentarena.envs.efg.engine.writer import write_efg

TEXTS = Path(__file__).parents[1] / "fixtures" / "efg"
NAMES = sorted(path.stem for path in TEXTS.glob("*.efg"))


def game(name: str) -> EFG:
    return EFG(source=str(TEXTS / f"{name}.efg"))


def walk(rules: EFG, *choices: str) -> Any:
    """The state after the seats to move answered `choices` in words."""
    rng = np.random.default_rng(0)
    state = rules.start(rng)
    for words in choices:
        (seat,) = rules.to_move(state)
        state = rules.step(state, {seat: rules.text.read(state, seat, words)}, rng)
    return state


def test_example_has_the_value_of_the_textbook() -> None:
    """Raise with every high card and a third of the low ones, call two in three: 1/2 * 5/3 - 1/2 = 1/3."""
    solution = solve_lp("EFG-v0")
    assert solution.values[0] == pytest.approx(1 / 3, abs=1e-9)
    rules = EFG()
    policy = {key: {rules.played.actions[a]: p for a, p in row.items()} for table in solution.policies for key, row in table.items()}
    assert policy["0:3"]["raise"] == pytest.approx(1 / 3, abs=1e-9)
    assert policy["1:2"]["call"] == pytest.approx(2 / 3, abs=1e-9)


def test_there_are_ten_texts() -> None:
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_read_written_and_played(name: str) -> None:
    rules = game(name)
    again = read_efg(write_efg(rules.form))
    assert [n.payoffs for n in again.nodes if not n.children] == [n.payoffs for n in rules.form.nodes if not n.children]
    assert [s.actions for s in again.sets] == [s.actions for s in rules.form.sets]
    assert [n.info_set for n in again.nodes] == [n.info_set for n in rules.form.nodes]
    run = aa.play(rules, ["random"] * rules.info.seats, matches=5, seed=1)
    assert len(run.records) == 5


@pytest.mark.parametrize(("name", "values"), [("pennies", (0.0, 0.0)), ("ultimatum", None), ("three_players", None), ("toll", None)])
def test_solvers_take_them(name: str, values: tuple[float, ...] | None) -> None:
    rules = game(name)
    if values is not None:
        assert solve_lp(rules).values == pytest.approx(values, abs=1e-9)
    assert solve(rules, 50).nash_conv


def test_payoffs_on_the_way_are_paid_at_the_end() -> None:
    rules = game("toll")
    assert rules.rewards(walk(rules, "pay")) == (0.0, 0.0)
    assert rules.rewards(walk(rules, "pay", "open")) == (2.0, 1.0)


def test_rounded_probabilities_are_made_whole() -> None:
    assert game("rounded_chance").form.sets[0].probabilities == (Fraction(1, 3),) * 3


def test_sums_are_recognised() -> None:
    kinds = {name: game(name).info.sum for name in NAMES}
    assert kinds["pennies"] == kinds["three_players"] == "zero"
    assert kinds["signal"] == "common"
    assert kinds["dilemma"] == kinds["toll"] == "general"


def test_odd_names_are_shown_plainly_and_can_be_played() -> None:
    rules = game("names")
    assert rules.played.actions == ("1", "2", "1 Go", "2 go")
    state = walk(rules, "1")
    assert '2 "same (b)"' in rules.text.look(state, 1)
    assert "hidden" not in rules.text.rules(0) + rules.text.view(state, 0) + rules.text.view(state, 1)
    assert rules.rewards(walk(rules, "1", "2 go")) == (-0.5, 0.5)


def test_a_forgetful_player_remembers_in_play_and_is_named() -> None:
    rules = game("forgetful")
    assert len(forgetful_sets(rules.form)) == 1
    assert not forgetful_sets(game("centipede").form)
    first, second = walk(rules), walk(rules, "go on")
    assert rules.information(first, 0) != rules.information(second, 0)


def test_what_is_hidden_is_redrawn_by_chance() -> None:
    rules = game("signal")
    rng = np.random.default_rng(0)
    state = rules.step(rules.start(rng), {0: 0}, rng)
    drawn = {rules.resample(state, 1, rng).node for _ in range(50)}
    assert len(drawn) == 2
    assert {rules.information(rules.resample(state, 1, rng), 1) for _ in range(10)} == {rules.information(state, 1)}


HEAD = 'EFG 2 R "x" { "A" "B" }\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "expected EFG 2 R"),
        ('EFG 3 R "x" { "A" }', 1, "expected 2"),
        ('EFG 2 R "x" { }', 1, "0 players"),
        ('EFG 2 R "x { "A" }', 1, "expected .* before the players"),
        (HEAD + 'p "" 1 1 "" { "l" "r" } 0\nt "" 1 "" { 1 -1 }\n', 3, "1 nodes lack children, got the end of the file"),
        (HEAD + 'p "" 3 1 "" { "l" "r" } 0\n', 2, "the player, a whole number from 0 to 2"),
        (HEAD + 'p "" 0 1 "" { "l" "r" } 0\n', 2, "numbered from 1"),
        (HEAD + 'p "" 1 1 0\n', 2, "stands here first"),
        (HEAD + 'p "" 1 1 "" { "l" } 0\np "" 1 1 "" { "m" } 0\n', 3, "other actions here than above"),
        (HEAD + 'c "" 1 "" { "l" 1/2 "r" 1/4 } 0\n', 2, "add up to 0.75"),
        (HEAD + 'c "" 1 "" { "l" 3/2 "r" -1/2 } 0\n', 2, "negative"),
        (HEAD + 'c "" 1 "" { "l" "r" } 0\n', 2, "the probability of 'l'"),
        (HEAD + 'p "" 1 1 "" { "l" } 0\nt "" 1 "" { 1 }\n', 3, "1 payoffs for 2 players"),
        (HEAD + 'p "" 1 1 "" { "l" } 0\nt "" 1 "" { 1 x }\n', 3, "a payoff, a number"),
        (HEAD + 'p "" 1 1 "" { "l" } 0\nt "" 4 ""\n', 3, "payoffs of outcome 4"),
        (HEAD + 'p "" 1 1 "" { "l" } 0\nt "" 1 "" { 1 1 }\nt "" 2 "" { 1 1 }\n', 4, "the tree is complete"),
        (HEAD + 'q "" 1\n', 2, "a node c, p or t"),
        (HEAD + 'p "" 1 1 "" { "l\n', 2, "never closed"),
        (HEAD + 'p "" 1 1 "" { } 0\n', 2, "without actions"),
        (HEAD + 't "" 1 "" { 1e99 0 }\n', 2, "a number"),
    ],
)
def test_broken_texts_are_refused_with_line_and_reason(text: str, line: int, words: str) -> None:
    with pytest.raises(UsageError, match=f"line {line}: .*{words}"):
        read_efg(text)


def test_a_game_names_the_file_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "x.efg").write_text(HEAD + "q")
    with pytest.raises(BadOption, match=r"x\.efg.*line 2"):
        EFG(source=str(tmp_path / "x.efg"))
    with pytest.raises(BadOption, match="there is no file"):
        EFG(source=str(tmp_path / "y.efg"))
    with pytest.raises(BadOption, match="before anyone moves"):
        EFG(source=HEAD + 't "" 1 "" { 1 1 }')


def test_a_deep_tree_is_no_trouble() -> None:
    """A chain of 20,000 moves."""
    chain = "".join(f'p "" 1 {n} "" {{ "on" }} 0\n' for n in range(1, 20_001))
    form = read_efg(f'EFG 2 R "chain" {{ "A" }}\n{chain}t "" 1 "" {{ 1 }}\n')
    assert len(form.nodes) == 20_001
    assert read_efg(write_efg(form)).nodes == form.nodes
    played = Played(form)
    assert played.depth == 20_000
    assert len(played.key(19_999, 0)) < 500
    assert len({played.key(node, 0) for node in range(20_001)}) == 20_001
