"""What the speaker is taught: what seats of a role say, in words of the paraphrase grammar, under the prompts of `prompts.py`.

A match of Werewolf is walked by scripted players. Wherever a seat speaks, its acts are weighted: half of the weight is that of
the acts of three teachers (`truthful`, `bayes`, and `scripted`, whose wolves bluff), half is noise by role, and both lean to the
seats that are listed first, as language models do. Acts are drawn one after another without replacement, after each of which its
kind becomes rarer; the first ones are the prompt's "already proposed", the last is the reply. One of them is said at the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from agentarena.agents.specs import agent
from agentarena.core import registry
from agentarena.core.actions import Spoken
from agentarena.core.agent import Agent, View
from agentarena.core.episode import Episode
from agentarena.core.rng import CHANCE, stream
from agentarena.envs.werewolf.actions import speech
from agentarena.envs.werewolf.options import NAMES, ROLES, SEER, WOLF
from agentarena.envs.werewolf.state import SPEAK, TALK, Act, labels
from agentarena.envs.werewolf.text.wording import role_phrase
from agentarena.models.corpus import Decision

from .names import Names, swap
from .prompts import SpeechPrompt, messages
from .wordings import utter

__all__ = ["corpus", "lesson", "throws", "werewolf_speeches", "words_of"]

TEACHERS = ("werewolf/truthful", "werewolf/bayes", "werewolf/scripted")
PRESETS = ("lspo7", "lspo7", "lspo4", "lspo4", "aiwolf5", "kaggle7", "arena8")
TABLE = Names(pool=(*NAMES, *(f"Player {seat}" for seat in range(24))), known=tuple(NAMES[:24]))
"""Names at the tables of Werewolf, and those that the model is taught in their place."""
MOST_LISTED = 5
SEERS = 3
"""How many sets of proposals of a seer's speech are taught, that it learns to say what it knows; of others one."""
LONGEST_VIEW = 800
"""Characters of a view that is taught; longer ones, late in long matches, take more time than they teach."""
SAME_KIND = 0.35
"""How much rarer a kind of act becomes when one of its kind is already proposed."""

_NOISE: Mapping[str, Mapping[str, float]] = {
    "werewolf": {"silent": 8, "villager": 12, "seer": 10, "doctor": 4, "accuse": 30, "defend": 10, "result1": 10, "result0": 4, "agree": 10, "question": 8},
    "seer": {"silent": 10, "villager": 3, "seer": 24, "accuse": 14, "defend": 8, "result1": 14, "result0": 16, "agree": 5, "question": 10},
    "villager": {"silent": 14, "villager": 14, "accuse": 30, "defend": 12, "agree": 16, "question": 16},
}  # fmt: skip
"""Percent of each act by role, without the teachers; roles that are not listed speak as villagers and claim what they are."""
_THROWS = (38, 26, 18, 11, 7)
"""Percent of the throws of a matrix game, in the game's order: a beginner's taste."""


def words_of(act: Act, names: Sequence[str], rng: np.random.Generator) -> str:
    """An act of Werewolf in words."""
    kind = f"result{act.value}" if act.kind == "result" else act.kind
    role = role_phrase(ROLES[act.value]) if act.kind == "claim" else ""
    return utter(kind, rng, target=names[act.target] if act.target >= 0 else "", role=role)


def lesson(prompt: SpeechPrompt, words: str, env: str) -> Decision:
    """A prompt and its reply as `agentarena.models.pretrain` takes them, in known names."""
    hidden, table = TABLE.hide(prompt)
    system, user = messages(hidden)
    return Decision(env, system["content"], user["content"], swap(words, table))


# --- Werewolf --------------------------------------------------------------------------------------------------------------


def werewolf_speeches(seed: int) -> Iterator[Decision]:
    """Speeches of Werewolf, match after match, without end."""
    teachers = [agent(spec) for spec in TEACHERS]
    match = 0
    while True:
        rng = stream(seed, CHANCE, match)
        preset = PRESETS[int(rng.random() * len(PRESETS))]
        names = "numbers" if rng.random() < 0.06 else "drawn"
        game = registry.game("Werewolf-v0", preset=preset, names=names)
        yield from _match(Episode(game, rng), teachers, rng, match)
        match += 1


def _match(episode: Episode, teachers: Sequence[Agent], rng: np.random.Generator, match: int) -> Iterator[Decision]:
    game = episode.game
    memories: list[dict[str, object]] = [{} for _ in range(game.info.seats)]
    styles = rng.integers(len(teachers), size=game.info.seats)  # by whom each seat plays by night and votes
    while not episode.over:
        actions: dict[int, Any] = {}
        for seat in episode.to_move:
            view = View(game, episode.state, seat, match=match, turn=episode.steps, memory=memories[seat])
            if episode.state.phase in (SPEAK, TALK):
                names = labels(episode.state.deal.names)
                role = ROLES[episode.state.deal.roles[seat]]
                for _ in range(SEERS if role == "seer" else 1):
                    proposals = _proposals(view, episode.state, teachers, rng)
                    candidates = [words_of(act, names, rng) for act in proposals]
                    if len(view.compact) <= LONGEST_VIEW:
                        yield from _lessons(view, role, candidates)
                actions[seat] = _spoken(view, episode.state, proposals[0], candidates[0])
            else:
                actions[seat] = teachers[styles[seat]].act([view])[0]
        episode.step(actions)


