"""LSPO in games with turns of speech, with a speaker that is a list of sentences."""

from collections import Counter

import numpy as np
import pytest

import agentarena as aa
from agentarena.agents.specs import agent
from agentarena.core.speech import Heard, Remark
from agentarena.train.lspo.agent import LSPO, load_run
from agentarena.train.lspo.artefacts import write_json
from agentarena.train.lspo.clusters import ClusterSettings, fit_clusters
from agentarena.train.lspo.config import LSPOConfig
from agentarena.train.lspo.inspect import inspect_run
from agentarena.train.lspo.player import Player
from agentarena.train.lspo.run import run
from agentarena.train.lspo.stages import load_turns
from agentarena.train.lspo.talk import Talk
from agentarena.train.lspo.words import normal

ACCUSE = ("I suspect {}.", "I think {} is a werewolf.", "My suspicion falls on {}.", "{} must be a werewolf, I suspect.")
PASS = ("I have nothing to say.", "Nothing to say for now.", "I say nothing, I listen.", "I have nothing to add, I listen.")


class Sentences:
    """One of the sentences about a living player, or about nobody; independent of what is listed."""

    def __init__(self, spec=""):
        self.name, self.counts = "sentences", Counter()

    def propose(self, prompts, n, seeds):
        return [self._some(prompt.view, n, np.random.default_rng(seed)) for prompt, seed in zip(prompts, seeds, strict=True)]

    def _some(self, view, n, rng):
        me = view.partition(",")[0].removeprefix("You are ")
        living = view.partition("Alive: ")[2].partition(".")[0].split(", ")
        others = [name for name in living if name != me] or ["player 1", "player 2"]
        forms = (*ACCUSE, *PASS)
        return [forms[place].format(others[rng.integers(len(others))]) for place in rng.permutation(len(forms))[:n]]

    def close(self):
        pass


