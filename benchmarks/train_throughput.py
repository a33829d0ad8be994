"""Trained tokens a second and peak memory against TRL's `GRPOTrainer`: same model, prompts, batch and loss, on one CPU thread.

    python -m benchmarks.train_throughput --rounds 5

Each side is a process of its own; rounds alternate, so that what else the machine does meets both. An update samples eight replies
to each of four prompts with transformers, in float32, and takes one step of GRPO (clip 0.2, token average, no divergence, no
gradient checkpointing). Prompts are those of `benchmarks.free_words`, rendered by the same chat template; that both sides read the
same prompt tokens is checked. A trained token is a sampled one that enters the loss. Replies are drawn at random, so their number of
tokens differs by what ends before `--tokens`. The table has the median over rounds, with least and greatest, by wall clock and by
CPU time, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import markdown

GAME = "benchmarks.free_words:FreeWords"
SIDES = ("agentarena", "TRL")
GENERATIONS = 8
SIZES: dict[str, dict[str, int]] = {
    "1.5 M": {"hidden_size": 128, "num_hidden_layers": 5, "num_attention_heads": 4, "intermediate_size": 448},
    "15 M": {"hidden_size": 384, "num_hidden_layers": 7, "num_attention_heads": 6, "intermediate_size": 1152},
}
_RESULT = "RESULT "


# --- what both sides share ------------------------------------------------------------------------------------------------


def save_model(size: str, folder: Path) -> None:
    """A Qwen3 of random weights with the tokenizer of the model in the box."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from agentarena.train.checkpoint import pretrained

    words = pretrained("tiny").tokenizer
    shape = SIZES[size]
    heads = shape["num_attention_heads"]
    config = Qwen3Config(
        **shape,
        vocab_size=len(words),
        num_key_value_heads=heads,
        head_dim=shape["hidden_size"] // heads,
        tie_word_embeddings=True,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    torch.manual_seed(0)
    Qwen3ForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)


class Meter:
    """Counts tokens and times rounds; a round begins when a line arrives on standard input.

    Args:
        updates: Updates of a round.
    """

    def __init__(self, updates: int) -> None:
        self.updates, self.done = updates, 0
        self.tokens = self.prompt_tokens = 0
        self.prompts: set[tuple[int, ...]] = set()
        self._memory_before = resident_mib()
        self._began = (0.0, 0.0)

    def begin(self) -> None:
        """Before an update."""
        if self.done % self.updates == 0:
            if not sys.stdin.readline():
                sys.exit(0)
            self.tokens = self.prompt_tokens = 0
            self.prompts = set()
            self._began = (time.perf_counter(), time.process_time())

    def count(self, prompts: Iterable[Sequence[int]], completions: Iterable[Sequence[int]]) -> None:
        """The replies of an update."""
        prompts = [tuple(map(int, prompt)) for prompt in prompts]
        self.prompts |= set(prompts)
        self.prompt_tokens += sum(map(len, prompts))
        self.tokens += sum(map(len, completions))

    def end(self) -> None:
        """After an update."""
        self.done += 1
        if self.done % self.updates == 0:
            wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
            digest = hashlib.sha256(repr(sorted(self.prompts)).encode()).hexdigest()[:16]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            figures = {"seconds": wall, "cpu_seconds": cpu, "tokens": self.tokens, "prompt_tokens": self.prompt_tokens, "prompts": digest}
            print(_RESULT + json.dumps({**figures, "peak": peak, "grown": peak - self._memory_before}), flush=True)


