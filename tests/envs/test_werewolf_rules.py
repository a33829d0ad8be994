"""The rules of Werewolf, phase by phase, in scripted matches."""

from __future__ import annotations

import pytest
from werewolf_table import Table

from agentarena.core.actions import Spoken, decode, encode
from agentarena.core.episode import Episode
from agentarena.core.errors import BadOption, IllegalAction, MatchOver, OutOfTurn, UnknownName
from agentarena.core.rng import stream
from agentarena.envs.werewolf import Werewolf
from agentarena.envs.werewolf.actions import antidote, bid, pass_, speech
from agentarena.envs.werewolf.options import ROLES
from agentarena.envs.werewolf.rules import floor
from agentarena.envs.werewolf.state import Entry, pay_for_votes

# --- options ----------------------------------------------------------------------------------------------------------------


def test_start_is_another_name_of_opening():
    assert Werewolf.build(start="day") == Werewolf(opening="day")
    with pytest.raises(BadOption, match="are the same"):
        Werewolf.build(start="day", opening="day")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"players": 4, "wolves": 2}, "the wolves would have won before the first move"),
        ({"players": 3, "wolves": 1, "hunter": True}, "cannot hold the 4 roles"),
        ({"mason": 1}, "a mason needs another"),
        ({"players": 25}, "at most 24"),
        ({"tie": "maybe"}, "'random', 'nobody', 'revote'"),
        ({"speech": "mime"}, "acts, silence"),
        ({"speech": "bard=acts"}, "roles may be named once each"),
        ({"reader": "tea leaves"}, "keywords, nothing"),
    ],
)
def test_options_that_cannot_be(options, says):
    with pytest.raises(BadOption, match=says):
        Werewolf.build(**options)


def test_unknown_preset_and_option():
    with pytest.raises(UnknownName, match="lspo7"):
        Werewolf.build("lspo")
    with pytest.raises(UnknownName, match="doctor"):
        Werewolf.build(docter=True)


def test_roles_are_dealt_uniformly_and_names_are_distinct():
    game = Werewolf.build("lspo7")
    starts = [game.start(stream(seed)) for seed in range(2000)]
    for seat in range(7):
        wolves = sum(state.roles[seat] == ROLES.index("werewolf") for state in starts)
        assert abs(wolves / 2000 - 2 / 7) < 4.5 * (2 / 7 * 5 / 7 / 2000) ** 0.5
    assert all(len(set(state.deal.names)) == 7 for state in starts)
    assert len({state.deal.names for state in starts}) == 2000


# --- the night ----------------------------------------------------------------------------------------------------------------


def test_the_last_wolf_decides_after_hearing_the_others():
    table = Table("W V W S D V V")
    assert table.phase == "hunt"
    assert table.state.to_move == (0,)
    table(s0=1)
    assert table.state.to_move == (2, 3, 4)
    table(s2=5, s3=0, s4=4)
    assert table.alive == [0, 1, 2, 3, 4, 6]
    assert [event["target"] for event in table.events("hunt")] == [1, 5]


@pytest.mark.parametrize(("rule", "prey"), [("vote", {1, 5}), ("first", {5})])
def test_wolves_vote_and_ties_are_broken(rule, prey):
    attacked = set()
    for seed in range(30):
        table = Table("W V W S V V V", wolf_rule=rule)
        table.rng = stream(seed)
        table(s0=5, s2=1, s3=0)
        attacked |= {1, 5} - set(table.alive)
    assert attacked == prey


def test_a_majority_of_wolves_beats_a_minority():
    table = Table("W W W V V V V V", wolf_rule="first")
    table(s0=7, s1=4, s2=4)
    assert 4 not in table.alive


def test_one_drawn_wolf_decides():
    deciders = set()
    for seed in range(40):
        game = Werewolf.build(wolf_rule="random", seer=False, doctor=False, discussion="none")
        state = game.start(stream(seed))
        (decider,) = state.to_move
        deciders.add([seat for seat in range(7) if state.roles[seat] == 1].index(decider))
    assert deciders == {0, 1}


