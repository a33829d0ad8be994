"""Payoff tables: exact cells, played cells with intervals, seats, and that a killed run resumes to the same bytes."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena import game as game_of
from agentarena.core.errors import CorruptRecord, RecordMismatch
from agentarena.evaluate import expected_returns
from agentarena.train.populations.adaptive import fill_adaptively
from agentarena.train.populations.exact import ExactGame
from agentarena.train.populations.payoffs import PayoffTable

KUHN = game_of("KuhnPoker-v0")
SPECS = ("random", "kuhnpoker/nash", "cfr?iterations=20")


def table(path=None, shared=False, game=KUHN, specs=SPECS, seed=3) -> PayoffTable:
    made = PayoffTable(game, path, shared=shared, seed=seed)
    for spec in specs:
        for seat in range(game.info.seats):
            made.add(spec, seat)
    return made


def test_exact_cells_are_the_expected_returns():
    exact = ExactGame(KUHN)
    one, both = table(), table(shared=True)
    one.fill_exact(exact)
    both.fill_exact(exact)
    for i, first in enumerate(SPECS):
        for j, second in enumerate(SPECS):
            there, back = expected_returns(KUHN, [first, second]), expected_returns(KUHN, [second, first])
            assert one.tensor()[:, i, j] == pytest.approx(there)
            assert both.tensor()[:, i, j] == pytest.approx((there + back[::-1]) / 2)
    assert one.intervals()[0, 0, 1].tolist() == [one.tensor()[0, 0, 1]] * 2


def test_three_seats_exactly_and_played():
    game = game_of("KuhnPoker-v0", players=3)
    exact = ExactGame(game)
    made = table(game=game, specs=("random", "cfr?iterations=10"))
    made.fill_exact(exact)
    specs = ["random", "cfr?iterations=10", "random"]
    assert made.tensor()[:, 0, 1, 0] == pytest.approx(expected_returns(game, specs))
    rotated = table(game=game, specs=("random", "cfr?iterations=10"), shared=True)
    rotated.fill(2)
    tensor = rotated.tensor()
    assert tensor[0, 1, 0, 0] == tensor[1, 0, 1, 0] == tensor[2, 0, 0, 1]  # the same policy in another place
    assert tensor.sum(axis=0) == pytest.approx(0.0)


@pytest.mark.parametrize("shared", [False, True])
def test_intervals_hold_the_exact_payoffs(shared):
    played, exact = table(shared=shared), table(shared=shared)
    played.fill(150)
    exact.fill_exact(ExactGame(KUHN))
    low, high = np.moveaxis(played.intervals(0.999), -1, 0)
    assert np.all((low <= exact.tensor()) & (exact.tensor() <= high))
    assert played.counts().sum() == 150 * (6 if shared else 9)  # a policy that meets itself from both seats gets 0
    assert played.tensor().sum(axis=0) == pytest.approx(0.0)
    assert played.variances().shape == (2, 3, 3)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("way", ["fill", "adaptive", "exact"])
def test_killed_anywhere_it_resumes_to_the_same_bytes(tmp_path, shared, way):
    def fill(path):
        made = table(path, shared)
        if way == "fill":
            made.fill(70)
        elif way == "adaptive":
            fill_adaptively(made, 50, least=4)
        else:
            made.fill_exact(ExactGame(KUHN))
        return path.read_bytes()

    whole = fill(tmp_path / "whole.jsonl")
    for part in (0, 10, len(whole) // 3, len(whole) // 2 + 7, len(whole) - 1, len(whole)):
        path = tmp_path / f"{part}.jsonl"
        path.write_bytes(whole[:part])
        assert fill(path) == whole


def test_results_do_not_depend_on_how_they_were_asked_for():
    at_once, bit_by_bit = table(), table()
    at_once.fill(20)
    for deals in (3, 9, 20):
        bit_by_bit.fill(deals)
    assert np.array_equal(at_once.tensor(), bit_by_bit.tensor())


def test_a_larger_population_keeps_what_was_played(tmp_path):
    path = tmp_path / "t.jsonl"
    table(path, specs=SPECS[:2]).fill(5)
    before = path.read_bytes()
    table(path).fill(5)
    assert path.read_bytes().startswith(before)


def test_the_scheduler_spends_the_budget_where_it_is_open():
    filled = table(shared=True)
    done = fill_adaptively(filled, 100, least=5)
    assert done.deals <= 100
    assert filled.counts()[np.triu_indices(3, 1)].min() >= 5
    graph = fill_adaptively(table(), 100, least=5)
    assert graph.answer.shape == (3, 3)


def test_another_table_and_damage_are_refused(tmp_path):
    path = tmp_path / "t.jsonl"
    table(path).fill(2)
    with pytest.raises(RecordMismatch, match="seed"):
        table(path, seed=4)
    with pytest.raises(RecordMismatch, match="goes on with policy 'random'"):
        table(path, specs=("kuhnpoker/nash",))
    lines = path.read_text().splitlines(keepends=True)
    for wrong in ('{"cell":[0,0],"returns":[[[1]]]}\n', "not json\n", '{"cell":[0]}\n', "[1]\n"):
        path.write_text("".join(lines[:4]) + wrong)
        with pytest.raises(CorruptRecord, match="line 5"):
            table(path)
