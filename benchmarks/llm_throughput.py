"""What playing costs a language model: tokens a second through `agentarena.play` over the engine fed directly, and over one match at a time.

    make test-vllm                                                                   # builds the environment of vLLM
    OMP_NUM_THREADS=1 .venv-vllm/bin/python -m benchmarks.llm_throughput vllm        # vllm.LLM
    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.llm_throughput hf               # transformers
    ... -m benchmarks.llm_throughput vllm --hidden 512 --layers 8 --max-tokens 4     # untrained weights of another size

One thread, since the model in the box is too small to gain from more.

In one run, with one loaded model and greedy replies:

    matches     C matches at once, 4 C in all, through `agentarena.play`, the model against a random player
    direct      the requests that these matches made, exactly: `vllm.LLM.generate` on all of them, with C slots; for
                transformers `model.generate` in batches of C, sorted by length so that little is padding
    one by one  the same matches one after another

The three take turns; the table shows the median over the rounds, and the ratios also of all rounds' times together. A prefix
cache is emptied before each turn. "wall" counts what a user waits, "CPU" what this process and its children used.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.engine import Completion, Done, Request
from agentarena.play import OnUnreadable, play

MODEL = Path(__file__).parents[1] / "agentarena" / "models" / "tiny"


@dataclass(frozen=True, slots=True)
class Speed:
    """What a turn took.

    Attributes:
        prompt: Tokens read.
        completion: Tokens written.
        wall: Seconds by the clock.
        cpu: Seconds of CPU time, all threads of this process and of its children.
    """

    prompt: int
    completion: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Tokens a second by the clock, read and written."""
        return (self.prompt + self.completion) / self.wall

    @property
    def written(self) -> float:
        """Tokens a second by the clock, written."""
        return self.completion / self.wall

    @property
    def frugality(self) -> float:
        """Tokens a second of CPU time, read and written."""
        return (self.prompt + self.completion) / self.cpu


class Recorder:
    """An engine that keeps what passed through it: requests as they were made, completions as they came."""

    tokens = True

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.name, self.template, self.context = engine.name, engine.template, engine.context
        self.kept: list[tuple[Request, Completion]] = []

    def submit(self, request: Request, done: Done) -> None:
        """Pass a request on."""

        def keep(made: Completion | Exception) -> None:
            if isinstance(made, Completion):
                self.kept.append((request, made))
            done(made)

        self.engine.submit(request, keep)

    def close(self) -> None:
        """The engine outlives the agents."""