def test_a_saved_player_lives_and_nobody_is_told_who_it_was():
    table = Table("W V S D V V V", doctor=True)
    table(s0=1, s2=0, s3=1)
    assert table.alive == [0, 1, 2, 3, 4, 5, 6]
    assert table.events("dawn") == [{"day": 1, "deaths": []}]
    private = [event for event in table.log if event.kind in ("prey", "protect", "hunt", "check")]
    assert {event.kind: event.audience for event in private} == {"hunt": (0,), "check": (2,), "protect": (3,), "prey": (0,)}


@pytest.mark.parametrize("own", [True, False])
def test_whether_the_doctor_may_protect_himself(own):
    table = Table("W D V V V", self_save=own)
    assert (1 in table.game.legal(table.state, 1)) == own


def test_protecting_the_same_player_twice_running():
    table = Table("W D V V V V G", repeat_save=False)
    table(s0=2, s1=2, s6=6)
    table.vote(5)
    assert 2 not in table.game.legal(table.state, 1)
    assert 6 not in table.game.legal(table.state, 6)
    table(s0=3, s1=3, s6=1)
    table.vote(4)
    assert table.phase == "over" or 2 in table.game.legal(table.state, 1)


def test_a_seer_who_may_test_nobody_twice_sleeps_when_all_are_tested():
    table = Table("W S D V V", seer_repeat=False, tie="nobody", wolves_win="extinction")
    for target in (0, 2, 3, 4):
        table(s0=2, s1=target, s2=2)
        table.vote(1, 2, 3, 4, 0)
    assert table.phase == "night"
    assert 1 not in table.state.to_move


def test_what_the_seer_sees():
    for sees, shown in (("wolf", "not a werewolf"), ("role", "possessed")):
        table = Table("W S P V V V", seer_sees=sees)
        table(s0=3, s1=2)
        assert table.events("check")[0]["result"] == shown


def test_a_first_night_without_an_attack():
    table = Table("W S D V V", first_attack=False)
    assert table.state.to_move == (1,)
    table(s1=0)
    assert (table.phase, table.alive) == ("vote", [0, 1, 2, 3, 4])
    table.vote(4)
    assert table.state.to_move == (0, 1, 2)
    quiet = Table("W V V V V", first_attack=False)
    assert quiet.phase == "vote"


def test_the_witch_learns_of_the_attack_and_heals_once():
    table = Table("W I V V V V V")
    table(s0=3)
    assert (table.phase, table.state.to_move) == ("brew", (1,))
    assert table.events("victim") == [{"seat": 1, "target": 3, "name": "Player 1", "target_name": "Player 3"}]
    table(s1=antidote(7))
    assert 3 in table.alive
    table.vote(2)
    table(s0=3)
    assert antidote(7) not in table.game.legal(table.state, 1)
    assert len(table.events("victim")) == 1
    table(s1=0)
    assert table.state.winner == "village"


def test_the_witch_cannot_heal_herself_where_that_is_barred():
    table = Table("W I V V V V", witch_self=False)
    table(s0=1)
    assert antidote(6) not in table.game.legal(table.state, 1)
    assert pass_(6) in table.game.legal(table.state, 1)


def test_the_hunter_shoots_when_killed_and_the_shot_comes_before_the_count():
    table = Table("W H V", wolves_win="parity")
    table(s0=1)
    assert (table.phase, table.state.to_move) == ("shot", (1,))
    table(s1=0)
    assert table.state.winner == "village"
    exiled = Table("W H V V V", start="day")
    exiled.vote(1)
    assert exiled.state.to_move == (1,)
    exiled(s1=2)
    assert exiled.state.to_move == (0,)


