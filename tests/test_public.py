"""The public surface, its weight, and the three registries that `import agentarena` fills."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import warnings

import gymnasium
import pettingzoo
import pytest
from pettingzoo.env_registry.registration import aec_registry, parallel_registry

import agentarena as aa
from agentarena.adapters.aec import ArenaAEC
from agentarena.adapters.parallel import ArenaParallel
from agentarena.core.registry import ENVS, env_ids

PUBLIC = [
    "Agent",
    "EnvCard",
    "Game",
    "OnUnreadable",
    "Reply",
    "Results",
    "View",
    "__version__",
    "agent",
    "errors",
    "evaluate",
    "game",
    "leaderboard",
    "list_agents",
    "list_envs",
    "make",
    "make_parallel",
    "make_solo",
    "make_vec",
    "play",
    "play_arrays",
    "prompts",
    "tournament",
    "train",
]

HEAVY = (
    "torch",
    "scipy",
    "transformers",
    "rich",
    "jinja2",
    "ray",
    "click",
    "pygame",
    "stable_baselines3",
    "matplotlib",
    "pandas",
    "sqlalchemy",
    "starlette",
)


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_public_names() -> None:
    assert aa.__all__ == PUBLIC == sorted(PUBLIC)
    assert dir(aa) == PUBLIC
    for name in PUBLIC:
        assert getattr(aa, name) is not None
    with pytest.raises(AttributeError, match="it offers Agent, EnvCard"):
        _ = aa.nothing  # type: ignore[attr-defined]


def test_importing_is_light() -> None:
    loaded = json.loads(fresh("import sys, json, agentarena; print(json.dumps(sorted(sys.modules)))"))
    assert not [name for name in loaded if name.partition(".")[0] in HEAVY]
    ours = [name for name in loaded if name.startswith("agentarena.")]
    allowed = ("agentarena.core", "agentarena.adapters")
    assert not [name for name in ours if not name.startswith(allowed)], "no game, agent or tool is imported"


def test_importing_costs_little_more_than_what_it_stands_on() -> None:
    """CPU time of our own modules, beside that of numpy, gymnasium and pettingzoo: under half of it, best of three."""
    code = (
        "import time; a = time.process_time(); import gymnasium, pettingzoo; b = time.process_time(); "
        "import agentarena; print((time.process_time() - b) / (b - a))"
    )
    assert min(float(fresh(code)) for _ in range(3)) < 0.5


def test_every_name_is_found_from_a_fresh_interpreter() -> None:
    fresh("import agentarena; [getattr(agentarena, name) for name in agentarena.__all__]")
    late = (
        "import agentarena, pkgutil, importlib; "
        "names = {name: getattr(agentarena, name) for name in agentarena.__all__}; "
        "[importlib.import_module(f'agentarena.{m.name}') for m in pkgutil.iter_modules(agentarena.__path__) if m.name != '__main__']; "
        "print(all(getattr(agentarena, name) is value for name, value in names.items()))"
    )
    assert fresh(late) == "True\n", "a subpackage that has been imported does not hide the public name"


def test_global_generators_are_left_alone() -> None:
    code = (
        "import random, numpy as np; r, n = random.getstate(), np.random.get_state()[1].tobytes(); import agentarena; "
        "print(random.getstate() == r and np.random.get_state()[1].tobytes() == n)"
    )
    assert fresh(code) == "True\n"


@pytest.mark.parametrize("env_id", env_ids())
def test_every_game_is_in_all_three_registries(env_id: str) -> None:
    name = f"agentarena/{env_id}"
    assert {name in gymnasium.registry, name in aec_registry, name in parallel_registry} == {True}
    for form, kind in (("aec", ArenaAEC), ("parallel", ArenaParallel)):
        spec = pettingzoo.spec(form, name)
        assert (spec.id, spec.namespace) == (name, "agentarena")
        assert type(spec.make()) is kind
        env = pettingzoo.make(form, name, view="text", max_cycles=1)
        assert type(env) is kind
        assert "text" in env.observation_space("player_0").spaces
        bare, _, version = env_id.rpartition("-v")
        assert type(pettingzoo.make(form, f"agentarena/{bare}_v{version}")) is kind
        assert type(pettingzoo.make(form, f"agentarena/{bare}")) is kind
    env = gymnasium.make(name)
    assert env.spec is not None
    assert env.spec.id == name
    assert gymnasium.spec(name).vector_entry_point is not None


def test_registering_again_changes_nothing() -> None:
    from agentarena.adapters.registration import register

    before = dict(gymnasium.registry), dict(aec_registry), dict(parallel_registry)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register()
    assert (dict(gymnasium.registry), dict(aec_registry), dict(parallel_registry)) == before


def test_one_line_is_enough_to_make_them_elsewhere() -> None:
    assert fresh("import pettingzoo, agentarena; print(pettingzoo.make('aec', 'agentarena/TicTacToe-v0'))") == "TicTacToe_v0\n"
    assert "TicTacToe" in fresh("import gymnasium; print(gymnasium.make('agentarena:agentarena/TicTacToe-v0'))")


def test_play_and_lists_are_plain_functions() -> None:
    for name in ("play", "tournament", "list_envs", "list_agents", "make", "agent", "game"):
        assert inspect.isfunction(getattr(aa, name)), name
    names = aa.list_agents()
    assert {"random", "minimax", "kuhnpoker/nash"} <= set(names)


def test_cards() -> None:
    cards = {card.id: card for card in aa.list_envs()}
    assert list(cards) == env_ids()
    for card in cards.values():
        assert card.info.seats >= 1
        assert set(aa.game(card.id).options) <= set(card.options)  # a late option is left out of records at its default
        assert all(set(preset) <= set(card.options) for preset in card.presets.values())
        assert card.text.startswith("#")
        assert card.summary
    assert repr(cards["TicTacToe-v0"]) == "EnvCard(TicTacToe-v0: 2 seats, in turn, -1 to 1 (win), zero-sum)"
    assert set(ENVS) <= set(cards)


def test_unknown_names_are_answered_with_near_ones() -> None:
    for make in (aa.make, aa.make_parallel, aa.make_solo, aa.game, lambda name: aa.make_vec(name, 2)):
        with pytest.raises(aa.errors.UnknownName, match="Did you mean TicTacToe-v0"):
            make("TicTacTo-v0")
    with pytest.raises(aa.errors.UnknownName, match="Did you mean random"):
        aa.agent("randon")
