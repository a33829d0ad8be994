"""Runs of LSPO without a language model: what they find, that they go on, and their player at a table."""

import json
from pathlib import Path

import lspo_stub
import numpy as np
import pytest

import agentarena as aa
from agentarena.core.errors import BadOption, NotSupported, UsageError
from agentarena.evaluate.exact import exploitability
from agentarena.train.lspo.agent import LSPO, load_run
from agentarena.train.lspo.config import LSPOConfig
from agentarena.train.lspo.run import run
from agentarena.train.lspo.solving import METHODS
from agentarena.train.lspo.stages import load_turns, solve_config, tune_config

ENV = "RockPaperScissorsSpockLizard-v0"
DOUBLED = np.array(aa.game(ENV).payoffs, float)
DOUBLED[0][DOUBLED[0, :, 0] > 0] *= 2  # rock wins twice as much, in either seat
DOUBLED[:, 0][DOUBLED[:, 0, 1] > 0] *= 2


def config(folder, **changes):
    settings = {
        "env": ENV,
        "options": {"rounds": 1},
        "speech": "moves",
        "speaker": "table",
        "matches": 150,
        "candidates": 4,
        "iterations": 1,
        "output_dir": str(folder),
        "clusters.count": 20,
        "solve": {"iterations": 500},
    }
    return LSPOConfig.of({**settings, **changes})


def events(config, stages=100):
    """The run, the stages that were done, and what was damaged; it ends after so many stages."""
    done, damaged = [], []

    def report(one):
        if one.event == "end":
            done.append((one.iteration, one.stage))
        elif one.event == "damaged":
            damaged.append(one.reason)

    result = run(config, report, lambda: len(done) >= stages, load=lspo_stub.load, tune=lspo_stub.tune)
    return result, done, damaged


ALL = [(0, "generate"), (0, "cluster"), (0, "solve"), (0, "pairs"), (0, "tune"), (1, "generate"), (1, "cluster"), (1, "solve")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    result, done, _ = events(config(folder))
    assert done == ALL
    return folder, result


def test_the_latent_policy_is_an_equilibrium_and_the_model_comes_nearer(finished):
    _, result = finished
    first, last = (one["solve"] for one in result.figures)
    assert result.finished
    assert first["purity"] == last["purity"] == 1.0
    assert first["exploitability"] < 0.02
    assert first["model_exploitability"] > 0.25
    assert last["model_exploitability"] < 0.6 * first["model_exploitability"]


def test_with_rock_wins_doubled_few_clusters_fail_and_many_do_not(tmp_path):
    """The equilibria have weights (1 - 3t)/4, ... of rock, paper, scissors, Spock, and none of lizard; one of them is .244, .496, .252, .008, 0."""
    figures = {}
    for count in (1, 2, 20):
        run_config = config(
            tmp_path / str(count), iterations=0, options={"rounds": 1, "payoffs": DOUBLED.tolist()}, **{"clusters.count": count}
        )
        result, _, _ = events(run_config)
        figures[count] = result.figures[0]["solve"]
    assert figures[1]["exploitability"] > 0.1
    assert figures[2]["exploitability"] > 0.1
    assert figures[20]["exploitability"] < 0.02
    assert figures[20]["policy lizard"] < 0.01


def test_the_equilibrium_of_the_doubled_game_that_is_published():
    game = aa.game(ENV, rounds=1, payoffs=DOUBLED.tolist())
    published = dict(enumerate((0.244, 0.496, 0.252, 0.008, 0.0)))
    assert exploitability(game, {f"{seat}:": published for seat in (0, 1)}) == pytest.approx(0, abs=1e-9)


def test_a_finished_run_does_nothing_and_more_iterations_go_on(finished, tmp_path):
    import shutil

    folder, result = finished
    shutil.copytree(folder, tmp_path / "copy")
    again, done, damaged = events(config(tmp_path / "copy"))
    assert (done, damaged, again.figures) == ([], [], result.figures)
    _, done, damaged = events(config(tmp_path / "copy", iterations=2))
    assert done == [(1, "pairs"), (1, "tune"), (2, "generate"), (2, "cluster"), (2, "solve")]
    assert damaged == []


def test_a_run_that_ends_after_any_stage_goes_on_to_the_same_end(finished, tmp_path):
    folder, result = finished
    for stage in ALL:
        part, done, damaged = events(config(tmp_path), stages=1)
        assert (done, damaged) == ([stage], [])
    assert part.figures == result.figures
    for file in ("iteration-0/candidates.jsonl", "iteration-0/clusters.npz", "iteration-0/pairs.jsonl", "iteration-1/policy/policy.npz"):
        assert (tmp_path / file).read_bytes() == (folder / file).read_bytes()


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("candidates.jsonl", "generate"),
        ("clusters.json", "cluster"),
        ("policy/policy.npz", "solve"),
        ("pairs.jsonl", "pairs"),
        ("speaker/table.json", "tune"),
    ],
)
def test_a_damaged_file_is_named_and_its_stage_alone_done_again(finished, tmp_path, file, stage):
    import shutil

    folder, result = finished
    shutil.copytree(folder, tmp_path / "copy")
    path = tmp_path / "copy" / "iteration-0" / file
    path.write_bytes(path.read_bytes()[:-2] + b"!!")
    again, done, damaged = events(config(tmp_path / "copy"))
    assert done == [(0, stage)]  # the same bytes come out, so nothing that stands on them is done again
    assert damaged == [f"iteration-0/{file} is damaged: its digest is not the manifest's"]
    assert again.figures == result.figures


