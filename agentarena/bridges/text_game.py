"""Text games of other packages as games of ours: one seat, commands in words, the same `info` as Household-v0 and Shop-v0.

The world lives in an engine that is not ours. A state names the engine and what it last answered; `step` spends it (`forkable=False`),
and whoever ends a match lets the engine go (`release`). `pack` keeps the number of the game and the commands, and `unpack` plays them again.

    TextWorldGame        agentarena.bridges.textworld            extra "textworld"
    ScienceWorldGame     agentarena.bridges.scienceworld         extra "scienceworld", Java
    TextWorldExpressGame agentarena.bridges.textworld_express    extra "textworldexpress", Java
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

import gymnasium
import numpy as np

from agentarena.core.actions import Action, Legal
from agentarena.core.charset import CHARSET, fold
from agentarena.core.errors import BadOption, UsageError
from agentarena.core.events import Event
from agentarena.core.game import Game, GameInfo, option
from agentarena.core.text import REPLY, CommandFace, Options, Pattern
from agentarena.envs.household.actions import LONGEST, Commands, space

__all__ = ["MOST_LISTED", "Answer", "Engine", "EngineGame", "EngineText", "Opened", "State"]

MOST_LISTED = 200
"""Most admissible commands that a prompt lists; of more it says the forms. `info["admissible_commands"]` has them all."""
LONGEST_TEXT = 16_384
SCENE = ("turn", "steps_left", "score", "admissible", "valid")
"""Names of the numbers of an observation; the score is in thousandths of the greatest one."""
_MOST_SENT = 1_000
"""Longest command that is sent to an engine, in characters; longer ones are answered here."""
_LONGEST_BARE = 200
NOTHING = "Nothing happens."


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine says after a command.

    Attributes:
        text: In words.
        admissible: The commands that do something now, in alphabetical order; `()` where the engine cannot say.
        score: Share of the greatest score, -1 to 1.
        won: Whether the task is done.
        over: Whether the engine takes no more commands.
        understood: Whether it knew what the command meant.
        place: What tells how things stand, for the anchor.
    """

    text: str
    admissible: tuple[str, ...] = ()
    score: float = 0.0
    won: bool = False
    over: bool = False
    understood: bool = True
    place: str = ""


class Engine(Protocol):
    """A game under way in another package."""

    def act(self, command: str) -> Answer:
        """What comes of a command."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A game at its beginning.

    Attributes:
        engine: Where it is played.
        first: What the engine says first.
        number: Which of the games that the options leave open.
        game_id: Its name.
        task: What is to be done, in words.
        task_type: Its kind.
        optimal_length: Commands of a known solution; -1 where none is known.
        difficulty: How hard it is, as the engine reads it back.
    """

    engine: Engine
    first: Answer
    number: int
    game_id: str
    task: str
    task_type: str
    optimal_length: int = -1
    difficulty: Mapping[str, Any] = field(default_factory=dict)


class Run:
    """An engine while a match lasts: it says which state is the present one, and closes once."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Engine | None = engine
        self.turn = 0

    def act(self, command: str) -> Answer:
        if self._engine is None:
            raise UsageError("this match is released; start another with start(rng)")
        self.turn += 1
        if len(command) > _MOST_SENT:
            raise UsageError(f"a command of {len(command)} characters is not sent; at most {_MOST_SENT}")
        return self._engine.act(command)

    def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    Attributes:
        run: The engine; only its latest state can be stepped.
        opened: The game at its beginning.
        commands: Commands so far.
        answer: What the engine last said.
        action_valid: Whether the last command was among the admissible ones; true at the start.
        reward: What the last command was credited.
    """

    run: Run
    opened: Opened
    commands: tuple[str, ...]
    answer: Answer
    action_valid: bool
    reward: float

    @property
    def turn(self) -> int:
        """Commands so far."""
        return len(self.commands)


