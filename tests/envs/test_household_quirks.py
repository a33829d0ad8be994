"""ALFWorld's quirks, one test each, on a small household; tests/with_alfworld plays whole games against the original."""

from __future__ import annotations

import pytest
from household_helpers import Play, house_of, kitchen

from agentarena.envs.household.engine.problem import BadProblem, parse
from agentarena.envs.household.engine.scene import won
from agentarena.envs.household.engine.words import HELP, NOTHING, introduction, task_in


def test_01_only_the_object_in_hand_is_examined() -> None:
    play = Play()
    play.do("go to shelf 2")
    assert "examine mug 2" not in play.can
    assert play.do("examine mug 2") == NOTHING
    assert play.do("take mug 2 from shelf 2", "examine mug 2") == "There's nothing special about mug 2."


def test_02_appliances_work_closed_and_hands_do_not() -> None:
    play = Play()
    play.do("go to shelf 1", "take apple 2 from shelf 1", "go to microwave 1")
    assert {"heat apple 2 with microwave 1", "clean apple 2 with sinkbasin 1"} <= set(play.can)
    assert play.do("heat apple 2 with microwave 1") == "You heat the apple 2 using the microwave 1."
    assert play.do("go to fridge 1", "cool apple 2 with fridge 1") == "You cool the apple 2 using the fridge 1."
    assert not any(command.startswith(("move", "take")) for command in play.can)
    assert play.do("go to drawer 1") == "You arrive at drawer 1. The drawer 1 is closed."
    assert play.do("use desklamp 1") == "You turn on the desklamp 1.", "a lamp in a closed receptacle can be used"


def test_02_a_lamp_in_hand_cannot_be_used() -> None:
    play = Play(more="(pickupable desklamp_bar_1)")
    play.do("go to drawer 1", "open drawer 1", "take desklamp 1 from drawer 1")
    assert play.do("use desklamp 1") == NOTHING


def test_03_looking_at_the_start_sees_nothing() -> None:
    play = Play()
    assert "you see a drawer 1, a fridge 1, a microwave 1, a shelf 2, a shelf 1, and a sinkbasin 1." in introduction(play.house)
    assert play.do("look") == "You are in the middle of a room. Looking quickly around you, you see nothing."


def test_03_a_start_at_a_receptacle_lists_no_room() -> None:
    house = house_of(kitchen(more="(atLocation agent1 loc_bar_3)", without=("(atLocation agent1 loc_bar_9)",)))
    assert introduction(house).split("\n\n")[1] == "You are facing the microwave 1, and sinkbasin 1. Next to it, you see nothing."


def test_04_receptacles_that_share_a_place() -> None:
    play = Play()
    play.do("go to shelf 1")
    assert "go to shelf 2" not in play.can
    assert play.do("go to shelf 2") == NOTHING
    assert {"take apple 2 from shelf 1", "take mug 2 from shelf 2"} <= set(play.can)
    assert {"examine shelf 1", "examine shelf 2"} <= set(play.can)


def test_05_an_object_in_two_receptacles_leaves_one() -> None:
    play = Play(more="(inReceptacle mug_bar_1 shelf_bar_2)")
    play.do("go to shelf 1", "take mug 2 from shelf 1")
    assert "mug 2" in play.do("examine shelf 2")
    assert "mug 2" not in play.do("examine shelf 1")


def test_06_containers_hold_what_they_hold_for_ever() -> None:
    play = Play(more="(inReceptacleObject apple_bar_1 pot_bar_1)")
    play.do("go to shelf 1")
    assert play.do("take pot 1 from shelf 1", "examine pot 1") == "This is a normal pot 1. In it, you see a apple 2."
    play.do("move pot 1 to shelf 2", "take apple 2 from shelf 1", "move apple 2 to shelf 2", "take pot 1 from shelf 2")
    assert play.do("examine pot 1") == "This is a normal pot 1. In it, you see a apple 2."
    assert "In it, you see nothing." in Play().do("go to shelf 1", "take pot 1 from shelf 1", "examine pot 1")


def test_07_lamps_go_on_and_heat_stays() -> None:
    play = Play(more="(pickupable desklamp_bar_1)")
    play.do("go to drawer 1", "open drawer 1")
    assert {play.do("use desklamp 1") for _ in range(3)} == {"You turn on the desklamp 1."}
    assert play.do("take desklamp 1 from drawer 1", "examine desklamp 1") == "This desklamp 1 is on."
    fresh = Play(more="(pickupable desklamp_bar_1)")
    fresh.do("go to drawer 1", "open drawer 1", "take desklamp 1 from drawer 1")
    assert fresh.do("examine desklamp 1") == "There's nothing special about desklamp 1.", "it is never off"
    hot = Play()
    hot.do(
        "go to shelf 1", "take apple 2 from shelf 1", "go to microwave 1", "heat apple 2 with microwave 1", "clean apple 2 with sinkbasin 1"
    )
    assert hot.do("examine apple 2") == "This is a hot and clean apple 2."
    assert hot.do("go to fridge 1", "cool apple 2 with fridge 1", "examine apple 2") == "This is a cool and clean apple 2."


