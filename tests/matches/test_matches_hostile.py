"""Whatever a seat answers, the run goes on: the seat pays, the record is bounded and plays again to its own bytes."""

from __future__ import annotations

import enum
import logging
from typing import Any

import numpy as np
import pytest
from fixtures.games import Duel

from agentarena.agents.boundary import decide_one
from agentarena.core import faults, limits
from agentarena.core.actions import first_legal
from agentarena.core.agent import Agent, Reply, View
from agentarena.core.errors import AgentFault
from agentarena.core.match import Match, RunConfig
from agentarena.core.record import Fixture, Record
from agentarena.core.registry import ENVS, game
from agentarena.core.replay import replay
from agentarena.envs.tictactoe import TicTacToe
from agentarena.matches.api import play, run


class Says(Agent):
    """Gives the same answer to every question."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def choose(self, view: View) -> Any:
        return self.answer() if callable(self.answer) else self.answer


class First(Agent):
    def choose(self, view: View) -> Any:
        return first_legal(view.legal)


def _verified(record: Record) -> Record:
    """A record that plays again to its own bytes, also from its line."""
    line = record.line()
    assert replay(record).line() == line
    assert replay(Record.parse(line)).line() == line
    return record


def _mute() -> Exception:
    class Mute(AgentFault):
        def __str__(self) -> str:
            raise RuntimeError("never")

    return Mute()


ANSWERS: dict[str, Any] = {
    "an integer of 100,000 digits": lambda: 10**100_000,
    "a range without end": lambda: range(10**12),
    "a generator": lambda: (x for x in iter(int, 1)),
    "an array": lambda: np.zeros(3),
    "a reply of 5,000 digits": Reply("<answer>player " + "5" * 5000 + "</answer>"),
    "a reply with an endless number": Reply("<answer>1e999</answer>"),
    "a reply that is too long": Reply("<answer>" * (limits.REPLY // 4)),
    "a reply of half characters": Reply("\ud800" * 100, thinking="\udfff"),
    "usage without end": Reply("x", usage={"tokens": float("inf")}),
    "extra without end": Reply("x", extra={"x": 10**5000}),
    "a fault that cannot be told": _mute,
    "the end of the run": lambda: SystemExit(3),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("env", [*ENVS, "Commons levels"])
def test_no_answer_stops_a_match(env: str, answer: Any) -> None:
    rules = game("Commons-v0", levels=5) if env == "Commons levels" else game(env)
    agents = [First() for _ in range(rules.info.seats)]
    agents[-1] = Says(answer)
    (record,) = run(rules, agents, [Fixture(0, 0, tuple(range(rules.info.seats)))]).records
    assert {fault["seat"] for fault in record.faults} <= {rules.info.seats - 1}
    assert all(len(fault["reason"]) <= limits.REASON for fault in record.faults)
    _verified(record)


def test_a_reply_that_is_too_long_is_asked_again_and_kept_cut() -> None:
    class Rambles(Agent):
        def choose(self, view: View) -> Reply:
            move = f"<answer>{view.write(view.choices[0])}</answer>"
            return Reply(move if view.attempt else move.rjust(10 * limits.REPLY))

    (record,) = play("TicTacToe-v0", [Rambles(), "random"], matches=1).records
    assert not record.faults
    attempts = record.replies[0]["attempts"]
    assert [attempt["outcome"] for attempt in attempts] == ["unreadable", "read"]
    assert len(attempts[0]["text"]) == limits.REPLY + 1
    assert "longer than the 100000 characters" in attempts[0]["reason"]
    _verified(record)


def test_a_record_stays_short_however_much_is_said() -> None:
    class Floods(Agent):
        def choose(self, view: View) -> Reply:
            return Reply("\u1234" * 10**6 if view.attempt < 40 else view.write(view.choices[0]), thinking="\u1234" * 10**6)

    from agentarena.core.match import OnUnreadable

    (record,) = play("TicTacToe-v0", [Floods(), "random"], matches=1, on_unreadable=OnUnreadable(retries=50)).records
    assert [fault["kind"] for fault in record.faults] == ["nonsense"]
    assert len(record.line()) < limits.REPLIES
    _verified(record)


def test_a_million_characters_of_usage_names_are_refused() -> None:
    results = play("TicTacToe-v0", [Says(lambda: Reply("x", usage={str(n): 1 for n in range(1000)})), "random"], matches=1)
    assert [fault["kind"] for fault in results.records[0].faults] == ["nonsense"]


# --- where a game fails -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _log_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_logged", set())


@pytest.mark.parametrize("answer", [lambda view: 4, lambda view: Reply("<answer>(1,1)</answer>")], ids=["an action", "a reply"])
@pytest.mark.parametrize("trace", [False, True])
def test_where_the_rules_fail_on_a_move_its_seat_pays_and_the_log_shows_where(
    answer: Any, trace: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    step = TicTacToe.step

    def fails_in_the_centre(self: Any, state: Any, actions: Any, rng: Any) -> Any:
        if 4 in actions.values():
            raise KeyError("the centre")
        return step(self, state, actions, rng)

    monkeypatch.setattr(TicTacToe, "step", fails_in_the_centre)

    class Centre(Agent):
        def choose(self, view: View) -> Any:
            return answer(view)

    records = play("TicTacToe-v0", [First(), Centre()], matches=4).records
    assert [(fault["seat"], fault["kind"]) for record in records for fault in record.faults] == [(1, "nonsense"), (0, "nonsense")] * 2
    assert records[0].faults[0]["reason"] == "the rules of TicTacToe cannot take it (KeyError)"
    assert len([one for one in caplog.records if one.name == "agentarena.core.faults"]) == 1, "once a kind"
    assert "fails_in_the_centre" in caplog.text
    assert "may be a bug of the game" in caplog.text
    assert records[0].aborted, "the move is kept, as evidence"
    for record in records:
        _verified(record)
    with Match(RunConfig(game("TicTacToe-v0")), Fixture(0, 0), trace=trace) as match:
        match.answer(0, decide_one(Centre(), match.view(0)))
        assert list(match.failed) == [0]
        if trace:
            assert [turn.reward for turn in match.trajectory().turns] == [game("TicTacToe-v0").info.forfeit_return]


def test_where_rules_fail_on_simultaneous_moves_those_who_gave_more_than_a_listed_move_pay_or_else_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from agentarena.core.actions import Spoken

    rules = game("RockPaperScissors-v0")

    def fails(self: Any, state: Any, actions: Any, rng: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(type(rules), "step", fails)
    for second, losers in ((1, [0, 1]), (Spoken(1, "paper!"), [1])):
        for order in ((0, 1), (1, 0)):
            match = Match(RunConfig(rules), Fixture(0, 0))
            for seat in order:
                match.answer(seat, (0, second)[seat])
            assert sorted(match.failed) == losers
            assert match.over


def test_a_reader_that_fails_leaves_a_reply_unreadable_and_the_seat_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    face = type(game("TicTacToe-v0").text)
    read = face.read

    def fails(self: Any, state: Any, seat: int, reply: str) -> Any:
        if "bug" in reply:
            raise OverflowError("too much")
        return read(self, state, seat, reply)

    monkeypatch.setattr(face, "read", fails)

    class Trips(Agent):
        def choose(self, view: View) -> Reply:
            return Reply(view.write(view.choices[0]) if view.attempt else "bug")

    (record,) = play("TicTacToe-v0", [Trips(), "random"], matches=1).records
    assert not record.faults
    assert record.replies[0]["attempts"][0]["reason"] == "the text face of TicTacToe cannot take it (OverflowError)"
    assert len([entry for entry in caplog.records if entry.levelno >= logging.WARNING]) == 1
    _verified(record)


def test_an_error_of_the_rules_leaves_the_episode_as_it_was() -> None:
    rules = Duel()
    match = Match(RunConfig(rules), Fixture(0, 0))
    before = (match.episode.state, match.episode.steps, list(match.episode.returns))
    match.answer(match.pending()[0], object())
    assert (match.episode.state, match.episode.steps, list(match.episode.returns)) == before


# --- what an object may do while it is looked at ---------------------------------------------------------------------------


class RaisesWhateverIsAsked:
    def __getattribute__(self, name: str) -> Any:
        raise SystemError("no")


class Nameless(type):
    """A class of such classes has no name, and cannot be hashed or compared."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name")

    def __hash__(cls) -> int:
        raise RuntimeError("no hash")

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError("not equal")