def test_a_poisoned_hunter_does_not_shoot():
    table = Table("W H I V V V")
    table(s0=3)
    table(s2=1)
    assert table.alive == [0, 2, 4, 5]
    assert table.phase == "vote"


def test_the_medium_senses_and_the_masons_meet():
    table = Table("W E M M V V", start="day")
    assert [event.audience for event in table.log if event.kind == "masons"] == [(2, 3)]
    table.vote(4)
    assert table.events("sense")[0]["wolf"] is False
    assert [event.audience for event in table.log if event.kind == "sense"] == [(1,)]


# --- the day ------------------------------------------------------------------------------------------------------------------


def test_parity_is_tested_after_each_death():
    table = Table("W W V V V")
    table(s0=2)
    table(s1=2)
    assert (table.state.winner, table.state.outcome.votes_held) == ("wolves", 0)


@pytest.mark.parametrize(("rule", "winner"), [("parity", "wolves"), ("more", ""), ("extinction", "")])
def test_when_wolves_win(rule, winner):
    table = Table("W V V", wolves_win=rule)
    table(s0=1)
    assert table.state.winner == winner


@pytest.mark.parametrize(("tie", "exiled"), [("random", {0, 1}), ("nobody", set())])
def test_a_tied_vote(tie, exiled):
    dead = set()
    for seed in range(30):
        table = Table("V V V W", start="day", tie=tie)
        table.rng = stream(seed)
        table.vote(1, 0, 1, 0)
        dead |= {0, 1, 2, 3} - set(table.alive)
    assert dead == exiled


def test_a_revote_is_between_the_tied_alone():
    table = Table("V V V W V V", start="day", tie="revote", abstain=True, revote_tie="nobody")
    table.vote(1, 0, 1, 0, 3, 3)
    assert table.events("revote")[0]["seats"] == [0, 1, 3]
    assert table.game.legal(table.state, 0) == (1, 3, 6)
    assert table.game.legal(table.state, 2) == (0, 1, 3, 6)
    table.vote(1, 0, 1, 0, 6, 6)
    assert table.events("exile")[0]["seat"] is None
    assert table.state.outcome.votes_held == 1


def test_all_abstaining_exiles_nobody_and_starts_no_revote():
    table = Table("V V V W", start="day", tie="revote", abstain=True)
    table.vote(4, 4, 4, 4)
    assert table.events("exile")[0]["seat"] is None
    assert not table.events("revote")


@pytest.mark.parametrize(("votes", "exiled"), [((1, 0, 1, 0, 1), 1), ((1, 0, 1, 0, 0), 0), ((1, 2, 1, 2, 3), None)])
def test_a_majority_is_of_the_living(votes, exiled):
    table = Table("V V V V W", start="day", majority=True)
    table.vote(*votes)
    assert table.events("exile")[0]["seat"] == exiled


@pytest.mark.parametrize(("reveal", "shown"), [("none", ""), ("team", "wolves"), ("role", "possessed")])
def test_what_an_exile_reveals(reveal, shown):
    table = Table("V V V W P", start="day", reveal=reveal, reveal_night="none")
    table.vote(4)
    assert table.events("exile")[0]["shown"] == shown


@pytest.mark.parametrize(("ballots", "public", "tallies"), [("public", True, 0), ("tally", False, 1), ("secret", False, 0)])
def test_who_sees_the_votes(ballots, public, tallies):
    table = Table("V V V W V", start="day", ballots=ballots)
    table.vote(4)
    assert all((event.audience is None) == public for event in table.log if event.kind == "vote")
    assert len(table.events("tally")) == tallies


def test_voting_one_by_one_follows_the_order_of_speech():
    table = Table("V V V W V", start="day", voting="sequential", discussion="random")
    order = tuple(table.events("order")[0]["seats"])
    asked = []
    while not table.events("exile"):
        asked.append(table.state.to_move)
        table()
    assert asked == [(seat,) for seat in order] * 2