def test_a_stage_killed_in_the_middle_is_done_again(tmp_path):
    def killed(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(config(tmp_path), load=lspo_stub.load, tune=killed)
    _, done, damaged = events(config(tmp_path))
    assert done == ALL[4:]
    assert damaged == []


def test_other_settings_in_the_folder_are_refused(finished):
    folder, _ = finished
    with pytest.raises(UsageError, match="matches = 150, and this run 151"):
        events(config(folder, matches=151))


def test_a_model_without_pairs_goes_on_as_it_is(tmp_path):
    result, done, _ = events(config(tmp_path, **{"pairs.rule": "best-worst"}))  # uniform: all are equally good
    assert done == ALL
    assert result.figures[0]["tune"] == {"pairs": 0}
    assert json.loads((tmp_path / "iteration-0" / "speaker" / "unchanged.json").read_text()) == {"speaker": "table"}


def test_settings_are_read_and_wrong_ones_named(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(f'env = "{ENV}"\nmatches = 5\n[clusters]\ncount = 7\n[pairs]\nrule = "best-worst"\n')
    loaded = LSPOConfig.load(path, **{"clusters.low": 4, "options.rounds": 1})
    assert (loaded.matches, loaded.clusters.count, loaded.clusters.low, loaded.pairs.rule, loaded.options) == (
        5,
        7,
        4,
        "best-worst",
        {"rounds": 1},
    )
    for change, words in (
        ({"matchs": 1}, "unknown setting 'matchs'. Did you mean matches"),
        ({"clusters.cuont": 1}, "unknown setting 'clusters.cuont'. Did you mean count"),
        ({"pairs.rule": "x"}, "pairs.rule must be one of odds, best-worst, got 'x'"),
        ({"matches": 0}, "matches must be a whole number from 1"),
        ({"speech": "song"}, "speech must be one of turns, moves, got 'song'"),
        ({"clusters": 3}, "clusters is 3; expected settings by name"),
        ({"keep": 1}, "keep must be true or false, got 1"),
        ({"options": 3}, "options must be a table"),
        ({"preset": 3}, "preset must be a string"),
    ):
        with pytest.raises(BadOption, match=words.replace("(", "\\(")):
            LSPOConfig.of({"env": ENV, **change})
    with pytest.raises(BadOption, match="env is missing"):
        LSPOConfig.of({})
    with pytest.raises(NotSupported, match="nobody speaks in"):
        run(LSPOConfig.of({"env": ENV, "output_dir": str(tmp_path)}), load=lambda _: lspo_stub.load("table"))


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[3] / "recipes").glob("lspo*.toml")), ids=lambda path: path.stem)
def test_the_recipes_are_valid(path):
    loaded = LSPOConfig.load(path)
    assert solve_config(loaded.solve).method in METHODS
    assert tune_config(loaded.tune).epochs >= 1
    assert loaded.game().info.seats == int(path.stem.removeprefix("lspo"))


