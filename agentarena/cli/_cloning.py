"""`agentarena train imitate`: a policy on vectors learns what agents played."""

from __future__ import annotations

from typing import Any

import click

from .common import console, trust_option


def _layers(_: click.Context, __: click.Parameter, text: str) -> tuple[int, ...]:
    """Sizes of hidden layers, e.g. "128,128"; "" for none."""
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r:.100}; expected sizes of layers such as 128,128") from None


@click.command("imitate")
@click.argument("records", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), help="The policy file, '....safetensors'.")
@click.option("--agent", "agents", multiple=True, help="Learn from this agent alone; may be repeated.")
@click.option("--seat", "seats", multiple=True, type=click.IntRange(min=0), help="Learn from this seat alone; may be repeated.")
@click.option("--won", is_flag=True, help="Learn from winners alone.")
@click.option("--above", type=float, help="Learn from seats with at least this return.")
@click.option("--hidden", default="128,128", show_default=True, callback=_layers, help="Units of the hidden layers.")
@click.option("--activation", type=click.Choice(["relu", "tanh"]), default="relu", show_default=True)
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True), default=1e-3, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), default=256, show_default=True, help="Decisions of an optimizer step.")
@click.option("--epochs", type=click.IntRange(min=1), default=100, show_default=True, help="Most passes over the decisions.")
@click.option("--patience", type=click.IntRange(min=1), default=5, show_default=True, help="Epochs without a lower held-out loss.")
@click.option("--held-out", type=click.FloatRange(0, 0.9), default=0.1, show_default=True, help="Share of the matches not learned.")
@click.option("--greedy", is_flag=True, help="The policy plays its likeliest action by default, and does not draw.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@trust_option
def imitate(
    records: tuple[str, ...],
    out: str,
    agents: tuple[str, ...],
    seats: tuple[int, ...],
    won: bool,
    above: float | None,
    greedy: bool,
    trust: bool,
    **settings: Any,
) -> None:
    """Behaviour cloning: a network on the game's observations learns the actions in RECORDS.

    \b
    agentarena play TicTacToe-v0 minimax random --matches 2000 -o runs/ttt.jsonl
    agentarena train imitate runs/ttt.jsonl --agent minimax -o minimax-clone.safetensors --greedy
    agentarena play TicTacToe-v0 rl:minimax-clone.safetensors minimax
    """
    from agentarena.core.record_files import load_records
    from agentarena.train.cloning import CloningConfig, clone_policy, decisions

    config = CloningConfig(**settings)
    matches = (record for path in records for record in load_records(path, trust=trust))
    data = decisions(matches, agents=agents, seats=seats, won=won, above=above)
    console.print(f"{len(data)} decisions of {len(set(data.matches.tolist()))} matches", markup=False)
    cloned = clone_policy(data, config, report=_report)
    digest = cloned.save(out, greedy=greedy)
    console.print(
        f"Epoch {cloned.best['epoch']:.0f} stands. Wrote {out} ({digest[:16]}); play it as rl:{out}", markup=False, soft_wrap=True
    )


def _report(figures: dict[str, float]) -> None:
    held_out = f"  held out {figures['held_out_loss']:.4f}  agreement {figures['agreement']:.3f}" if "agreement" in figures else ""
    console.print(f"epoch {figures['epoch']:3.0f}  loss {figures['loss']:.4f} nats a decision{held_out}", markup=False)