def resident_mib() -> float:
    """Memory of this process that is resident, in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


# --- the two sides --------------------------------------------------------------------------------------------------------


def ours(model: Path, options: argparse.Namespace) -> None:
    """Rounds of the self-play trainer."""
    from agentarena.train.config import SelfPlayConfig
    from agentarena.train.learner import Learner
    from agentarena.train.recipe import SelfPlay

    class Counted(Learner):
        def advantages(self, trajectories: Any, batch: Any = None) -> Any:
            samples = [sample for one in trajectories for turn in one.turns for sample in turn.samples]
            meter.count((sample.prompt_ids for sample in samples), (sample.token_ids for sample in samples))
            return super().advantages(trajectories, batch)

    settings: dict[str, Any] = {
        "games": {GAME: 1.0},
        "options": {GAME: {"words": options.words}},
        "model": str(model),
        "output_dir": str(model / "run"),
        "max_steps": (options.rounds + 1) * options.updates,
        "matches": GENERATIONS * options.prompts,
        "num_generations": GENERATIONS,
        "estimator": "grpo",
        "sampler": "transformers",
        "constrain": False,
        "max_batch": GENERATIONS * options.prompts,
        "max_completion_length": options.tokens,
        "learning_rate": 1e-4,
        "lr_scheduler_type": "constant",
        "eval_steps": 0,
        "save_steps": 0,
    }
    run = SelfPlay(SelfPlayConfig.of(settings))
    meter = Meter(options.updates)
    run.learner = Counted(run.config, run.state)
    for _ in range(run.config.max_steps):
        meter.begin()
        run.update()
        meter.end()


def trl(model: Path, options: argparse.Namespace) -> None:
    """Rounds of TRL's `GRPOTrainer`, with its own generation by transformers."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    from benchmarks.free_words import score

    class Rounds(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            meter.begin()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            meter.end()

    def reward(completions: Sequence[Any], **_: Any) -> list[float]:
        return [score(completion[0]["content"]) for completion in completions]

    class Counted(GRPOTrainer):
        def _generate_and_score_completions(self, inputs: Any) -> Any:
            out = super()._generate_and_score_completions(inputs)
            meter.count(*(_unpadded(out[f"{part}_ids"], out[f"{part}_mask"]) for part in ("prompt", "completion")))
            return out

    batch, steps = GENERATIONS * options.prompts, (options.rounds + 1) * options.updates
    arguments = GRPOConfig(
        output_dir=str(model / "run"),
        max_steps=steps,
        per_device_train_batch_size=batch,
        num_generations=GENERATIONS,
        max_completion_length=options.tokens,
        temperature=1.0,
        beta=0.0,
        epsilon=0.2,
        loss_type="bnpo",
        learning_rate=1e-4,
        lr_scheduler_type="constant",
        adam_beta2=0.95,
        max_grad_norm=1.0,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=True,
        shuffle_dataset=False,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        log_level="error",
    )
    rows = Dataset.from_list([{"prompt": chat} for chat in chats(options.words, steps * options.prompts)])
    policy, words = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    trainer = Counted(model=policy, args=arguments, reward_funcs=[reward], train_dataset=rows, processing_class=words, callbacks=[Rounds()])
    meter = Meter(options.updates)
    trainer.train()


def chats(words: int, deals: int) -> list[list[dict[str, str]]]:
    """The prompts of the first deals, as the trainer shows them."""
    from agentarena.core import registry
    from agentarena.core.config import RunConfig
    from agentarena.core.match import Match
    from agentarena.core.record import Fixture

    config, out = RunConfig(registry.game(GAME, words=words), (), 0), []
    for deal in range(deals):
        with Match(config, Fixture(deal, deal)) as match:
            view = match.view(0)
            out.append([{"role": "system", "content": view.rules}, {"role": "user", "content": view.text}])
    return out


def _unpadded(ids: Any, mask: Any) -> list[list[int]]:
    return [row[seen.bool()].tolist() for row, seen in zip(ids, mask, strict=True)]


# --- the comparison -------------------------------------------------------------------------------------------------------


def compare(size: str, options: argparse.Namespace, sides: Sequence[str] = SIDES) -> dict[str, list[dict[str, Any]]]:
    """Alternating rounds of the sides with a model of this size, after one of warming up. Returns the rounds of each.

    Raises:
        RuntimeError: A side ended early, or the sides did not read the same prompts.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    names = ("rounds", "updates", "prompts", "tokens", "words")
    shape = [word for name in names for word in (f"--{name}", str(getattr(options, name)))]
    rounds: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        processes = {}
        for side in sides:
            model = Path(folder) / side
            save_model(size, model)
            command = [sys.executable, "-m", "benchmarks.train_throughput", "--side", side, "--model", str(model), *shape]
            log = (Path(folder) / f"{side}.log").open("w+", encoding="utf-8")
            processes[side] = (
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment),
                log,
            )
        try:
            for number in range(options.rounds + 1):
                for side in sides if number % 2 else reversed(sides):
                    played = _round(side, *processes[side])
                    rounds[side].append(played)
                    figures = f"{played['tokens']} tokens, {played['seconds']:.1f} s, {played['cpu_seconds']:.1f} CPU s"
                    print(f"{size}, round {number}, {side}: {figures}", file=sys.stderr, flush=True)
        finally:
            for process, log in processes.values():
                process.kill()
                with process, log:  # closes its pipes and waits for it
                    pass
    for together in zip(*rounds.values(), strict=True):
        if len({one["prompts"] for one in together}) > 1:
            raise RuntimeError(f"the sides did not read the same prompts: {together}")
    return {side: of_side[1:] for side, of_side in rounds.items()}


def _round(side: str, process: Any, log: Any) -> dict[str, Any]:
    """One round of a side."""
    process.stdin.write("go\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith(_RESULT):
            return dict(json.loads(line.removeprefix(_RESULT)))
    process.wait()
    log.seek(0)
    raise RuntimeError(f"{side} ended with status {process.returncode}:\n{log.read()[-2000:]}")


def rows(size: str, rounds: dict[str, list[dict[str, Any]]]) -> list[list[str]]:
    """The table's rows for a size: one a side, and where there are two the ratio of their medians."""
    out, medians = [], {}
    for side, played in rounds.items():
        speeds = {clock: [one["tokens"] / one[clock] for one in played] for clock in ("seconds", "cpu_seconds")}
        medians[side] = [float(np.median(speeds["seconds"])), float(np.median(speeds["cpu_seconds"])), played[-1]["peak"]]
        cells = [f"{np.median(of):.0f} ({min(of):.0f} to {max(of):.0f})" for of in speeds.values()]
        tokens = sum(one["tokens"] for one in played)
        out.append([size, side, str(tokens), *cells, f"{played[-1]['peak']:.0f}", f"{played[-1]['grown']:.0f}"])
    if len(medians) == 2:
        first, second = medians.values()
        out.append([size, "ratio", "", *(f"{a / b:.2f}" for a, b in zip(first, second, strict=True)), ""])
    return out


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, and print the table; or be one side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side, after one of warming up")
    parser.add_argument("--updates", type=int, default=1, help="updates of a round")
    parser.add_argument("--prompts", type=int, default=4, help=f"prompts of an update, each with {GENERATIONS} replies")
    parser.add_argument("--tokens", type=int, default=32, help="tokens of a reply at most")
    parser.add_argument("--words", type=int, default=40, help="words of a prompt")
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES), help="parameters of the model")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="write all rounds to this file, as JSON")
    options = parser.parse_args(arguments)
    if options.side:
        sides: dict[str, Callable[[Path, argparse.Namespace], None]] = {"agentarena": ours, "TRL": trl}
        sides[options.side](options.model, options)
        return
    everything = {size: compare(size, options, options.sides) for size in options.sizes}
    heads = ["model", "side", "trained tokens", "tokens/s", "tokens/CPU s", "peak MiB", "MiB above start"]
    body = [row for size, rounds in everything.items() for row in rows(size, rounds)]
    print(markdown([heads, ["---"] * len(heads), *body]))
    if options.out:
        options.out.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
