"""Judges that play: every seat, with intervals over deals, in games that are trained and in games that are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from agentarena.core.errors import BadOption  # noqa: E402
from agentarena.evaluate import wilson  # noqa: E402
from agentarena.train import curves, judges  # noqa: E402
from agentarena.train.config import ScratchModel, SelfPlayConfig  # noqa: E402
from agentarena.train.recipe import SelfPlay, selfplay  # noqa: E402

SMALL = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)


def config(folder: Path, **changes) -> SelfPlayConfig:
    fields = {"games": {"KuhnPoker-v0": 1.0}, "model": SMALL, "output_dir": str(folder), "max_steps": 1, "matches": 8, "judge_matches": 20}
    return SelfPlayConfig(**{**fields, "eval_steps": 0, "save_steps": 0, **changes})


def test_figures_of_matches_have_intervals_over_deals(tmp_path: Path):
    run = SelfPlay(config(tmp_path))
    figures = judges.against(run.player, run.games["KuhnPoker-v0"], "random", matches=60)
    for seat in (0, 1):
        for name in ("return", "won", "not lost"):
            low, high = figures[f"{name} {seat} interval"]
            assert low < figures[f"{name} {seat}"] < high
        low, high = figures[f"won {seat} interval"]
        assert (low, high) == pytest.approx(tuple(wilson(60 * figures[f"won {seat}"], 60)), abs=1e-2)  # one match a deal
        assert figures[f"return {seat} interval"][0] >= -2
        assert figures[f"won {seat}"] == figures[f"not lost {seat}"]  # nothing is drawn in Kuhn poker
    json.dumps(figures, allow_nan=False)


def test_few_deals_have_no_interval(tmp_path: Path):
    run = SelfPlay(config(tmp_path, games={"TicTacToe-v0": 1.0}))
    figures = judges.against(run.player, run.games["TicTacToe-v0"], "random", matches=3)
    assert "return 0 interval" not in figures  # three deals are too few for a mean
    assert np.isfinite([value for value in figures.values() if not isinstance(value, list)]).all()


def test_games_that_are_not_trained_are_judged_in_both_seats(tmp_path: Path):
    settings = config(
        tmp_path,
        eval_games={"TicTacToe-v0": ["random", "minimax"], "MiniHanabi-v0": ["random"], "LeducPoker-v0": ["random"]},
        options={"TicTacToe-v0": {}},
        judges=("exact",),
    )
    run = selfplay(settings)
    (line,) = [json.loads(text) for text in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert set(run.games) == {"KuhnPoker-v0"}
    for name in ("TicTacToe-v0", "LeducPoker-v0"):
        for seat in (0, 1):
            assert 0 <= line[f"{name} won {seat} against random"] <= 1
            assert len(line[f"{name} won {seat} against random interval"]) == 2
    assert 0 <= line["MiniHanabi-v0 return 1 against random"] <= 4
    assert line["TicTacToe-v0 won 1 against minimax"] == 0
    assert not any(name.startswith("share/TicTacToe") for name in line)
    assert "KuhnPoker-v0 nash_conv" in line
    curves.write([tmp_path], tmp_path / "curves.html")
    page = (tmp_path / "curves.html").read_text()
    assert "LeducPoker-v0 won 1 against random" in page
    assert "against random interval" not in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eval_games": ["MiniHanabi-v0"]}, "eval_games must be a table"),
        ({"eval_games": {"MiniHanabi-v0": "random"}}, "must be a list of judges"),
        ({"eval_games": {"MiniHanabi-v0": []}}, "must be a list of judges"),
        ({"eval_games": {"KuhnPoker-v0": ["random"]}}, "'KuhnPoker-v0', which is trained"),
        ({"eval_games": {"MiniHanabi-v0": ["random"]}, "options": {"Chess-v0": {}}}, "options has 'Chess-v0'.*KuhnPoker-v0, MiniHanabi-v0"),
        ({"eval_games": {"MiniHanabi-v0": ["kuhnpoker/nash"]}}, "eval_games: 'kuhnpoker/nash' cannot play MiniHanabi-v0"),
    ],
)
def test_bad_tables_are_named(tmp_path: Path, changes, message):
    with pytest.raises(BadOption, match=message):
        SelfPlay(config(tmp_path, **changes))
