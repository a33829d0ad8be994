"""Tabular policies from files: they play what they hold, and are refused for another game, seat or format."""

from __future__ import annotations

import json

import pytest

from agentarena import game as game_of
from agentarena import play
from agentarena.agents.search.cfr import solve
from agentarena.agents.specs import agent
from agentarena.agents.suitability import refusal
from agentarena.agents.table import save_table
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.evaluate import nash_conv

KUHN = game_of("KuhnPoker-v0")


@pytest.fixture(scope="module")
def policies():
    return solve(KUHN, 200).policies


def test_it_plays_what_it_holds(tmp_path, policies):
    path = tmp_path / "kuhn.json"
    digest = save_table(path, KUHN, dict(enumerate(policies)), {"solver": "cfr"})
    assert save_table(path, KUHN, dict(enumerate(policies)), {"solver": "cfr"}) == digest
    player = agent(f"table:{path}")
    assert player.version == digest[:12]
    assert player.seats == (0, 1)
    assert nash_conv(KUHN, f"table:{path}") == pytest.approx(nash_conv(KUHN, list(policies)), abs=1e-12)
    results = play("KuhnPoker-v0", [f"table:{path}", "random"], matches=20, seed=1)
    assert not any(record.faults for record in results.records)
    assert play("KuhnPoker-v0", [f"table:{path}", "random"], matches=20, seed=1).returns.tolist() == results.returns.tolist()


def test_another_game_is_refused_with_the_reason(tmp_path, policies):
    path = tmp_path / "kuhn.json"
    save_table(path, KUHN, {0: policies[0]})
    player = agent(f"table:{path}")
    assert refusal(player, KUHN) is None
    assert "is for 'KuhnPoker-v0', not for LeducPoker-v0" in str(refusal(player, game_of("LeducPoker-v0")))
    assert "other options" in str(refusal(player, game_of("KuhnPoker-v0", players=3)))
    with pytest.raises(NotSupported, match="not for LeducPoker"):
        play("LeducPoker-v0", [f"table:{path}", "random"], matches=1)
    with pytest.raises(UsageError, match="plays seat 0, and was asked for seat 1"):
        nash_conv(KUHN, f"table:{path}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "no table of format 1"),
        ({"policy": []}, "lacks env, options or policy"),
        ({"policy": {"0": {"k": {"0": 0.5}}}}, "adds up to 0.5"),
        ({"policy": {"0": {"k": {"0": -1, "1": 2}}}}, "probabilities by action"),
        ({"policy": {"x": {}}}, "no number of a seat"),
        ({"policy": {"0": {"k": [1]}}}, "holds no tabular policy"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, policies, change, message):
    path = tmp_path / "kuhn.json"
    save_table(path, KUHN, {0: policies[0]})
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}) + "\n")
    with pytest.raises(UsageError, match=message):
        agent(f"table:{path}")


def test_missing_files_and_names(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        agent(f"table:{tmp_path}/none.json")
    with pytest.raises(UsageError, match="names no model"):
        agent("table:")
    (tmp_path / "a.json").write_text("{")
    with pytest.raises((UsageError, BadOption), match="not JSON"):
        agent(f"table:{tmp_path}/a.json")
