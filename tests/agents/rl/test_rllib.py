"""RLlib, in an environment of its own (`make test-rllib`): the example runs, and its checkpoint plays and is refused where it does not fit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import agentarena as aa
from agentarena.core.agent import View
from agentarena.core.errors import BadOption, NotSupported
from agentarena.core.rng import stream

pytest.importorskip("ray.rllib", reason="RLlib has an environment of its own: make test-rllib")
pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).resolve().parents[3]


def test_a_checkpoint_plays_by_its_spec_string(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("example_rllib_agent", ROOT / "examples" / "rllib_agent.py")
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    results = example.main(["--iterations", "1", "--batch", "200", "--matches", "10", "--out", "checkpoint"])
    assert not any(record.faults for record in results.records)

    with pytest.raises(BadOption, match=r"a checkpoint of RLlib is pickled.*trust=true"):
        aa.agent("rllib:checkpoint")
    with pytest.raises(BadOption, match=r"no module 'other' in this checkpoint of RLlib; it has the modules default_policy"):
        aa.agent("rllib:checkpoint?trust=true&module=other")
    with pytest.warns(UserWarning, match="is unpickled"):
        agent = aa.agent("rllib:checkpoint?trust=true")
    assert agent.name == "rllib:checkpoint"
    with pytest.raises(NotSupported, match="cannot play ConnectFour-v0: its network does not take what seat 0 sees"):
        aa.play("ConnectFour-v0", [agent, "random"], matches=1)

    game = aa.game("TicTacToe-v0")
    state = game.step(game.start(stream(0, 0)), {0: 4}, stream(0, 0))
    views = [View(game, state, 1, seed=seed) for seed in range(30)]
    together = list(agent.act(views))
    assert together == [agent.act([view])[0] for view in views]
    assert len(set(together)) > 1
    assert 4 not in together
    assert sum(agent.policy(views[0]).values()) == pytest.approx(1)  # type: ignore[attr-defined]
