"""Leagues and their report: opponents of each style, resumption to the same table, configurations that are refused."""

from __future__ import annotations

import dataclasses
import re

import pytest

pytest.importorskip("torch")
pytest.importorskip("stable_baselines3")

from agentarena.core.errors import BadOption, NotSupported, RecordMismatch, UsageError
from agentarena.train.populations import CloningOracle, LanguageModelOracle, LeagueConfig, RLOracle, league, psro, write_report
from agentarena.train.populations.leagues import STYLES, Role

TINY = {"num_envs": 8, "n_steps": 16, "batch_size": 32, "hidden": [8], "stage_steps": 128}


def config(folder, **changes) -> LeagueConfig:
    players = {style: Role(style, target="fp" if style == "exploiter" else None) for style in STYLES}
    base = LeagueConfig("TicTacToe-v0", players=players, generations=2, steps=128, deals=3, rl=TINY, output_dir=str(folder))
    return dataclasses.replace(base, **changes)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("league")
    return folder, league(config(folder))


def test_every_style_enters_a_checkpoint_a_generation(trained):
    folder, run = trained
    assert run.members == ["random", *(f"{style}-{number}" for number in (1, 2) for style in STYLES)]
    assert [one.members for one in run.generations] == [8, 15]
    assert sum(run.generations[-1].ranks) == pytest.approx(1.0)
    lines = (folder / "checkpoints.jsonl").read_text().splitlines()
    assert len(lines) == 1 + 2 * len(STYLES)
    assert len(run.rows()) == 15


def test_killed_anywhere_it_resumes_to_the_same_table(trained):
    folder, _ = trained
    files = {name: (folder / name).read_bytes() for name in ("payoffs.jsonl", "checkpoints.jsonl")}
    for name, data in files.items():
        (folder / name).write_bytes(data[: 2 * len(data) // 3])
        league(config(folder))
        assert {one: (folder / one).read_bytes() for one in files} == files
    with pytest.raises(RecordMismatch, match="seed"):
        league(config(folder, seed=1))


def test_the_report_is_one_page_without_links(trained, tmp_path):
    folder, _ = trained
    write_report(folder, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "League on TicTacToe-v0" in page
    assert page.count("<svg") == 3  # curves, payoffs, response graph
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page)
    assert not re.search(r'(src|href)="http', page)
    with pytest.raises(UsageError, match="holds no run"):
        write_report(tmp_path, tmp_path / "x.html")


def test_an_oracle_that_learns(tmp_path):
    oracle = RLOracle({**TINY, "total_steps": 128})
    run = psro("KuhnPoker-v0", oracle, "nash", folder=tmp_path, iterations=2)
    assert run.iterations[-1].sizes == (3, 3)
    assert run.table.population(0)[-1].endswith("policy-128.safetensors?greedy=true")
    assert run.nash_conv is not None  # networks say their probabilities


def test_an_oracle_that_imitates(tmp_path):
    run = psro("KuhnPoker-v0", CloningOracle("kuhnpoker/nash", 60, {"epochs": 3, "hidden": (16,)}), "nash", folder=tmp_path, iterations=1)
    spec = run.table.population(1)[-1]
    assert spec == f"rl:{tmp_path}/policies/seat1-0001/policy.safetensors"
    assert run.iterations[-1].nash_conv < 11 / 12  # better than random play


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"players": {}}, "players is empty"),
        ({"players": {"a": Role("exploiter")}}, "name another player"),
        ({"players": {"a": Role("fp", target="a")}}, "name another player"),
        ({"players": {"a-b": Role("fp")}}, "letters, digits"),
        ({"players": {"a": Role("ffp")}}, "players.a.style must be one of"),
        ({"players": {"a": Role("fp", reset=1)}}, "players.a.reset must be true or false"),
        ({"rl": 3}, "rl must be a table"),
        ({"rl": {"seed": 1}}, "rl.seed is set by the league"),
        ({"output_dir": "a?b"}, "spec strings"),
    ],
)
def test_configurations_are_checked(tmp_path, changes, message):
    with pytest.raises(BadOption, match=message):
        config(tmp_path, **changes)


def test_more_seats_are_refused(tmp_path):
    with pytest.raises(NotSupported, match="2 seats"):
        league(config(tmp_path, env="KuhnPoker-v0", options={"players": 3}))


def test_a_file_names_its_mistakes(tmp_path):
    path = tmp_path / "league.toml"
    path.write_text('env = "TicTacToe-v0"\n[players.a]\nstile = "fp"\n')
    with pytest.raises(BadOption, match=r"players.a.stile"):
        LeagueConfig.load(path)


@pytest.mark.slow
def test_an_oracle_that_is_a_language_model(tmp_path):
    pytest.importorskip("transformers")
    from agentarena.train.config import ScratchModel

    small = ScratchModel(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=400)
    oracle = LanguageModelOracle({"model": small, "max_steps": 1, "matches": 4})
    run = psro("KuhnPoker-v0", oracle, "nash", folder=tmp_path, shared=True, iterations=1, deals=2)
    assert run.table.population(0) == ["random", f"hf:{tmp_path}/policies/seat0-0001/checkpoint-1"]
    assert run.iterations[-1].deals == 2
