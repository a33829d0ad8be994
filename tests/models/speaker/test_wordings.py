"""The paraphrase grammar: enough wordings, each understood as the act that it words."""

from __future__ import annotations

import numpy as np
import pytest

from agentarena.envs.werewolf.options import NAMES, ROLES
from agentarena.envs.werewolf.state import Act
from agentarena.envs.werewolf.text.wording import keywords, role_phrase
from agentarena.models.speaker.wordings import WORDINGS, count, every, utter

ACTS = [act for act in WORDINGS if act != "throw"]
TABLES = (tuple(NAMES[:7]), tuple(f"Player {seat}" for seat in range(7)))


@pytest.mark.parametrize("act", WORDINGS)
def test_an_act_has_at_least_twelve_wordings(act: str) -> None:
    assert len(set(every(act, "Ada", "the seer"))) == count(act) >= 12


@pytest.mark.parametrize("names", TABLES, ids=["names", "numbers"])
@pytest.mark.parametrize("act", ACTS)
def test_every_wording_is_understood_as_its_act(act: str, names: tuple[str, ...]) -> None:
    for role in ROLES if act == "claim" else ("",):
        kind, target = act.rstrip("01"), -1 if act in ("silent", "claim") else 3
        value = ROLES.index(role) if role else int(act[-1]) if act[-1] in "01" else -1
        for words in every(act, names[3], role_phrase(role) if role else ""):
            assert keywords(words, names) == Act(kind, target, value), words


def test_a_wording_begins_with_a_capital_and_names_its_seat() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        words = utter("accuse", rng, target="Ada")
        assert words[0].isupper()
        assert words.count("Ada") == 1
