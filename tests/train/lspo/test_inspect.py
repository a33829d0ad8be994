"""What is shown of a run: as data, in a terminal, as a page."""

import json

import lspo_stub
import pytest
from click.testing import CliRunner

from agentarena.cli import cli
from agentarena.core.errors import UsageError
from agentarena.train.lspo import page
from agentarena.train.lspo.config import LSPOConfig
from agentarena.train.lspo.inspect import inspect_run
from agentarena.train.lspo.run import run

ENV = "RockPaperScissorsSpockLizard-v0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    data = {"env": ENV, "options": {"rounds": 1}, "speech": "moves", "speaker": "table", "matches": 60, "candidates": 4, "iterations": 1}
    config = LSPOConfig.of({**data, "output_dir": str(path), "clusters.count": 20, "solve": {"iterations": 200}})
    run(config, load=lspo_stub.load, tune=lspo_stub.tune)
    return path


def test_clusters_policies_pairs_and_figures(folder):
    inspection = inspect_run(folder, examples=2, situations=1, pairs=5)
    first, last = inspection.iterations
    assert (first.problems, last.problems) == ((), ())
    assert sum(row.model for row in first.clusters) == pytest.approx(1.0)
    assert sum(row.policy for row in first.clusters) == pytest.approx(1.0)
    rock = [row for row in first.clusters if "rock" in row.examples[0]]
    assert sum(row.model for row in rock) > sum(row.policy for row in rock) + 0.1  # the model throws too many rocks
    (situation,) = first.policies
    assert (situation.role, situation.visits) == ("player", 60)
    assert "rock, paper, scissors" in situation.view
    assert (len(first.pairs), len(last.pairs), last.count_of_pairs) == (5, 0, 0)
    assert all(row.chosen_cluster != row.rejected_cluster for row in first.pairs)
    assert last.figures["solve"]["exploitability"] < 0.05


def test_a_damaged_run_is_shown_with_what_is_wrong(folder, tmp_path):
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "iteration-1" / "policy" / "policy.npz").write_bytes(b"x")
    last = inspect_run(tmp_path / "copy").iterations[-1]
    assert last.problems == (("solve", "iteration-1/policy/policy.npz is damaged: its digest is not the manifest's"),)
    assert last.policies == ()
    assert len(last.clusters) == 20
    with pytest.raises(UsageError, match="holds no LSPO run"):
        inspect_run(tmp_path)


def test_the_page_is_the_same_twice_and_escapes_words(folder):
    inspection = inspect_run(folder)
    text = page.render(inspection)
    assert text == page.render(inspection)
    assert "default-src 'none'" in text
    evil = inspection.iterations[0].clusters[0]._replace(examples=("<script>alert(1)</script>",))
    changed = inspection._replace(iterations=(inspection.iterations[0]._replace(clusters=(evil,)),))
    assert "<script>" not in page.render(changed)


def test_the_command_prints_and_writes(folder, tmp_path):
    result = CliRunner().invoke(cli, ["lspo", "inspect", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0
    assert "Iteration 1: clusters" in result.output
    assert "model exploitability" in result.output
    result = CliRunner().invoke(cli, ["lspo", "inspect", str(folder), "--iteration", "0"], catch_exceptions=False)
    assert "pairs" in result.output
    result = CliRunner().invoke(cli, ["lspo", "inspect", str(folder), "--json"], catch_exceptions=False)
    assert json.loads(result.output)["iterations"][0]["clusters"][0]["role"] == "player"
    result = CliRunner().invoke(cli, ["lspo", "inspect", str(folder), "--html", str(tmp_path / "a.html")], catch_exceptions=False)
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    result = CliRunner().invoke(cli, ["lspo", "inspect", str(folder), "--iteration", "7"])
    assert result.exit_code == 2
    assert "has 2 iterations, numbered from 0" in result.output


def test_the_command_plays_without_a_model(folder):
    words = ["lspo", "play", str(folder), "random", "--speech", "clusters", "--matches", "20", "--json"]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert json.loads(result.output)["matches"] == 20


def test_the_command_shows_its_settings_and_its_configuration():
    result = CliRunner().invoke(cli, ["lspo", "run", "--list-settings"], catch_exceptions=False)
    assert "clusters.contrast = True" in result.output
    result = CliRunner().invoke(
        cli, ["lspo", "run", ENV, "-s", "clusters.count=7", "-s", "options.rounds=1", "--dry-run"], catch_exceptions=False
    )
    config = json.loads(result.output)
    assert (config["clusters"]["count"], config["options"], config["output_dir"]) == (7, {"rounds": 1}, f"runs/{ENV.lower()}-lspo")
    assert CliRunner().invoke(cli, ["lspo", "run"]).exit_code == 2
