"""Agents that misbehave, each in one way, and some that behave in a notable one. Named in specs as `rascals.py:Class`."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agentarena.core.actions import Action
from agentarena.core.agent import Agent, Reply, View

HERE = Path(__file__)


def spec(name: str, **parameters: object) -> str:
    """The spec string of a class of this file."""
    query = "&".join(f"{key}={value}" for key, value in parameters.items())
    return f"{HERE}:{name}" + (f"?{query}" if query else "")


def fork() -> int:
    """`os.fork`, which newer Pythons warn of in a process with threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


class First(Agent):
    """Plays the first legal move."""

    def choose(self, view: View) -> Action:
        assert isinstance(view.legal, tuple)
        return view.legal[0]


class Sometimes(Agent):
    """Does `misbehave` in the matches whose number is a multiple of `every`, at its second decision; else plays at random."""

    def __init__(self, every: int = 3) -> None:
        self.every = every

    def misbehave(self, view: View) -> Any:
        raise NotImplementedError

    def choose(self, view: View) -> Any:
        if view.match % self.every == 0 and view.turn == 1:
            return self.misbehave(view)
        return view.sample()


class Raises(Sometimes):
    def misbehave(self, view: View) -> Any:
        raise ZeroDivisionError("divided by nothing")


class Exits(Sometimes):
    def misbehave(self, view: View) -> Any:
        sys.exit(3)


class Sleeps(Sometimes):
    def misbehave(self, view: View) -> Any:
        time.sleep(3600)


class Spins(Sometimes):
    def misbehave(self, view: View) -> Any:
        while True:
            pass


class Dies(Sometimes):
    def misbehave(self, view: View) -> Any:
        os._exit(7)


class Answers(Sometimes):
    """Answers with the given thing in place of a move."""

    def __init__(self, what: str, every: int = 3) -> None:
        super().__init__(every)
        self.what = what

    def misbehave(self, view: View) -> Any:
        return {"nan": float("nan"), "none": None, "text": "4", "bool": True, "list": [4], "far": 99, "object": object()}[self.what]


class Prints(Agent):
    """Prints while it plays, in every way there is."""

    def choose(self, view: View) -> Action:
        print("I am thinking aloud")
        sys.stdout.write("and again\n")
        os.write(1, b"and past Python\n")
        return view.sample()


class Forks(Agent):
    """Leaves a copy of itself behind at each decision, which tries to answer as well."""

    def choose(self, view: View) -> Action:
        move = view.sample()
        fork()
        return move


class ForksInBatches(Agent):
    """The same, answering all questions at once."""

    def act(self, views: Sequence[View]) -> Sequence[Action]:
        moves = [view.sample() for view in views]
        fork()
        return moves


class Breeds(Agent):
    """Starts a child that lives for ever and then hangs."""

    def __init__(self, note: str) -> None:
        self.note = note

    def choose(self, view: View) -> Action:
        pid = fork()
        if pid == 0:
            time.sleep(3600)
            os._exit(0)
        Path(self.note).write_text(str(pid))
        time.sleep(3600)
        return 0


class Unborn(Agent):
    """Cannot be made."""

    def __init__(self) -> None:
        raise RuntimeError("the weights are missing")


class Stillborn(Agent):
    """Ends its process while it is made."""

    def __init__(self) -> None:
        os._exit(9)


class Miscounts(Agent):
    """Gives one decision too few when asked several things at once, and stumbles over every fifth match."""

    def act(self, views: Sequence[View]) -> Sequence[Any]:
        moves = [view.sample() for view in views]
        if any(view.match % 5 == 0 for view in views):
            return moves[:-1]
        return moves


class Batches(Agent):
    """Plays at random and notes how many questions came together."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def act(self, views: Sequence[View]) -> np.ndarray:
        self.sizes.append(len(views))
        return np.array([view.sample() for view in views])


class Remembers(Agent):
    """Plays cells in an order fixed at its first decision, kept in its memory; plays wrongly when it forgets."""

    def choose(self, view: View) -> Action:
        order = view.memory.setdefault("order", [int(cell) for cell in view.rng.permutation(9)])
        if view.turn:
            assert view.memory["turn"] == view.turn - 1, "forgot a decision"
        view.memory["turn"] = view.turn
        assert isinstance(view.legal, tuple)
        return next(cell for cell in order if cell in view.legal)


class Slow(Agent):
    """Plays at random in a thread of its own, each batch taking `seconds`."""

    asynchronous = 1

    def __init__(self, seconds: float = 0.02, threads: int = 1) -> None:
        self.seconds, self.asynchronous = seconds, threads
        self.sizes: list[int] = []

    def act(self, views: Sequence[View]) -> Sequence[Action]:
        time.sleep(self.seconds)
        self.sizes.append(len(views))
        return [view.sample() for view in views]


class Waits(Agent):
    """Plays at random in a thread of its own, once it is let go on."""

    asynchronous = 1

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.sizes: list[int] = []

    def act(self, views: Sequence[View]) -> Sequence[Action]:
        assert self.go_on.wait(60), "nobody let it go on"
        self.sizes.append(len(views))
        return [view.sample() for view in views]


class Remote(Agent):
    """Answers every question by itself from a timer, in no order, twice each, and never in the matches of `silent`."""

    def __init__(self, silent: tuple[int, ...] = ()) -> None:
        self.silent = silent

    def submit(self, views: Sequence[View], answer: Callable[[int, Any], None]) -> None:
        for index, view in enumerate(views):
            if view.match in self.silent:
                continue
            move = view.sample()
            for _ in range(2):
                threading.Timer(0.001 * ((view.match * 7 + view.turn) % 5), answer, (index, move)).start()


class Speaks(Agent):
    """Answers in words: the given replies of each decision in turn, `MOVE` standing for the first legal move."""

    def __init__(self, *replies: str) -> None:
        self.replies = replies
        self.retry_reasons: list[str] = []

    def choose(self, view: View) -> Reply:
        self.retry_reasons.append(view.retry_reason)
        assert isinstance(view.legal, tuple)
        move = view.write(view.legal[0])
        words = self.replies[min(view.attempt, len(self.replies) - 1)].replace("MOVE", move)
        return Reply(words, thinking=f"attempt {view.attempt}", usage={"tokens": 10}, extra={"seen": len(view.news)})