def test_speech_in_rounds_and_all_at_once():
    table = Table("V V V W V", start="day", discussion="round_robin", rounds=2)
    asked = []
    while table.phase == "speak":
        asked.append(table.state.to_move[0])
        table()
    assert asked == [0, 1, 2, 3, 4] * 2
    together = Table("V V V W V", start="day", discussion="simultaneous", rounds=2)
    assert together.state.to_move == (0, 1, 2, 3, 4)
    assert together()().phase == "vote"


def test_bidding_for_the_floor():
    table = Table("V V V W V", start="day", discussion="bidding", rounds=3)
    table(s0=bid(5, 0), s1=bid(5, 3), s2=bid(5, 4), s3=bid(5, 1), s4=bid(5, 2))
    assert table.state.to_move == (2,)
    accuse = speech(5) + table.game.space_of(0).index(("accuse", 3, -1))
    table(s2=accuse)
    assert table.state.to_move == (0, 1, 3, 4)
    table(s0=bid(5, 4), s1=bid(5, 4), s3=bid(5, 4), s4=bid(5, 0))
    assert table.state.to_move == (3,), "among equal bids the player who was mentioned has the floor"
    assert {event.audience for event in table.log if event.kind == "bid"} == {(seat,) for seat in range(5)}


def test_what_a_mention_is_worth():
    draws = {rule: [floor([0, 1, 2], 0b010, rule, stream(seed)) for seed in range(1200)] for rule in ("priority", "double", "none")}
    assert set(draws["priority"]) == {1}
    assert abs(draws["double"].count(1) / 1200 - 1 / 2) < 0.07
    assert abs(draws["none"].count(1) / 1200 - 1 / 3) < 0.07


def test_wolves_talk_among_themselves():
    table = Table("W V W V V V V", wolf_talk=1, words=20)
    assert (table.phase, table.state.to_move) == ("talk", (0,))
    table(s0=Spoken(speech(7), "Player 1 first?"))
    table()
    assert table.phase == "hunt"
    assert {event.audience for event in table.log if event.kind == "whisper"} == {(0, 2)}


def test_straw_votes_change_nothing():
    table = Table("V V V W V", start="day", discussion="round_robin", straw=True)
    table()
    assert table.phase == "straw"
    table.vote(1)
    assert table.phase == "speak"
    assert {len(event.audience or ()) for event in table.log if event.kind == "straw"} == {1}


# --- words, ends, errors ------------------------------------------------------------------------------------------------------


def test_words_ride_on_an_act_and_survive_the_record():
    table = Table("V V V W V", start="day", discussion="round_robin", words=30)
    move = Spoken(speech(5), "Good morning.", {"wolves": {"3": 0.75}})
    legal = table.game.legal(table.state, 0)
    again = decode(legal, encode(legal, move))
    assert (again, again.words, again.notes) == (move, move.words, move.notes)
    table(s0=again)
    assert table.events("speech")[0]["words"] == "Good morning."
    assert [event.audience for event in table.log if event.kind == "guess"] == [(0,)]
    for bad in (Spoken(speech(5), "x" * 31), Spoken(speech(5), "", {"wolves": {"9": 0.5}}), Spoken(speech(5), "", {"wolves": {"1": 1.5}})):
        with pytest.raises(IllegalAction):
            table(s1=bad)


def test_the_cap_on_days_truncates():
    """Specification section 3.5: a doctor who always guesses right and voters who abstain; nobody ever dies."""
    table = Table("W D V V V", abstain=True, max_days=3)
    episode = Episode(table.game, stream(0))
    episode.state = table.state
    while episode.to_move:
        state = episode.state
        prey = next(seat for seat in range(5) if state.roles[seat] != ROLES.index("werewolf"))
        move = pass_(5) if len(state.to_move) > 2 else prey
        episode.step(dict.fromkeys(state.to_move, move))
    assert episode.truncated
    assert (episode.state.winner, episode.state.outcome.votes_held, episode.returns) == ("nobody", 3, [0.0] * 5)
    assert table.game.winner(episode.state, (0.0,) * 5) is None