def untrained(folder: Path, hidden: int, layers: int) -> Path:
    """A folder with random weights of another size behind the tokenizer of the model in the box."""
    from transformers import AutoTokenizer

    from agentarena.models.pretrain import Settings, build

    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    settings = Settings(hidden=hidden, layers=layers, heads=max(2, hidden // 64), feed_forward=3 * hidden)
    build(settings, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def timed(work: Callable[[], tuple[int, int]]) -> Speed:
    """The speed of work that gives back the tokens it read and wrote."""
    wall, cpu = time.perf_counter(), used()
    prompt, completion = work()
    return Speed(prompt, completion, time.perf_counter() - wall, used() - cpu)


def used() -> float:
    """Seconds of CPU time that this process and its children have used so far."""
    import psutil

    this = psutil.Process()
    return sum(times.user + times.system for times in (one.cpu_times() for one in (this, *this.children(recursive=True))))


def matches(recorder: Recorder, env: str, count: int, concurrency: int, seed: int, max_tokens: int) -> tuple[int, int]:
    """Plays matches; tokens read and written."""
    recorder.kept.clear()
    bot = LanguageAgent(recorder, memory="state", max_tokens=max_tokens)
    lenient = OnUnreadable(retries=0, then="random")  # whatever the model has learned, matches are played to their end
    play(env, [bot, "random"], matches=count, concurrency=concurrency, seed=seed, on_unreadable=lenient)
    return sum(made.prompt_tokens for _, made in recorder.kept), sum(made.completion_tokens for _, made in recorder.kept)


def direct_vllm(engine: Any, kept: Sequence[tuple[Request, Completion]]) -> tuple[int, int]:
    """`LLM.generate` on the recorded requests; tokens read and written."""
    from agentarena.agents.llm.vllm import sampling

    prompts = [{"prompt_token_ids": list(made.prompt_ids)} for _, made in kept]
    parameters = [sampling(request) for request, _ in kept]
    outputs = engine.call(lambda llm: llm.generate(prompts, parameters, use_tqdm=False))
    return sum(len(one.prompt_token_ids) for one in outputs), sum(len(one.outputs[0].token_ids) for one in outputs)


def direct_hf(model: Any, pad: int, size: int, kept: Sequence[tuple[Request, Completion]]) -> tuple[int, int]:
    """`model.generate` in batches of `size`, left-padded, sorted by length; tokens read and written."""
    import torch

    read = written = 0
    ordered = sorted(kept, key=lambda one: len(one[1].prompt_ids))
    for start in range(0, len(ordered), size):
        batch = [made.prompt_ids for _, made in ordered[start : start + size]]
        width = max(map(len, batch))
        ids = torch.tensor([[pad] * (width - len(prompt)) + list(prompt) for prompt in batch])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
        with torch.inference_mode():
            out = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=ordered[0][0].max_tokens)
        ends = (out[:, width:] == model.generation_config.eos_token_id).int()
        lengths = torch.where(ends.any(1), ends.argmax(1) + 1, out.shape[1] - width)
        read, written = read + sum(map(len, batch)), written + int(lengths.sum())
    return read, written


@dataclass(slots=True)
class Bench:
    """A loaded engine, how to feed it directly, and how to empty its prefix cache."""

    engine: Any
    direct: Callable[[Sequence[tuple[Request, Completion]], int], tuple[int, int]]
    reset: Callable[[], None]


def vllm_bench(model: str, slots: int, block: int | None) -> Bench:
    """`vllm.LLM` with so many slots, and blocks of so many tokens."""
    from agentarena.agents.llm.vllm import VLLMEngine

    blocks = {"block_size": block} if block else {}
    engine = VLLMEngine(model, dtype="float32", max_num_seqs=slots, **blocks)
    return Bench(engine, lambda kept, size: direct_vllm(engine, kept), lambda: engine.call(lambda llm: llm.reset_prefix_cache()))


def hf_bench(model: str, slots: int) -> Bench:
    """transformers, at most so many replies at once."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from agentarena.agents.llm.hf import HFEngine

    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(model, dtype="float32").eval(), AutoTokenizer.from_pretrained(model)
    engine = HFEngine(loaded, tokenizer=tokenizer, max_batch=slots)
    return Bench(engine, lambda kept, size: direct_hf(loaded, tokenizer.pad_token_id, size, kept), lambda: None)


def measure(bench: Bench, env: str, concurrency: int, waves: int, rounds: int, max_tokens: int, singles: int) -> dict[str, list[Speed]]:
    """Rounds of the three ways, taking turns, after a small one to warm up."""
    recorder = Recorder(bench.engine)
    matches(recorder, env, 4, 4, 999, max_tokens)
    bench.direct(list(recorder.kept), concurrency)
    found: dict[str, list[Speed]] = {"matches": [], "direct": [], "one by one": []}
    for seed in range(rounds):
        bench.reset()
        found["matches"].append(timed(lambda seed=seed: matches(recorder, env, waves * concurrency, concurrency, seed, max_tokens)))
        kept = list(recorder.kept)
        bench.reset()
        found["direct"].append(timed(lambda kept=kept: bench.direct(kept, concurrency)))
        if singles:
            bench.reset()
            found["one by one"].append(timed(lambda seed=seed: matches(recorder, env, singles, 1, seed, max_tokens)))
        show(env, concurrency, {name: speeds[-1:] for name, speeds in found.items() if speeds})
    return found


def show(env: str, concurrency: int, found: dict[str, list[Speed]]) -> None:
    """One line a way: medians."""
    for name, speeds in found.items():
        middle = {key: statistics.median(getattr(one, key) for one in speeds) for key in ("rate", "written", "frugality")}
        print(
            f"{env:15s} {concurrency:4d} {name:11s} {middle['rate']:9.0f} tokens/s {middle['written']:7.0f} written/s "
            f"{middle['frugality']:9.0f} tokens/CPU-s   {speeds[-1].prompt} + {speeds[-1].completion} tokens",
            flush=True,
        )


def ratios(found: dict[str, list[Speed]], other: str) -> str:
    """Matches over another way: median over the rounds, its range, and the ratio of the sums of all rounds."""
    pairs = list(zip(found["matches"], found[other], strict=True))
    out = []
    for label, key in (("wall", "rate"), ("written, wall", "written"), ("CPU", "frugality")):
        each = sorted(getattr(one, key) / getattr(two, key) for one, two in pairs)
        whole = sum(1 / getattr(two, key) for _, two in pairs) / sum(1 / getattr(one, key) for one, _ in pairs)
        out.append(f"{label} {statistics.median(each):.2f} ({each[0]:.2f} to {each[-1]:.2f}; together {whole:.2f})")
    return f"matches / {other}: " + ", ".join(out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("engine", choices=("vllm", "hf"))
    parser.add_argument("--model", default=str(MODEL))
    parser.add_argument("--hidden", type=int, help="untrained weights of this width in the model's place")
    parser.add_argument("--layers", type=int, default=8, help="their layers")
    parser.add_argument("--block-size", type=int, help="tokens in a block of vLLM's cache; by default vLLM's own choice")
    parser.add_argument("--env", default="TicTacToe-v0")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 256])
    parser.add_argument(
        "--waves", type=int, default=4, help="matches of a turn, in units of the concurrency: the fewer, the more the end weighs"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=16)
    parser.add_argument("--singles", type=int, default=8, help="matches of the one-by-one turn; 0 leaves it out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = str(untrained(Path(folder), given.hidden, given.layers)) if given.hidden else given.model
        run(given, model)


def run(given: argparse.Namespace, model: str) -> None:
    """Measures and prints."""
    for concurrency in given.concurrency:
        bench = vllm_bench(model, concurrency, given.block_size) if given.engine == "vllm" else hf_bench(model, concurrency)
        found = measure(bench, given.env, concurrency, given.waves, given.rounds, given.max_tokens, given.singles)
        bench.engine.close()
        print(f"\n{given.engine}, {concurrency} matches at once, medians of {given.rounds} rounds")
        show(given.env, concurrency, {name: speeds for name, speeds in found.items() if speeds})
        for other in ("direct", "one by one"):
            if found[other]:
                print(ratios(found, other))
        print()


if __name__ == "__main__":
    main()