def test_08_numbers_and_lists() -> None:
    house = house_of(kitchen())
    assert house.receptacles == ("desk 1", "drawer 1", "fridge 1", "microwave 1", "shelf 2", "shelf 1", "sinkbasin 1")
    assert house.places[house.start_place] == "loc 1", "the last id has the lowest number"
    assert "desk 1" not in introduction(house), "a receptacle without a place is numbered and not listed"
    far = house_of(kitchen(more="(= (distance loc_bar_0 loc_bar_8) 7)", objects="loc_bar_8 - location"))
    assert far.places == house.places, "distances do not count"
    assert Play().do("go to shelf 2") == "You arrive at shelf 2. On the shelf 2, you see a knife 1, and a mug 2."


@pytest.mark.parametrize("text", ["Look", "look around", "go  to shelf 1", "take mug 9 from shelf 1", "", "put mug 2 in/on shelf 1"])
def test_09_anything_else_does_nothing(text: str) -> None:
    play = Play()
    before = play.scene
    assert play.do(text) == NOTHING
    assert play.scene == before
    assert play.do(" \u00a0look\n ") != NOTHING, "surrounding white space is stripped, no-break spaces too"


def test_10_a_look_task_is_won_by_taking_or_by_going() -> None:
    by_taking = Play("look", more="(inReceptacle mug_bar_2 drawer_bar_1)")
    by_taking.do("go to drawer 1", "open drawer 1", "use desklamp 1")
    assert not won(by_taking.house, by_taking.scene)
    by_taking.do("take mug 1 from drawer 1")
    assert won(by_taking.house, by_taking.scene)
    by_going = Play("look")
    by_going.do("go to drawer 1", "use desklamp 1", "go to shelf 1", "take mug 2 from shelf 2")
    assert not won(by_going.house, by_going.scene)
    by_going.do("go to drawer 1")
    assert won(by_going.house, by_going.scene)


def test_11_look_names_every_receptacle_without_articles() -> None:
    play = Play()
    assert play.do("go to microwave 1", "look") == "You are facing the microwave 1, and sinkbasin 1. Next to it, you see nothing."
    assert play.do("go to drawer 1", "look") == "You are facing the drawer 1. Next to it, you see nothing."


def test_12_what_was_moved_is_seen_next_to_each_receptacle_that_it_left() -> None:
    play = Play()
    play.do("go to shelf 1", "take pot 1 from shelf 1", "move pot 1 to shelf 2")
    assert play.do("look") == "You are facing the shelf 2, and shelf 1. Next to it, you see a pot 1."
    twice = Play(more="(inReceptacle pot_bar_1 shelf_bar_1) (receptacleAtLocation desk_bar_1 loc_bar_2) (canContain DeskType PotType)")
    twice.do("go to shelf 1", "take pot 1 from shelf 1", "move pot 1 to desk 1", "take pot 1 from shelf 2", "move pot 1 to desk 1")
    assert twice.do("look").endswith("Next to it, you see a pot 1, and a pot 1.")
    assert play.do("take pot 1 from shelf 2", "move pot 1 to shelf 1", "look").endswith("you see a pot 1."), "now it has left the other"


def test_13_slicing_reaches_into_closed_receptacles() -> None:
    play = Play()
    play.do("go to shelf 1", "take knife 1 from shelf 2")
    assert play.do("go to fridge 1") == "You arrive at fridge 1. The fridge 1 is closed."
    assert play.do("slice apple 1 with knife 1") == "You sliced the apple 1 with the knife 1."
    gone = Play(without=("(objectAtLocation apple_bar_2 loc_bar_0)",))
    gone.do("go to shelf 1", "take knife 1 from shelf 2", "go to fridge 1", "open fridge 1")
    assert gone.do("slice apple 1 with knife 1") == NOTHING, "only the place of the object counts"


def test_14_done_can_be_lost_again() -> None:
    play = Play()
    play.do("go to shelf 1", "take mug 2 from shelf 2", "go to drawer 1", "open drawer 1", "move mug 2 to drawer 1")
    assert won(play.house, play.scene)
    play.do("take mug 2 from drawer 1")
    assert not won(play.house, play.scene)


@pytest.mark.parametrize("char", list(';|<>[]#{}"'))
def test_15_the_task_ends_at_what_cannot_be_read(char: str) -> None:
    assert task_in(f"Your task is to: put a mug{char} in drawer.") == "Your task is to: put a mug"


def test_15_nothing_of_a_task_is_evaluated() -> None:
    house = house_of(kitchen(), task="Your task is to: {__import__('os').abort()} put a mug in drawer.")
    assert introduction(house).endswith("\n\nYour task is to: ")


def test_16_help_loses_one_line_feed() -> None:
    assert Play().do("help") == HELP
    assert HELP.startswith("Available commands:\n")
    assert HELP.endswith("sharp object\n")
    old = Play(profile="0.3")
    assert old.do("help") == NOTHING
    assert "help" not in old.can


def test_17_a_metric_before_the_objects_is_refused() -> None:
    with pytest.raises(BadProblem, match=":metric"):
        parse(kitchen().replace("(:domain alfred)", "(:domain alfred) (:metric minimize (total-cost))"))


def test_the_old_wording() -> None:
    play = Play(profile="0.3")
    assert play.do("go to shelf 2") == "You arrive at loc 3. On the shelf 2, you see a knife 1, and a mug 2."
    play.do("take mug 2 from shelf 2", "go to drawer 1", "open drawer 1")
    assert play.do("move mug 2 to drawer 1") == NOTHING
    assert play.do("put mug 2 in/on drawer 1") == "You put the mug 2 in/on the drawer 1."