class NamelessError(Exception, metaclass=Nameless):
    pass


class NamelessFault(AgentFault, metaclass=Nameless):
    pass


class NamelessInt(int, metaclass=Nameless):
    pass


class ExitsWhenTold(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


class ExitsWhenCounted(AgentFault):
    @property
    def usage(self) -> Any:  # type: ignore[override]
        raise SystemExit(3)


class HasNoClass(Exception):
    @property
    def __class__(self) -> Any:
        raise RuntimeError("no class")


class ExitsWhenMeasured(list):  # type: ignore[type-arg]
    def __len__(self) -> int:
        raise SystemExit(3)


class ExitsWhenListed(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        raise GeneratorExit

    values = items


class ExitsWhenCompared(str):
    def __eq__(self, other: object) -> bool:
        raise SystemExit(3)

    __hash__ = str.__hash__


OBJECTS: dict[str, Any] = {
    "raises": RaisesWhateverIsAsked,
    "error without a name": NamelessError,
    "fault without a name": NamelessFault,
    "number without a name": NamelessInt,
    "error": ExitsWhenTold,
    "fault": ExitsWhenCounted,
    "error without a class": HasNoClass,
    "list": lambda: ExitsWhenMeasured([1]),
    "dict": lambda: ExitsWhenListed(a=1),
    "usage": lambda: Reply("x", usage=ExitsWhenListed(a=1)),
    "extra": lambda: Reply("x", extra={"a": ExitsWhenMeasured([1])}),
    "finish": lambda: Reply("x", finish=ExitsWhenCompared("stop")),  # type: ignore[arg-type]
    "reply without fields": lambda: object.__new__(Reply),
}


class SaysObject(Says):
    def __init__(self, what: str) -> None:
        super().__init__(OBJECTS[what])


class InBatches(Says):
    def act(self, views: Any) -> Any:
        return [self.choose(view) for view in views]


class InThreads(InBatches):
    asynchronous = 1


class Submits(Says):
    def submit(self, views: Any, answer: Any) -> None:
        for index, view in enumerate(views):
            answer(index, self.choose(view))


class RaisesIt(Says):
    def choose(self, view: View) -> Any:
        made = super().choose(view)
        raise made if isinstance(made, BaseException) else ValueError(made)


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("kind", [Says, InBatches, InThreads, Submits, RaisesIt])
def test_an_object_that_raises_while_it_is_looked_at_costs_its_seat_alone(kind: type[Says], make: Any) -> None:
    for record in play("TicTacToe-v0", [kind(make), "random"], matches=2, rotate=False, concurrency=2).records:
        assert {fault["seat"] for fault in record.faults} <= {0}
        assert record.faults or make is NamelessInt
        _verified(record)


# --- from a process of its own ------------------------------------------------------------------------------------------


class SpoilsItsMemory(Agent):
    """Puts another thing in place of its notebook, or too much into it, in its second decision."""

    def __init__(self, how: str) -> None:
        self.how = how

    def choose(self, view: View) -> Any:
        if view.turn == 1 and view.match == 0:
            if self.how == "list":
                view.memory = [1]  # type: ignore[assignment]
            elif self.how == "large":
                view.memory["x"] = "y" * (limits.MEMORY + 1)
            elif self.how == "open":
                view.memory["x"] = open(__file__)  # noqa: SIM115
            else:
                view.memory["x"] = 1
                return Reply("z" * (3 * limits.MEMORY))
        return view.sample()


@pytest.mark.parametrize("how", ["list", "large", "open"])
def test_a_notebook_that_an_isolated_agent_spoils_costs_that_match_alone(how: str) -> None:
    results = play("TicTacToe-v0", [f"{__file__}:SpoilsItsMemory?how={how}", "random"], matches=2, isolate=True)
    assert [[fault["kind"] for fault in record.faults] for record in results.records] in ([["nonsense"], []], [["raised"], []])


def test_a_reply_that_is_too_long_has_the_same_fate_in_a_process_of_its_own() -> None:
    here, apart = (
        play("TicTacToe-v0", [f"{__file__}:SpoilsItsMemory?how=reply", "random"], matches=1, isolate=isolate) for isolate in (False, True)
    )
    assert [record.line() for record in here.records] == [record.line() for record in apart.records]
    assert [fault["kind"] for fault in here.records[0].faults] == ["unreadable"]


@pytest.mark.parametrize("what", ["raises", "error without a name", "error", "list", "usage", "error without a class"])
def test_an_object_that_raises_while_it_is_sent_does_not_leave_the_run_waiting(what: str) -> None:
    results = play("TicTacToe-v0", [f"{__file__}:SaysObject?what={what}", "random"], matches=2, isolate=True)
    assert all(record.faults for record in results.records)


class Resigns(AgentFault):
    """A fault of the agent's own, of a module that the parent has not imported."""


class Cell(enum.IntEnum):
    CENTRE = 4


class Answer(Reply):
    """A reply of the agent's own class."""


class OwnTypes(Agent):
    def __init__(self, what: str) -> None:
        self.what = what

    def choose(self, view: View) -> Any:
        if self.what == "fault":
            raise Resigns("I give up")
        if self.what == "action":
            return Cell.CENTRE if view.turn == 0 else view.sample()
        return {"reply": Answer(view.write(view.choices[0])), "extra": Reply("x", extra={"a": Cell}), "error": Resigns("no")}[self.what]


@pytest.mark.parametrize("what", ["fault", "action", "reply", "extra", "error"])
def test_what_is_of_an_agents_own_classes_is_the_same_in_a_process_of_its_own(what: str) -> None:
    agents = [f"{__file__}:OwnTypes?what={what}", "tictactoe/perfect"]
    here, apart = (play("TicTacToe-v0", agents, matches=1, isolate=isolate) for isolate in (False, True))
    assert [record.line() for record in here.records] == [record.line() for record in apart.records]
    assert [fault["kind"] for fault in apart.records[0].faults] == {
        "fault": ["resigned"],
        "extra": ["nonsense"],
        "error": ["resigned"],
    }.get(what, [])