def test_candidates_that_name_the_move_of_another_are_left_out(finished):
    turns = load_turns(load_run(finished[0])[1][0])
    assert all(len({*turn.moves}) == len(turn.moves) == len(turn.candidates) for turn in turns)
    assert {len(turn.moves) for turn in turns} == {1, 2, 3, 4}
    first = np.bincount([turn.moves[0] for turn in turns], minlength=5) / len(turns)
    assert first == pytest.approx(list(lspo_stub.BIASED.values()), abs=0.1)  # the first one is what the model says when asked once


# --- at a table ----------------------------------------------------------------------------------------------------------------------


def test_the_agent_plays_the_latent_policy_in_the_model_s_words(finished):
    folder, _ = finished
    agent, game = LSPO(str(folder), candidates=40, load=lspo_stub.load), load_run(folder)[0].game()
    assert agent.cannot_play(game) is None
    records = aa.play(game, [agent, agent], matches=300, seed=3).records
    moves = np.bincount([move for record in records for _, move in record.actions[0]], minlength=5) / 600
    assert moves == pytest.approx(np.full(5, 0.2), abs=0.06)  # the model alone: .45, .25, .15, .1, .05


def test_what_it_plays_does_not_depend_on_which_questions_come_together(finished):
    folder, _ = finished
    game = load_run(folder)[0].game()
    alone, together = (
        aa.play(game, [LSPO(str(folder), load=lspo_stub.load), "random"], matches=20, seed=3, concurrency=c).records for c in (1, 20)
    )
    assert [record.actions for record in alone] == [record.actions for record in together]


def test_sentences_of_the_clusters_need_no_model(finished):
    folder, _ = finished

    def no_model(spec):
        raise AssertionError(spec)

    agent = LSPO(str(folder), speech="clusters", load=no_model)
    records = aa.play(load_run(folder)[0].game(), [agent, "random"], matches=100, seed=0).records
    assert not any(record.faults for record in records)


def test_agents_of_one_model_share_it_and_say_what_they_cannot_do(finished):
    folder, _ = finished
    loaded = []

    def load(spec):
        loaded.append(spec)
        return lspo_stub.load(spec)

    first, second = (LSPO(str(folder), iteration=0, load=load) for _ in range(2))
    assert loaded == ["table"]
    first.close()
    first.close()
    second.close()
    LSPO(str(folder), iteration=1, load=load).close()
    assert loaded == ["table", str(folder / "iteration-0" / "speaker")]
    assert "its policy is for" in second.cannot_play(aa.game("KuhnPoker-v0"))
    assert "other options" in second.cannot_play(aa.game(ENV))  # ten rounds
    for arguments, words in (
        ({"iteration": 5}, "has 0, 1, and -1"),
        ({"speech": "song"}, "allowed: policy, uniform, clusters"),
        ({"rounds": 0}, "rounds is 0"),
    ):
        with pytest.raises(BadOption, match=words):
            LSPO(str(folder), **arguments, load=load)
    with pytest.raises(UsageError, match="holds no LSPO run"):
        LSPO("elsewhere")


def test_a_damaged_policy_is_not_played(finished, tmp_path):
    import shutil

    shutil.copytree(finished[0], tmp_path / "copy")
    (tmp_path / "copy" / "iteration-1" / "policy" / "policy.npz").write_bytes(b"")
    with pytest.raises(UsageError, match=r"iteration-1/policy/policy\.npz is damaged"):
        LSPO(str(tmp_path / "copy"), load=lspo_stub.load)
