"""Prompt forms side by side: the same deals, paired differences, valid commands; in the report and in the benchmark."""

from __future__ import annotations

import math

import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import UsageError
from agentarena.evaluate.pair_contrasts import mean_gap
from agentarena.evaluate.prompt_forms import prompt_forms
from agentarena.leaderboard.report import render
from agentarena.matches.scheduling import schedule
from agentarena.matches.tournaments import Tournament
from benchmarks import household_prompts


@pytest.fixture(scope="module")
def played() -> Tournament:
    """Sixteen short games under each form, by the stand-in that reads its prompt."""
    game = aa.game("Household-v0", split="valid_seen", max_steps=14)
    return household_prompts.play(["reader"], household_prompts.FORMS, game, 16, 1)


def test_agents_of_a_game_of_one_seat_play_the_same_deals(played: Tournament) -> None:
    deals = {agent: [one.deal for one in played.results.records if one.seats[0].agent == agent] for agent in played.about["agents"]}
    assert {tuple(sorted(one)) for one in deals.values()} == {tuple(range(16))}
    assert len({one.match for one in played.results.records}) == 48
    fresh = schedule(2, 1, rounds=3, duplicate=False)
    assert len({one.deal for one in fresh}) == 6
    pairs = schedule(3, 2, rounds=1)
    assert len({one.deal for one in pairs}) == 3, "tables of several seats have deals of their own"


def test_forms_are_compared_with_the_first(played: Tournament) -> None:
    rows = prompt_forms(played.results.records)
    assert [(row.model, row.form, row.matches) for row in rows] == [("openai:reader", form, 16) for form in ("react", "verl", "chat")]
    first, verl, _ = rows
    assert math.isnan(first.difference)
    returns = {
        row.agent: np.array(
            [one.seats[0].return_ for one in sorted(played.results.records, key=lambda one: one.deal) if one.seats[0].agent == row.agent]
        )
        for row in rows
    }
    assert first.success == pytest.approx(returns[first.agent].mean())
    gap = mean_gap(returns[verl.agent], np.arange(16), returns[first.agent], np.arange(16))
    assert verl.difference == pytest.approx(gap.difference)
    assert gap.deals == 16
    assert verl.reason or verl.interval.low <= verl.difference <= verl.interval.high
    assert all(row.valid == 1.0 for row in rows), "the stand-in plays what is listed"
    assert first.chars[1] > first.chars[0]
    assert first.chars[1] > verl.chars[1]


def test_the_report_has_them(played: Tournament) -> None:
    html = render(played)
    section = html.split('id="prompts"')[1].split("</section>")[0]
    assert section.count("<tr>") == 4
    assert "openai:reader" in section
    assert "what the others are compared with" in section


def test_where_there_is_nothing_to_compare() -> None:
    plain = aa.play("Household-v0", ["random"], matches=2).records
    assert prompt_forms(plain) == ()
    assert 'id="prompts"' not in render(aa.play("Household-v0", ["random"], matches=2))
    assert prompt_forms(aa.play("TicTacToe-v0", ["random", "random?name=b"], matches=2).records) == ()
    assert prompt_forms([]) == ()
    with pytest.raises(UsageError):
        prompt_forms(plain, level=2.0)


def test_the_benchmark_prints_a_table(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    household_prompts.main(["--games", "2", "--forms", "verl", "chat", "--report", f"{tmp_path}/forms.html"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("| model | form | success")
    assert lines[4].startswith("| openai:reader | chat | ")
    assert "2 deals, intervals start at" in lines[4]
