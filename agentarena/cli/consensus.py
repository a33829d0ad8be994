"""`agentarena consensus`: candidate answers of a language model, ranked alone and in equilibrium."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from .common import echo_json, json_option, progress_bar, say, show_table


@click.group("consensus")
def command() -> None:
    """Rank candidate answers of a language model: generator, discriminator, and the equilibrium of the consensus game.

    \b
    agentarena consensus generate --questions 1000 --out q.jsonl
    agentarena consensus train --out runs/qa
    agentarena consensus rank q.jsonl --model hf:runs/qa --out scored.jsonl --report report.html
    """


def _ranking(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of the ranking itself, which needs no model."""
    options = (
        click.option("--lam", default=0.1, show_default=True, type=click.FloatRange(min=0), help="Pull to the model, of both players."),
        click.option("--eta", default=0.1, show_default=True, type=click.FloatRange(min=0, min_open=True), help="Learning rate."),
        click.option("--iterations", default=5000, show_default=True, type=click.IntRange(0, 10**6), help="Updates of piKL-hedge."),
        click.option(
            "--length",
            default="sum",
            show_default=True,
            type=click.Choice(["sum", "mean"]),
            help="A reply's log-probability: over its tokens.",
        ),
        click.option(
            "--seeds",
            default=5,
            show_default=True,
            type=click.IntRange(0, 1000),
            help="Random halvings of the learned mix; 0 leaves it out.",
        ),
        click.option(
            "--level",
            default=0.95,
            show_default=True,
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            help="Coverage of the intervals.",
        ),
        click.option("--report", type=click.Path(dir_okay=False), help="Write a self-contained HTML report."),
    )
    for option in reversed(options):
        function = option(function)
    return json_option(function)


