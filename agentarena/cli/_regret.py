"""`agentarena train regret`: fine-tuning by the regret loss."""

from __future__ import annotations

from typing import Any

import click

from ._training import list_fields, settings_by_name
from .common import console, echo_json, show_table

__all__ = ["regret"]


def _list_settings(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print every setting with its default and what it is."""
    if not wanted or context.resilient_parsing:
        return
    from agentarena.train.config import ScratchModel
    from agentarena.train.regret import RegretConfig

    list_fields([("", RegretConfig), ("model.", ScratchModel)])
    context.exit()


@click.command("regret")
@click.option("--config", "path", required=True, type=click.Path(exists=True, dir_okay=False), help="Configuration, a TOML file.")
@click.option(
    "-s", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Setting that overrides the file's, e.g. seed=1; may be repeated."
)
@click.option("--quiet", is_flag=True, help="Print the measurements alone.")
@click.option("--dry-run", is_flag=True, help="Print the whole configuration as JSON, and do nothing.")
@click.option(
    "--list-settings", is_flag=True, is_eager=True, expose_value=False, callback=_list_settings, help="Print every setting, and do nothing."
)
def regret(path: str, settings: tuple[str, ...], quiet: bool, dry_run: bool) -> None:
    """Fine-tune a language model on the regret of its play in a repeated matrix game, after Park et al.

    \b
    agentarena train regret --config recipes/pennies_regret.toml
    agentarena train regret --config recipes/pennies_regret.toml -s model=Qwen/Qwen3-0.6B -s output_dir=runs/regret-qwen
    """
    from agentarena.train.regret import RegretConfig
    from agentarena.train.regret import regret as tuned

    config = RegretConfig.load(path, **settings_by_name(settings))
    if dry_run:
        echo_json(config)
        return

    def report(figures: dict[str, Any]) -> None:
        if not quiet and "loss" in figures:
            click.echo(f"step {figures['step']:4d}  regret a round {figures['loss']:.4f}  grad_norm {figures['grad_norm']:.3f}", err=True)

    run = tuned(config, report=report)
    rows = []
    for name, before in run.before.items():
        after = run.after[name]
        rows += [(name, figure, f"{before[figure]:.3f}", f"{after[figure]:.3f}") for figure in ("regret", "falling", "slope")]
        rows += [(name, f"regret of {other}", f"{before[other]:.3f}", f"{after[other]:.3f}") for other in ("hedge", "uniform")]
    show_table(f"After {config.max_steps} steps", ("against", "figure", "before", "after"), rows)
    console.print(f"Model and log.jsonl: {config.output_dir}", markup=False, soft_wrap=True)