class EngineText(CommandFace[State]):
    """Text face: what the engine says stands as it is; an agent's own words are never repeated."""

    longest = _MOST_SENT

    def rules(self, seat: int) -> str:
        return (
            f"{self.game.about} Each turn you give one command and read what comes of it. Any command that is not understood does nothing and "
            f"still counts as a step. You have {self.game.max_steps} steps. A move is one command. {REPLY}"
        )

    def look(self, state: State, seat: int) -> str:
        if not self.game.to_move(state):
            return f"The task is {'done' if state.answer.won else 'not done'}. Score: {state.answer.score:.0%}. Steps taken: {state.turn}."
        return f"Your task: {state.opened.task}\nStep {state.turn + 1} of {self.game.max_steps}."

    def tell(self, event: Event, seat: int) -> str:
        return str(event.data["text"]) if event.kind == "answer" else ""

    def ask(self, state: State, seat: int) -> str:
        commands = state.answer.admissible
        if not self.game.admissible or not commands:
            return "Your command."
        if len(commands) > MOST_LISTED:
            return f"{len(commands)} commands are admissible. {self.game.forms}".strip()
        return "Admissible commands:\n" + "\n".join(commands)

    def write(self, state: State, seat: int, action: Any) -> str:
        if "<" in action or not action.strip():
            return "look"  # words that cannot stand in a reply
        return str(action) if len(action) <= _LONGEST_BARE else f"<answer>{action}</answer>"

    def options(self, state: State, seat: int) -> Options:
        few = self.game.admissible and len(state.answer.admissible) <= MOST_LISTED
        return super().options(state, seat) if few else Pattern(rf"[^<>]{{1,{_LONGEST_BARE}}}")

    def _commands(self, state: State, seat: int) -> tuple[str, ...]:
        return state.answer.admissible  # also where they are not listed: a reply is read alike


