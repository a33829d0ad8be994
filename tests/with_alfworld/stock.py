"""ALFWorld's own engine, as it is, and the same with three things remembered that it works out anew at every step.

`Stock` is TextWorld's `PddlEnv` under ALFWorld's names. `Cached` keeps parsed grammar strings, the commands of grounded operators and the
translation of a problem: its text is the same byte for byte, which a test holds, and it is some thirty times as quick.
"""

from __future__ import annotations

import contextlib
import copy
import io
from pathlib import Path
from typing import Any

import alfworld
import textworld
import textworld.envs.pddl.logic as pddl_logic
import textworld.envs.pddl.textgen as textgen
from alfworld.agents.utils.misc import Demangler
from textworld.envs.pddl.pddl import PddlEnv

__all__ = ["DOMAIN", "Cached", "Stock", "game_data", "grammar"]

DATA = Path(alfworld.__file__).parent / "data"
DOMAIN = (DATA / "alfred.pddl").read_text()


def grammar(profile: str, task: str) -> str:
    """ALFWorld's grammar file with a task: that of the installed 0.4, or the same with the four lines that 0.3.5 has instead."""
    text = (DATA / "alfred.twl2").read_text()
    if profile == "0.3":
        text = text.replace("You arrive at {r.name}.", "You arrive at {lend.name}.")
        text = text.replace('"You move the {o.name} to the {r.name}."', '"You put the {o.name} in/on the {r.name}."')
        text = text.replace('template :: "move {o} to {r}";', 'template :: "put {o} in/on {r}";')
        text = text[: text.index("action help {")]
    return text.replace("Your task is to: UNKNOWN GOAL.", task)


def game_data(problem: str, profile: str, task: str) -> dict[str, Any]:
    """A game in the form of ALFWorld's files."""
    domain = DOMAIN
    if profile == "0.3":  # without the action help, which came with 0.4
        start = domain.index("(:action help")
        domain = domain[:start] + ")"
    return {"pddl_domain": domain, "grammar": grammar(profile, task), "pddl_problem": problem, "solvable": True, "walkthrough": None}


class Stock:
    """A game in the stock engine."""

    env_class = PddlEnv

    def __init__(self, data: Any) -> None:
        infos = textworld.EnvInfos(won=True, admissible_commands=True, policy_commands=False)
        self.env = self.env_class(infos)
        with contextlib.redirect_stdout(io.StringIO()):
            self.env.load(data)
        names = Demangler(game_infos=self.env._entity_infos)
        for info in self.env._entity_infos.values():
            info.name = names.demangle_alfred_name(info.id)
        self.state: Any = None

    def reset(self) -> str:
        with contextlib.redirect_stdout(io.StringIO()):
            self.state = self.env.reset()
        return str(self.state.feedback)

    def step(self, command: str) -> str:
        self.state, _, _ = self.env.step(command)
        return str(self.state.feedback)

    @property
    def admissible(self) -> list[str]:
        return list(self.state["admissible_commands"])

    @property
    def won(self) -> bool:
        return bool(self.state["won"])


_parsed: dict[tuple[str, str], Any] = {}
_parse = textgen._parse_and_convert


def _remembered(text: str, rule_name: str = "", **more: Any) -> Any:
    key = (text, rule_name)
    if key not in _parsed:
        _parsed[key] = _parse(text, rule_name=rule_name, **more)
    return copy.deepcopy(_parsed[key])


class CachedEnv(PddlEnv):
    """`PddlEnv` that remembers the commands of grounded operators, and the translation of its problem."""

    def load(self, data: Any) -> None:
        self._commands: dict[tuple[str, tuple[str, ...]], str] = {}
        self._translated: Any = None
        super().load(data)

    def _gather_infos(self) -> None:
        state = self.state
        state["won"], state["lost"] = self._pddl_state.check_goal(), False
        state["_valid_actions"] = list(self._pddl_state.all_applicable_actions())
        state["_valid_commands"] = [self._command(action) for action in state["_valid_actions"]]
        state["admissible_commands"] = sorted(set(state["_valid_commands"]))

    def _command(self, action: Any) -> str:
        key = (action.name, tuple(var.name for var in action.mapping.values()))
        if key not in self._commands:
            mapping = {name: info.name for name, info in self._entity_infos.items()}
            context = {
                "state": self._pddl_state,
                "facts": [],
                "variables": {ph.name: self._entity_infos[var.name] for ph, var in action.mapping.items()},
                "mapping": action.mapping,
                "entity_infos": self._entity_infos,
            }
            action.command_template = self._logic.grammar.derive(action.command_template, context)
            self._commands[key] = action.format_command(mapping)
        return self._commands[key]


class Cached(Stock):
    """The same game, quicker."""

    env_class = CachedEnv

    def __init__(self, data: Any) -> None:
        textgen._parse_and_convert = _remembered
        translate = pddl_logic.fast_downward.pddl2sas
        translations: dict[Any, Any] = {}

        def once(*args: Any, **options: Any) -> Any:
            key = (args, options.get("optimize", False))
            if key not in translations:
                translations[key] = translate(*args, **options)
            return translations[key]

        self._once = once
        self._translate = translate
        with self._quick():
            super().__init__(data)

    @contextlib.contextmanager
    def _quick(self) -> Any:
        pddl_logic.fast_downward.pddl2sas = self._once
        try:
            yield
        finally:
            pddl_logic.fast_downward.pddl2sas = self._translate

    def reset(self) -> str:
        with self._quick():
            return super().reset()
