"""A game described in words becomes a tree: a language model names the information sets first, then fills a JSON document.

What the model writes is data: a builder unfolds it and checks it, and no code of the model is run. Problems are sent back for repair.

    result = game_from_words(words, complete)            # complete(messages) -> the model's reply
    aa.game("EFG-v0", options={"source": result.efg})

Reference: the two stages (information sets and a partial tree, then the whole game with repair by error messages) are those of Deng,
Wang and Savani, "From Natural Language to Extensive-Form Game Representations" (arXiv 2501.17282), read in summary; there the second
stage is Python code, here it is a document of a restricted builder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agentarena.core import jsonl
from agentarena.core.display import shown
from agentarena.core.errors import ArenaError, BadOption
from agentarena.envs.efg.engine.document import DocumentError, GameBuilder
from agentarena.envs.efg.engine.form import ExtensiveForm
from agentarena.envs.efg.engine.writer import write_efg

from .completer import CutShort, NotWritten, Unusable

__all__ = ["STAGES", "GameFromWords", "game_from_words", "json_in", "repair_prompt", "sets_prompt", "tree_prompt", "written"]

Message = dict[str, str]
STAGES = ("information sets", "tree")
"""What a model is asked for, one after the other."""
LONGEST_REPLY = 4_000_000
"""Longest reply that is read, in characters."""

_SETS = """You turn a game described in words into a game tree. First step: players and information sets.
Reply with one JSON object and nothing else:
{"title": text, "players": [names], "sets": [SET, ...]}
SET is {"id": text, "player": a name of players, "actions": [names]}: what a player may know when it moves. Situations that the player
cannot tell apart are one set; a player remembers its own moves, so what it did before is part of the id. A family of sets is written once:
{"id": "{card} after {move}", "for": {"card": ["J", "Q"], "move": ["pass", "bet"]}, "player": ..., "actions": [...]}.
Simultaneous moves are moves one after the other where the later player does not know the earlier move."""
_TREE = """Second step: the whole game, as one JSON object and nothing else: the title, players and sets of the first step, and
"parts": {NAME: {"parameters": [names], "node": NODE}} (optional: trees that occur several times), "root": NODE.
NODE is one of
{"chance": [{"name": text, "probability": number, "then": NODE}, ...]} with probabilities that add up to 1, such as "1/6";
{"at": id of an information set, "then": {action: NODE, ...}} with every action of the set;
{"payoffs": [number, ...]} one a player, at an ending;
{"use": name of a part, "with": {parameter: text, ...}}.
In a part, texts may hold parameters in braces: {"at": "{card} after bet", ...}, {"payoffs": ["2 * {sign}", "-2 * {sign}"]}. Numbers may
be texts of numbers, + - * / and brackets. There is no other arithmetic and no code."""


def sets_prompt(description: str) -> list[Message]:
    """The messages that ask for players and information sets."""
    return [{"role": "system", "content": _SETS}, {"role": "user", "content": f"The game:\n{description}"}]


def tree_prompt(description: str, sets: Any) -> list[Message]:
    """The messages that ask for the whole document, after the first stage was answered by `sets`."""
    first = sets_prompt(description)
    return [*first, {"role": "assistant", "content": json.dumps(sets)}, {"role": "user", "content": _TREE}]


def repair_prompt(messages: Sequence[Message], reply: str, problems: Sequence[str]) -> list[Message]:
    """The messages that ask for a corrected reply."""
    wrong = "\n".join(f"- {problem}" for problem in problems)
    ask = f"That cannot be used:\n{wrong}\nReply with the whole corrected JSON object and nothing else."
    return [*messages, {"role": "assistant", "content": reply}, {"role": "user", "content": ask}]


def json_in(reply: str) -> Any:
    """The one JSON object of a reply, from its first brace to its last; words and fences around it are ignored.

    Raises:
        ValueError: There is none, or it is broken or too long.

    >>> json_in('Here it is: {"a": 1}.')
    {'a': 1}
    """
    if len(reply) > LONGEST_REPLY:
        raise ValueError(f"the reply has {len(reply)} characters; allowed: up to {LONGEST_REPLY}")
    start, end = reply.find("{"), reply.rfind("}")
    if start < 0 or end < start:
        raise ValueError("the reply holds no JSON object")
    return jsonl.parse(reply[start : end + 1])


@dataclass(frozen=True)
class GameFromWords:
    """A game that was written in words.

    Attributes:
        document: The JSON of the second stage.
        form: The tree.
        efg: The tree as an `.efg` text.
        replies: Everything that the model replied, in order.
    """

    document: Any
    form: ExtensiveForm
    efg: str
    replies: tuple[str, ...]


def game_from_words(description: str, complete: Callable[[list[Message]], str], *, repairs: int = 3) -> GameFromWords:
    """The game of a description, by a language model in two stages.

    Args:
        description: The rules in words.
        complete: The model: messages to reply; `Completer` is one.
        repairs: How often a stage is asked again, with what was wrong.

    Raises:
        NotWritten: A stage stayed wrong, or the model gave no reply; it names the stage and the problems of the last reply.
    """
    if not description.strip():
        raise BadOption("game_from_words: the description is empty")
    replies: list[str] = []
    sets = written(STAGES[0], sets_prompt(description), complete, _first, repairs, replies)
    document, form = written(STAGES[1], tree_prompt(description, sets), complete, _second, repairs, replies)
    return GameFromWords(document, form, write_efg(form), tuple(replies))


def written(
    stage: str,
    messages: list[Message],
    complete: Callable[[list[Message]], str],
    read: Callable[[str], Any],
    repairs: int,
    replies: list[str],
) -> Any:
    """Asks a model until `read` can use a reply, sending back what was wrong.

    Args:
        stage: What is asked for, in the words of an error.
        messages: The chat that asks.
        complete: The model.
        read: A reply to what it holds; raises `Unusable`, `DocumentError` or another `ValueError` where it cannot be used.
        repairs: How often it is asked again.
        replies: Takes every reply.

    Raises:
        NotWritten: See there.
    """
    problems: list[str] = []
    ask = messages
    for _ in range(1 + repairs):
        try:
            reply, cut = complete(ask), ""
        except CutShort as error:
            reply, cut = error.text, str(error)
        except ArenaError as error:
            raise NotWritten(stage, [f"there is no reply: {shown(str(error), 500)}"], replies, 1 + repairs) from error
        replies.append(reply)
        try:
            return read(reply)
        except (DocumentError, Unusable) as error:
            problems = [*([cut] if cut else []), *error.problems]
        except ValueError as error:
            problems = [cut or shown(str(error), 500)]
        ask = repair_prompt(messages, reply[:LONGEST_REPLY], problems)
    raise NotWritten(stage, problems, replies, 1 + repairs)


def _first(reply: str) -> Any:
    document = json_in(reply)
    problems = GameBuilder(document).check_sets()
    if problems:
        raise DocumentError(problems)
    return document


def _second(reply: str) -> tuple[Any, ExtensiveForm]:
    document = json_in(reply)
    return document, GameBuilder(document).form()
