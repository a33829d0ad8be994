"""Role reading and place bias: by hand, against exact values, and where nothing is to be found."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from agentarena.core.agent import Agent
from agentarena.core.errors import NotSupported
from agentarena.core.registry import game
from agentarena.core.replay import states
from agentarena.envs.werewolf.analysis.bias import Choice, first_attacks, first_votes, place_test
from agentarena.envs.werewolf.analysis.reading import Habits, Utterance, all_deals, ballots, consistent, marginals, read_roles
from agentarena.envs.werewolf.options import SEER, VILLAGER, WOLF
from agentarena.matches.api import play


def records(agent, matches, preset="lspo4", seed=1, **options):
    return play("Werewolf-v0", [agent], matches=matches, seed=seed, preset=preset, **options).records


@pytest.mark.parametrize(("preset", "count"), [("lspo4", 12), ("lspo7", 420)])
def test_all_deals_are_there_once(preset, count):
    table = all_deals(game("Werewolf-v0", preset=preset).deck)
    assert len({tuple(row) for row in table.tolist()}) == len(table) == count
    with pytest.raises(NotSupported, match="deals of"):
        all_deals(game("Werewolf-v0", preset="aiwolf13").deck)


def test_a_seat_thinks_of_the_deals_that_its_knowledge_allows():
    rules = game("Werewolf-v0", preset="lspo4")
    table = all_deals(rules.deck)
    for record in records("random", 30):
        for state in ballots(record):
            for seat in range(4):
                if not state.alive >> seat & 1:
                    continue
                fits = table[consistent(rules, state, seat, table)]
                assert tuple(state.deal.roles) in {tuple(row) for row in fits.tolist()}
                dead = next(seat for seat in range(4) if not state.alive >> seat & 1)
                assert (fits[:, seat] == state.deal.roles[seat]).all()
                assert (fits[:, dead] != WOLF).all()
                if state.deal.roles[seat] == VILLAGER:  # the wolf is one of two others, the seer one of the other two
                    assert len(fits) == 4


def test_without_words_a_listener_knows_what_the_rules_tell():
    """A villager of lspo4 at the vote: of two living others one is the wolf, the seer dead with 1/2: it guesses the wolf at 1/2."""
    (village, wolves) = read_roles(records("werewolf/silent", 300))
    assert village.side == "village"
    assert village.accuracy == pytest.approx(village.silent, abs=0.03), "silence tells nothing"
    assert wolves.silent == pytest.approx(2 / 3, abs=0.05), "the wolf's living others are the seer and a villager, or two villagers"


def test_a_truthful_seer_is_read_from_its_words():
    village, wolves = read_roles(records("werewolf/truthful", 200))
    assert village.accuracy > village.silent + 0.12
    assert wolves.accuracy == 1.0, "only a seer claims or reports, and where none does there is none"
    assert math.isnan(wolves.interval.low), "no match differs"
    assert 0 < village.truth <= 1


def test_habits_of_other_matches_can_be_given():
    training, test = records("werewolf/bayes", 100, seed=1), records("werewolf/bayes", 50, seed=2)
    habits = Habits.of([list(states(record))[-1] for record in training])
    assert habits.log_chance(SEER, ("result", 1), WOLF) > habits.log_chance(VILLAGER, ("result", 1), WOLF)
    village, _ = read_roles(test, habits)
    assert village.accuracy > village.silent


def test_the_posterior_is_bayes_rule_by_hand():
    """Two deals, and silence, which wolves keep three times as often: odds 3 to 1."""
    silent = ("silent", -1)
    habits = Habits({(WOLF, silent): Counter({-1: 3}), (VILLAGER, silent): Counter({-1: 1})}, Counter({WOLF: 4, VILLAGER: 4}), prior=0.0)
    deals = np.array([[WOLF, VILLAGER], [VILLAGER, WOLF]])
    chances = np.exp(habits.log_likelihood(Utterance(0, silent, -1, 0b11), deals))
    assert marginals(deals, chances / chances.sum())[0, WOLF] == pytest.approx(0.75)


def test_whom_a_word_names_is_spread_over_all_of_that_role():
    """An accusation of a villager, of whom there are two: each is named with half the chance."""
    accuse = ("accuse", -1)
    habits = Habits({(WOLF, accuse): Counter({VILLAGER: 1})}, Counter({WOLF: 1}), prior=0.0)
    deals = np.array([[WOLF, VILLAGER, VILLAGER]])
    assert habits.log_likelihood(Utterance(0, accuse, 1, 0b111), deals) == pytest.approx(np.log(0.5))


# --- places ------------------------------------------------------------------------------------------------------------------------


class Nearest(Agent):
    """Takes the first of the list."""

    def choose(self, view):
        return view.legal[0]


def test_a_player_who_takes_the_first_of_the_list_is_seen():
    played = records(Nearest(), 60, preset="lspo7")
    for choices in (first_attacks(played), first_votes(played)):
        test = place_test(choices)
        assert test.choices == len(choices) == 60
        assert test.p < 1e-6
        assert test.first > 3


def test_random_choices_show_no_place():
    played = records("random", 400, preset="lspo7", seed=4)
    for choices in (first_attacks(played), first_votes(played)):
        assert place_test(choices).p > 1e-3
        assert place_test(choices).first == pytest.approx(1, abs=0.35)


def test_choices_of_one_agent_alone():
    played = play("Werewolf-v0", [Nearest(), "random"], matches=60, seed=1, preset="lspo4").records
    mine, others = place_test(first_votes(played, agent=0)), place_test(first_votes(played, agent=1))
    assert mine.p < 1e-6 < others.p
    assert place_test([]) == (0, 0.0, 0, 1.0, 1.0)
    assert place_test([Choice(0, 1)]).choices == 0
