"""What the small speaker says at Werewolf tables: understood, about the living, different, true, and how fast.

python benchmarks/speaker_table.py --prompts 600
python benchmarks/speaker_table.py --speaker runs/lspo/iteration-1/speaker
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, islice

from agentarena.envs.werewolf.options import ROLES
from agentarena.envs.werewolf.state import Act
from agentarena.envs.werewolf.text.wording import keywords, role_phrase
from agentarena.evaluate.stats import wilson
from agentarena.models.speaker.corpus import werewolf_speeches
from agentarena.models.speaker.prompts import SpeechPrompt
from agentarena.models.speaker.wordings import WORDINGS, every
from agentarena.train.lspo.speaker import load_speaker


def tables(count: int, seed: int) -> list[tuple[SpeechPrompt, tuple[str, ...], int]]:
    """Prompts that were not taught, the names at the table (the living first), and how many live."""
    bare = (one for one in werewolf_speeches(seed) if "Already proposed" not in one.view)
    once = (group for group, _ in groupby((one.rules, one.view) for one in bare))
    out = []
    for rules, view in islice(once, count):
        alive = re.search(r"^Alive: (.*)\.$", view, re.MULTILINE)
        dead = re.search(r"^Dead: (.*)\.$", view, re.MULTILINE)
        assert alive
        living = alive[1].split(", ")
        names = (*living, *(dead[1].split(", ") if dead else ()))
        out.append((SpeechPrompt(rules.split(": ")[1].split(".")[0], view), names, len(living)))
    return out


def meanings(names: Sequence[str]) -> dict[str, Act]:
    """Every sentence of the grammar at a table, and what it means."""
    out = {words: Act("silent") for words in every("silent")}
    for number, role in enumerate(ROLES):
        out |= {words: Act("claim", value=number) for words in every("claim", role=role_phrase(role))}
    for act in set(WORDINGS) - {"silent", "claim", "throw"}:
        for seat, name in enumerate(names):
            out |= {words: Act(act.rstrip("01"), seat, int(act[-1]) if act[-1] in "01" else -1) for words in every(act, name)}
    return out


def judge(rows: list[tuple[SpeechPrompt, tuple[str, ...], int]], candidates: Sequence[Sequence[str]]) -> Counter[str]:
    """Counts of sentences with each property."""
    counts: Counter[str] = Counter()
    for (prompt, names, living), proposals in zip(rows, candidates, strict=True):
        language = meanings(names)
        for words in proposals:
            act = keywords(words, names)
            counts["all"] += 1
            counts["grammar"] += words in language
            counts["understood"] += language.get(words) == act
            if act.target >= 0:
                counts["named"] += 1
                counts["alive"] += act.target < living
            if prompt.role == "seer" and act.kind == "result":
                counts["reports"] += 1
                counts["true"] += f"{names[act.target]} is {'a' if act.value else 'no'} werewolf" in prompt.view
            counts[f"act {act.kind}"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speaker", default="speaker")
    parser.add_argument("--prompts", type=int, default=600)
    parser.add_argument("--seed", type=int, default=999)
    parser.add_argument("--max-batch", type=int, default=32)
    arguments = parser.parse_args()
    rows = tables(arguments.prompts, arguments.seed)
    for n in (3, 5):
        speaker = load_speaker(arguments.speaker, max_batch=arguments.max_batch, max_tokens=24)
        began, busy = time.perf_counter(), time.process_time()
        candidates = speaker.propose([prompt for prompt, _, _ in rows], n, arguments.seed)
        busy, seconds = time.process_time() - busy, time.perf_counter() - began
        counts = judge(rows, candidates)
        acts = sum(len({keywords(words, names) for words in row}) for (_, names, _), row in zip(rows, candidates, strict=True)) / len(rows)
        texts = sum(len(set(row)) for row in candidates) / len(rows)
        print(
            f"{n} candidates: {n * len(rows) / busy:.0f} sentences a CPU second, {n * len(rows) / seconds:.0f} a second; {dict(speaker.counts)}"
        )
        print(f"  distinct sentences {texts:.2f}, distinct acts {acts:.2f}")
        for part, whole in (("grammar", "all"), ("understood", "all"), ("alive", "named"), ("true", "reports")):
            low, high = wilson(counts[part], max(1, counts[whole]))[:2]
            print(f"  {part} {counts[part]} of {counts[whole]}: {counts[part] / max(1, counts[whole]):.4f} ({low:.4f} to {high:.4f})")
        print("  " + ", ".join(f"{name[4:]} {number / counts['all']:.2f}" for name, number in counts.most_common() if name[:4] == "act "))


if __name__ == "__main__":
    main()
