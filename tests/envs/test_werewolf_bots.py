"""Reference players and metrics of Werewolf."""

from __future__ import annotations

import math

import numpy as np
import pytest
from werewolf_table import Table

import agentarena as aa
from agentarena.core.actions import Spoken
from agentarena.core.agent import View
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.werewolf import Werewolf, bots
from agentarena.envs.werewolf.actions import Act, speech
from agentarena.envs.werewolf.analysis import calibration, entropy, measure, summarize, uniformity
from agentarena.envs.werewolf.bots import deals, wolf_beliefs

BOTS = sorted(bots.BOTS)


def played(game, wolves, village, seed):
    """One match between a player of all wolves and a player of everybody else; the finished episode."""
    episode, turns = Episode(game, stream(seed, CHANCE, 0)), [0] * game.players
    while episode.to_move:
        moves = {}
        for seat in episode.to_move:
            agent = wolves if game.role(episode.state, seat) == "werewolf" else village
            view = View(game, episode.state, seat, news=episode.unread(seat), seed=seed, turn=turns[seat])
            moves[seat] = agent.choose(view)
            turns[seat] += 1
            episode.mark_read(seat)
        episode.step(moves)
    return episode


@pytest.mark.parametrize("bot", BOTS)
@pytest.mark.parametrize("preset", ["lspo7", "arena8", "aiwolf13", "mini4"])
def test_every_bot_plays_every_role(bot, preset):
    agent = aa.agent(bot)
    episode = played(Werewolf.build(preset), agent, agent, 1)
    assert episode.state.winner in ("village", "wolves")


@pytest.mark.parametrize("bot", BOTS)
def test_bots_know_hunter_witch_and_guard(bot):
    game = Werewolf.build(players=9, wolves=2, witch=True, hunter=True, guard=True, wolf_talk=1, straw=True, speech="*=silence,seer=acts")
    for seed in range(2):
        assert played(game, aa.agent(bot), aa.agent(bot), seed).state.winner in ("village", "wolves")


@pytest.mark.slow
def test_bots_are_ranked_as_they_should_be():
    """Village wins of 80 matches each, asked to differ by less than they were measured to."""
    game = Werewolf.build("lspo7")

    def wins(wolves, village):
        return sum(played(game, aa.agent(wolves), aa.agent(village), seed).state.winner == "village" for seed in range(80)) / 80

    assert wins("random", "random") < 0.30
    assert wins("werewolf/naive", "werewolf/bayes") > 0.30
    assert wins("werewolf/pack", "random") < 0.15
    assert wins("werewolf/pack", "werewolf/truthful") < wins("werewolf/naive", "werewolf/truthful")
    assert 0.3 < wins("werewolf/scripted", "werewolf/scripted") < 0.8


def test_play_by_name_and_records():
    results = aa.play("Werewolf-v0", ["werewolf/scripted", "random"], matches=6, seed=0)
    assert {record.winner for record in results.records} <= {"village", "wolves"}
    seats = results.records[0].seats
    assert {seat.team for seat in seats} == {"village", "wolves"}
    assert sum(seat.role == "werewolf" for seat in seats) == 2
    capped = aa.play("Werewolf-v0", ["random"], matches=3, seed=0, players=9, majority=True, max_days=1)
    assert "truncated" in {record.outcome for record in capped.records}


def test_a_record_with_words_and_beliefs_plays_again():
    from agentarena.core.replay import replay

    for record in aa.play("Werewolf-v0", ["werewolf/bayes"], matches=2, seed=3).records:
        assert replay(record).line() == record.line()
        assert any(isinstance(action, dict) for step in record.actions for _, action in step)


# --- beliefs -----------------------------------------------------------------------------------------------------------------


def sight(table, seat):
    return table.game.layout.parts(table.game.observe(table.state, seat))


def test_beliefs_start_uniform_and_know_what_is_known():
    table = Table("V V S W V W V", start="day")
    beliefs = wolf_beliefs(sight(table, 0), 2, seer=True)
    np.testing.assert_allclose(beliefs, [0] + [1 / 3] * 6)
    wolf = wolf_beliefs(sight(table, 3), 2, seer=True)
    np.testing.assert_allclose(wolf, [0, 0, 0, 1, 0, 1, 0])


def test_beliefs_follow_a_report_and_a_counterclaim():
    table = Table("V V S W V W V", start="day", discussion="round_robin")
    space = table.game.space_of(0)

    def say(seat, *act):
        table(**{f"s{seat}": speech(7) + space.index(Act(*act))})

    say(0, "silent")
    say(1, "silent")
    say(2, "result", 3, 1)
    after_report = wolf_beliefs(sight(table, 0), 2, seer=True)
    assert after_report[3] > 0.6
    assert after_report[2] < 1 / 3
    assert after_report.sum() == pytest.approx(2)
    say(3, "result", 2, 1)
    after_counter = wolf_beliefs(sight(table, 0), 2, seer=True)
    assert after_counter[3] < after_report[3]
    assert after_counter[2] > after_report[2]