@command.command("rank")
@click.argument("questions", type=click.Path(exists=True, dir_okay=False))
@click.option("--model", required=True, help="A language model: tiny, hf:MODEL, vllm:MODEL, openai:MODEL?base_url=...")
@click.option(
    "--format", "form_of_file", default="auto", show_default=True, help="auto, native, mmlu, arc, race, truthfulqa, gsm8k, hhh or dialogue."
)
@click.option("--limit", type=click.IntRange(min=1), help="Most questions.")
@click.option("--skip-broken", is_flag=True, help="Leave out lines that hold no question.")
@click.option("--form", default="auto", show_default=True, help="How prompts reach the model: auto, chat, text or first-token.")
@click.option("--style", default="answers", show_default=True, help="What a generator replies: answers, or letters of listed choices.")
@click.option("--opening", type=click.Path(exists=True, dir_okay=False), help="File with text before every question, e.g. worked examples.")
@click.option(
    "--samples",
    default=0,
    show_default=True,
    type=click.IntRange(0, 64),
    help="Answers to sample a question: candidates, and self-consistency.",
)
@click.option("--temperature", default=1.0, show_default=True, type=click.FloatRange(min=0, min_open=True), help="Of the samples.")
@click.option(
    "--top-p", default=1.0, show_default=True, type=click.FloatRange(0, 1, min_open=True), help="Nucleus threshold of the samples."
)
@click.option("--max-tokens", default=256, show_default=True, type=click.IntRange(min=1), help="Longest sample.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the samples.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="File of what the model gave; a run that was broken off goes on from it."
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
@_ranking
def rank(
    questions: str, model: str, form_of_file: str, limit: int | None, skip_broken: bool, out: str | None, quiet: bool, **rest: Any
) -> None:
    """Score the candidates of QUESTIONS, a JSON-lines file, with a model, and compare all rankings.

    \b
    agentarena consensus rank arc.jsonl --model hf:Qwen/Qwen3-0.6B --out arc-scored.jsonl --report arc.html
    agentarena consensus rank gsm8k.jsonl --model vllm:Qwen/Qwen3-4B --samples 16 --out gsm8k-scored.jsonl
    agentarena consensus rank mmlu.jsonl --model "openai:gpt-4.1?concurrency=8" --style letters --form first-token
    """
    from pathlib import Path

    from agentarena.consensus import engine_of, read_questions, score_questions
    from agentarena.consensus.candidates import Sampling
    from agentarena.consensus.prompts import Wording
    from agentarena.matches.arguments import output_file

    for name, path in (("--out", out), ("--report", rest["report"])):
        if path:
            output_file(name, path)
    items = read_questions(questions, form=form_of_file, limit=limit, skip_broken=skip_broken)
    opening, form = rest.pop("opening"), rest.pop("form")
    wording = Wording(rest.pop("style"), Path(opening).read_text(encoding="utf-8") if opening else "")
    sampling = Sampling(**{field.name: rest.pop(field.name) for field in fields(Sampling)})
    player = engine_of(model)
    try:
        with progress_bar("questions", quiet) as progress:
            rows = score_questions(items, player, wording=wording, form=form, sampling=sampling, out=out, progress=progress)
    finally:
        player.close()
    head = {"questions": questions, "model": player.name, "form": form, "style": wording.style, "samples": sampling.samples}
    _compared(rows, head, **rest)


@command.command("compare")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_ranking
def compare(file: str, **rest: Any) -> None:
    """Compare all rankings in FILE, which `rank --out` wrote, without the model.

    \b
    agentarena consensus compare scored.jsonl --lam 1 --report strong.html
    """
    from agentarena.consensus import load_scored

    head, rows = load_scored(file)
    _compared(rows, head, **rest)


def _compared(rows: Any, head: dict[str, Any], *, report: str | None, level: float, as_json: bool, **settings: Any) -> None:
    from agentarena.consensus.report import rows_of, write
    from agentarena.consensus.results import compare as compared

    comparison = compared(rows, level=level, **settings)
    if report:
        write(report, comparison, head, rows, settings)
    if as_json:
        echo_json({"head": head, "settings": settings, "comparison": comparison})
        return
    columns = ("ranker", "correct, %", f"{level:.0%}", "less generative, points", f"{level:.0%}", "p (Holm)")
    caption = (
        f"{comparison.questions:,} questions; a random order is right at {100 * comparison.chance:.1f} %, a perfect one at "
        f"{100 * comparison.possible:.1f} %. Differences are paired over questions."
    )
    show_table(f"Rankings by {head.get('model', 'a model')}", columns, rows_of(comparison), caption=caption)
    if report:
        say(f"wrote {report}")


@command.command("generate")
@click.option("--questions", "count", default=1000, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option(
    "--topic", "topics", multiple=True, help="addition, subtraction, multiplication or knowledge; may be repeated; by default all."
)
@click.option("--candidates", default=4, show_default=True, type=click.IntRange(2, 8), help="Candidates of a question.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the choice of questions.")
@click.option("--world", default=0, show_default=True, type=click.IntRange(min=0), help="Which invented world the facts are of.")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The JSON-lines file.")
def generate(count: int, topics: tuple[str, ...], candidates: int, seed: int, world: int, out: str) -> None:
    """Write generated questions: arithmetic, and facts of an invented world.

    \b
    agentarena consensus generate --questions 1000 --out q.jsonl
    """
    from agentarena.consensus import write_questions
    from agentarena.consensus.generated import TOPICS
    from agentarena.consensus.generated import generate as generated
    from agentarena.matches.arguments import output_file

    output_file("--out", out)
    questions = generated(count, seed=seed, world=world, topics=topics or TOPICS, candidates=candidates)
    say(f"wrote {write_questions(questions, out):,} questions to {out}")


@command.command("train")
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False), help="Folder of the model; it is then hf:FOLDER.")
@click.option("--steps", default=3000, show_default=True, type=click.IntRange(min=1), help="Updates of training.")
@click.option(
    "--minutes",
    default=0.0,
    type=click.FloatRange(min=0),
    help="Time of training, in place of --steps; the result then depends on the machine.",
)
@click.option("--examples", default=120_000, show_default=True, type=click.IntRange(min=1000), help="Prompts with replies.")
@click.option(
    "--knows",
    default=0.7,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the facts that each role is taught.",
)
@click.option(
    "--discriminator",
    default=0.6,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the examples that teach the discriminator.",
)
@click.option(
    "--corrections",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of the discriminator's examples that ask what is correct, and not for a verdict.",
)
@click.option(
    "--easy", default=0.3, show_default=True, type=click.FloatRange(0, 1), help="Share of its wrong answers that answer another question."
)
@click.option(
    "--uneven", default=0.7, show_default=True, type=click.FloatRange(0, 1), help="Share of its facts of which the first come most often."
)
@click.option("--base", default="", metavar="FOLDER", help="A finished model to go on from; give another seed.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the examples and the initial weights.")
@click.option("--world", default=0, show_default=True, type=click.IntRange(min=0), help="Which invented world.")
def train(out: str, **settings: Any) -> None:
    """Train a small model for generated questions, from nothing, in both roles.

    \b
    agentarena consensus train --out runs/qa
    """
    from agentarena.consensus.recipe import Recipe
    from agentarena.consensus.recipe import train as trained

    began = time.monotonic()
    trained(Recipe(**settings), out, lambda line: click.echo(f"[{time.monotonic() - began:6.0f} s] {line}", err=True))
    say(f"wrote {out}; rank with it as hf:{out}")
