"""The text face: rules, views of at most 3,000 characters, and both slots' choices in one reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentarena.core.events import Event
from agentarena.core.text import REPLY, Choices, Options, Pattern, TextFace, Unreadable
from agentarena.envs.pokemon_vgc import rules
from agentarena.envs.pokemon_vgc.state import State, views

from . import ask, look, replies
from .lines import in_words

__all__ = ["LONGEST_VIEW", "VGCText"]

LONGEST_VIEW = 3000
"""Longest view, in characters; news lose their beginning where there is too much."""
_MOST_CHOICES = 600
"""Most replies that guided decoding is given as a list."""
_CUT = "(earlier news are left out)\n"


class VGCText(TextFace[State]):
    """Nothing here looks at anything but what a side's own channel and request said."""

    def rules(self, seat: int) -> str:
        game = self.game
        lines = [
            f"You play a Pokemon doubles battle ({game.format_id}) as player {seat + 1} of two. Two of your Pokemon are in battle, on the left "
            "(slot A) and on the right (slot B), against two of the other side. The side whose Pokemon have all fainted loses.",
            "Before the battle each side sees the other's team and chooses which Pokemon it brings and which two start."
            if not game.draws_teams
            else "Teams are drawn at random.",
            "Both sides choose at the same time, a move or a switch for each slot. Switches come first, then moves by priority and speed.",
            "Stats are written attack/defense/special attack/special defense/speed; hit points of the other side as percents.",
            "The slots cannot switch to the same Pokemon, and only one of them may Terastallize or Mega Evolve, once a battle.",
            f"A battle that is not over after {game.max_turns} turns is cut short and counts as no win for anybody. A win is worth 1, a loss -1.",
            f"A move names a choice for both slots, by numbers or names, such as A=8 B=3 or A=protect B=switch 3. {REPLY}",
        ]
        if game.team_building:
            lines.insert(1, f"First each side builds a team of six out of {game.team_building} offered sets, two at a time.")
        return "\n".join(lines)

    # --- what is seen ---------------------------------------------------------------------------------------------------

    def tell(self, event: Event, seat: int) -> str:
        if event.kind == "battle":
            return in_words(event.data["lines"], seat)
        if event.kind == "refused":
            return "Your last choice could not be carried out because of something that you did not know; choose again."
        return ""

    def look(self, state: State, seat: int) -> str:
        update = state.update
        if update is None:
            return "\n".join(["The sets that you are offered:", *look.offer_lines(state.offers[seat], state.picks[seat])])
        view = views(state)[seat]
        head = self._head(state, seat)
        own, foe = look.own_lines(view), look.foe_lines(view)
        return "\n".join(filter(None, [head, look.field_line(view), "Your team:", *own, "Their team:", *foe]))

    def _head(self, state: State, seat: int) -> str:
        update = state.update
        assert update is not None
        if update.over:
            return "The battle is over: " + ("a tie." if update.winner is None else "you won." if update.winner == seat else "you lost.")
        if rules.truncated(self.game, state):
            return f"The battle was cut short after {self.game.max_turns} turns."
        return f"Turn {update.turn} of at most {self.game.max_turns}." if update.turn else "Team preview."

    def ask(self, state: State, seat: int) -> str:
        first, second, passes = rules.slots(state, seat)
        if state.update is None:
            return f"Choose two sets for your team, A and B, by number ({len(state.picks[seat])} of 6 chosen)."
        side = state.update.sides[seat]
        if side.kind == "preview":
            return ask.preview_question(side.pick, state.lineups[seat])
        lines = ["Choose for both slots:" if side.kind == "move" else "Choose who comes in:"]
        view = views(state)[seat]
        lines += [*ask.slot_lines(view, 0, first), *ask.slot_lines(view, 1, second)]
        if passes is not None:
            lines.append(f"Exactly {passes} of the two must pass.")
        return "\n".join(lines)

    def view(self, state: State, seat: int, news: Sequence[Event] = (), *, choices: bool = True) -> str:
        lines = "\n".join(line for event in news if event.visible_to(seat) and (line := self.tell(event, seat)))
        rest = super().view(state, seat, (), choices=choices)
        room = LONGEST_VIEW - len(rest) - 1
        if len(lines) > room:
            lines = _CUT + lines[len(lines) - room + len(_CUT) :] if room > 2 * len(_CUT) else ""
        return "\n".join(filter(None, (lines, rest)))[:LONGEST_VIEW]

    # --- replies ----------------------------------------------------------------------------------------------------------

    def options(self, state: State, seat: int) -> Options:
        pairs = rules.legal(state, seat).listed
        if len(pairs) <= _MOST_CHOICES:
            return Choices(tuple(map(replies.write, pairs)))
        first, second, _ = rules.slots(state, seat)
        return Pattern(f"A=({'|'.join(map(str, first))}) B=({'|'.join(map(str, second))})")

    def read(self, state: State, seat: int, reply: str) -> tuple[int, int] | Unreadable:
        first, second, _ = rules.slots(state, seat)
        return replies.read(reply, (first, second), lambda slot: replies.names(views(state)[seat], slot, (first, second)[slot]))

    def write(self, state: State, seat: int, action: Any) -> str:
        return replies.write(action)
