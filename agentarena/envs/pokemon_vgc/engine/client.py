"""The engine as the game, agents and tools use it: battles, choices, forks, teams."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from agentarena.core.display import shown
from agentarena.core.errors import BadOption

from .commands import (
    Joint,
    Setup,
    check_format,
    check_seed,
    check_snapshot,
    check_team,
    choice_command,
    fork_command,
    setup_command,
)
from .errors import BadTeam, EngineError, EngineGarbage, UnknownBattle
from .install import worker_command
from .journal import Battle
from .pool import MOST_PROCESSES, Pool
from .process import Launch
from .protocol import Hello, Playout, Update, playout_of, strings_of, text_of, update_of
from .transport import Transport, Unit

__all__ = ["Engine", "Pending"]

T = TypeVar("T")
_MOST_CALLS = 5_000
_BENCH_PATIENCE_S = 3600.0


class Pending(Generic[T]):
    """Answers that are on their way. `result()` waits for them and may be called again."""

    def __init__(self, transport: Transport, slots: Sequence[Unit | EngineError], decode: Callable[[Unit], T]) -> None:
        self._transport, self._slots, self._decode = transport, slots, decode
        self._results: list[T | EngineError] | None = None

    @property
    def done(self) -> bool:
        """Whether every answer is there, as far as it is known without waiting."""
        return all(isinstance(slot, EngineError) or slot.done for slot in self._slots)

    def result(self) -> list[T | EngineError]:
        """The answers in order; an item is an `EngineError` where one failed."""
        if self._results is None:
            self._transport.wait([slot for slot in self._slots if isinstance(slot, Unit)])
            self._results = [slot if isinstance(slot, EngineError) else self._value(slot) for slot in self._slots]
        return self._results

    def _value(self, unit: Unit) -> T | EngineError:
        if isinstance(unit.value, EngineError):
            return unit.value
        try:
            return self._decode(unit)
        except EngineError as error:
            return error


class Engine:
    """Battles in other processes.

    Calls for one battle raise their error; calls for many return it in its place, and the others are unharmed.

    Args:
        processes: Node processes; battles are spread over them.
        patch: Whether the simulator's event look-up is patched: faster, the same battles.
        node: The Node to use; `None` looks for one (see `install.find_node`).
        package: Folder of the package `pokemon-showdown`; `None` looks for it (see `install.find_package`).
        timeout: Seconds without an answer after which a process is replaced.
        command: Command line of a process, in place of Node with `worker.js`.
        transport: What carries the commands, in place of a pool of processes.

    Nothing is started before the first call. Closed on the way out, at the latest.
    """

    def __init__(
        self,
        processes: int = 1,
        *,
        patch: bool = False,
        node: str | Path | None = None,
        package: str | Path | None = None,
        timeout: float = 60.0,
        command: Sequence[str] | None = None,
        transport: Transport | None = None,
    ) -> None:
        if not 1 <= processes <= MOST_PROCESSES or timeout <= 0:
            raise BadOption(
                f"an engine of {shown(processes)} processes, timeout {shown(timeout)}; 1 to {MOST_PROCESSES} processes, a timeout above 0 s"
            )
        self._transport: Transport = transport or Pool(
            (lambda: worker_command(patch=patch, node=node, package=package)) if command is None else (lambda: Launch(command)),
            processes,
            float(timeout),
        )
        self._closed = False
        self._finalizer = weakref.finalize(self, _close, self._transport)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def restarts(self) -> int:
        """How many processes had to be replaced."""
        return self._transport.restarts

    @property
    def hello(self) -> Hello:
        """What the engine says of itself: versions, formats."""
        return self._transport.hello()

    @property
    def transport(self) -> Transport:
        """What carries the commands."""
        return self._transport

    def close(self) -> None:
        """End the processes. May be called twice; a call afterwards starts them anew and rebuilds the battles it is for."""
        self._transport.close()

    # --- battles -------------------------------------------------------------------------------------------------------------

    def start(self, setup: Setup) -> tuple[Battle, Update]:
        """A battle at its team preview, or at its first turn where the format has none.

        Raises:
            BadFormat, BadTeam: The format or a team is refused.
        """
        return _only(self.start_many([setup]))

    def start_many(self, setups: Sequence[Setup]) -> list[tuple[Battle, Update] | EngineError]:
        """Many battles at once."""
        slots = [self._checked(lambda setup: Unit(setup_command(setup), self._battle()), setup) for setup in setups]
        return self._send(slots, _with_battle).result()

    def choose(self, items: Sequence[tuple[Battle, Joint]]) -> list[Update | EngineError]:
        """Carry out choices in many battles at once; all processes work together."""
        return self.submit(items).result()

    def submit(self, items: Sequence[tuple[Battle, Joint]]) -> Pending[Update]:
        """Send choices and return at once. Node works while the caller prepares other battles' choices."""
        slots = [self._checked(lambda battle, actions: Unit(choice_command(actions), self._live(battle)), *item) for item in items]
        return self._send(slots, lambda unit: update_of(unit.value))

    def peek(self, battle: Battle, want: Sequence[str] | None = None) -> Update:
        """The present update again, without lines; `want` says what it holds, by default what the battle's updates hold."""
        command: dict[str, Any] = {"op": "peek"} if want is None else {"op": "peek", "want": list(want)}
        return self._ask(command, battle, update_of)

    def fork(self, battle: Battle, seed: str | None = None, determinize: tuple[int, str] | None = None) -> tuple[Battle, Update]:
        """A second battle that stands where this one does.

        Privileged: it knows what is hidden. With `determinize=(seat, seed)` everything the seat cannot know is drawn anew,
        and the result depends on what the seat knows and on the seed alone.

        Args:
            battle: The first battle; unchanged.
            seed: Seed of the chance to come; `None` keeps the first one's.
            determinize: Seat and seed.
        """
        return _only(self.fork_many([(battle, seed, determinize)]))

    def fork_many(self, items: Sequence[tuple[Battle, str | None, tuple[int, str] | None]]) -> list[tuple[Battle, Update] | EngineError]:
        """Many forks at once."""
        slots = [self._checked(self._fork_unit, *item) for item in items]
        return self._send(slots, _with_battle).result()

    def playout(self, battles: Sequence[Battle], seeds: Sequence[str], turns: int | None = None) -> list[Playout | EngineError]:
        """Random legal play inside Node, on these battles themselves.

        Args:
            battles: Battles; fork them first where they are still needed.
            seeds: Of the random choices, one for each battle.
            turns: Turns at most; `None` plays to the end.
        """
        pairs = zip(battles, seeds, strict=True)
        slots = [self._checked(self._playout_unit, battle, seed, turns) for battle, seed in pairs]
        return self._send(slots, lambda unit: playout_of(unit.value)).result()

    def save(self, battle: Battle) -> str:
        """The battle as text. Privileged: it holds what is hidden and the chance to come."""
        return self._ask({"op": "save"}, battle, lambda value: text_of(value, "snapshot"))

    def load(self, snapshot: str, want: Sequence[str] = ("features", "view", "lines")) -> tuple[Battle, Update]:
        """A battle from `save`.

        Raises:
            BadSnapshot: The text is none.
        """
        unit = Unit({"op": "load", "snapshot": check_snapshot(snapshot), "want": list(want)}, self._battle())
        return _only(self._send([unit], _with_battle).result())

    def drop(self, *battles: Battle) -> None:
        """Let go of battles; may be done twice. Battles that nothing refers to are let go of anyway."""
        for battle in battles:
            if not battle.dropped:
                battle.dropped = True
                self._transport.forget(battle)

    def digest(self, battle: Battle) -> str:
        """SHA-256 of the whole log without its clock lines: equal battles have equal digests, on any machine."""
        return self._ask({"op": "digest"}, battle, lambda value: text_of(value, "digest", 200))

    def input_log(self, battle: Battle) -> list[str]:
        """Seed, teams and choices in the simulator's own words. Privileged: it has both teams."""
        return self._ask({"op": "input_log"}, battle, lambda value: strings_of(value, "lines"))

    # --- teams ---------------------------------------------------------------------------------------------------------------

    def validate(self, format: str, team: str, rules: Sequence[str] = ()) -> list[str]:
        """What the simulator's validator says against a packed team; an empty list for a legal one.

        Raises:
            BadFormat: No such format or rule.
        """
        return _only(self.validate_many(format, [team], rules))

    def validate_many(self, format: str, teams: Sequence[str], rules: Sequence[str] = ()) -> list[list[str] | EngineError]:
        """Many teams at once."""
        check_format(format, rules)
        command = {"op": "validate", "format": format, "rules": list(rules)}
        slots = [self._checked(lambda team: Unit({**command, "team": _team(team)}), team) for team in teams]
        return self._send(slots, lambda unit: strings_of(unit.value, "problems", 1000)).result()

    def random_team(self, format: str, seed: str) -> str:
        """A packed team of the format's own generator."""
        check_format(format, ())
        return self._ask({"op": "random_team", "format": format, "seed": check_seed(seed)}, None, lambda value: text_of(value, "team"))

    def legal_sets(self, format: str, seed: str, calls: int, rules: Sequence[str] = ()) -> list[str]:
        """Packed sets of one Pokémon, each legal by itself, from `calls` calls of the package's team generators; sorted, distinct."""
        check_format(format, rules)
        if not 1 <= calls <= _MOST_CALLS:
            raise BadOption(f"legal_sets of {shown(calls)} calls; 1 to {_MOST_CALLS}")
        command = {"op": "legal_sets", "format": format, "seed": check_seed(seed), "calls": int(calls)}
        command |= {"rules": list(rules)} if rules else {}
        return self._ask(command, None, lambda value: strings_of(value, "sets"), patience=60.0 + calls)

    def unpack(self, team: str) -> list[dict[str, Any]]:
        """The sets of a packed team, as the simulator reads them."""
        return self._ask({"op": "unpack", "team": _team(team)}, None, lambda value: _objects(value, "sets"))

    def set_ids(self, format: str, sets: Sequence[str]) -> np.ndarray:
        """Vocabulary numbers of packed sets: species, ability, item and four moves. Shape (len(sets), 7), int16, as `Side.ids`."""
        check_format(format, ())
        command = {"op": "set_ids", "format": format, "sets": [_team(one) for one in sets]}
        return self._ask(command, None, lambda value: _table(value, "ids", len(sets)))

    def pack(self, text: str) -> str:
        """The packed team of a text in Showdown's export format, as the simulator reads it."""
        if not isinstance(text, str) or len(text) > 20_000:
            raise BadTeam("a team's text has at most 20000 characters")
        return self._ask({"op": "pack", "text": text}, None, lambda value: text_of(value, "team"))

    # --- the rest -------------------------------------------------------------------------------------------------------------

    def follow(self, format: str, seat: int | None, lines: Sequence[str]) -> list[Any]:
        """What a side saw, turn by turn, in a log of Showdown; read by the code that plays."""
        check_format(format, ())
        return self._ask(
            {"op": "follow", "format": format, "seat": seat, "lines": list(lines)}, None, lambda value: _objects(value, "turns")
        )

    def bench(self, battles: int, format: str, seed: str, teams: Sequence[tuple[str, str]], together: int = 16) -> Mapping[str, float]:
        """The limit of speed: random joint choices inside Node, without Python."""
        check_format(format, ())
        command = {"op": "bench", "battles": battles, "format": format, "seed": check_seed(seed), "teams": [list(pair) for pair in teams]}
        return self._ask({**command, "together": together}, None, dict, patience=_BENCH_PATIENCE_S)

    def _battle(self) -> Battle:
        return Battle(self._transport.forget)

    def _live(self, battle: Battle) -> Battle:
        if not isinstance(battle, Battle) or battle.dropped or battle.link is None:
            raise UnknownBattle(f"{shown(battle)}: this battle was dropped or never started; start another")
        return battle

    def _fork_unit(self, battle: Battle, seed: str | None, determinize: tuple[int, str] | None) -> Unit:
        return Unit(fork_command(seed, determinize), self._live(battle), self._battle())

    def _playout_unit(self, battle: Battle, seed: str, turns: int | None) -> Unit:
        return Unit({"op": "playout", "seed": check_seed(seed), "turns": turns}, self._live(battle))

    def _checked(self, make: Callable[..., Unit], *arguments: Any) -> Unit | EngineError:
        """The unit, or what is wrong with its arguments: one bad item of many harms no other."""
        try:
            return make(*arguments)
        except EngineError as error:
            return error

    def _send(self, slots: Sequence[Unit | EngineError], decode: Callable[[Unit], T], patience: float | None = None) -> Pending[T]:
        units = [slot for slot in slots if isinstance(slot, Unit)]
        if units:
            self._transport.submit(units, patience)
        return Pending(self._transport, slots, decode)

    def _ask(self, command: Mapping[str, Any], battle: Battle | None, decode: Callable[[Any], T], patience: float | None = None) -> T:
        unit = Unit(command, None if battle is None else self._live(battle))
        return _only(self._send([unit], lambda one: decode(one.value), patience).result())


def _with_battle(unit: Unit) -> tuple[Battle, Update]:
    battle = unit.born or unit.battle
    assert battle is not None
    return battle, update_of(unit.value)


def _team(team: str) -> str:
    check_team(team)
    return team


def _objects(value: Any, name: str) -> list[Any]:
    items = value.get(name) if type(value) is dict else None
    if type(items) is not list:
        raise EngineGarbage(f"the engine answered with {shown(value, 200)}; expected a list {name!r}")
    return items


def _table(value: Any, name: str, rows: int) -> np.ndarray:
    try:
        table = np.array(_objects(value, name), np.int16).reshape(rows, 7)
    except (ValueError, TypeError, OverflowError) as error:
        raise EngineGarbage(f"the engine answered with {shown(value, 200)}; expected {rows} rows of 7 numbers: {error}") from None
    table.setflags(write=False)
    return table


def _only(results: Sequence[T | EngineError]) -> T:
    (result,) = results
    if isinstance(result, EngineError):
        raise result
    return result


def _close(transport: Transport) -> None:
    transport.close()
