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
    chained     vLLM only: the same requests by vLLM's own `add_request` and `step`, where a match's next request is sent when
                the one before it is answered, C matches at once: a plain loop over vLLM, in which no game is played
    one by one  the same matches one after another

The ways take turns; the table shows the median over the rounds, and the ratios also of all rounds' times together. A prefix
cache is emptied before each turn. "wall" counts what a user waits, "CPU" what this process and its children used.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from agentarena.agents.llm.agent import LanguageAgent
from agentarena.agents.llm.chat import Prompt
from agentarena.agents.llm.engine import Completion, Request
from agentarena.agents.llm.strategies import Steps
from agentarena.core.agent import View
from agentarena.core.match import OnUnreadable
from agentarena.matches.api import play

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


class Exchange(NamedTuple):
    """A question of a match, as it went to the engine, and its answer."""

    match: int
    request: Request
    completion: Completion


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


def matches(engine: Any, exchanges: list[Exchange], env: str, count: int, concurrency: int, seed: int, max_tokens: int) -> tuple[int, int]:
    """Plays matches and appends their requests and replies to `exchanges`; tokens read and written."""

    def keeping(view: View, prompt: Prompt) -> Steps:
        request = prompt.ask()
        (completion,) = yield [request]
        exchanges.append(Exchange(view.match, request, completion))
        return prompt.reply(completion)

    exchanges.clear()
    bot = LanguageAgent.of(engine, memory="state", max_tokens=max_tokens, strategy=keeping, release=lambda: None)
    lenient = OnUnreadable(retries=0, then="random")  # whatever the model has learned, matches are played to their end
    play(env, [bot, "random"], matches=count, concurrency=concurrency, seed=seed, on_unreadable=lenient)
    return sum(one.completion.prompt_tokens for one in exchanges), sum(one.completion.completion_tokens for one in exchanges)


def direct_vllm(engine: Any, exchanges: Sequence[Exchange]) -> tuple[int, int]:
    """`LLM.generate` on the recorded requests; tokens read and written."""
    prompts = [{"prompt_token_ids": list(one.completion.prompt_ids)} for one in exchanges]
    parameters = [engine.sampling(one.request) for one in exchanges]
    outputs = engine.call(lambda llm: llm.generate(prompts, parameters, use_tqdm=False))
    return sum(len(one.prompt_token_ids) for one in outputs), sum(len(one.outputs[0].token_ids) for one in outputs)


def chained_vllm(engine: Any, exchanges: Sequence[Exchange], size: int) -> tuple[int, int]:
    """The recorded requests by vLLM's own calls, match by match in their order, `size` matches at once; tokens read and written."""
    chains: defaultdict[int, deque[tuple[Any, Any]]] = defaultdict(deque)
    for one in exchanges:
        chains[one.match].append(({"prompt_token_ids": list(one.completion.prompt_ids)}, engine.sampling(one.request)))

    def work(llm: Any) -> tuple[int, int]:
        waiting, under_way, keys = deque(chains.values()), {}, map(str, itertools.count())
        read = written = 0

        def send(chain: deque[tuple[Any, Any]]) -> None:
            key = next(keys)
            under_way[key] = chain
            llm.llm_engine.add_request(key, *chain.popleft())

        while waiting or under_way:
            while waiting and len(under_way) < size:
                send(waiting.popleft())
            for output in llm.llm_engine.step():
                if output.finished:
                    read, written = read + len(output.prompt_token_ids), written + len(output.outputs[0].token_ids)
                    if chain := under_way.pop(output.request_id):
                        send(chain)
        return read, written

    return cast("tuple[int, int]", engine.call(work))


def direct_hf(model: Any, pad: int, size: int, exchanges: Sequence[Exchange]) -> tuple[int, int]:
    """`model.generate` in batches of `size`, left-padded, sorted by length; tokens read and written."""
    import torch

    read = written = 0
    ordered = sorted(exchanges, key=lambda one: len(one.completion.prompt_ids))
    for start in range(0, len(ordered), size):
        batch = [one.completion.prompt_ids for one in ordered[start : start + size]]
        width = max(map(len, batch))
        ids = torch.tensor([[pad] * (width - len(prompt)) + list(prompt) for prompt in batch])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
        with torch.inference_mode():
            out = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=ordered[0].request.max_tokens)
        ends = (out[:, width:] == model.generation_config.eos_token_id).int()
        lengths = torch.where(ends.any(1), ends.argmax(1) + 1, out.shape[1] - width)
        read, written = read + sum(map(len, batch)), written + int(lengths.sum())
    return read, written


@dataclass(slots=True)
class Bench:
    """A loaded engine, ways to feed it without `agentarena.play`, and how to empty its prefix cache."""

    engine: Any
    ways: Mapping[str, Callable[[Sequence[Exchange], int], tuple[int, int]]]
    reset: Callable[[], None]