@dataclass(frozen=True)
class EngineGame(Game[State]):
    """A game whose world lives in an engine of another package. The return is the final score as a share of the greatest one, or 1 for
    a task that is done (`reward="won"`)."""

    max_steps: int = option(100, "Commands until the match ends.", low=1, high=10_000)
    game: int = option(-1, "Number of the game to play; -1 draws one.", low=-1)
    admissible: bool = option(True, "Whether admissible commands are listed.")
    reward: str = option("score", "What is credited: differences of the score, or 1 for winning.", choices=("score", "won"))

    about: ClassVar[str] = "You act in a world of words."
    """First sentences of the rules."""
    forms: ClassVar[str] = ""
    """The forms of commands, for prompts where too many are admissible."""
    low: ClassVar[float] = -1.0
    """Least score."""

    # --- what a bridge says ------------------------------------------------------------------------------------------------

    @abstractmethod
    def count(self) -> int:
        """How many games the options leave open."""

    @abstractmethod
    def open(self, number: int) -> Opened:
        """Start the game of this number, from 0 to `count() - 1`."""

    # --- the rules ---------------------------------------------------------------------------------------------------------

    @cached_property
    def info(self) -> GameInfo:
        low = self.low if self.reward == "score" else 0.0
        return GameInfo(
            seats=1, low=low, high=1.0, unit="task", sum="general", hidden=True, chance=True, max_steps=self.max_steps, forkable=False
        )

    @cached_property
    def text(self) -> EngineText:
        return EngineText(self)

    @cached_property
    def _action_space(self) -> gymnasium.spaces.Text:
        return space()

    @cached_property
    def _observation_space(self) -> gymnasium.spaces.Dict:
        return gymnasium.spaces.Dict(
            {
                "scene": gymnasium.spaces.Box(-1000, 20_000, (len(SCENE),), np.int16),
                "text": gymnasium.spaces.Text(LONGEST_TEXT, min_length=0, charset=CHARSET),
            }
        )

    def action_space(self, seat: int) -> gymnasium.spaces.Text:
        """Text: commands."""
        return self._action_space

    def observation_space(self, seat: int) -> gymnasium.spaces.Dict:
        """The last answer in words, and the numbers named in `SCENE`."""
        return self._observation_space

    def start(self, rng: np.random.Generator) -> State:
        count = self.count()
        if self.game >= count:
            raise BadOption(f"{type(self).__name__}: option 'game' is {self.game}; these options leave the games 0 to {count - 1}")
        return self._begin(self.game if self.game >= 0 else int(rng.integers(count)))

    def _begin(self, number: int) -> State:
        opened = self.open(number)
        return State(Run(opened.engine), opened, (), opened.first, True, 0.0)

    def to_move(self, state: State) -> tuple[int, ...]:
        return () if state.turn and (state.answer.over or state.turn >= self.max_steps) else (0,)

    def legal(self, state: State, seat: int) -> Legal:
        return Commands(state.answer.admissible) if self.admissible else _ANYTHING

    def step(self, state: State, actions: Mapping[int, Action], rng: np.random.Generator) -> State:
        self.check(state, actions)
        if state.run.turn != state.turn:
            raise UsageError(f"{type(self).__name__}: this state is spent: the engine has gone on. Step the latest state of the match")
        return self._after(state, str(actions[0]))

    def _after(self, state: State, command: str) -> State:
        sent = " ".join(command.split())
        before = state.answer
        if len(sent) > _MOST_SENT or not sent or not sent.isprintable():
            state.run.turn += 1  # such words do nothing in any of the engines, and some of them do not survive it
            answer = Answer(NOTHING, before.admissible, before.score, before.won, before.over, False, before.place)
        else:
            answer = state.run.act(sent)
        stood = before.score if state.turn else 0.0  # what a game starts with goes to the first command: returns are final scores
        gained = answer.score - stood if self.reward == "score" else float(answer.won and not before.won)
        return State(state.run, state.opened, (*state.commands, command), answer, sent in before.admissible, gained)

    def rewards(self, state: State) -> tuple[float]:
        return (state.reward,)

    def release(self, state: State) -> None:
        """Let go of the engine. May be called twice."""
        state.run.close()

    # --- what the agent knows, and what trainers may ---------------------------------------------------------------------------

    def observe(self, state: State, seat: int) -> dict[str, Any]:
        answer = state.answer
        listed = len(answer.admissible) if self.admissible else 0
        numbers = (state.turn, self.max_steps - state.turn, round(1000 * answer.score), min(listed, 20_000), state.action_valid)
        return {"scene": np.array(numbers, np.int16), "text": fold(answer.text)[:LONGEST_TEXT]}

    def news(self, state: State) -> tuple[Event, ...]:
        answer = Event("answer", {"text": state.answer.text, "valid": state.action_valid}, (0,))
        return (answer,) if state.turn else (Event("task", {"task": state.opened.task, "kind": state.opened.task_type}, (0,)), answer)

    def anchor(self, state: State, seat: int) -> str:
        """A key of how things stand, whatever led there, as far as the engine tells."""
        return hashlib.blake2b(f"{state.opened.game_id}\n{state.answer.place}".encode(), digest_size=8).hexdigest()

    def diagnostics(self, state: State, seat: int) -> dict[str, Any]:
        opened, answer = state.opened, state.answer
        return {
            "won": answer.won,
            "action_valid": state.action_valid,
            "parse_ok": answer.understood,
            "feedback": answer.text,
            "task": opened.task,
            "task_type": opened.task_type,
            "game_id": opened.game_id,
            "score": answer.score,
            "optimal_length": opened.optimal_length,
            "state_hash": self.anchor(state, seat),
            "difficulty": dict(opened.difficulty),
        }

    def pack(self, state: State) -> bytes:
        """The number of the game and the commands."""
        return json.dumps([state.opened.number, list(state.commands)]).encode()

    def unpack(self, data: bytes) -> State:
        """The state, in an engine of its own that plays the commands again.

        Raises:
            UsageError: The bytes are not such a state.
        """
        try:
            number, commands = json.loads(data)
            fits = type(number) is int and 0 <= number < self.count() and len(commands) <= self.max_steps
            if not fits or not all(isinstance(one, str) and len(one) <= LONGEST for one in commands):
                raise ValueError("it is of a game with other options")
        except (ValueError, TypeError) as error:
            raise UsageError(f"these bytes are no state of {type(self).__name__}: {error}") from None
        state = self._begin(number)
        try:
            for command in commands:
                state = self._after(state, command)
        except BaseException:
            self.release(state)
            raise
        return state


_ANYTHING = Commands()