def test_the_dead_win_and_lose_with_their_side():
    table = Table("W P V V V", start="day")
    table.vote(0)
    assert table.state.rewards == (-1.0, -1.0, 1.0, 1.0, 1.0)
    assert [table.game.team(table.state, seat) for seat in range(3)] == ["wolves", "wolves", "village"]
    assert table.game.winner(table.state, table.state.rewards) == "village"


def test_the_last_wolf_may_die_with_its_prey():
    """The witch poisons the last wolf in the night in which it kills her: no werewolf lives, so the village has won."""
    table = Table("W I V", wolves_win="extinction", witch_self=False)
    table(s0=1)
    table(s1=0)
    assert (table.state.winner, table.alive) == ("village", [2])


def test_shaped_pay_looks_at_the_exiled():
    """The public environment pays the exile bonus by the seer's target instead (specification section 1.2)."""
    table = Table("W S V V V V", reward="shaped", start="day")
    rights = [Entry("vote", seat, 2 if seat == 0 else 0) for seat in range(6)]
    wrongs = [Entry("vote", seat, 0 if seat == 2 else 2) for seat in range(6)]
    assert pay_for_votes(table.game, [*rights, Entry("exile", 0)], table.state.roles) == (0.0, 25.0, 25.0, 25.0, 25.0, 25.0)
    assert pay_for_votes(table.game, [*wrongs, Entry("exile", 2)], table.state.roles) == (5.0, -25.0, 20.0, -25.0, -25.0, -25.0)
    assert pay_for_votes(table.game, [*wrongs, Entry("revote"), *rights, Entry("exile", 0)], table.state.roles)[3] == 25.0
    table.vote(0)
    assert table.state.rewards == (-310.0, 330.0, 330.0, 330.0, 330.0, 330.0)


@pytest.mark.parametrize("reveal", ["none", "team", "role"])
def test_pay_on_the_way_tells_no_role(reveal):
    """Pay for votes waits for the end, where all roles are known; survival and exile, which everybody sees, are paid at once."""
    table = Table("W S V V V V V W", reward="shaped", start="day", reveal=reveal)
    table.vote(2)
    assert table.state.rewards == (5.0, 5.0, -10.0, 5.0, 5.0, 5.0, 5.0, 5.0)


def test_refusals_name_what_is_wrong():
    table = Table("W S D V V")
    with pytest.raises(OutOfTurn):
        table.game.step(table.state, {0: 1}, stream(0))
    with pytest.raises(IllegalAction, match="seat 0"):
        table.game.step(table.state, {0: 0, 1: 0, 2: 2}, stream(0))
    with pytest.raises(IllegalAction):
        table.game.step(table.state, {0: True, 1: 0, 2: 2}, stream(0))
    over = Table("W P V V V", start="day").vote(0)
    with pytest.raises(MatchOver):
        over.game.step(over.state, {0: 0}, stream(0))


@pytest.mark.parametrize("name", [*Werewolf.presets, "default"])
def test_what_always_holds(name):
    """The living only shrink, roles stay, the dead are never asked nor named, and every step's log only grows."""
    game = Werewolf.build(None if name == "default" else name)
    for seed in range(4):
        rng = stream(seed)
        state = game.start(rng)
        while state.to_move:
            legal = {seat: game.legal(state, seat) for seat in state.to_move}
            for moves in legal.values():
                named = [move for move in moves if move < game.players]
                assert all(state.alive >> move & 1 for move in named)
            assert all(state.alive >> seat & 1 for seat in state.to_move)
            after = game.step(state, {seat: moves[int(rng.random() * len(moves))] for seat, moves in legal.items()}, rng)
            assert after.alive & ~state.alive == 0
            assert after.roles == state.roles
            assert after.log[: len(state.log)] == state.log
            assert after.news_from == len(state.log)
            state = after