def _lessons(view: View, role: str, candidates: Sequence[str]) -> Iterator[Decision]:
    """The first proposal under a bare prompt, the last under one that lists the others."""
    for listed in {0, len(candidates) - 1}:
        yield lesson(SpeechPrompt(role, view.compact, tuple(candidates[:listed])), candidates[listed], "Werewolf-v0")


def _spoken(view: View, state: Any, act: Act, words: str) -> Any:
    """The act with its words; words alone where the role has no such move."""
    game: Any = view.game
    index = game.space_of(state.deal.roles[view.seat]).index(act)
    action = speech(game.players) + index if index is not None else -1
    return Spoken(action if action in view.choices else view.choices[0], words)


def _proposals(view: View, state: Any, teachers: Sequence[Agent], rng: np.random.Generator) -> list[Act]:
    """Distinct acts in the order of their proposal, one to `MOST_LISTED` + 1 of them."""
    weights = _weights(view, state, teachers)
    acts: list[Act] = []
    for _ in range(1 + int(rng.random() * (MOST_LISTED + 1))):
        options = list(weights)
        mass = np.cumsum([weights[act] for act in options])
        acts.append(options[int(np.searchsorted(mass, rng.random() * mass[-1], side="right"))])
        kind = acts[-1].kind
        del weights[acts[-1]]
        weights = {act: weight * (SAME_KIND if act.kind == kind else 1) for act, weight in weights.items()}
        if not weights:
            break
    return acts


def _weights(view: View, state: Any, teachers: Sequence[Agent]) -> dict[Act, float]:
    """How likely each act is to be proposed first, up to a constant."""
    game: Any = view.game
    role = state.deal.roles[view.seat]
    space = game.space_of(role)
    legal = {space.act(action - speech(game.players)) for action in view.choices}
    taught: Counter[Act] = Counter()
    for teacher in teachers:
        action: Any = teacher.act([view])[0]
        taught[space.act(int(action) - speech(game.players))] += 1
    noise = _noise(state, view.seat, role, legal, game)
    total = sum(noise.values()) or 1.0
    weights = {act: weight / total for act, weight in noise.items()}
    for act, times in taught.items():
        weights[act] = weights.get(act, 0.0) + times / len(teachers)
    return weights


def _noise(state: Any, seat: int, role: int, legal: set[Act], game: Any) -> dict[Act, float]:
    """The acts that a role says without a teacher, in percent."""
    shares = dict(_NOISE.get(ROLES[role], _NOISE["villager"]))
    if ROLES[role] not in _NOISE:
        shares = {**shares, ROLES[role]: shares["villager"] / 2, "villager": shares["villager"] / 2}
    weights: dict[Act, float] = {}
    for kind, share in shares.items():
        acts = [act for act in legal if _is(act, kind)]
        if role == SEER:
            acts = [act for act in acts if act.kind != "result" or _true(state, act)]
        lean = {act: _lean(state, seat, role, act) for act in sorted(acts)}
        total = sum(lean.values())
        weights |= {act: share * weight / total for act, weight in lean.items() if weight}
    return weights


def _is(act: Act, kind: str) -> bool:
    if act.kind == "claim":
        return ROLES[act.value] == kind
    return kind == (f"result{act.value}" if act.kind == "result" else act.kind)


def _true(state: Any, act: Act) -> bool:
    """Whether the seer has tested the seat of a report, with that result."""
    return bool(state.night.tested >> act.target & 1) and (state.deal.roles[act.target] == WOLF) == bool(act.value)


def _lean(state: Any, seat: int, role: int, act: Act) -> float:
    """How much one seat is preferred to another: the first named, and for wolves those of the other side."""
    if act.target < 0:
        return 1.0
    weight = 0.8 ** bin(state.alive & ((1 << act.target) - 1)).count("1")
    if act.kind == "result" and not state.alive >> act.target & 1:
        weight *= 0.2
    if role == WOLF:
        mate = bool(state.deal.wolves >> act.target & 1)
        harms = act.kind == "accuse" or (act.kind == "result" and act.value == 1)
        weight *= 0.05 if mate and harms else 2.0 if mate else 1.0
    return weight


# --- matrix games ------------------------------------------------------------------------------------------------------------


def throws(seed: int) -> Iterator[Decision]:
    """What is said of a throw in rock-paper-scissors-spock-lizard, of one round or the first of ten, without end."""
    games: list[Any] = [registry.game("RockPaperScissorsSpockLizard-v0", rounds=rounds) for rounds in (1, 10)]
    names: Sequence[str] = games[0].names
    views = [View(game, game.start(stream(seed)), 0).compact for game in games]
    rng = stream(seed, CHANCE)
    shares = np.array(_THROWS) / sum(_THROWS)
    while True:
        count = 1 + int(rng.random() * len(names))
        order = rng.choice(len(names), size=count, replace=False, p=shares)
        candidates = [utter("throw", rng, target=names[index]) for index in order]
        view = views[int(rng.random() < 0.3)]
        for listed in {0, count - 1}:
            yield lesson(SpeechPrompt("player", view, tuple(candidates[:listed])), candidates[listed], "RockPaperScissorsSpockLizard-v0")


# --- all of it -----------------------------------------------------------------------------------------------------------------

SHARES = {werewolf_speeches: 0.8, throws: 0.2}


def corpus(size: int, seed: int) -> list[Decision]:
    """`size` speeches, shuffled by `seed`."""
    speeches = []
    for number, (source, share) in enumerate(SHARES.items()):
        lessons = source(seed * 1000 + number)
        speeches += [next(lessons) for _ in range(round(size * share))]
    order = stream(seed).permutation(len(speeches))
    return [speeches[index] for index in order]
