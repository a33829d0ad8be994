"""Public logs are followed with the code that plays: same masks and views as in the battle, the actions that were taken."""

import random

import pytest
from pokemon_helpers import needs_simulator
from worker_helpers import CHAMPIONS, REG_I, Worker, action, pair_of

pytestmark = needs_simulator


@pytest.fixture(scope="module")
def worker():
    with Worker() as process:
        yield process


def played(worker, format, number):
    """A battle's public log, as a spectator reads it, and its decisions."""
    rng = random.Random(number)
    name = f"{format}-{number}"
    update = worker.ok("start", battle=name, format=format, seed=f"{number},5,5,5", teams=pair_of(format, number), want=["view", "lines"])
    log, decisions = [], []
    while True:
        log += [*["|t:|0"], *public(update)]
        if update["over"]:
            return log, decisions
        actions = [action(side, rng) for side in update["sides"]]
        for seat, (side, chosen) in enumerate(zip(update["sides"], actions, strict=True)):
            if chosen is not None and not side["again"]:
                decisions.append((seat, update["turn"], side, chosen))
        update = worker.ok("choose", battle=name, actions=actions)


def public(update):
    """Lines of both channels put together: each side's Pokémon as the other side sees them."""
    lines = []
    for first, second in zip(*(side["lines"] for side in update["sides"]), strict=False):
        lines.append(second if first != second and "|p1" in first else first)
    return [line for line in lines if not line.startswith(("|uhtml", "|-hint"))]


@pytest.mark.parametrize("format", [CHAMPIONS, REG_I])
def test_decisions_and_actions_are_those_of_the_battle(worker, format):
    slots = right = unknown = masks = decided = 0
    for number in range(3):
        log, decisions = played(worker, format, number)
        turns = worker.ok("follow", format=format, seat=None, lines=log)["turns"]
        assert [(turn["seat"], turn["kind"]) for turn in turns] == [(seat, side["kind"]) for seat, _, side, _ in decisions]
        for turn, (_, _, side, chosen) in zip(turns, decisions, strict=True):
            decided += 1
            masks += turn["slots"] == side["slots"]
            assert [member["species"] for member in turn["view"]["foe"]["team"]] == [
                member["species"] for member in side["view"]["foe"]["team"]
            ]
            assert [member["percent"] for member in turn["view"]["foe"]["team"]] == [
                member["percent"] for member in side["view"]["foe"]["team"]
            ]
            for known, true in zip(turn["action"][:2], chosen[:2], strict=True):
                slots += 1
                right += known == true
                unknown += known is None
    assert masks / decided > 0.85
    assert right / (slots - unknown) > 0.97
    assert unknown / slots < 0.3


def test_a_log_without_sheets_is_refused(worker):
    log, _ = played(worker, REG_I, 9)
    assert worker.error("follow", format=REG_I, lines=[line for line in log if "showteam" not in line]) == "bad_command"