def vllm_bench(model: str, slots: int, block: int | None) -> Bench:
    """`vllm.LLM` with so many slots, and blocks of so many tokens."""
    from agentarena.agents.llm.vllm import VLLMEngine

    blocks = {"block_size": block} if block else {}
    engine = VLLMEngine(model, dtype="float32", max_num_seqs=slots, **blocks)
    ways = {
        "direct": lambda exchanges, size: direct_vllm(engine, exchanges),
        "chained": lambda exchanges, size: chained_vllm(engine, exchanges, size),
    }
    return Bench(engine, ways, lambda: engine.call(lambda llm: llm.reset_prefix_cache()))


def hf_bench(model: str, slots: int) -> Bench:
    """transformers, at most so many replies at once."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from agentarena.agents.llm.hf import HFEngine

    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(model, dtype="float32").eval(), AutoTokenizer.from_pretrained(model)
    engine = HFEngine(loaded, tokenizer=tokenizer, max_batch=slots)
    return Bench(engine, {"direct": lambda exchanges, size: direct_hf(loaded, tokenizer.pad_token_id, size, exchanges)}, lambda: None)


def measure(bench: Bench, env: str, concurrency: int, waves: int, rounds: int, max_tokens: int, singles: int) -> dict[str, list[Speed]]:
    """Rounds of all ways, taking turns, after a small one to warm up."""
    exchanges: list[Exchange] = []
    speeds_by_way: dict[str, list[Speed]] = {name: [] for name in ("matches", *bench.ways, *(["one by one"] if singles else []))}

    def turn(name: str, work: Callable[[], tuple[int, int]]) -> None:
        bench.reset()
        speeds_by_way[name].append(timed(work))

    matches(bench.engine, exchanges, env, 4, 4, 999, max_tokens)
    for feed in bench.ways.values():
        feed(exchanges, concurrency)
    for seed in range(rounds):
        turn("matches", lambda seed=seed: matches(bench.engine, exchanges, env, waves * concurrency, concurrency, seed, max_tokens))
        for name, feed in bench.ways.items():
            turn(name, lambda feed=feed: feed(exchanges, concurrency))
        if singles:
            turn("one by one", lambda seed=seed: matches(bench.engine, exchanges, env, singles, 1, seed, max_tokens))
        show(env, concurrency, {name: speeds[-1:] for name, speeds in speeds_by_way.items()})
    return speeds_by_way


def show(env: str, concurrency: int, speeds_by_way: dict[str, list[Speed]]) -> None:
    """One line a way: medians."""
    for name, speeds in speeds_by_way.items():
        middle = {key: statistics.median(getattr(one, key) for one in speeds) for key in ("rate", "written", "frugality")}
        print(
            f"{env:15s} {concurrency:4d} {name:11s} {middle['rate']:9.0f} tokens/s {middle['written']:7.0f} written/s "
            f"{middle['frugality']:9.0f} tokens/CPU-s   {speeds[-1].prompt} + {speeds[-1].completion} tokens",
            flush=True,
        )


def ratios(speeds_by_way: dict[str, list[Speed]], one: str, other: str) -> str:
    """One way over another: median over the rounds, its range, and the ratio of the sums of all rounds."""
    pairs = list(zip(speeds_by_way[one], speeds_by_way[other], strict=True))
    out = []
    for label, key in (("wall", "rate"), ("written, wall", "written"), ("CPU", "frugality")):
        each = sorted(getattr(this, key) / getattr(that, key) for this, that in pairs)
        whole = sum(1 / getattr(that, key) for _, that in pairs) / sum(1 / getattr(this, key) for this, _ in pairs)
        out.append(f"{label} {statistics.median(each):.2f} ({each[0]:.2f} to {each[-1]:.2f}; together {whole:.2f})")
    return f"{one} / {other}: " + ", ".join(out)


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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = str(untrained(Path(folder), arguments.hidden, arguments.layers)) if arguments.hidden else arguments.model
        run(arguments, model)


def run(arguments: argparse.Namespace, model: str) -> None:
    """Measures and prints."""
    for concurrency in arguments.concurrency:
        bench = vllm_bench(model, concurrency, arguments.block_size) if arguments.engine == "vllm" else hf_bench(model, concurrency)
        speeds_by_way = measure(
            bench, arguments.env, concurrency, arguments.waves, arguments.rounds, arguments.max_tokens, arguments.singles
        )
        bench.engine.close()
        print(f"\n{arguments.engine}, {concurrency} matches at once, medians of {arguments.rounds} rounds")
        show(arguments.env, concurrency, speeds_by_way)
        for other in list(speeds_by_way)[1:]:
            print(ratios(speeds_by_way, "matches", other))
        if "chained" in speeds_by_way:
            print(ratios(speeds_by_way, "chained", "direct"))
        print()


if __name__ == "__main__":
    main()
