"""What the commands of `agentarena train` share: settings by name, Ctrl-C that saves first, lists of settings, figures of judges."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from agentarena.core.display import printable
from agentarena.train.settings import FromTOML

from .common import named_values, say

__all__ = ["configuration", "interrupts", "interval", "judgements", "list_fields", "run_options", "settings_by_name"]

_Config = TypeVar("_Config", bound=FromTOML)


def list_fields(classes: Sequence[tuple[str, type[Any]]]) -> None:
    """Print every field with its default and what it is, from the classes' own words. `classes` are prefixes and dataclasses."""
    for prefix, cls in classes:
        words = dict(re.findall(r"^ {4,8}(\w+): (.+(?:\n {12}.+|\n {8}(?! *\w+: ).+)*)", cls.__doc__ or "", re.MULTILINE))
        for field in dataclasses.fields(cls):
            default = "" if field.default is dataclasses.MISSING else f" = {field.default!r}"
            say(f"{prefix}{field.name}{default}", "bold")
            say("    " + " ".join(words.get(field.name, "").split()), hanging=4)


def run_options(
    classes: Callable[[], Sequence[tuple[str, type[Any]]]], *own: Callable[..., Any], example: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The parameters of a command that starts or continues a run, in this order: the environment, the file, the command's own, the folder, settings.

    Args:
        classes: Prefixes and dataclasses of all settings, for `--list-settings`; called then only, for it imports them.
        own: The command's own options.
        example: Settings in the help of `--set`.
    """

    def list_settings(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not context.resilient_parsing:
            list_fields(classes())
            context.exit()

    parameters = (
        click.argument("env", required=False),
        click.option("--config", "path", type=click.Path(exists=True, dir_okay=False), help="Configuration, a TOML file."),
        *own,
        click.option("--out", type=click.Path(file_okay=False), help="Folder of the run (output_dir)."),
        click.option(
            "-s",
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help=f"Any setting, e.g. {example}; it overrides the file's. May be repeated.",
        ),
        click.option("--quiet", is_flag=True, help="No lines of progress."),
        click.option("--dry-run", is_flag=True, help="Print the whole configuration as JSON, and do nothing."),
        click.option(
            "--list-settings",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=list_settings,
            help="Print every setting, and do nothing.",
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for parameter in reversed(parameters):
            function = parameter(function)
        return function

    return decorate


def settings_by_name(pairs: Sequence[str]) -> dict[str, Any]:
    """Settings by name; the name of one entry of a table has a dot, e.g. "games.KuhnPoker-v0"."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        table, dot, entry = name.partition(".")
        if name in values:
            raise click.BadParameter(f"{printable(name, 100)!r} is given twice; give it once", param_hint="--set")
        if dot and table.isidentifier() and entry and equals:
            values[name] = named_values([f"{table}={value}"])[table]
        else:
            values |= named_values([pair])
    return values


def configuration(
    cls: type[_Config], path: str | None, changes: Mapping[str, Any], settings: Sequence[str], *, method: str, example: str
) -> _Config:
    """The configuration that a command line names.

    Args:
        cls: Its class.
        path: The file; without one, the environment must be named, and its id and the method name the folder.
        changes: "env", "output_dir" and what the command's own options set; `None` leaves a setting as it is.
        settings: `NAME=VALUE`, as `--set` has them.
        method: What trains, as the folder's name ends.
        example: An environment, for the message where none is named.
    """
    values = {name: value for name, value in changes.items() if value is not None}
    if path is not None:
        return cls.load(path, **values | settings_by_name(settings))
    if "env" not in values:
        raise click.UsageError(f"name an environment, e.g. {example}, or --config FILE; `agentarena envs` lists environments")
    return cls.of({"output_dir": f"runs/{values['env'].lower()}-{method}"} | values | settings_by_name(settings))


@contextmanager
def interrupts(part: str) -> Iterator[Callable[[], bool] | None]:
    """Whether Ctrl-C was pressed: the first one waits for the end of the `part`, e.g. "update". `None` where several processes share the run."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 or threading.current_thread() is not threading.main_thread():
        yield None
        return
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        click.echo(f"interrupted: this {part} is finished and saved first; Ctrl-C again ends at once", err=True)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def judgements(figures: dict[str, Any]) -> dict[str, float]:
    """What judges said: their figures' names begin with the game's and a space."""
    return {name: value for name, value in figures.items() if " " in name and not isinstance(value, list)}


def interval(ends: list[float] | None) -> str:
    """An interval in words; empty where there is none."""
    return "" if ends is None else f"{ends[0]:.4f} to {ends[1]:.4f}"
