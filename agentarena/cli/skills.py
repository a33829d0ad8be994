"""`agentarena skills`: worlds of skills, their schema, and their validation before use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ._words import written_by, written_options
from .common import echo_json, json_option, say, show_table


@click.group("skills")
def command() -> None:
    """Look at and validate specifications of skill games.

    \b
    agentarena skills schema > schema.json
    agentarena skills validate my-world.json
    agentarena play SkillGame-v0 random --set world=my-world.json
    """


@command.command("worlds")
def worlds() -> None:
    """List the worlds of the package."""
    from agentarena.envs.skillgame.engine.loading import WORLDS, load_spec

    specs = [load_spec(name) for name in WORLDS]
    rows = [(s.name, len(s.rooms), len(s.kinds), ", ".join(dict.fromkeys(skill.verb for skill in s.skills)), len(s.goals)) for s in specs]
    show_table("Worlds", ("name", "rooms", "kinds", "verbs", "goals"), rows)


@command.command("schema")
def schema() -> None:
    """Print the JSON schema of specifications, e.g. for the guided decoding of a language model."""
    from agentarena.envs.skillgame.engine.schema import SKILLS_SCHEMA

    click.echo(json.dumps(SKILLS_SCHEMA, indent=2))


@command.command("validate")
@click.argument("spec")
@click.option("--games", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Sample games that the planner must do.")
@json_option
def validate(spec: str, games: int, as_json: bool) -> None:
    """Say what is wrong with SPEC, a JSON file or a world of the package. Exit code 1 when it cannot be used."""
    from agentarena.envs.skillgame.engine.loading import json_of
    from agentarena.envs.skillgame.engine.validation import spec_problems
    from agentarena.envs.skillgame.engine.worlds_of import trial_problems

    problems = spec_problems(json_of(spec)) or trial_problems(spec, games)
    if as_json:
        echo_json({"specification": spec, "ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(f"- {problem}")
        say(f"{spec}: cannot be used" if problems else f"{spec}: fine; the planner did all of {games} sample games")
    if problems:
        raise SystemExit(1)


@command.command("words")
@click.argument("description", type=click.Path(dir_okay=False, exists=True))
@click.option("--model", required=True, help="A language model: tiny, hf:MODEL, vllm:MODEL, openai:MODEL?base_url=...")
@click.option("--games", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Sample games that the planner must do.")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The JSON file.")
@written_options
def words(description: str, model: str, games: int, out: str, repairs: int, **sampling: Any) -> None:
    """Have a language model write the world of a text file DESCRIPTION as a specification; what is wrong is sent back to it.

    Exit code 1, with the reasons, where its replies cannot be used.

    \b
    agentarena skills words bakery.txt --model hf:Qwen/Qwen3-4B -o bakery.json
    """
    from agentarena.evaluate.skill_words import skill_world_from_words

    text = Path(description).read_text(encoding="utf-8")
    spec = written_by(model, lambda complete: skill_world_from_words(text, complete, repairs=repairs, games=games), sampling)
    Path(out).write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    say(f"wrote {out}; play it with --set world={out}")
