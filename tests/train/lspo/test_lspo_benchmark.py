"""The benchmarks of LSPO: cells that are not computed twice, rates over seeds, tables, and specs that agents can be made of."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from agentarena.agents.spelling import parse
from benchmarks.lspo_cells import Cells, pooled, rates, rates_table, shown_rate, untuned
from benchmarks.lspo_robust import variants
from benchmarks.lspo_werewolf import BASELINES, SETTINGS, Experiment, curve, tables


def side(rate, matches=100):
    return {"matches": matches, "rate": rate, "interval": [0, 1], "forfeits": 0}


TEST = {"choices": 5, "statistic": 1.0, "freedom": 2, "p": 0.6, "first": 1.0}


def cell(wolves, village):
    return {"wolves": side(wolves), "village": side(village), "first attack": TEST, "first vote": TEST}


def test_a_cell_is_computed_once(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return {"figure": 3}

    for _ in range(2):
        assert Cells(tmp_path)("a/b", compute)["figure"] == 3
    assert calls == [1]
    with pytest.raises(ZeroDivisionError):
        Cells(tmp_path)("c", lambda: {"figure": 1 / 0})
    assert not (tmp_path / "c.json").exists(), "what failed is computed again"


def test_rates_over_seeds_are_those_of_all_matches():
    rate, low, high, matches = pooled([cell(0.2, 0.5), cell(0.4, 0.5)], "wolves")
    assert (rate, matches) == (pytest.approx(0.3), 200)
    assert low < 0.3 < high
    assert shown_rate([cell(0.2, 0.5), cell(0.4, 0.5)], "wolves") == "0.300 [0.241, 0.367] (0.20 to 0.40)"
    assert shown_rate([cell(0.2, 0.5)], "village").endswith("]")
    table = rates_table({"one": {"x": [cell(0.2, 0.5)]}, "two": {"y": [cell(0.2, 0.5)]}}).splitlines()
    assert table[0].count("against") == 4
    assert len(table) == 4


def test_figures_of_a_pair_of_bots():
    figures = rates("werewolf/bayes", "random", matches=20, seed=1, workers=None, preset="lspo4")
    assert figures["wolves"]["matches"] == figures["village"]["matches"] == 20
    assert figures["first attack"]["choices"] == 20
    assert figures["replaced"] == 0


def test_tables_and_curve():
    seed = {
        "rows": {f"iteration {number}": {"random": cell(0.6, 0.4), "last iteration": cell(0.5, 0.5)} for number in range(2)},
        "reading": [{side: {"accuracy": 0.7, "silent": 0.5} for side in ("wolves", "village")}] * 2,
    }
    text = tables("lspo4", [seed, seed])
    assert "wolves 0.6667, village 0.3333" in text
    assert "| 1 | 0.700 | 0.500 | 0.700 | 0.500 |" in text
    assert curve([seed]).count("<path") == 4


def test_specs_of_baselines_can_be_read():
    options = argparse.Namespace(out=Path("runs"), preset="lspo4", quick=False, iterations=3, baseline=None, speaker="speaker")
    experiment = Experiment(options, 2)
    for name, query in BASELINES.items():
        head, parameters = parse(experiment.baseline(query))
        assert head == "hf:agentarena/models/speaker/weights", name
        assert parameters["strategy"] == query.removeprefix("strategy=").partition("&")[0]
        assert parameters.get("policy", "werewolf/bayes") == "werewolf/bayes"
    assert experiment.config("run").iterations == 3
    assert set(SETTINGS) == {"lspo4", "lspo7"}
    assert {"k = 1", "best-worst, beta = 0.05", "odds, beta = 1"} <= set(variants([1, 2]))


def test_without_tuning_the_model_is_copied(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"w")
    assert untuned(str(tmp_path / "model"), [1, 2], {}, tmp_path / "out") == {"pairs": 2}
    assert (tmp_path / "out" / "weights").read_bytes() == b"w"
