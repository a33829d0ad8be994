"""A speaker of a few thousand parameters that has learned little but that sentences end, for tests of what is around a model."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from agentarena.models.corpus import Decision
from agentarena.models.speaker.corpus import werewolf_speeches
from agentarena.models.speaker.prompts import SpeechPrompt


def small_speaker(folder: Path) -> Path:
    """Writes a model folder and gives it back."""
    from agentarena.models.pretrain import Settings, pretrain
    from agentarena.models.speaker.recipe import PIECES

    settings = Settings(
        steps=60, decisions=240, hidden=16, layers=2, heads=2, feed_forward=24, vocabulary=500, rate=2e-2, batch=8, micro=8, seed=1
    )
    pretrain(settings, folder, taught=lessons(240), pieces=PIECES)
    return folder


def lessons(count: int, seed: int = 1) -> list[Decision]:
    """Some speeches of Werewolf as they are taught."""
    return list(islice(werewolf_speeches(seed), count))


def prompts(count: int) -> list[SpeechPrompt]:
    """Prompts of different roles and lengths, without candidates."""
    bare = (one for one in lessons(4 * count, seed=2) if "Already proposed" not in one.view)
    return [SpeechPrompt(one.rules.split(": ")[1].split(".")[0], one.view) for one in islice(bare, count)]
