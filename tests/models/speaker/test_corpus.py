"""What the speaker is taught: the same for a seed, understood by the reader, about the living, different from what is listed."""

from __future__ import annotations

import re
from itertools import islice

from small_speaker import lessons

from agentarena.envs.werewolf.text.wording import keywords
from agentarena.models.corpus import Decision
from agentarena.models.speaker.corpus import corpus, throws


def _parts(one: Decision) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """The living, everybody, and what is already proposed."""
    alive = re.search(r"^Alive: (.*)\.$", one.view, re.MULTILINE)
    dead = re.search(r"^Dead: (.*)\.$", one.view, re.MULTILINE)
    assert alive
    living = tuple(alive[1].split(", "))
    listed = one.view.partition("Already proposed:\n- ")[2]
    return living, living + tuple(dead[1].split(", ") if dead else ()), listed.split("\n- ") if listed else []


def test_a_corpus_is_the_same_for_a_seed() -> None:
    assert corpus(60, 3) == corpus(60, 3) != corpus(60, 4)


def test_speeches_are_understood_and_name_the_living() -> None:
    for one in lessons(300):
        living, everybody, _ = _parts(one)
        act = keywords(one.reply, everybody)
        assert act.target < len(living) or act.kind == "result"


def test_a_reply_differs_from_every_listed_candidate_in_its_act() -> None:
    several = [one for one in lessons(300) if "Already proposed" in one.view]
    assert len(several) > 100
    for one in several:
        _, everybody, listed = _parts(one)
        acts = [keywords(words, everybody) for words in (*listed, one.reply)]
        assert len(set(acts)) == len(acts)


def test_a_seer_reports_what_it_has_tested() -> None:
    reports = 0
    for one in lessons(600):
        if one.rules.startswith("Your role: seer"):
            _, everybody, _ = _parts(one)
            act = keywords(one.reply, everybody)
            if act.kind == "result":
                reports += 1
                assert f"{everybody[act.target]} is {'a' if act.value else 'no'} werewolf" in one.view
    assert reports > 20


def test_throws_lean_to_the_first_and_never_repeat_one() -> None:
    some = list(islice(throws(5), 400))
    first = [one.reply for one in some if "Already proposed" not in one.view]
    assert sum("rock" in words.lower() for words in first) > sum("lizard" in words.lower() for words in first) > 0
    for one in some:
        listed = one.view.partition("Already proposed:\n- ")[2]
        thrown = [name for name in ("rock", "paper", "scissors", "spock", "lizard") if name in one.reply.lower()]
        assert len(thrown) == 1
        assert thrown[0] not in listed.lower()
