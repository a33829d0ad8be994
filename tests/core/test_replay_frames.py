"""Frames of a replay: one block a step, and nobody's replies or thinking but one's own."""

from __future__ import annotations

import agentarena as aa
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.frames import Frame, frames
from agentarena.core.registry import env_ids, game_class


class Thinks(Agent):
    """Thinks of its seat's secret, then plays the first legal move in words."""

    name = "thinks"

    def choose(self, view: View) -> Reply:
        assert isinstance(view.legal, tuple)
        return Reply(f"<answer>{view.write(view.legal[0])}</answer>", thinking=f"secret of seat {view.seat}")


def framed(*views: str) -> Frame:
    return Frame(0, {}, {}, (), {}, tuple(() for _ in views), (), views, (), tuple(0.0 for _ in views))


def test_the_referee_sees_one_block_in_which_each_line_is_shown_once() -> None:
    frame = framed("You are X. Board:\n. . .\nX O .", "You are O. Board:\n. . .\nX O .")
    assert frame.table == "0 | You are X. Board:\n1 | You are O. Board:\n  | . . .\n  | X O ."
    assert framed("same\nlines", "same\nlines").table == "same\nlines"


def test_seats_that_see_a_line_stand_at_its_left() -> None:
    lines = framed("a\nw", "a", "a", "a\nw", "a\nw", "a\nw", "a").table.split("\n")
    assert lines == ["      | a", "0,3-5 | w"]


def test_a_step_of_every_game_is_one_block_with_each_line_of_each_view() -> None:
    for env in env_ids():
        if game_class(env).missing():
            continue
        (record,) = aa.play(env, ["random"], matches=1, seed=4).records
        for frame in frames(record)[:6]:
            lines = [line.partition(" | ")[2] if " | " in line or line.endswith(" |") else line for line in frame.table.split("\n")]
            for view in frame.views:
                assert {line.rstrip() for line in view.split("\n")} <= {line.rstrip() for line in lines}
            assert len(lines) <= sum(len(view.split("\n")) for view in frame.views)


def test_werewolf_shows_what_all_know_once_and_not_seven_times() -> None:
    (record,) = aa.play("Werewolf-v0", ["random"], matches=1, seed=2).records
    for frame in frames(record):
        assert sum("Alive:" in line for line in frame.table.split("\n")) <= 1


def test_a_seat_gets_its_own_replies_and_thinking_alone() -> None:
    (record,) = aa.play("RockPaperScissors-v0", [Thinks(), Thinks()], matches=1, seed=1).records
    spoken = [frame for frame in frames(record) if frame.replies]
    assert spoken
    for frame in spoken:
        assert set(frame.replies_for()) == {0, 1}
        for seat in (0, 1):
            assert f"secret of seat {1 - seat}" not in str(frame.replies_for(seat))
            assert f"secret of seat {seat}" in str(frame.replies_for(seat))
