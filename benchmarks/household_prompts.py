"""Text tasks under the three prompt forms: the same games for each, paired differences, valid commands, and how long prompts grow.

    python -m benchmarks.household_prompts                                       # a stand-in that reads its prompt alone
    python -m benchmarks.household_prompts "hf:path/to/model" "openai:model?base_url=..." --games 134 --split valid_unseen --report forms.html
    python -m benchmarks.household_prompts tiny --env Shop-v0 --split test

The stand-in knows nothing but its prompt: it reads the task, the commands that it sees behind it and the admissible list, and goes on by a
rule. So the forms differ for it by what they show: ReAct every step, verl-agent the last two, chat the last sixteen. Any spec that takes
`prompt=` is asked with `prompt=react`, `verl`, `chat`, each over the same deals; `agentarena tournament` does the same, and the report of
either has a table of prompt forms.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import agentarena as aa
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.prompts import prompts
from agentarena.core.record import Record
from agentarena.evaluate.prompt_forms import FormRow, prompt_forms
from agentarena.matches.tournaments import Tournament, tournament

FORMS = ("react", "verl", "chat")
AT = (1, 5, 10, 25, 50)
"""Steps whose prompts are measured."""
_LISTS = {
    "react": re.compile(r"\(Commands that do something: (.*)\)"),
    "verl": re.compile(r"The admissible actions are: \[(.*?)\]\.", re.DOTALL),
    "chat": re.compile(r"Admissible commands: (.*)"),
}
_DONE = {
    "react": re.compile(r"^> (.+)$", re.MULTILINE),
    "verl": re.compile(r"Action \d+: '(.+?)'\]"),
    "chat": re.compile(r"<answer>(.+?)</answer>"),
}
_SAYS = {"react": "> {}", "verl": "<think>Next.</think><action>{}</action>", "chat": "<answer>{}</answer>"}
_TASK = re.compile(r"[Tt]ask is to: (.+?)\.")
_TREATED = {"clean": "clean ", "hot": "heat ", "cool": "cool "}
_PLACES = {"clean": "sinkbasin", "hot": "microwave", "cool": "fridge"}


class Reader:
    """An engine that answers from the words of its prompt alone, by a rule."""

    tokens = False

    def __init__(self, form: str) -> None:
        self.form, self.name = form, "reader"

    def submit(self, request: Request, done: Callable[[Any], None]) -> None:
        words = "\n".join(message["content"] for message in request.messages)
        listed = _LISTS[self.form].findall(words)[-1]
        commands = [one.strip().strip("'") for one in re.split(r", |\n ", listed)]
        behind = [one for one in _DONE[self.form].findall(words) if one != "COMMAND"]
        task = _TASK.findall(words)[0].lower()
        done(Completion(_SAYS[self.form].format(choose(task, behind, commands))))

    def close(self) -> None:
        pass


def choose(task: str, behind: list[str], commands: list[str]) -> str:
    """What to do next: carry what the task names to where it names, treated as it says; else look where it has not looked."""
    names = re.findall(r"[a-z]+", task)

    def named(command: str, position: int) -> bool:
        things = re.findall(r"([a-z]+) \d+", command)
        return len(things) > position and things[position] in names

    treatments = [one for one in _TREATED if one in names]
    treated = not treatments or any(one.startswith(_TREATED[treatments[0]]) for one in behind)
    holding = any(one.startswith("move ") for one in commands)
    turned = max((at for at, one in enumerate(behind) if one.startswith(("take ", *_TREATED.values()))), default=0)
    since = behind[turned:] if holding else behind  # with a thing in hand, places may be gone to again
    new = [one for one in commands if one not in since]
    wanted: list[list[str]] = []
    if holding:
        wanted += [[one for one in commands if one.startswith(_TREATED[treatments[0]])] if treatments and not treated else []]
        wanted += [[one for one in commands if one.startswith("use ")]]
        wanted += [[one for one in commands if one.startswith("move ") and named(one, 1)] if treated else []]
        place = names if treated else [_PLACES[treatments[0]]]
        wanted += [[one for one in new if one.startswith("go to ") and one.split()[2] in place]]
    else:
        wanted += [[one for one in new if one.startswith("take ") and named(one, 0) and not named(one, 1)]]
    wanted += [[one for one in new if one.startswith("open ")], [one for one in new if one.startswith("go to ")], commands]
    return next(options[0] for options in wanted if options)


def agents_of(specs: Sequence[str], forms: Sequence[str]) -> list[Any]:
    """Every spec under every form; "reader" is the stand-in."""
    agents: list[Any] = []
    for spec in specs:
        for form in forms:
            if spec == "reader":
                agents.append(LanguageAgent.of(Reader(form), name=f"openai:reader?prompt={form}", prompt=form))
            else:
                agents.append(f"{spec}{'&' if '?' in spec else '?'}prompt={form}")
    return agents


def lengths(records: Iterable[Record]) -> dict[int, tuple[float, float]]:
    """Mean characters and tokens of the prompts at the steps in `AT`, tokens of at most ten prompts."""
    characters: dict[int, list[int]] = defaultdict(list)
    tokens: dict[int, list[int]] = defaultdict(list)
    for record in records:
        for exchange in prompts(record):
            step = exchange.step + 1
            if step in AT and not exchange.attempt:
                words = "\n".join(message["content"] for message in exchange.messages)
                characters[step].append(len(words))
                if len(tokens[step]) < 10:
                    tokens[step].append(count(words))
    return {at: (statistics.mean(characters[at]), statistics.mean(tokens[at])) for at in AT if characters[at]}


def count(words: str) -> int:
    """Tokens by the tokenizer of the model in the box."""
    return len(_tokenizer().encode(words))


def _tokenizer(store: list[Any] = []) -> Any:  # noqa: B006  # loaded once
    if not store:
        from transformers import AutoTokenizer

        store.append(AutoTokenizer.from_pretrained(Path(aa.__file__).parent / "models" / "tiny"))
    return store[0]


def line(row: FormRow, measured: dict[int, tuple[float, float]]) -> str:
    """A row of the table."""
    won, low, high = row.success, *row.success_interval
    success = f"{round(won * row.matches)}/{row.matches} = {won:.2f} ({low:.2f} to {high:.2f})"
    gap = row.reason or f"{row.difference:+.2f} ({row.interval.low:+.2f} to {row.interval.high:+.2f}), p {row.p:.2g}"
    grown = [f"{measured[at][0]:.0f} / {measured[at][1]:.0f}" if at in measured else "none" for at in AT]
    cells = (row.model, row.form, success, f"{row.mean_return:.3f}", "" if row.difference != row.difference else gap, f"{row.valid:.3f}")
    return "| " + " | ".join((*cells, *grown)) + " |"


def play(specs: Sequence[str], forms: Sequence[str], game: Any, games: int, seed: int) -> Tournament:
    """Every spec under every form on the same deals."""
    return tournament(game, agents_of(specs, forms), rounds=games, seed=seed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and write the report where one is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specs", nargs="*", default=["reader"], help="models, as spec strings without prompt=")
    parser.add_argument("--env", default="Household-v0", help="a game of commands")
    parser.add_argument("--split", default="valid_seen", help="which of its games")
    parser.add_argument("--games", type=int, default=60, help="how many of them")
    parser.add_argument("--forms", nargs="+", default=list(FORMS), choices=FORMS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", help="write an HTML report here")
    given = parser.parse_args(arguments)
    game = aa.game(given.env, split=given.split)
    played = play(given.specs, given.forms, game, given.games, given.seed)
    print(f"{given.env}, {given.games} games of {given.split}; prompt lengths: characters / tokens")
    print(
        "| model | form | success | mean return | difference to the first | valid commands | "
        + " | ".join(f"step {at}" for at in AT)
        + " |"
    )
    print("| --- " * (6 + len(AT)) + "|")
    for row in prompt_forms(played.results.records):
        own = [record for record in played.results.records if record.seats[0].agent == row.agent]
        print(line(row, lengths(own)), flush=True)
    if given.report:
        from agentarena.leaderboard import report

        report.write(played, given.report, title=f"{given.env} under prompt forms")


if __name__ == "__main__":
    main()