def tune(spec, pairs, settings, out):
    write_json(out / "model.json", {})
    return {"beta": settings["beta"]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    data = {"env": "Werewolf-v0", "preset": "lspo4", "speaker": "sentences", "matches": 30, "iterations": 1, "clusters.count": 2}
    solver = {"method": "mccfr", "iterations": 2, "traversals": 30, "max_histories": 1000}
    config = LSPOConfig.of({**data, "output_dir": str(folder), "solve": solver})
    return folder, run(config, load=Sentences, tune=tune)


def test_all_stages_of_a_game_in_which_one_speaks(finished):
    folder, result = finished
    assert result.finished
    assert result.figures[0]["pairs"]["pairs"] > 20
    assert result.figures[0]["tune"]["beta"] == 1.0  # that of the rule of pairs
    turns = load_turns(load_run(folder)[1][0])
    assert {turn.role for turn in turns} == {"werewolf", "seer", "villager"}
    assert all(0 <= turn.played < 3 and len(turn.candidates) == 3 and turn.seat not in turn.targets for turn in turns)
    assert any(turn.remarks for turn in turns)
    inspection = inspect_run(folder)
    assert {(row.role, row.about) for row in inspection.iterations[0].clusters} == {
        (role, about) for role in ("werewolf", "seer", "villager") for about in (True, False)
    }
    assert any(name for row in inspection.iterations[-1].policies for _, name, _ in row.moves)


def test_it_plays_the_plain_game_among_ordinary_agents(finished):
    folder, _ = finished
    player = LSPO(str(folder), load=Sentences)
    assert player.cannot_play(aa.game("Werewolf-v0", preset="lspo4")) is None
    assert "other options" in player.cannot_play(aa.game("Werewolf-v0", preset="lspo7"))
    results = [
        aa.play("Werewolf-v0", [LSPO(str(folder), load=Sentences), other], matches=12, seed=1, preset="lspo4", concurrency=concurrency)
        for other in ("random", "werewolf/bayes")
        for concurrency in (1, 12)
    ]
    assert not any(record.faults for result in results for record in result.records)
    assert [one.actions for one in results[2].records] == [one.actions for one in results[3].records]
    said = [reply["attempts"][0] for record in results[0].records for reply in record.replies]
    assert said
    assert all(one["extra"]["candidates"] and 0 < one["extra"]["probability"] <= 1 for one in said)


def test_words_of_the_clusters_name_the_living(finished):
    folder, _ = finished
    player = LSPO(str(folder), speech="clusters", load=Sentences)
    records = aa.play("Werewolf-v0", [player, "random"], matches=12, seed=2, preset="lspo4").records
    words = [reply["attempts"][0]["text"] for record in records for reply in record.replies]
    assert words
    assert not any("NAME" in one or "somebody" in one for one in words)


def test_what_was_said_is_heard_as_symbols_about_seats():
    names = ("Ada", "Bob", "Cy", "Dan")
    normals = [[normal(form.format(name), names, 3)] for form in (*ACCUSE, *PASS) for name in names[:3]]
    clusters = fit_clusters({"villager": normals, "werewolf": normals[::-1]}, ClusterSettings(count=2, symbols=2))
    game = aa.game("Werewolf-v0", preset="lspo4")
    turns: list = []
    talk = Talk(game)
    player = Player(Talk, Sentences(), others=agent("random"), on_turn=turns.append)
    aa.play(game, [player], matches=3, seed=0)
    about = clusters.roles["villager"].names_seat.index(True)
    accusation, silence = (clusters.roles["villager"].symbols[cluster] for cluster in (about, 1 - about))
    from agentarena.train.lspo.talk import _hear

    turn = turns[0]._replace(
        role="villager",
        names=names,
        remarks=(Remark(1, 0, 2, "I suspect Bob.", (1,)), Remark(1, 1, 0, "I have nothing to say, Bob.", (1,))),
    )
    assert _hear(clusters, [turn]) == [[Heard(1, 0, 2, accusation, 1), Heard(1, 1, 0, silence, -1)]]
    assert talk.roles == game.speech_roles()


def test_whoever_votes_knows_whom_speeches_were_about():
    """At a plain table the latent game's sight of a vote has the symbols and seats of all that was said before it."""
    names = ("Ada", "Bob", "Cy", "Dan")
    normals = [[normal(form.format(name), names, 3)] for form in (*ACCUSE, *PASS) for name in names[:3]]
    clusters = fit_clusters(dict.fromkeys(("villager", "werewolf", "seer"), normals), ClusterSettings(count=2, symbols=2))
    game = aa.game("Werewolf-v0", preset="lspo4")
    talk, latent = Talk(game), Talk(game).latent_game(clusters)

    class Watched(Talk):
        def sight(self, view):
            turn, speaks = super().sight(view)
            if turn.remarks and not speaks:
                votes.append(turn)
            return turn, speaks

    votes: list = []
    aa.play(game, [Player(Watched, Sentences(), others=agent("random"))], matches=6, seed=0)
    assert votes
    for turn, decision in zip(votes, talk.decisions(clusters, votes), strict=True):
        about = [remark for remark in turn.remarks if remark.words.startswith(("I suspect", "I think", "My")) or "must be" in remark.words]
        heard = latent.layout.parts(decision.observation)["signals"][..., latent.layout.symbols :]
        assert heard.sum() == len(about)


def test_the_chat_of_another_game():
    game, turns = aa.game("Commons-v0", talk=1, resource="static", players=4, rounds=2), []
    player = Player(Talk, Sentences(), others=agent("random"), on_turn=turns.append)
    records = aa.play(game, [player], matches=4, seed=0).records
    assert not any(record.faults for record in records)
    clusters = fit_clusters({"player": [Talk(game).normals(turn) for turn in turns]}, ClusterSettings(count=2))
    for decision in Talk(game).decisions(clusters, turns):
        assert decision.observation.shape == Talk(game).latent_game(clusters).observation_space(0).shape
        assert all(action == -1 or decision.mask[action] for action in decision.actions)
        assert any(action >= 0 for action in decision.actions)
