"""`agentarena train clone | export-sft | export-dpo`: learning from records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .common import console, trust_option


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which turns of the records are taken."""
    options = (
        click.option("--agent", "agents", multiple=True, help="Take the turns of this agent alone; may be repeated."),
        click.option("--env", "envs", multiple=True, help="Take matches of this environment alone; may be repeated."),
        click.option("--won", is_flag=True, help="Take the turns of winners alone."),
        click.option("--above", type=float, help="Take seats with at least this return."),
        trust_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


def _examples(records: tuple[str, ...], trust: bool, **filters: Any) -> list[Any]:
    from agentarena.core.record_files import load_records
    from agentarena.train.supervised import examples

    return [one for path in records for one in examples(load_records(path, trust=trust), **filters)]


@click.command("clone")
@click.argument("records", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--model", default="tiny", show_default=True, help="What to begin with: tiny, a folder, or a name on the hub.")
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False), help="Folder of the cloned model.")
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Turns of an optimizer step.")
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True), default=1e-4, show_default=True)
@click.option(
    "--held-out", type=click.FloatRange(0, 0.9), default=0.1, show_default=True, help="Share of the matches that are not learned."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@_filters
def clone(records: tuple[str, ...], model: str, out: str, epochs: int, trust: bool, **settings: Any) -> None:
    """Behaviour cloning: a language model learns the replies in RECORDS.

    \b
    agentarena train clone runs/kuhn.jsonl --agent kuhnpoker/nash -o models/kuhn-clone
    agentarena play KuhnPoker-v0 hf:models/kuhn-clone random
    """
    from agentarena.train.checkpoint import pretrained
    from agentarena.train.supervised import clone as learn

    turns = _examples(records, trust, **{name: settings.pop(name) for name in ("agents", "envs", "won", "above")})
    policy = pretrained(model)
    console.print(f"{len(turns)} turns", markup=False)
    learn(policy, turns, epochs=epochs, report=_report, **settings)
    policy.model.save_pretrained(out)
    policy.tokenizer.save_pretrained(out)
    console.print(f"Wrote {out}; play it as hf:{out}", markup=False, soft_wrap=True)


def _report(figures: dict[str, float]) -> None:
    console.print(
        f"epoch {figures['epoch']:.0f}  loss {figures['loss']:.4f}  held out {figures['held_out_loss']:.4f} nats a token  {figures['tokens']:.0f} tokens",
        markup=False,
    )


@click.command("export-sft")
@click.argument("records", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The JSON lines file.")
@_filters
def export_sft(records: tuple[str, ...], out: str, trust: bool, **filters: Any) -> None:
    """Write the turns of RECORDS as prompts and completions for TRL's SFTTrainer.

    \b
    agentarena train export-sft runs/kuhn.jsonl --won -o sft.jsonl
    """
    from agentarena.train.supervised import write_sft

    console.print(f"Wrote {write_sft(_examples(records, trust, **filters), Path(out))} turns to {out}", markup=False, soft_wrap=True)


@click.command("export-dpo")
@click.argument("records", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The JSON lines file.")
@click.option("--least", type=click.IntRange(min=1), default=1, show_default=True, help="Matches that a reply must have been given in.")
@click.option("--margin", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Difference of mean returns that is needed.")
@_filters
def export_dpo(records: tuple[str, ...], out: str, least: int, margin: float, trust: bool, **filters: Any) -> None:
    """Write pairs of replies to one prompt, the one of greater mean return first, for TRL's DPOTrainer.

    \b
    agentarena train export-dpo runs/kuhn.jsonl --least 5 -o dpo.jsonl
    """
    from agentarena.train.supervised import preference_pairs, write_dpo

    pairs = preference_pairs(_examples(records, trust, **filters), least=least, margin=margin)
    console.print(f"Wrote {write_dpo(pairs, Path(out))} pairs to {out}", markup=False, soft_wrap=True)
