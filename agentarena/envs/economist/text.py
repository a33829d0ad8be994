"""The economy in words: rules, what a planner and a worker see, their memory and cues, and how moves are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Box, Product
from agentarena.core.events import Event
from agentarena.core.text import REPLY, Options, Pattern, TextFace, Unreadable, answer_in, quote

from . import journal
from .moves import DELTAS, NO_CHANGE, default_move, used_parts
from .personas import PERSONAS
from .state import DECREE, OVER, PLATFORM, VOTE, WORK, State
from .words import dollars, percents, schedule

if TYPE_CHECKING:
    from .game import Economist

__all__ = ["EconomistText"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_DIGITS = r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?(?:e[+-]?[0-9]{1,3})?"
_WORDS = {"hours": "work", "ballot": "vote", "stand": "stand", "satisfied": "satisfied", "rates": "rates", "changes": "changes"}
_NAMES = {word: name for name, word in _WORDS.items()}
_SHOWN_PLATFORMS = 20

_OBJECTIVE = {
    "inverse_income": "the mean of the workers' utilities, each weighted by 1 / income before tax (incomes below 1 dollar count as 1)",
    "reference_income": "the mean of the workers' utilities, each weighted by 1 / the income it would earn without any tax",
    "utilitarian": "the sum of the workers' utilities",
    "isoelastic": "the sum over workers of a concave function of utility, so that gains of the poor count more",
    "rawls": "the utility of the worst-off worker",
    "equality_productivity": "total income before tax times the equality of incomes after tax and rebate (1 minus the scaled Gini coefficient)",
    "paper_raw": "the sum over workers of utility / income before tax (incomes below 1 dollar count as 1)",
}


class EconomistText(TextFace[State]):
    """Text face. Seat 0 is "the planner", the others "worker 1" and so on."""

    game: Economist

    # --- rules --------------------------------------------------------------------------------------------------

    def rules(self, seat: int) -> str:
        game = self.game
        parts = [
            f"An economy of {game.population} workers (worker 1 to worker {game.population}) over {game.years} tax years of {game.weeks} weeks. "
            f"You are {'the planner' if seat == 0 else f'worker {seat}'}.",
            "Each week every worker chooses its hours of work, from 0 to 100, all at the same time. Its income is its skill times its hours. "
            "Amounts are dollars a year. Income tax is due by brackets: a bracket's rate applies to the part of an income inside it. "
            "All tax of the week is given back in equal shares, the rebate.",
            f"The brackets begin at {', '.join(dollars(edge) for edge in game.edges)} dollars.",
            f"A worker's utility is {self._utility()}, where C is its income after tax and rebate and hours are its hours of work.",
            self._government(),
            self._goal(seat),
            self._moves(seat),
            REPLY,
        ]
        return "\n".join(part for part in parts if part)

    def _utility(self) -> str:
        tastes = self.game.tastes
        effort = f"{tastes.cost:.6g} x hours^{tastes.curvature:g}"
        if tastes.eta == 0.0:
            return f"C - {effort}"
        if tastes.eta == 1.0:
            return f"ln(C) - {effort}"
        return f"(C^{1 - tastes.eta:.6g} - 1) / {1 - tastes.eta:.6g} - {effort}"

    def _government(self) -> str:
        how = "as percentages" if self.game.planner == "absolute" else "by changing each rate by -20, -10, 0, +10 or +20 points"
        until = f" In the first {self.game.warmup} tax years the rates stay as they are at the start." if self.game.warmup else ""
        if self.game.government == "planner":
            return f"Before the first week of each tax year the planner sets the rates {how}.{until}"
        if self.game.government == "election":
            return (
                f"Before each tax year the workers elect one of them by plurality (ties by lot); the winner sets the rates {how}. If nobody gets "
                f"a vote the rates stay.{until}"
            )
        return (
            f"Before each tax year workers may stand for election with a platform of rates, written {how}; then all vote for one who stands. "
            f"The platform with most votes (ties by lot) becomes law. If nobody stands or gets a vote the rates stay.{until}"
        )

    def _goal(self, seat: int) -> str:
        goal = _OBJECTIVE[self.game.objective]
        if seat == 0:
            asked = "" if self.game.government == "planner" else " In this society you are never asked; you only watch."
            return f"Your result is the sum over all weeks of social welfare: {goal}.{asked}"
        motive = int(self.game.motives[seat - 1])
        if motive:
            sense = "of social welfare" if motive > 0 else "of minus social welfare: you want the others to fare badly"
            return f"Your result is the sum over all weeks {sense}. Social welfare is {goal}."
        if not self.game.bounded:
            return "Your result is the sum over all weeks of your utility."
        loss = "is halved" if self.game.satisfaction == "paper" else "is lowered by half its size"
        return (
            "Each week you also say whether you are satisfied with the tax policy, speaking as the person you are. "
            f"Your result is the sum over all weeks of your utility, which {loss} in weeks in which you are not satisfied."
        )

    def _moves(self, seat: int) -> str:
        count = len(self.game.edges)
        if self.game.planner == "delta":
            rates = f"{count} changes from lowest to highest bracket, such as {', '.join(['+10', '0', '-20', '0', '0', '0', '0'][:count])}"
            labelled = f"changes {', '.join(['+10', '0', '-20', '0', '0', '0', '0'][:count])}"
        else:
            rates = f"{count} percentages from lowest to highest bracket, such as {', '.join(['10', '20', '35', '40', '45', '50', '55'][:count])}"
            labelled = f"rates {', '.join(['10', '20', '35', '40', '45', '50', '55'][:count])}"
        if seat == 0:
            return f"A move is {rates}."
        if not self.game.bounded and self.game.government == "planner":
            return "A move is a number of hours, such as 37.5."
        lines = ["A move in a week of work is written like: work 37.5" + ("; satisfied yes" if self.game.bounded else "")]
        if self.game.government != "planner":
            lines.append("A vote is written like: vote 3 (vote 0 is for nobody).")
        if self.game.government == "election":
            lines.append(f"Rates of an elected worker are written like: {labelled}")
        if self.game.government == "platforms":
            lines.append(f"To stand with a platform write: stand yes; {labelled} (or: stand no)")
        return "\n".join(lines)

    # --- what is seen -------------------------------------------------------------------------------------------

    def look(self, state: State, seat: int) -> str:
        game = self.game
        lines = [self._when(state)]
        if seat and game.bounded:
            name, words = PERSONAS[int(state.personas[seat - 1])]
            lines.append(f"You are {'an' if name[0] in 'aeio' else 'a'} {name}. {words}")
        if seat:
            lines.append(
                f"You are worker {seat}; each weekly hour of yours is worth {dollars(float(state.skills[seat - 1]))} dollars a year."
            )
        lines.append(f"Tax: {schedule(game.edges, state.rates)}.")
        if state.platforms:
            lines.append("Platforms:")
            lines += [f"- worker {other}: {percents(rates)}" for other, rates in state.platforms[:_SHOWN_PLATFORMS]]
            if len(state.platforms) > _SHOWN_PLATFORMS:
                lines.append(f"- and {len(state.platforms) - _SHOWN_PLATFORMS} more")
        lines += journal.planner_lines(game, state) if seat == 0 else journal.worker_lines(game, state, seat)
        return "\n".join(lines)

    def _when(self, state: State) -> str:
        if state.phase == OVER:
            return "All tax years are over."
        year = f"Tax year {state.year + 1} of {self.game.years}"
        what = {
            DECREE: "the rates are to be set",
            VOTE: "the vote" if self.game.government == "election" else "the vote on the platforms",
            PLATFORM: "workers may stand for election",
        }.get(state.phase)
        return f"{year}: {what}." if what else f"{year}, week {state.week + 1} of {self.game.weeks}."

    def tell(self, event: Event, seat: int) -> str:
        data = event.data
        if event.kind == "decree":
            who = "The planner" if data["by"] == 0 else "You" if data["by"] == seat else f"Worker {data['by']}"
            return f"{who} set the rates to {percents(data['rates'])}."
        if event.kind == "platforms":
            return f"{len(data['stand'])} of {self.game.population} workers stand for election."
        if event.kind == "election":
            if not data["winner"]:
                return "Nobody got a vote; the rates stay."
            votes = data["votes"][str(data["winner"])]
            return f"Worker {data['winner']}{' (you)' if data['winner'] == seat else ''} won the election with {votes} vote{'s' if votes != 1 else ''}."
        told = f"Year {data['year']}, week {data['week']}: mean income {dollars(data['mean_income'])}, rebate {dollars(data['rebate'])}"
        if "satisfied" in data:
            told += f", {data['satisfied']} of {self.game.population} satisfied"
        return told + "."

    def ask(self, state: State, seat: int) -> str:
        if state.phase == DECREE:
            return f"Set the {len(self.game.edges)} {'changes' if self.game.planner == 'delta' else 'rates'}."
        if state.phase == WORK:
            return "How many hours do you work this week?" + (" Are you satisfied with the taxes?" if self.game.bounded else "")
        if state.phase == VOTE:
            return "For whom do you vote?"
        return "Do you stand for election, and with which rates?"

    # --- moves --------------------------------------------------------------------------------------------------

    def options(self, state: State, seat: int) -> Options:
        legal = self.game.legal(state, seat)
        count = len(self.game.edges)
        if isinstance(legal, Box):
            return Pattern(_DIGITS if legal.shape == () else rf"{_DIGITS}(?:, {_DIGITS}){{{count - 1}}}")
        if seat == 0:
            change = r"(?:-20|-10|0|\+10|\+20)"
            return Pattern(rf"{change}(?:, {change}){{{count - 1}}}")
        numbers = rf"(?:rates|changes) {_DIGITS}(?:, {_DIGITS}){{{count - 1}}}"
        words = {
            WORK: rf"work {_DIGITS}(?:; satisfied (?:yes|no))?|satisfied (?:yes|no)" if self.game.bounded else rf"work {_DIGITS}",
            VOTE: r"vote [0-9]{1,5}",
            DECREE: numbers,
        }
        standing = rf"{numbers}(?:; stand (?:yes|no))?|stand (?:yes|no)(?:; {numbers})?"
        return Pattern(f"{words.get(state.phase, standing)}|nothing")

    def write(self, state: Any, seat: int, action: Action) -> str:
        if not isinstance(action, dict):
            return ", ".join(repr(float(x)) for x in np.atleast_1d(np.asarray(action, np.float64)))
        if "hours" not in action:
            return self._changes(action)
        items = []
        if float(action["hours"]) != 0.0:
            items.append(f"work {float(action['hours'])!r}")
        if action.get("satisfied"):
            items.append("satisfied yes")
        if action.get("ballot"):
            items.append(f"vote {int(action['ballot'])}")
        if np.any(action.get("rates", 0.0)):
            items.append("rates " + ", ".join(repr(float(x)) for x in action["rates"]))
        if any(int(value) != NO_CHANGE for name, value in action.items() if name.startswith("bracket_")):
            items.append(f"changes {self._changes(action)}")
        if action.get("stand"):
            items.append("stand yes")
        return "; ".join(items) or "nothing"

    def _changes(self, action: dict[str, Any]) -> str:
        return ", ".join(f"{DELTAS[int(action[f'bracket_{j + 1}'])]:+d}".replace("+0", "0") for j in range(len(self.game.edges)))

    def read(self, state: State, seat: int, reply: str) -> Action | Unreadable:
        answer = answer_in(reply)
        if isinstance(answer, Unreadable):
            return answer
        space = self.game.action_space(seat)
        if isinstance(space, gymnasium.spaces.Box):
            return _numbers(answer, 1 if space.shape == () else len(self.game.edges), space.shape == ())
        if seat == 0:
            return self._read_changes(answer)
        return self._read_parts(state, seat, answer)

    def _read_changes(self, words: str) -> dict[str, int] | Unreadable:
        values = _numbers(words, len(self.game.edges))
        if isinstance(values, Unreadable):
            return values
        if any(value not in DELTAS for value in values.tolist()):
            return Unreadable(f"{quote(words, 60)} holds a change other than -20, -10, 0, +10 and +20")
        return {f"bracket_{j + 1}": DELTAS.index(int(value)) for j, value in enumerate(values.tolist())}

    def _read_parts(self, state: State, seat: int, answer: str) -> Action | Unreadable:
        """A move of several parts, "work 40; satisfied yes"; the first part that counts now may come without its word."""
        legal = self.game.legal(state, seat)
        assert isinstance(legal, Product)
        count = len(self.game.edges)
        move = {name: default_move(name, count) for name in legal.parts}
        used = used_parts(state.phase, self.game.bounded, legal.parts)
        if answer.strip().lower() == "nothing":
            return move
        said = set()
        for index, item in enumerate(answer.split(";")):
            word, _, rest = item.strip().partition(" ")
            name = _NAMES.get(word.lower())
            if name is None and index == 0 and state.phase in (WORK, VOTE, DECREE):
                first = {WORK: "hours", VOTE: "ballot"}.get(state.phase, "rates" if "rates" in legal.parts else "changes")
                name, rest = first, item
            if name is None or name in said:
                return Unreadable(f"{quote(item, 60)} is no part of a move, or comes twice; parts: {', '.join(_listed(used))}")
            said.add(name)
            found = self._part(name, rest.strip(), used)
            if isinstance(found, Unreadable):
                return found
            move.update(found)
        return move

    def _part(self, name: str, words: str, used: tuple[str, ...]) -> dict[str, Any] | Unreadable:
        if _WORDS[name] not in _listed(used):
            return Unreadable(f"{_WORDS[name]!r} does not count now; parts: {', '.join(_listed(used))}")
        if name == "changes":
            return self._read_changes(words)
        if name in ("satisfied", "stand"):
            if words.lower() not in ("yes", "no"):
                return Unreadable(f"{quote(words, 60)} is neither yes nor no")
            return {name: int(words.lower() == "yes")}
        if name == "ballot":
            if not re.fullmatch(r"[0-9]{1,5}", words):
                return Unreadable(f"{quote(words, 60)} is no worker's number; 0 is for nobody")
            return {name: int(words)}
        values = _numbers(words, 1 if name == "hours" else len(self.game.edges), name == "hours")
        return values if isinstance(values, Unreadable) else {name: values}


def _listed(used: tuple[str, ...]) -> list[str]:
    """The words that begin the parts in use."""
    words = [_WORDS.get(name, "changes") for name in used]
    return list(dict.fromkeys(words))


def _numbers(words: str, count: int, single: bool = False) -> np.ndarray | Unreadable:
    """Numbers between commas or white space: exactly `count`, and nothing else."""
    pieces = [piece for piece in re.split(r"[,\s]+", words.strip()) if piece]
    pieces = [piece.removesuffix("%") for piece in pieces]
    if len(pieces) != count or not all(_NUMBER.fullmatch(piece) and len(piece) <= 40 for piece in pieces):
        return Unreadable(f"{quote(words, 60)} is not {'one number' if count == 1 else f'{count} numbers'}")
    values = np.array([float(piece) for piece in pieces])
    if not np.isfinite(values).all():
        return Unreadable(f"{quote(words, 60)} holds a number without end")
    return np.asarray(values[0]) if single else values
