"""Household under the three prompt forms of text tasks: success, valid commands, and how long prompts grow.

python -m benchmarks.household_prompts [games, 60] [spec, reader]

Without a spec the player is a stand-in that knows nothing but its prompt: it reads the task, the commands that it sees behind it and the
admissible list, and goes on by a rule. So the forms differ for it by what they show: ReAct every step, verl-agent the last two,
chat the last sixteen. With a spec, e.g. "hf:path/to/model" or "openai:model", that model is asked with `prompt=react`, `verl`, `chat`.
"""

from __future__ import annotations

import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import agentarena as aa
from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.prompts import prompts
from agentarena.core.replay import steps
from agentarena.envs.household.engine.scene import admissible
from agentarena.evaluate.stats import wilson

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


def measure(form: str, spec: str, games: int) -> None:
    """Play and print one row of the table."""
    agent = (
        LanguageAgent.of(Reader(form), name=f"openai:reader?prompt={form}", prompt=form)
        if spec == "reader"
        else aa.agent(_with(spec, form))
    )
    game = aa.game("Household-v0", split="valid_seen")
    records = aa.play(game, [agent], matches=games, seed=1).records
    agent.close()
    won = sum(record.returns[0] == 1 for record in records)
    valid = total = 0
    characters: dict[int, list[int]] = defaultdict(list)
    tokens: dict[int, list[int]] = defaultdict(list)
    for record in records:
        for match, actions in steps(record):
            state: Any = match.episode.state
            total += len(actions)
            valid += sum(command in admissible(state.house, state.scene) for command in actions.values())
        for exchange in prompts(record):
            step = exchange.step + 1
            if step in AT and not exchange.attempt:
                words = "\n".join(message["content"] for message in exchange.messages)
                characters[step].append(len(words))
                if len(tokens[step]) < 10:
                    tokens[step].append(count(words))
    low, high = wilson(won, games)
    lengths = " | ".join(
        f"{statistics.mean(characters[at]):.0f} / {statistics.mean(tokens[at]):.0f}" if characters[at] else "none" for at in AT
    )
    print(f"| {form} | {won}/{games} = {won / games:.2f} [{low:.2f}, {high:.2f}] | {valid / total:.3f} | {lengths} |", flush=True)


def _with(spec: str, form: str) -> str:
    return f"{spec}{'&' if '?' in spec else '?'}prompt={form}&memory=chat"


def count(words: str) -> int:
    """Tokens by the tokenizer of the model in the box."""
    return len(_tokenizer().encode(words))


def _tokenizer(store: list[Any] = []) -> Any:  # noqa: B006  # loaded once
    if not store:
        from transformers import AutoTokenizer

        store.append(AutoTokenizer.from_pretrained(Path(aa.__file__).parent / "models" / "tiny"))
    return store[0]


def main(games: int = 60, spec: str = "reader") -> None:
    """Print the table."""
    print(f"{spec}, {games} games of valid_seen, 50 steps; prompt lengths: characters / tokens")
    print("| form | success | valid commands | " + " | ".join(f"step {at}" for at in AT) + " |")
    print("| --- " * (3 + len(AT)) + "|")
    for form in FORMS:
        measure(form, spec, games)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60, *sys.argv[2:3])
