"""What a seat knows of a match, in lines that grow with its log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentarena.envs.werewolf.events import reveal_name
from agentarena.envs.werewolf.options import ROLES, WITCH, Options
from agentarena.envs.werewolf.state import BREW, HUNT, NIGHT, Entry, State, labels, seats_in, visible

from . import wording
from .wording import role_phrase, was

__all__ = ["Notes"]


class Notes:
    """What a seat has learned in one match, in lines; extended as the log grows."""

    def __init__(self, options: Options, state: State, seat: int) -> None:
        self.options, self.seat = options, seat
        self.names = labels(state.deal.names)
        role = state.deal.roles[seat]
        if ("shared", role) not in options.memo:  # the kinds of entries that the role may know of whoever they are about
            options.memo["shared", role] = frozenset(kind for kind in _NOTES if visible(options, state, Entry(kind), seat))
        self.shared: frozenset[str] = options.memo["shared", role]
        self.header = f"You are {self.names[seat]} (seat {seat}), {role_phrase(ROLES[role])}."
        self.log: tuple[Entry, ...] = ()
        self.questions: dict[tuple[int, int], str] = {}  # by phase and legal moves
        self.alive, self.alive_line = -1, ""
        self.deaths: list[str] = []
        self.learned: list[str] = []
        self.tonight: list[str] = []  # the wolves' proposals, or the victim that the witch is told of
        self.tonight_phases = (BREW,) if role == WITCH else (HUNT, NIGHT)
        self.potions = 3 if role == WITCH else 0
        self.protection = ""
        self.claims: dict[str, None] = {}
        self.signals: list[str] = []  # of today
        self.past_signals: list[str] = []
        self.day = 1
        self.votes: dict[int, str] = {}  # of today: voter -> target; a later ballot replaces the earlier one
        self.past_votes: list[str] = []
        self.read(state.log)

    def read(self, log: tuple[Entry, ...]) -> bool:
        """Take in what the log says beyond what is known; `False` when this is another match or another course of it."""
        known = len(self.log)
        if log is self.log:
            return True
        if log[:known] != self.log:
            return False
        for entry in log[known:]:
            note = _NOTES.get(entry.kind)
            if note and (entry.kind in self.shared or entry.seat == self.seat):
                note(self, entry)
        self.log = log
        return True

    def summary(self, state: State) -> str:
        """What the seat knows now."""
        if state.alive != self.alive:
            alive = ", ".join([f"{self.names[seat]} (seat {seat})" for seat in seats_in(state.alive)]) or "nobody"
            self.alive, self.alive_line = state.alive, f"Alive: {alive}."
        lines = [
            self.header if state.alive >> self.seat & 1 else f"{self.header} You are dead.",
            wording.time_line(self.options, state),
            self.alive_line,
            *self.deaths,
            *self.learned,
        ]
        if state.phase in self.tonight_phases:
            lines += self.tonight
        if self.potions:
            lines.append(f"You still have the {('antidote', 'poison', 'antidote and the poison')[self.potions - 1]}.")
        if self.protection:
            lines.append(self.protection)
        if self.claims:
            lines.append(f"Claimed so far: {'; '.join(self.claims)}.")
        lines += self.past_signals
        if self.signals:
            lines.append(self._signals_of_the_day())
        lines += self.past_votes
        if self.votes:
            lines.append(self._votes_of_the_day())
        return "\n".join(lines)

    def _votes_of_the_day(self) -> str:
        return f"Votes on day {self.day}: {', '.join([f'{self.names[voter]} for {target}' for voter, target in self.votes.items()])}."

    def _signals_of_the_day(self) -> str:
        return f"Signals on day {self.day}: {', '.join(self.signals)}."

    # --- one method for each kind of entry that leaves a line ----------------------------------------------------------

    def _night(self, entry: Entry) -> None:
        if self.votes:
            self.past_votes.append(self._votes_of_the_day())
        if self.signals:
            self.past_signals.append(self._signals_of_the_day())
        self.day, self.votes, self.tonight, self.signals = entry.day, {}, [], []

    def _pack(self, entry: Entry) -> None:
        self.learned.append(f"The werewolves are {', '.join(self.names[seat] for seat in entry.items)}.")

    def _masons(self, entry: Entry) -> None:
        self.learned.append(f"The masons are {', '.join(self.names[seat] for seat in entry.items)}.")

    def _hunt(self, entry: Entry) -> None:
        self.tonight.append(f"{self.names[entry.seat]} wants to attack {self.names[entry.target]}.")

    def _victim(self, entry: Entry) -> None:
        self.tonight.append(f"Tonight the werewolves attack {self.names[entry.target]}.")

    def _check(self, entry: Entry) -> None:
        result = ROLES[entry.value] if self.options.seer_sees == "role" else ("not a werewolf", "werewolf")[entry.value]
        self.learned.append(f"You tested {self.names[entry.target]}: {result}.")

    def _sense(self, entry: Entry) -> None:
        self.learned.append(f"You sensed that {self.names[entry.target]} was {'a werewolf' if entry.value else 'no werewolf'}.")

    def _protect(self, entry: Entry) -> None:
        self.protection = f"You last protected {self.names[entry.target]}."

    def _potion(self, entry: Entry) -> None:
        self.potions &= ~entry.value

    def _dawn(self, entry: Entry) -> None:
        self.deaths += [f"{self.names[seat]} was killed in night {entry.day}{was(reveal_name(code))}." for seat, code in entry.items]

    def _exile(self, entry: Entry) -> None:
        if entry.seat >= 0:
            self.deaths.append(f"{self.names[entry.seat]} was exiled on day {entry.day}{was(reveal_name(entry.value))}.")

    def _shot(self, entry: Entry) -> None:
        killed = f"{self.names[entry.target]}{was(reveal_name(entry.value))}"
        self.deaths.append(f"{self.names[entry.seat]} was the hunter and shot {killed}.")

    def _speech(self, entry: Entry) -> None:
        assert entry.speech is not None
        act, speaker = entry.speech.act, self.names[entry.seat]
        if act.kind == "claim":
            self.claims[f"{speaker} claims to be {role_phrase(ROLES[act.value])}"] = None
        elif act.kind == "result":
            result = "a werewolf" if act.value else "no werewolf"
            self.claims[f"{speaker} reports that {self.names[act.target]} is {result}"] = None
        elif act.kind == "talk" and act.value >= 0:
            self.signals.append(f"{speaker} {act.value}{f' about {self.names[act.target]}' if act.target >= 0 else ''}")

    def _vote(self, entry: Entry) -> None:
        self.votes[entry.seat] = self.names[entry.target] if entry.target < len(self.names) else "nobody"


_NOTES: dict[str, Callable[[Notes, Entry], Any]] = {
    "night": Notes._night,
    "pack": Notes._pack,
    "masons": Notes._masons,
    "hunt": Notes._hunt,
    "victim": Notes._victim,
    "check": Notes._check,
    "sense": Notes._sense,
    "protect": Notes._protect,
    "potion": Notes._potion,
    "dawn": Notes._dawn,
    "exile": Notes._exile,
    "shot": Notes._shot,
    "speech": Notes._speech,
    "vote": Notes._vote,
}