@pytest.mark.parametrize(("players", "wolves", "count"), [(7, 2, 21), (4, 1, 4), (24, 8, 20_000)])
def test_deals(players, wolves, count):
    sets = deals(players, wolves)
    assert sets.shape == (count, players)
    assert (sets.sum(axis=1) == wolves).all()


# --- metrics -------------------------------------------------------------------------------------------------------------------


def test_metrics_of_a_match_by_hand():
    table = Table("V V S W V", discussion="round_robin", straw=True)
    space = table.game.space_of(0)

    def say(seat, act, words="", notes=None):
        table(**{f"s{seat}": Spoken(speech(5) + space.index(act), words, notes)})

    table(s2=3, s3=4)  # the seer finds the wolf, the wolf kills seat 4
    say(0, Act("accuse", 1))  # wrong, but no lie
    table(s0=3, s1=3, s2=3, s3=0)
    say(1, Act("claim", value=0), "I am a villager.", {"wolves": {"3": 0.75, "0": 0.25}})
    table(s0=3, s1=0, s2=3, s3=0)
    say(2, Act("result", 3, 1))
    table(s0=3, s1=3, s2=3, s3=2)
    say(3, Act("claim", value=2))  # a lie
    table(s0=3, s1=3, s2=3, s3=2)
    table(s0=3, s1=0, s2=3, s3=2)
    metrics = measure(table.log)
    assert (metrics.winner, metrics.days, metrics.cast, metrics.hits) == ("village", 1, 3, 2)
    assert (metrics.won_cast, metrics.won_hits) == (3, 2)
    assert metrics.survived == {"seer": (1, 1), "villager": (2, 3), "werewolf": (0, 1)}
    assert (metrics.seer_day, metrics.followed, metrics.seer_lost) == (1, (1, 2), False)
    assert metrics.statements == {
        ("village", "accuse"): (0, 1),
        ("village", "claim"): (0, 1),
        ("village", "result"): (0, 1),
        ("wolves", "claim"): (1, 1),
    }
    assert metrics.false == {("village", "accuse"): 1, ("wolves", "claim"): 1}
    assert metrics.entropies[0] == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert metrics.entropies[1] == pytest.approx(math.log(2))
    assert metrics.first_prey == 4
    assert sorted(metrics.first_votes) == [0, 2, 3, 3]
    assert sorted(metrics.beliefs) == [(0.25, False), (0.75, True)]
    assert (metrics.spoken, metrics.consistent) == (1, 1)


def test_a_report_without_a_test_is_a_lie_even_when_true():
    table = Table("V V S W V", start="day", discussion="round_robin")
    table(s0=speech(5) + table.game.space_of(0).index(Act("result", 3, 1)))
    metrics = measure(table.log)
    assert metrics.statements == {("village", "result"): (1, 1)}
    assert metrics.false[("village", "result")] == 0


def test_the_lost_seer():
    table = Table("V V S W V", start="day", discussion="round_robin")
    table()()
    table(s2=speech(5) + table.game.space_of(0).index(Act("claim", value=2)))
    table()()
    table.vote(4)
    table(s3=2, s2=0)
    assert measure(table.log).seer_lost is True


def test_summary_adds_up():
    game = Werewolf.build("arena8", straw=True)
    matches = [measure(played(game, aa.agent("werewolf/pack"), aa.agent("werewolf/bayes"), seed).log) for seed in range(5)]
    total = summarize(matches)
    assert sum(total.wins.values()) == pytest.approx(1)
    assert sum(count for key, (_, count) in total.bids.items()) > 0
    assert sum(share for (who, _), (share, _) in total.bids.items() if who == "village") == pytest.approx(1)
    assert total.deception["wolves", "accuse"][0] == 1.0
    assert total.deception["village", "accuse"][0] == 0.0
    assert 0 <= total.brier <= 1
    assert total.beliefs > 0
    assert len(total.entropy) >= 8
    with pytest.raises(ValueError, match="at least one match"):
        summarize([])
    with pytest.raises(ValueError, match="no 'role' events"):
        measure([])


def test_random_play_has_the_accuracy_and_uniform_targets_of_the_tables():
    """IRP .386327 and uniform first targets (specification section 3.4); 4 standard errors of 500 matches."""
    game = Werewolf.build("lspo7", discussion="none")
    agent = aa.agent("random")
    total = summarize([measure(played(game, agent, agent, seed).log) for seed in range(500)])
    share, count = total.vote_accuracy
    assert abs(share - 0.386327) < 4 * math.sqrt(0.386 * 0.614 / count) * 1.2
    assert total.first_prey[1] > 1e-3
    assert abs(total.survival["werewolf"][0] - 0.737957) < 4 * math.sqrt(0.738 * 0.262 / 500)


def test_small_numbers():
    assert entropy([2, 2, 2, 2]) == pytest.approx(math.log(4))
    assert uniformity([0] * 20, 2) == (pytest.approx(20.0), pytest.approx(7.744e-06, rel=1e-3))
    brier, error, table = calibration([(0.9, True), (0.9, False), (0.1, False)])
    assert brier == pytest.approx((0.01 + 0.81 + 0.01) / 3)
    assert error == pytest.approx((0.4 * 2 + 0.1) / 3)
    assert [count for *_, count in table] == [1, 2]
